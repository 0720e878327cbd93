/* SPDX-License-Identifier: Apache-2.0 */
/* overlay2: a container's writable directory and the directories below it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"
#include "host/idmap.h"

/* Longest `lower` file; the kernel's page of mount options is far shorter. */
#define LOWER_FILE_MAX ((size_t)1024 * 1024)

struct mount {
	struct buf mount_id, init_id;
	const struct docker_chain *chain; /* of the image, borrowed; NULL when unknown */
	char **dirs;                      /* lower directories, top first; owned */
	size_t dir_count;
};

static void mount_clear(struct mount *m)
{
	buf_clear(&m->mount_id);
	buf_clear(&m->init_id);
	for (size_t i = 0; i < m->dir_count; i++)
		free(m->dirs[i]);
	free((void *)m->dirs);
}

/* Takes over @dir, also on failure. */
static int add_dir(struct mount *m, char *dir, struct sl_error *err)
{
	char **grown;

	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "lower directory");
	if (m->dir_count > SL_IMAGE_MAX_LAYERS) {
		free(dir);
		return sl_fail(err, SL_ELIMIT, 0, "more than %d lower directories",
			       SL_IMAGE_MAX_LAYERS + 1);
	}
	grown = (char **)reallocarray((void *)m->dirs, m->dir_count + 1, sizeof(*grown));
	if (grown == NULL) {
		free(dir);
		return sl_fail(err, SL_ENOMEM, 0, "lower directory");
	}
	m->dirs = grown;
	grown[m->dir_count++] = dir;
	return 0;
}

/* layerdb/mounts/<container>: which directory is the container's own. */
static int read_mount(struct docker *d, const char *id, struct mount *m, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf parent = BUF_INIT(0);
	AUTO_CLOSE int fd = -1;
	char path[80];
	int rc;

	if (d->layerdb_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no layer database");
	(void)snprintf(path, sizeof(path), "mounts/%s", id);
	fd = root_open_subdir(d->layerdb_fd, path, ROOT_NO_LINKS, err);
	if (fd < 0)
		return sl_wrap(err, fd, "the layer database does not know it");
	rc = docker_read_word(fd, "mount-id", 256, &m->mount_id, err);
	if (rc == 0 && !docker_is_mount_id(m->mount_id.data))
		rc = sl_fail(err, SL_EFORMAT, 0, "mount-id is no directory name");
	if (rc < 0)
		return rc;
	/* without these two the directories can still be compared, only not told apart */
	if (docker_read_word(fd, "init-id", 256, &m->init_id, NULL) == 0 &&
	    !docker_is_mount_id(m->init_id.data))
		buf_clear(&m->init_id);
	if (docker_read_word(fd, "parent", 256, &parent, NULL) == 0)
		rc = docker_chain_get(d, parent.data, &m->chain, NULL);
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "layer chain") : 0;
}

/* Without a `lower` file: the init layer on the image, as the daemon put them together. */
static int lowers_from_chain(struct mount *m, struct sl_error *err)
{
	size_t layers = m->chain != NULL ? m->chain->count : 0;
	int rc = 0;

	if (m->init_id.len == 0 && layers == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no list of lower directories");
	if (m->init_id.len > 0)
		rc = add_dir(m, strdup(m->init_id.data), err);
	for (size_t i = 0; rc == 0 && i < layers; i++)
		rc = add_dir(m, strdup(m->chain->dirs[i]), err);
	return rc;
}

/* "l/AAA:l/BBB", top first. */
static int lowers_from_file(struct docker *d, struct mount *m, char *text, struct sl_error *err)
{
	char *save = NULL;
	int rc = 0;

	for (char *part = strtok_r(text, ":", &save); rc == 0 && part != NULL;
	     part = strtok_r(NULL, ":", &save)) {
		char *dir = NULL;

		if (strncmp(part, "l/", 2) != 0)
			return sl_fail(err, SL_EFORMAT, 0,
				       "a lower directory is not named by a link");
		rc = docker_link_resolve(d, part + 2, &dir, err);
		if (rc == 0)
			rc = add_dir(m, dir, err);
	}
	return rc;
}

static int read_lowers(struct docker *d, int mount_fd, struct mount *m, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf lower = BUF_INIT(0);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = docker_read_word(mount_fd, "lower", LOWER_FILE_MAX, &lower, &why);

	if (rc == -SL_ENOTFOUND)
		return lowers_from_chain(m, err);
	if (rc < 0)
		return store_give_error(err, &why);
	return lowers_from_file(d, m, lower.data, err);
}

static int open_diff(const struct docker *d, const char *dir, int *fd, char **path,
		     struct sl_error *err)
{
	AUTO_FREE char *below = NULL;

	*fd = -1;
	*path = NULL;
	if (asprintf(&below, "%s/diff", dir) < 0) {
		below = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	if (asprintf(path, "%s/overlay2/%s", d->store.dir, below) < 0) {
		*path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	*fd = root_open_subdir(d->overlay_fd, below, ROOT_NO_LINKS, err);
	return *fd < 0 ? *fd : 0;
}

/*
 * Which layer of the image a lower directory is, counted from the bottom as images do. Only a
 * directory that the layer database has at the same height is that layer. (Another one need not be
 * foul: BuildKit may have made a layer a second time, and the database keeps one directory.)
 */
static void name_layer(const struct mount *m, size_t at, struct sl_lower *lower)
{
	size_t height = m->dir_count - 1 - at;
	const char *dir = m->dirs[at];

	if (at == 0 && m->init_id.len > 0 && strcmp(dir, m->init_id.data) == 0) {
		lower->kind = SL_LOWER_INIT;
	} else if (m->chain != NULL && height < m->chain->count) {
		lower->image_layer = height;
		lower->has_image_layer =
			strcmp(m->chain->dirs[m->chain->count - 1 - height], dir) == 0;
	}
}

static int open_lowers(const struct docker *d, const struct mount *m, struct sl_stack *stack,
		       struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->dir_count; i++) {
		struct sl_lower lower = {.kind = SL_LOWER_IMAGE, .dir_fd = -1};

		rc = open_diff(d, m->dirs[i], &lower.dir_fd, &lower.dir_path, err);
		if (rc == 0)
			rc = idmap_copy(&lower.idmap, &d->idmap, err);
		if (rc < 0) {
			sl_lower_clear(&lower);
			return sl_wrap(err, rc, "lower directory");
		}
		name_layer(m, i, &lower);
		rc = sl_stack_add_lower(stack, &lower, err);
	}
	return rc;
}

static int fill(struct docker *d, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(mount_clear) struct mount m = {0};
	AUTO_CLOSE int mount_fd = -1;
	int rc = read_mount(d, c->id, &m, err);

	if (rc < 0)
		return rc;
	if (d->overlay_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no overlay2 directory");
	rc = open_diff(d, m.mount_id.data, &c->stack.upper_fd, &c->stack.upper_path, err);
	if (rc < 0) {
		c->stack.upper_fd = -1;
		return sl_wrap(err, rc, "upper directory");
	}
	mount_fd = root_open_subdir(d->overlay_fd, m.mount_id.data, ROOT_NO_LINKS, err);
	if (mount_fd < 0)
		return mount_fd;
	rc = read_lowers(d, mount_fd, &m, err);
	return rc < 0 ? rc : open_lowers(d, &m, &c->stack, err);
}

/* A driver's name comes from evidence: only plain words are repeated. */
static bool is_word(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= 32 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

static int refuse_driver(struct sl_container *c, struct sl_error *err)
{
	const char *driver = is_word(c->driver) ? c->driver : "?";

	if (asprintf(&c->stack.unsupported, "storage driver '%s' is not read by this version",
		     driver) < 0) {
		c->stack.unsupported = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "stack");
	}
	return 0;
}

int docker_stack(struct docker *d, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = idmap_copy(&c->stack.idmap, &d->idmap, err);

	if (rc < 0)
		return rc;
	c->stack.marker = SL_MARKER_OVERLAY_TRUSTED;
	if (c->driver != NULL && strcmp(c->driver, "overlay2") != 0)
		return refuse_driver(c, err);
	rc = fill(d, c, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "stack");
	if (rc < 0) {
		c->stack.unsupported = strdup(sl_error_text(&why));
		if (c->stack.unsupported == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "stack");
	}
	return 0;
}
