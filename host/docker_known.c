/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a driver's directories the layer database names, and for what. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

void docker_known_free(struct docker_known *known)
{
	if (known == NULL)
		return;
	for (size_t i = 0; i < known->count; i++) {
		free(known->rows[i].dir);
		free(known->rows[i].owner);
	}
	free(known->rows);
	free(known);
}

static void known_cleanup(struct docker_known **known)
{
	docker_known_free(*known);
}

/* There is room for every row. A directory that is no name is none of the driver's. */
static int add(struct docker_known *known, int fd, const char *file, enum docker_role role,
	       const char *owner, bool is_gone, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf dir = BUF_INIT(0);
	struct docker_known_dir *row = &known->rows[known->count];
	int rc = docker_read_word(fd, file, 256, &dir, NULL);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "layer database");
	if (rc < 0 || !docker_is_layer_dir(dir.data))
		return 0;
	*row = (struct docker_known_dir){.dir = buf_take(&dir), .role = role, .is_gone = is_gone};
	row->owner = strdup(owner);
	if (row->dir == NULL || row->owner == NULL) {
		free(row->dir);
		free(row->owner);
		return sl_fail(err, SL_ENOMEM, 0, "layer database");
	}
	known->count++;
	return 0;
}

static bool is_removing(const char *name)
{
	static const char suffix[] = "-removing";
	size_t len = strlen(name);

	return len > sizeof(suffix) && strcmp(name + len - (sizeof(suffix) - 1), suffix) == 0;
}

static int add_layers(struct docker_known *known, int fd, const struct root_names *names,
		      struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names->count; i++) {
		const char *name = names->names[i];
		bool is_layer = docker_is_id(name);
		AUTO_CLOSE int layer_fd = -1;

		if (!is_layer && !is_removing(name))
			continue;
		layer_fd = root_open_subdir(fd, name, ROOT_NO_LINKS, NULL);
		if (layer_fd >= 0)
			rc = add(known, layer_fd, "cache-id",
				 is_layer ? DOCKER_ROLE_LAYER : DOCKER_ROLE_REMOVING, name, false,
				 err);
	}
	return rc;
}

/* A container without a directory of its own was removed, or never quite made. */
static bool has_container(const struct docker *d, const char *id)
{
	AUTO_CLOSE int fd = -1;

	if (d->containers_fd < 0)
		return false;
	fd = root_open_path(d->containers_fd, id, ROOT_NO_LINKS, NULL);
	return fd >= 0;
}

static int add_mounts(struct docker_known *known, const struct docker *d, int fd,
		      const struct root_names *names, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names->count; i++) {
		const char *id = names->names[i];
		AUTO_CLOSE int mount_fd = root_open_subdir(fd, id, ROOT_NO_LINKS, NULL);
		bool is_gone = !has_container(d, id);

		if (mount_fd < 0 || !docker_is_layer_dir(id))
			continue;
		rc = add(known, mount_fd, "mount-id", DOCKER_ROLE_MOUNT, id, is_gone, err);
		if (rc == 0)
			rc = add(known, mount_fd, "init-id", DOCKER_ROLE_INIT, id, is_gone, err);
	}
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct docker_known_dir *x = a, *y = b;

	return strcmp(x->dir, y->dir);
}

static int list_part(int layerdb_fd, const char *part, int *fd, struct root_names *names,
		     struct sl_error *err)
{
	*fd = root_open_subdir(layerdb_fd, part, ROOT_NO_LINKS, err);
	if (*fd == -SL_ENOTFOUND && err != NULL)
		sl_error_clear(err);
	if (*fd < 0)
		return *fd == -SL_ENOTFOUND ? 0 : *fd;
	return root_list(*fd, names, STORE_NAMES_MAX, err);
}

static int read_known(struct docker_known *known, const struct docker_driver *dr,
		      struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names layers = {0};
	CLEANUP(root_names_clear) struct root_names mounts = {0};
	AUTO_CLOSE int layers_fd = -1;
	AUTO_CLOSE int mounts_fd = -1;
	int rc = list_part(dr->layerdb_fd, "sha256", &layers_fd, &layers, err);

	if (rc == 0)
		rc = list_part(dr->layerdb_fd, "mounts", &mounts_fd, &mounts, err);
	if (rc < 0)
		return rc;
	known->rows = calloc(layers.count + 2 * mounts.count + 1, sizeof(*known->rows));
	if (known->rows == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer database");
	rc = add_layers(known, layers_fd, &layers, err);
	if (rc == 0)
		rc = add_mounts(known, dr->docker, mounts_fd, &mounts, err);
	if (known->count > 1)
		qsort(known->rows, known->count, sizeof(*known->rows), compare);
	return rc;
}

int docker_known_get(struct docker_driver *dr, const struct docker_known **out,
		     struct sl_error *err)
{
	CLEANUP(known_cleanup) struct docker_known *known = NULL;
	int rc = 0;

	*out = dr->known;
	if (dr->known != NULL)
		return 0;
	known = calloc(1, sizeof(*known));
	if (known == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer database");
	if (dr->layerdb_fd >= 0)
		rc = read_known(known, dr, err);
	if (rc < 0)
		return rc;
	*out = dr->known = take_ptr(&known);
	return 0;
}

const struct docker_known_dir *docker_known_find(const struct docker_known *known, const char *dir)
{
	struct docker_known_dir key = {.dir = (char *)(uintptr_t)dir};

	if (known->count == 0)
		return NULL;
	return bsearch(&key, known->rows, known->count, sizeof(key), compare);
}
