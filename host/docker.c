/* SPDX-License-Identifier: Apache-2.0 */
/* A docker data root, opened once. */
#include "host/docker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/idmap.h"

static void docker_close(struct store *s)
{
	struct docker *d = container_of(s, struct docker, store);
	const int fds[] = {d->containers_fd, d->overlay_fd, d->links_fd, d->layerdb_fd,
			   d->imagedb_fd};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	docker_links_free(d->links);
	for (size_t i = 0; i < d->chain_count; i++)
		docker_chain_clear(&d->chains[i]);
	free(d->chains);
	jval_free(d->repositories);
	idmap_clear(&d->idmap);
	free(s->dir);
	free(d);
}

static void docker_cleanup(struct docker **d)
{
	if (*d != NULL)
		docker_close(&(*d)->store);
}

static int docker_new(struct docker **out, const struct place *place, const char *dir,
		      struct sl_error *err)
{
	static const struct store_ops ops = {.list = docker_list,
					     .load = docker_load,
					     .images = docker_images,
					     .image = docker_image,
					     .container_image = docker_container_image,
					     .close = docker_close};
	struct docker *d = calloc(1, sizeof(*d));
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (d == NULL || (d->store.dir = strndup(dir, len)) == NULL) {
		free(d);
		return sl_fail(err, SL_ENOMEM, 0, "docker store");
	}
	d->store.ops = &ops;
	d->store.engine = "docker";
	d->place = place;
	d->containers_fd = d->overlay_fd = d->links_fd = d->layerdb_fd = d->imagedb_fd = -1;
	*out = d;
	return 0;
}

/* A part that is not there stays -1; one that cannot be opened is a failure. */
static int open_part(const struct docker *d, const char *part, int *fd, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/%s", d->store.dir, part) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "docker store");
	}
	rc = root_open_subdir(d->place->root_fd, path, ROOT_FOLLOW_INSIDE, err);
	*fd = rc < 0 ? -1 : rc;
	return rc < 0 && rc != -SL_ENOTFOUND ? rc : 0;
}

static int open_parts(struct docker *d, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct {
		const char *part;
		int *fd;
	} parts[] = {
		{"containers", &d->containers_fd},
		{"overlay2", &d->overlay_fd},
		{"image/overlay2/layerdb", &d->layerdb_fd},
		{"image/overlay2/imagedb/content/sha256", &d->imagedb_fd},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(parts); i++)
		rc = open_part(d, parts[i].part, parts[i].fd, &why);
	if (rc < 0)
		return sl_fail(err, why.code, why.sys, "'%s'", d->store.dir);
	if (d->overlay_fd >= 0)
		d->links_fd = root_open_subdir(d->overlay_fd, "l", ROOT_NO_LINKS, NULL);
	if (d->containers_fd < 0 && d->layerdb_fd < 0 && d->imagedb_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "'%s' holds no docker store", d->store.dir);
	return 0;
}

/* The last component says whether this root is remapped: "100000.100000". */
static int read_idmap(struct docker *d, struct sl_error *err)
{
	const char *slash = strrchr(d->store.dir, '/');
	uint32_t uid, gid;

	if (!docker_is_remap_dir(slash != NULL ? slash + 1 : d->store.dir, &uid, &gid))
		return 0;
	return idmap_of_remap(&d->idmap, d->place->root_fd, uid, gid, err);
}

static int open_one(struct store_set *set, const struct place *place, const char *dir,
		    struct sl_error *err)
{
	CLEANUP(docker_cleanup) struct docker *d = NULL;
	int rc = docker_new(&d, place, dir, err);

	if (rc == 0)
		rc = open_parts(d, err);
	if (rc == 0)
		rc = read_idmap(d, err);
	return rc < 0 ? rc : store_set_add(set, &take_ptr(&d)->store, err);
}

/* Remapped roots below @dir: each is a whole store of its own. Returns how many were opened. */
static int open_remapped(struct store_set *set, const struct place *place, const char *dir,
			 int dir_fd, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	int rc = root_list(dir_fd, &names, STORE_NAMES_MAX, err);
	int opened = 0;

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		AUTO_FREE char *below = NULL;
		uint32_t uid, gid;

		if (!docker_is_remap_dir(names.names[i], &uid, &gid))
			continue;
		if (asprintf(&below, "%s/%s", dir, names.names[i]) < 0) {
			below = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "docker store");
		}
		rc = open_one(set, place, below, err);
		opened += rc == 0;
		if (rc == -SL_ENOTFOUND)
			rc = 0; /* a directory of that name, not a store */
	}
	return rc < 0 ? rc : opened;
}

int docker_open(struct store_set *set, const struct place *place, const char *dir,
		struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error own = SL_ERROR_INIT;
	AUTO_CLOSE int fd = root_open_subdir(place->root_fd, dir, ROOT_FOLLOW_INSIDE, err);
	int remapped, rc;

	if (fd < 0)
		return fd;
	rc = open_one(set, place, dir, &own);
	if (rc < 0 && rc != -SL_ENOTFOUND)
		return store_give_error(err, &own);
	remapped = open_remapped(set, place, dir, fd, err);
	if (remapped < 0)
		return remapped;
	/* a daemon that remaps keeps nothing in the directory itself */
	if (rc < 0 && remapped == 0)
		return store_give_error(err, &own);
	return 0;
}
