/* SPDX-License-Identifier: Apache-2.0 */
/* A containerd root, opened once. */
#include "host/ctrd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

#define SNAPSHOTTERS "io.containerd.snapshotter.v1."
/* Most snapshotters of one root. */
#define SNAPPERS_MAX 64

bool ctrd_ns_is_dockers(const char *ns)
{
	static const char dockers[] = CONTAINERD_DOCKER;
	const size_t len = sizeof(dockers) - 1;
	uint32_t uid, gid;

	if (strncmp(ns, dockers, len) != 0)
		return false;
	return ns[len] == '\0' || (ns[len] == '-' && docker_is_remap_dir(ns + len + 1, &uid, &gid));
}

bool ctrd_ns_fits(const struct ctrd *c, const char *wanted, const char *ns)
{
	if (wanted == NULL || strcmp(ns, wanted) == 0)
		return true;
	return !c->is_own && strcmp(wanted, CONTAINERD_DOCKER) == 0 && ctrd_ns_is_dockers(ns);
}

const struct ctrd_snapper *ctrd_snapper(const struct ctrd *c, const char *name)
{
	for (size_t i = 0; i < c->snapper_count; i++)
		if (strcmp(c->snappers[i].name, name) == 0)
			return &c->snappers[i];
	return NULL;
}

void containerd_close(struct ctrd *c)
{
	const int fds[] = {c->root_fd, c->tasks_fd, c->blobs_fd, c->cri_fd};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	bolt_close(c->meta);
	sl_error_clear(&c->meta_why);
	for (size_t i = 0; i < c->snapper_count; i++) {
		struct ctrd_snapper *s = &c->snappers[i];

		if (s->snapshots_fd >= 0)
			close(s->snapshots_fd);
		bolt_close(s->db);
		sl_error_clear(&s->why);
		free(s->name);
		free(s->dir);
	}
	free(c->snappers);
	ctrd_targets_clear(c);
	free(c->state_dir);
	free(c->store.dir);
	free(c);
}

static void ops_close(struct store *s)
{
	containerd_close(container_of(s, struct ctrd, store));
}

static void ctrd_cleanup(struct ctrd **c)
{
	if (*c != NULL)
		containerd_close(*c);
}

static int ctrd_new(struct ctrd **out, const struct place *place, const char *dir,
		    struct sl_error *err)
{
	static const struct store_ops ops = {.list = ctrd_list,
					     .load = ctrd_load,
					     .images = ctrd_images,
					     .image = ctrd_image,
					     .container_image = ctrd_container_image,
					     .evidence = ctrd_evidence,
					     .close = ops_close};
	struct ctrd *c = calloc(1, sizeof(*c));
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (c == NULL || (c->store.dir = strndup(dir, len)) == NULL) {
		free(c);
		return sl_fail(err, SL_ENOMEM, 0, "containerd store");
	}
	c->store.ops = &ops;
	c->store.engine = "containerd";
	c->place = place;
	c->root_fd = c->tasks_fd = c->blobs_fd = c->cri_fd = -1;
	*out = c;
	return 0;
}

static int open_db(struct bolt **out, int dir_fd, const char *path, struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_path(dir_fd, path, ROOT_NO_LINKS, err);

	return fd < 0 ? fd : bolt_open(out, fd, err);
}

/* containerd makes the database with the first snapshot. */
static bool is_unused(int snapshots_fd)
{
	CLEANUP(root_names_clear) struct root_names names = {0};

	return snapshots_fd < 0 ||
	       (root_list(snapshots_fd, &names, 1, NULL) == 0 && names.count == 0);
}

/* A database that cannot be read costs what stands in it, not the store. */
static int open_snapper_parts(struct ctrd_snapper *s, int fd, struct sl_error *err)
{
	int rc = open_db(&s->db, fd, "metadata.db", &s->why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "snapshotter");
	if (rc < 0)
		(void)sl_wrap(&s->why, rc, "metadata.db of snapshotter '%s'", s->name);
	s->snapshots_fd = root_open_subdir(fd, "snapshots", ROOT_NO_LINKS, NULL);
	if (s->snapshots_fd < 0)
		s->snapshots_fd = -1;
	s->is_unused = rc == -SL_ENOTFOUND && is_unused(s->snapshots_fd);
	return 0;
}

/* Names come from evidence: only plain words are taken for snapshotters. */
static bool is_word(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       len;
}

static enum ctrd_layout layout_of(const char *name)
{
	if (strcmp(name, "overlayfs") == 0)
		return CTRD_OVERLAY;
	return strcmp(name, "native") == 0 ? CTRD_NATIVE : CTRD_OTHER;
}

/* @moved: where it keeps its files when that is elsewhere, else NULL. */
static int add_snapper(struct ctrd *c, const char *name, const char *moved, struct sl_error *err)
{
	struct ctrd_snapper *grown =
		reallocarray(c->snappers, c->snapper_count + 1, sizeof(*grown));
	struct ctrd_snapper *s;
	AUTO_CLOSE int fd = -1;

	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "snapshotter");
	c->snappers = grown;
	s = &grown[c->snapper_count++];
	*s = (struct ctrd_snapper){.layout = layout_of(name), .snapshots_fd = -1};
	s->name = strdup(name);
	if (moved != NULL)
		s->dir = strdup(moved);
	else if (asprintf(&s->dir, "%s/" SNAPSHOTTERS "%s", c->store.dir, name) < 0)
		s->dir = NULL;
	if (s->name == NULL || s->dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "snapshotter");
	fd = root_open_subdir(c->place->root_fd, s->dir, ROOT_FOLLOW_INSIDE, &s->why);
	return fd < 0 ? 0 : open_snapper_parts(s, fd, err);
}

static int open_snappers(struct ctrd *c, const struct ctrd_config *config, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	const size_t prefix = strlen(SNAPSHOTTERS);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < config->moved_count; i++)
		if (is_word(config->moved[i].snapshotter) && c->snapper_count < SNAPPERS_MAX)
			rc = add_snapper(c, config->moved[i].snapshotter, config->moved[i].path,
					 err);
	if (rc == 0)
		rc = root_list(c->root_fd, &names, STORE_NAMES_MAX, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		const char *name = names.names[i] + prefix;

		if (strncmp(names.names[i], SNAPSHOTTERS, prefix) == 0 && is_word(name) &&
		    ctrd_snapper(c, name) == NULL && c->snapper_count < SNAPPERS_MAX)
			rc = add_snapper(c, name, NULL, err);
	}
	return rc;
}

static int open_part(const struct ctrd *c, const char *path)
{
	int fd = root_open_subdir(c->root_fd, path, ROOT_NO_LINKS, NULL);

	return fd < 0 ? -1 : fd;
}

static int open_tasks(struct ctrd *c, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	int fd;

	if (c->state_dir == NULL)
		return 0;
	if (asprintf(&path, "%s/io.containerd.runtime.v2.task", c->state_dir) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "containerd store");
	}
	fd = root_open_subdir(c->place->root_fd, path, ROOT_FOLLOW_INSIDE, NULL);
	c->tasks_fd = fd < 0 ? -1 : fd;
	return 0;
}

/* What a root of containerd has: its database, or where that was, its snapshots. */
static int open_parts(struct ctrd *c, const struct ctrd_config *config, struct sl_error *err)
{
	struct stat st;
	int rc = open_snappers(c, config, err);

	if (rc < 0)
		return rc;
	rc = open_db(&c->meta, c->root_fd, "io.containerd.metadata.v1.bolt/meta.db", &c->meta_why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "containerd store");
	if (rc == -SL_ENOTFOUND && c->snapper_count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "'%s' holds no containerd store",
			       c->store.dir);
	if (rc < 0)
		(void)sl_wrap(&c->meta_why, rc, "meta.db");
	/* a daemon without root marks with attributes that users may set */
	if (fstat(c->root_fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat '%s'", c->store.dir);
	c->owner = st.st_uid;
	c->marker = st.st_uid == 0 ? SL_MARKER_OVERLAY_TRUSTED : SL_MARKER_OVERLAY_USER;
	c->blobs_fd = open_part(c, "io.containerd.content.v1.content/blobs/sha256");
	c->cri_fd = open_part(c, "io.containerd.grpc.v1.cri");
	return open_tasks(c, err);
}

int containerd_open_root(struct ctrd **out, const struct place *place, const char *dir,
			 struct sl_error *err)
{
	CLEANUP(ctrd_config_clear) struct ctrd_config config = {0};
	CLEANUP(ctrd_cleanup) struct ctrd *c = NULL;
	int rc = ctrd_new(&c, place, dir, err);

	if (rc < 0)
		return rc;
	c->root_fd = root_open_subdir(place->root_fd, dir, ROOT_FOLLOW_INSIDE, err);
	if (c->root_fd < 0)
		return c->root_fd;
	rc = ctrd_settings(&config, place, c->root_fd, c->store.dir, err);
	c->state_dir = take_ptr(&config.state);
	if (rc == 0)
		rc = open_parts(c, &config, err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&c);
	return 0;
}

static bool is_same_dir(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

int ctrd_open(struct store_set *set, const struct place *place, const char *dir,
	      struct sl_error *err)
{
	CLEANUP(ctrd_cleanup) struct ctrd *c = NULL;
	int rc = containerd_open_root(&c, place, dir, err);

	if (rc < 0)
		return rc;
	c->is_own = true;
	for (size_t i = 0; i < set->count; i++)
		if (set->stores[i]->ops == c->store.ops &&
		    is_same_dir(container_of(set->stores[i], struct ctrd, store)->root_fd,
				c->root_fd))
			return 0; /* by another name */
	return store_set_add(set, &take_ptr(&c)->store, err);
}
