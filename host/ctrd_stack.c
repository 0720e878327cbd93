/* SPDX-License-Identifier: Apache-2.0 */
/* From a chain of snapshots to open directories. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/idmap.h"
#include "host/ctrd.h"

int ctrd_stack_refuse(struct sl_stack *stack, struct sl_error *why, struct sl_error *err)
{
	if (why->code == SL_ENOMEM)
		return store_give_error(err, why);
	free(stack->unsupported);
	stack->unsupported = strdup(sl_error_text(why));
	sl_error_clear(why);
	return stack->unsupported != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "stack");
}

int ctrd_snapshot_open_name(const struct ctrd_snapper *s, const char *name, int *fd, char **shown,
			    struct sl_error *err)
{
	AUTO_FREE char *below = NULL;
	int rc;

	*fd = -1;
	if (asprintf(&below, "%s%s", name, s->layout == CTRD_OVERLAY ? "/fs" : "") < 0) {
		below = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "snapshot path");
	}
	if (asprintf(shown, "%s/snapshots/%s", s->dir, below) < 0) {
		*shown = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "snapshot path");
	}
	if (s->snapshots_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "snapshotter '%s' has no directory snapshots",
			       s->name);
	rc = root_open_subdir(s->snapshots_fd, below, ROOT_NO_LINKS, err);
	*fd = rc < 0 ? -1 : rc;
	return rc < 0 ? sl_wrap(err, rc, "snapshot %s", name) : 0;
}

int ctrd_snapshot_open(const struct ctrd_snapper *s, uint64_t id, int *fd, char **shown,
		       struct sl_error *err)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRIu64, id);
	return ctrd_snapshot_open_name(s, number, fd, shown, err);
}

/* A committed snapshot's key when it is an image's layer: its chain ID, and nothing behind it. */
static bool is_layer(const struct ctrd_link *l, uint8_t chain_id[SL_SHA256_SIZE])
{
	size_t ns_len;
	const char *key = ctrd_backend_split(l->backend, &ns_len);

	return key != NULL && l->kind == CTRD_KIND_COMMITTED &&
	       digest_parse(chain_id, key, strlen(key)) == 0;
}

static int labelled_map(struct sl_idmap *out, const struct ctrd_link *l, struct sl_error *err)
{
	int rc = 0;

	if (l->uids != NULL)
		rc = ctrd_spec_ranges(&out->uids, &out->uid_count, l->uids, err);
	if (rc == 0 && l->gids != NULL)
		rc = ctrd_spec_ranges(&out->gids, &out->gid_count, l->gids, err);
	return rc;
}

/*
 * Files that a container in a user namespace writes have shifted owners. What the image's layers
 * hold does not: the kernel shifts it when they are mounted.
 */
static int upper_map(struct sl_stack *out, const struct ctrd_link *upper,
		     const struct ctrd_spec *spec, struct sl_error *err)
{
	if (upper->uids != NULL || upper->gids != NULL)
		return labelled_map(&out->idmap, upper, err);
	if (spec != NULL && spec->has_userns)
		return idmap_copy(&out->idmap, &spec->idmap, err);
	return 0;
}

/*
 * What lies between the image and the container was made for the container: Docker's init layer, or
 * a copy of everything with shifted owners, where the kernel could not shift them.
 */
static int add_lower(struct sl_stack *out, const struct ctrd_snapper *s, const struct ctrd_link *l,
		     size_t height, size_t solid, struct sl_error *err)
{
	struct sl_lower lower = {.kind = SL_LOWER_INIT, .dir_fd = -1};
	uint8_t chain_id[SL_SHA256_SIZE];
	int rc;

	if (l->is_remote)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "a lower directory's files are not on this disk (remote snapshot)");
	rc = ctrd_snapshot_open(s, l->id, &lower.dir_fd, &lower.dir_path, err);
	if (rc == 0 && is_layer(l, chain_id)) {
		lower.kind = SL_LOWER_IMAGE;
		lower.image_layer = height;
		lower.has_image_layer = height < solid;
	} else if (rc == 0) {
		rc = idmap_copy(&lower.idmap, &out->idmap, err);
	}
	if (rc < 0) {
		sl_lower_clear(&lower);
		return rc;
	}
	return sl_stack_add_lower(out, &lower, err);
}

/* How many layers of an image, and nothing else, the stack stands on: those have exact heights. */
static size_t solid_layers(const struct ctrd_chain *chain)
{
	uint8_t chain_id[SL_SHA256_SIZE];
	size_t count = 0;

	while (count + 1 < chain->count &&
	       is_layer(&chain->links[chain->count - 1 - count], chain_id))
		count++;
	return count;
}

static int open_links(const struct ctrd_snapper *s, const struct ctrd_chain *chain,
		      const struct ctrd_spec *spec, struct sl_stack *out, struct sl_error *err)
{
	const size_t solid = solid_layers(chain);
	int rc = upper_map(out, &chain->links[0], spec, err);

	if (rc == 0)
		rc = ctrd_snapshot_open(s, chain->links[0].id, &out->upper_fd, &out->upper_path,
					err);
	for (size_t i = 1; rc == 0 && i < chain->count; i++)
		rc = add_lower(out, s, &chain->links[i], chain->count - 1 - i, solid, err);
	return rc;
}

static void find_top(const struct ctrd_chain *chain, struct containerd_top *top)
{
	*top = (struct containerd_top){0};
	for (size_t i = 1; !top->has_chain_id && i < chain->count; i++)
		top->has_chain_id = is_layer(&chain->links[i], top->chain_id);
}

int ctrd_stack_open(const struct ctrd *c, const struct ctrd_snapper *s,
		    const struct ctrd_chain *chain, const struct ctrd_spec *spec,
		    struct sl_stack *out, struct containerd_top *top, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (top != NULL)
		find_top(chain, top);
	out->marker = s->layout == CTRD_NATIVE ? SL_MARKER_NONE : c->marker;
	out->is_whole = s->layout == CTRD_NATIVE;
	if (s->layout == CTRD_OTHER)
		rc = sl_fail(&why, SL_EUNSUPPORTED, 0,
			     "snapshotter '%s' is not read by this version", s->name);
	else
		rc = open_links(s, chain, spec, out, &why);
	return rc < 0 ? ctrd_stack_refuse(out, &why, err) : 0;
}

int containerd_stack(struct ctrd *c, const struct containerd_key *which, struct sl_stack *out,
		     struct containerd_top *top, struct sl_error *err)
{
	CLEANUP(ctrd_chain_clear) struct ctrd_chain chain = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct ctrd_snapper *s = ctrd_snapper(c, which->snapshotter);
	AUTO_FREE char *backend = NULL;
	int rc;

	if (top != NULL)
		*top = (struct containerd_top){0};
	if (s == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no such snapshotter");
	rc = ctrd_backend_find(c, s, which, &backend, &why);
	if (rc == 0)
		rc = ctrd_chain_read(&chain, s, backend, &why);
	if (rc == -SL_ENOTFOUND && backend == NULL)
		return store_give_error(err, &why);
	if (rc < 0)
		return ctrd_stack_refuse(out, &why, err);
	return ctrd_stack_open(c, s, &chain, NULL, out, top, err);
}
