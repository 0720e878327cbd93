/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker with containerd's image store: the daemon's own files stay in the data root, and images
 * and containers' directories are snapshots in a containerd root, in the namespace "moby".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/containerd.h"
#include "host/docker_ctrd.h"
#include "host/idmap.h"

/* Most roots that are looked into. */
#define ROOTS_MAX 32

void docker_ctrd_free(struct docker_ctrd *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++)
		containerd_close(c->roots[i]);
	free((void *)c->roots);
	free(c->targets);
	free(c->gap);
	free(c);
}

static void ctrd_cleanup(struct docker_ctrd **c)
{
	docker_ctrd_free(*c);
}

/* Where nothing is, nothing is missing. */
static int add_root(struct docker_ctrd *c, const struct docker *d, const char *dir,
		    struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct ctrd **grown;
	struct ctrd *root = NULL;
	int rc;

	if (c->count >= ROOTS_MAX)
		return 0;
	rc = containerd_open_root(&root, d->place, dir, &why);
	if (rc == -SL_ENOTFOUND)
		return 0;
	if (rc < 0 && c->gap == NULL)
		c->gap = strdup(sl_error_text(&why));
	if (rc < 0)
		return c->gap == NULL ? sl_fail(err, SL_ENOMEM, 0, "containerd root") : 0;
	/* an array of pointers: NOLINTNEXTLINE(bugprone-sizeof-expression) */
	grown = (struct ctrd **)reallocarray((void *)c->roots, c->count + 1, sizeof(*grown));
	if (grown == NULL) {
		containerd_close(root);
		return sl_fail(err, SL_ENOMEM, 0, "containerd root");
	}
	c->roots = grown;
	grown[c->count++] = root;
	return 0;
}

/* "<data root>/../" and so on, as text: @up components are taken away. */
static int dir_beside(char **out, const char *dir, unsigned int up, const char *below,
		      struct sl_error *err)
{
	size_t len = strlen(dir);

	for (; up > 0; up--)
		while (len > 0 && dir[--len] != '/')
			;
	if (asprintf(out, "%.*s/%s", (int)len, dir, below) < 0) {
		*out = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "containerd root");
	}
	return 0;
}

/*
 * The daemon's own one lies in the data root, before it was remapped; without root there may be one
 * beside it. Otherwise it is the machine's.
 */
static int find_dirs(struct store_dirs *dirs, const struct docker *d, struct sl_error *err)
{
	const char *slash = strrchr(d->store.dir, '/');
	uint32_t uid, gid;
	bool is_remapped = slash != NULL && docker_is_remap_dir(slash + 1, &uid, &gid);
	AUTO_FREE char *own = NULL;
	AUTO_FREE char *beside = NULL;
	int rc = dir_beside(&own, d->store.dir, is_remapped, "containerd/daemon", err);

	if (rc == 0)
		rc = store_dirs_add(dirs, own, err);
	if (rc == 0 && d->is_rootless) {
		rc = dir_beside(&beside, d->store.dir, 1, "containerd", err);
		return rc < 0 ? rc : store_dirs_add(dirs, beside, err);
	}
	/* what its configuration has wrong is told by containerd's own reader */
	if (rc == 0 && ctrd_discover(dirs, d->place, NULL) == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "containerd root");
	return rc;
}

int docker_ctrd_roots(struct docker *d, struct docker_ctrd **out, struct sl_error *err)
{
	CLEANUP(ctrd_cleanup) struct docker_ctrd *c = NULL;
	CLEANUP(store_dirs_clear) struct store_dirs dirs = {0};
	int rc;

	*out = d->ctrd;
	if (d->ctrd != NULL)
		return 0;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "containerd root");
	rc = find_dirs(&dirs, d, err);
	for (size_t i = 0; rc == 0 && i < dirs.count; i++)
		rc = add_root(c, d, dirs.dirs[i], err);
	if (rc < 0)
		return rc;
	*out = d->ctrd = take_ptr(&c);
	return 0;
}

/* Names that are of a storage driver of the daemon's own, and of a snapshotter as well. */
static bool is_both(const char *name)
{
	return strcmp(name, "btrfs") == 0 || strcmp(name, "zfs") == 0 ||
	       strcmp(name, "fuse-overlayfs") == 0;
}

bool docker_is_ctrd(const struct docker *d, const struct sl_container *c)
{
	if (c->driver == NULL || !docker_is_driver_name(c->driver) ||
	    (docker_driver_kind(c->driver) != NULL && !is_both(c->driver)))
		return false;
	return docker_driver_find(d, c->driver) == NULL && docker_driver_of(d, c->id) == NULL;
}

/* A question to one root; -SL_ENOTFOUND: the next one is asked. */
typedef int (*ask_fn)(struct ctrd *root, void *payload, struct sl_error *err);

/* The answer of the first root that has one; -SL_ENOTFOUND, without words, when none has. */
static int ask_roots(const struct docker_ctrd *all, ask_fn ask, void *payload, struct sl_error *err)
{
	for (size_t i = 0; i < all->count; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		int rc = ask(all->roots[i], payload, &why);

		if (rc != -SL_ENOTFOUND)
			return rc < 0 ? store_give_error(err, &why) : 0;
	}
	return -SL_ENOTFOUND;
}

struct stack_question {
	struct containerd_key key;
	struct sl_stack *out;
	struct containerd_top *top;
	struct ctrd **root;
};

static int ask_stack(struct ctrd *root, void *payload, struct sl_error *err)
{
	const struct stack_question *q = payload;

	*q->root = root;
	return containerd_stack(root, &q->key, q->out, q->top, err);
}

/* The stack of a container, and the root that has it. -SL_ENOTFOUND says what was looked for. */
static int find_stack(struct docker *d, const struct sl_container *c, struct sl_stack *out,
		      struct containerd_top *top, struct ctrd **root, struct sl_error *err)
{
	struct stack_question q = {{CONTAINERD_DOCKER, c->driver, c->id}, out, top, root};
	struct docker_ctrd *all;
	int rc = docker_ctrd_roots(d, &all, err);

	if (rc == 0)
		rc = ask_roots(all, ask_stack, &q, err);
	if (rc != -SL_ENOTFOUND)
		return rc;
	if (all->gap != NULL)
		return sl_fail(err, SL_EIO, 0, "containerd's image store: %s", all->gap);
	if (all->count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0,
			       "its files are snapshots of containerd ('%s'), and no containerd "
			       "root was found",
			       c->driver);
	return sl_fail(err, SL_ENOTFOUND, 0,
		       "its files are snapshots of containerd ('%s'), and containerd has no "
		       "snapshot of it in the namespace moby",
		       c->driver);
}

int docker_ctrd_stack(struct docker *d, struct sl_container *c, struct sl_error *err)
{
	struct containerd_top top = {0};
	struct ctrd *root = NULL;
	int rc;

	sl_stack_clear(&c->stack);
	rc = find_stack(d, c, &c->stack, &top, &root, err);
	/* the engine shifts what lies in the writable snapshot, whatever containerd knows of it */
	if (rc == 0 && c->stack.idmap.uid_count == 0 && d->idmap.uid_count > 0)
		rc = idmap_copy(&c->stack.idmap, &d->idmap, err);
	return rc;
}

static int load_image(struct ctrd *root, const struct sl_container *c,
		      const struct containerd_top *top, const uint8_t target[SL_SHA256_SIZE],
		      struct sl_image **out, struct sl_error *err)
{
	return containerd_image(root, CONTAINERD_DOCKER, c->driver, target, top,
				c->image_ref != NULL ? c->image_ref : c->id, out, err);
}

/* What `Image` names there is a manifest or an index; ImageManifest is the more exact one. */
static const uint8_t *target_of(const struct sl_container *c)
{
	if (c->has_image_digest)
		return c->image_digest;
	return c->has_image_id ? c->image_id : NULL;
}

int docker_ctrd_image(struct docker *d, const struct sl_container *c, struct sl_image **out,
		      struct sl_error *err)
{
	CLEANUP(sl_stack_clear) struct sl_stack stack = SL_STACK_INIT;
	const uint8_t *target = target_of(c);
	struct containerd_top top = {0};
	struct ctrd *root = NULL;
	int rc;

	if (target == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store does not say which image it runs");
	rc = find_stack(d, c, &stack, &top, &root, err);
	return rc < 0 ? rc : load_image(root, c, &top, target, out, err);
}

/* 1 when it is not remembered. */
static int recall(const struct docker_ctrd *c, const uint8_t *target, uint8_t *config)
{
	for (size_t i = 0; i < c->target_count; i++)
		if (memcmp(c->targets[i].manifest, target, SL_SHA256_SIZE) == 0) {
			memcpy(config, c->targets[i].config, SL_SHA256_SIZE);
			return 0;
		}
	return 1;
}

/* Remembering is no duty: without memory it is read again. */
static void remember(struct docker_ctrd *c, const uint8_t *target, const uint8_t *config)
{
	struct docker_ctrd_target *grown =
		reallocarray(c->targets, c->target_count + 1, sizeof(*grown));

	if (grown == NULL)
		return;
	c->targets = grown;
	memcpy(grown[c->target_count].manifest, target, SL_SHA256_SIZE);
	memcpy(grown[c->target_count++].config, config, SL_SHA256_SIZE);
}

/* Read the image for its configuration's digest. What cannot be read leaves the id unknown. */
static int read_id(struct docker *d, struct sl_container *c, bool is_exact, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_image *image = NULL;
	int rc = docker_ctrd_image(d, c, &image, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "image");
	if (rc < 0)
		return 1;
	memcpy(c->image_id, image->config_digest, SL_SHA256_SIZE);
	c->has_image_id = true;
	if (!is_exact && image->has_manifest_digest)
		memcpy(c->image_digest, image->manifest_digest, SL_SHA256_SIZE);
	sl_image_free(image);
	return 0;
}

int docker_ctrd_name_image(struct docker *d, struct sl_container *c, struct sl_error *err)
{
	bool is_exact = c->has_image_digest; /* an index may mean another image to each container */
	struct docker_ctrd *all;
	int rc;

	if (target_of(c) == NULL)
		return 0;
	if (!is_exact)
		memcpy(c->image_digest, c->image_id, SL_SHA256_SIZE);
	c->has_image_digest = true;
	/* what the engine wrote there is no id of a configuration */
	c->has_image_id = false;
	rc = docker_ctrd_roots(d, &all, err);
	if (rc < 0)
		return rc;
	if (is_exact && recall(all, c->image_digest, c->image_id) == 0) {
		c->has_image_id = true;
		return 0;
	}
	rc = read_id(d, c, is_exact, err);
	if (rc == 0 && is_exact)
		remember(all, c->image_digest, c->image_id);
	return rc < 0 ? rc : 0;
}

int docker_ctrd_images(struct docker *d,
		       int (*each)(void *payload, const struct store_image *image), host_gap_fn gap,
		       void *payload, struct sl_error *err)
{
	struct docker_ctrd *all;
	int rc = docker_ctrd_roots(d, &all, err);

	for (size_t i = 0; rc == 0 && i < all->count; i++)
		rc = containerd_images(all->roots[i], CONTAINERD_DOCKER, each, gap, payload, err);
	return rc;
}

struct image_question {
	const char *word;
	struct sl_image **out;
};

static int ask_image(struct ctrd *root, void *payload, struct sl_error *err)
{
	const struct image_question *q = payload;

	return containerd_find_image(root, CONTAINERD_DOCKER, q->word, q->out, err);
}

int docker_ctrd_find_image(struct docker *d, const char *word, struct sl_image **out,
			   struct sl_error *err)
{
	struct image_question q = {word, out};
	struct docker_ctrd *all;
	int rc = docker_ctrd_roots(d, &all, err);

	if (rc == 0)
		rc = ask_roots(all, ask_image, &q, err);
	return rc == -SL_ENOTFOUND ? sl_fail(err, SL_ENOTFOUND, 0, "no such image") : rc;
}
