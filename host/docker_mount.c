/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories make up a container's tree: each driver writes it down in its own way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

/* Longest `lower` file; the kernel's page of mount options is far shorter. */
#define LOWER_FILE_MAX ((size_t)1024 * 1024)

void docker_mount_clear(struct docker_mount *m)
{
	buf_clear(&m->mount_id);
	buf_clear(&m->init_id);
	buf_clear(&m->parent);
	for (size_t i = 0; i < m->dir_count; i++)
		free(m->dirs[i]);
	free((void *)m->dirs);
	*m = (struct docker_mount){0};
}

/* Takes over @dir, also on failure. */
static int add_dir(struct docker_mount *m, char *dir, struct sl_error *err)
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

/* Without it the directories can still be compared, only not told apart. */
static int find_chain(struct docker_driver *dr, struct docker_mount *m, struct sl_error *err)
{
	int rc = m->parent.len == 0 ? 0 : docker_chain_get(dr, m->parent.data, &m->chain, NULL);

	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "layer chain") : 0;
}

int docker_mount_read(struct docker_driver *dr, const char *id, struct docker_mount *m,
		      struct sl_error *err)
{
	AUTO_CLOSE int fd = -1;
	char path[80];
	int rc;

	if (dr->layerdb_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no layer database");
	(void)snprintf(path, sizeof(path), "mounts/%s", id);
	fd = root_open_subdir(dr->layerdb_fd, path, ROOT_NO_LINKS, err);
	if (fd < 0)
		return sl_wrap(err, fd, "the layer database does not know it");
	rc = docker_read_word(fd, "mount-id", 256, &m->mount_id, err);
	if (rc == 0 && !docker_is_mount_id(m->mount_id.data))
		rc = sl_fail(err, SL_EFORMAT, 0, "mount-id is no directory name");
	if (rc < 0)
		return rc;
	if (docker_read_word(fd, "init-id", 256, &m->init_id, NULL) == 0 &&
	    !docker_is_mount_id(m->init_id.data))
		buf_clear(&m->init_id);
	(void)docker_read_word(fd, "parent", 256, &m->parent, NULL);
	return find_chain(dr, m, err);
}

/* The chain whose top layer is the uppermost directory that is one of an image. */
static int guess_chain(struct docker_driver *dr, struct docker_mount *m, struct sl_error *err)
{
	const struct docker_known *known;
	int rc = docker_known_get(dr, &known, err);

	for (size_t i = 0; rc == 0 && i < m->dir_count && m->parent.len == 0; i++) {
		const struct docker_known_dir *row = docker_known_find(known, m->dirs[i]);

		m->parent = BUF_INIT(256);
		if (row != NULL && row->role == DOCKER_ROLE_LAYER)
			(void)buf_printf(&m->parent, "sha256:%s", row->owner);
	}
	return rc < 0 ? rc : find_chain(dr, m, err);
}

/* Is the engine's own layer for the directory among what is below it? */
static bool has_init(const struct docker_mount *m, const char *dir)
{
	size_t len = strlen(dir);

	return m->dir_count > 0 && strncmp(m->dirs[0], dir, len) == 0 &&
	       strcmp(m->dirs[0] + len, "-init") == 0;
}

int docker_mount_guess(struct docker_driver *dr, const char *dir, struct docker_mount *m,
		       struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc;

	m->mount_id = BUF_INIT(256);
	m->init_id = BUF_INIT(256);
	rc = buf_append_str(&m->mount_id, dir);
	/* these have no list that would name it; one that is not there is left out later */
	if (rc == 0 && docker_driver_is_whole(dr))
		rc = buf_printf(&m->init_id, "%s-init", dir);
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	rc = docker_mount_lowers(dr, m, &why);
	/* without a list a directory stands alone */
	if (rc < 0 && rc != -SL_ENOTFOUND)
		return store_give_error(err, &why);
	if (m->init_id.len == 0 && has_init(m, dir) && buf_append_str(&m->init_id, m->dirs[0]) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	return guess_chain(dr, m, err);
}

/* The init layer on the image, as the daemon put them together. */
static int lowers_from_chain(struct docker_mount *m, struct sl_error *err)
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
static int lowers_from_links(struct docker_driver *dr, struct docker_mount *m, char *text,
			     struct sl_error *err)
{
	char *save = NULL;
	int rc = 0;

	for (char *part = strtok_r(text, ":", &save); rc == 0 && part != NULL;
	     part = strtok_r(NULL, ":", &save)) {
		char *dir = NULL;

		if (strncmp(part, "l/", 2) != 0)
			return sl_fail(err, SL_EFORMAT, 0,
				       "a lower directory is not named by a link");
		rc = layerlinks_resolve(&dr->links, dr->home_fd, dr->links_fd, part + 2, &dir, err);
		if (rc == 0)
			rc = add_dir(m, dir, err);
	}
	return rc;
}

/* One directory a line, nearest first. */
static int lowers_from_lines(struct docker_mount *m, char *text, struct sl_error *err)
{
	char *save = NULL;
	int rc = 0;

	for (char *line = strtok_r(text, " \t\r\n", &save); rc == 0 && line != NULL;
	     line = strtok_r(NULL, " \t\r\n", &save)) {
		if (!docker_is_layer_dir(line))
			return sl_fail(err, SL_EFORMAT, 0, "a parent is no directory name");
		rc = add_dir(m, strdup(line), err);
	}
	return rc;
}

/*
 * "overlay" mounts the container's directory on one tree. Its copy of what the engine made first is
 * in the container's own directory, so that of the init layer says which of it is the engine's.
 */
static int lowers_from_id(struct docker_mount *m, const char *id, struct sl_error *err)
{
	int rc = 0;

	if (!docker_is_layer_dir(id))
		return sl_fail(err, SL_EFORMAT, 0, "lower-id is no directory name");
	if (m->init_id.len > 0)
		rc = add_dir(m, strdup(m->init_id.data), err);
	return rc < 0 ? rc : add_dir(m, strdup(id), err);
}

/* What is below a whole tree does not show; the nearest two say what it began as. */
static int lowers_of_whole(struct docker_mount *m, struct sl_error *err)
{
	int rc = 0;

	if (m->init_id.len > 0)
		rc = add_dir(m, strdup(m->init_id.data), err);
	if (rc == 0 && m->chain != NULL && m->chain->count > 0)
		rc = add_dir(m, strdup(m->chain->dirs[0]), err);
	return rc;
}

/* The file that says what is below. 0; 1 when there is none. */
static int read_list(const struct docker_driver *dr, const char *id, struct buf *out,
		     struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	bool in_layers = dr->kind->layout == DOCKER_PARENTS;
	AUTO_CLOSE int fd =
		root_open_subdir(dr->home_fd, in_layers ? "layers" : id, ROOT_NO_LINKS, &why);
	int rc = fd < 0 ? fd : 0;

	if (rc == 0)
		rc = docker_read_word(fd,
				      in_layers                          ? id
				      : dr->kind->layout == DOCKER_LINKS ? "lower"
									 : "lower-id",
				      LOWER_FILE_MAX, out, &why);
	if (rc == -SL_ENOTFOUND)
		return 1;
	return rc < 0 ? store_give_error(err, &why) : 0;
}

int docker_mount_lowers(struct docker_driver *dr, struct docker_mount *m, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	enum docker_layout layout = dr->kind->layout;
	int rc;

	if (layout == DOCKER_WHOLE)
		return lowers_of_whole(m, err);
	if (layout == DOCKER_UNREAD || dr->home_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no directory '%s'", dr->name);
	rc = read_list(dr, m->mount_id.data, &text, err);
	if (rc < 0)
		return rc;
	if (layout == DOCKER_LOWER_ID) {
		if (rc == 1 && m->chain == NULL)
			return sl_fail(err, SL_ENOTFOUND, 0, "no lower-id");
		return lowers_from_id(m, rc == 1 ? m->chain->dirs[0] : text.data, err);
	}
	if (rc == 1)
		return lowers_from_chain(m, err);
	return layout == DOCKER_LINKS ? lowers_from_links(dr, m, text.data, err)
				      : lowers_from_lines(m, text.data, err);
}
