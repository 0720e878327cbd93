/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print what host/ reads from the stores, one fact a line, for scripts that compare it with
 * what the engine itself says:
 *
 *	list_store [--root DIR] [--live] [--store [ENGINE=]DIR] containers
 *	list_store ... orphans
 *	list_store ... container WORD
 *	list_store ... image WORD
 *	list_store ... container-image WORD
 *
 * Exits with the negated code of the failure, 0 when there was none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "host/machine.h"

static void print_digest(const char *what, const uint8_t digest[SL_SHA256_SIZE])
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(text, digest);
	printf("%s %s\n", what, text);
}

static void print_time(const char *what, bool known, struct sl_time t)
{
	char text[CLOCK_TEXT_SIZE];

	if (!known)
		return;
	clock_format(text, t);
	printf("%s %s\n", what, text);
}

static const char *text_of(const char *s)
{
	return s != NULL ? s : "-";
}

static void print_stack(const struct sl_stack *s)
{
	printf("marker %s%s\n", sl_marker_name(s->marker), s->is_whole ? " whole" : "");
	printf("upper %s %s\n", s->upper_fd >= 0 ? "open" : "closed", text_of(s->upper_path));
	for (size_t i = 0; i < s->lower_count; i++) {
		const struct sl_lower *l = &s->lowers[i];

		printf("lower %s ", l->kind == SL_LOWER_INIT ? "init" : "image");
		if (l->has_image_layer)
			printf("%zu", l->image_layer);
		else
			printf("-");
		printf(" %s %s\n", l->dir_fd >= 0 ? "open" : "closed", l->dir_path);
	}
	for (size_t i = 0; i < s->idmap.uid_count; i++)
		printf("uid-map %u %u %u\n", s->idmap.uids[i].inside, s->idmap.uids[i].outside,
		       s->idmap.uids[i].count);
	if (s->unsupported != NULL)
		printf("unsupported %s\n", s->unsupported);
}

static void print_pod(const struct sl_pod *pod)
{
	printf("pod %s %s %s %u\npod-uid %s\npod-sandbox %s\n", text_of(pod->ns),
	       text_of(pod->name), text_of(pod->container), pod->attempt, text_of(pod->uid),
	       text_of(pod->sandbox));
}

static int print_container(void *payload, struct sl_container *c)
{
	(void)payload;
	printf("container %s\nid %s\nstate %s\npid %" PRId64 "\n", c->name, c->id,
	       sl_state_name(c->state), c->pid);
	printf("kind %s\nnote %s\n", sl_container_kind_name(c->kind), text_of(c->note));
	printf("ref %s\ndriver %s\nworkdir %s\nexit %d\n", text_of(c->image_ref),
	       text_of(c->driver), text_of(c->workdir), c->exit_code);
	if (c->ns != NULL)
		printf("ns %s\n", c->ns);
	if (c->pod != NULL)
		print_pod(c->pod);
	if (c->has_image_id)
		print_digest("image-id", c->image_id);
	if (c->has_image_digest)
		print_digest("image-digest", c->image_digest);
	print_time("created", c->has_created, c->created);
	print_time("started", c->has_started, c->started);
	print_time("finished", c->has_finished, c->finished);
	for (size_t i = 0; i < c->mount_count; i++)
		printf("mount %s %s %s %s\n", c->mounts[i].path, c->mounts[i].type,
		       c->mounts[i].rw ? "rw" : "ro", text_of(c->mounts[i].source));
	for (size_t i = 0; i < c->artifact_count; i++)
		printf("artifact %s %s %s\n", c->artifacts[i].name,
		       c->artifacts[i].fd >= 0 ? "open" : "closed",
		       c->artifacts[i].log_format != NULL ? c->artifacts[i].log_format
		       : c->artifacts[i].is_log           ? "log"
							  : "-");
	print_stack(&c->stack);
	if (c->metadata_gap != NULL)
		printf("metadata-gap %s\n", c->metadata_gap);
	sl_container_free(c);
	return 0;
}

static void print_image(struct sl_image *image)
{
	printf("image %s\nplatform %s\n", text_of(image->name), text_of(image->platform));
	print_digest("image-id", image->config_digest);
	if (image->has_manifest_digest)
		print_digest("image-digest", image->manifest_digest);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct sl_layer *l = &image->layers[i];

		print_digest("diff-id", l->diff_id);
		print_digest("chain-id", l->chain_id);
		printf("layer %s %s %s\n", l->dir_fd >= 0 ? "open" : "closed",
		       l->tar_split_fd >= 0 ? "tar-split" : "-", text_of(l->dir_path));
	}
	sl_image_free(image);
}

static int print_gap(void *payload, const struct sl_gap *gap)
{
	(void)payload;
	printf("gap %s: %s\n", gap->what.data, gap->why);
	return 0;
}

static void host_cleanup(struct host **h)
{
	host_close(*h);
}

/* What no container of the stores owns; host_containers() leaves these out. */
static int print_orphans(struct host *h, struct sl_error *err)
{
	CLEANUP(store_list_clear) struct store_list list = {0};
	int rc = host_names(h, NULL, true, &list, print_gap, NULL, err);

	for (size_t i = 0; rc == 0 && i < list.count; i++) {
		struct sl_container *c = NULL;

		if (list.rows[i].kind != SL_CONTAINER_ORPHAN &&
		    list.rows[i].kind != SL_CONTAINER_BUILD)
			continue;
		rc = list.rows[i].store->ops->load(list.rows[i].store, &list.rows[i], &c, err);
		if (rc == 0)
			rc = print_container(NULL, c);
	}
	return rc;
}

static int run(struct host *h, const char *command, const char *word, struct sl_error *err)
{
	struct sl_container *c = NULL;
	struct sl_image *image = NULL;
	int rc;

	if (strcmp(command, "containers") == 0)
		return host_containers(h, NULL, print_container, print_gap, NULL, err);
	if (strcmp(command, "orphans") == 0)
		return print_orphans(h, err);
	if (strcmp(command, "image") == 0) {
		rc = host_find_image(h, word, &image, err);
		if (rc == 0)
			print_image(image);
		return rc;
	}
	rc = host_find_container(h, word, &c, err);
	if (rc == 0 && strcmp(command, "container-image") == 0) {
		rc = host_container_image(h, c, &image, err);
		sl_container_free(c);
		if (rc == 0)
			print_image(image);
	} else if (rc == 0) {
		rc = print_container(NULL, c);
	}
	return rc;
}

int main(int argc, char **argv)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(host_cleanup) struct host *h = NULL;
	struct host_store store = {.engine = "docker"};
	struct host_options options = {0};
	int i = 1, rc;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--live") == 0)
			options.live = true;
		else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			options.root = argv[++i];
		else if (strcmp(argv[i], "--store") == 0 && i + 1 < argc)
			store.dir = argv[++i];
	}
	if (store.dir != NULL && store.dir[0] != '/' && strchr(store.dir, '=') != NULL) {
		char *equals = strchr(argv[i - 1], '=');

		store.engine = argv[i - 1];
		store.dir = equals + 1;
		*equals = '\0';
	}
	if (i == argc || (i + 1 == argc && strcmp(argv[i], "containers") != 0 &&
			  strcmp(argv[i], "orphans") != 0))
		return 64;
	options.stores = &store;
	options.store_count = store.dir != NULL;
	rc = host_open(&h, &options, &err);
	if (rc == 0)
		rc = run(h, argv[i], argv[i + 1], &err);
	if (rc < 0)
		(void)fprintf(stderr, "list_store: %s\n", sl_error_text(&err));
	return rc < 0 ? -rc : 0;
}
