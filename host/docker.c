/* SPDX-License-Identifier: Apache-2.0 */
/* A docker data root, opened once. */
#include "host/docker_ctrd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/homes.h"
#include "host/idmap.h"

static void docker_close(struct store *s)
{
	struct docker *d = container_of(s, struct docker, store);

	docker_drivers_close(d);
	docker_ctrd_free(d->ctrd);
	if (d->containers_fd >= 0)
		close(d->containers_fd);
	idmap_clear(&d->idmap);
	free(s->dir);
	free(d);
}

static const struct store_ops docker_ops = {.list = docker_list,
					    .load = docker_load,
					    .images = docker_images,
					    .image = docker_image,
					    .container_image = docker_container_image,
					    .evidence = docker_evidence,
					    .close = docker_close};

static void docker_cleanup(struct docker **d)
{
	if (*d != NULL)
		docker_close(&(*d)->store);
}

static int docker_new(struct docker **out, const struct place *place, const char *dir,
		      struct sl_error *err)
{
	struct docker *d = calloc(1, sizeof(*d));
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (d == NULL || (d->store.dir = strndup(dir, len)) == NULL) {
		free(d);
		return sl_fail(err, SL_ENOMEM, 0, "docker store");
	}
	d->store.ops = &docker_ops;
	d->store.engine = "docker";
	d->place = place;
	d->containers_fd = -1;
	*out = d;
	return 0;
}

int docker_open_part(const struct docker *d, const char *part, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", d->store.dir, part) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "docker store");
	}
	return root_open_subdir(d->place->root_fd, path, ROOT_FOLLOW_INSIDE, err);
}

static bool has_part(const struct docker *d, const char *part)
{
	AUTO_CLOSE int fd = docker_open_part(d, part, NULL);

	return fd >= 0;
}

static int open_parts(struct docker *d, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = docker_open_part(d, "containers", &why);

	d->containers_fd = rc < 0 ? -1 : rc;
	if (rc < 0 && rc != -SL_ENOTFOUND)
		return sl_fail(err, why.code, why.sys, "'%s'", d->store.dir);
	d->has_buildkit = has_part(d, "buildkit");
	d->has_old_graph = has_part(d, "graph");
	rc = docker_drivers_open(d, err);
	if (rc == 0 && d->containers_fd < 0 && d->driver_count == 0 && !d->has_old_graph)
		return sl_fail(err, SL_ENOTFOUND, 0, "'%s' holds no docker store", d->store.dir);
	return rc;
}

/* Someone whose data root it may be. */
struct owner {
	const struct docker *d;
	const struct stat *st;
	struct sl_idmap *map;
	struct sl_error *err;
};

static int take_owner(void *payload, const struct home *home)
{
	struct owner *o = payload;
	int rc;

	if (home->uid != o->st->st_uid)
		return 0;
	rc = idmap_of_rootless(o->map, o->d->place->root_fd, home->user, home->uid, home->gid,
			       o->err);
	return rc < 0 ? rc : 1;
}

/*
 * Whose ids the files bear. A root remapped by the daemon says so in its name: "100000.100000". One
 * that belongs to somebody else than root, whom this machine knows, is of a daemon without root.
 */
static int read_idmap(struct docker *d, const struct stat *st, struct sl_error *err)
{
	struct owner owner = {.d = d, .st = st, .map = &d->idmap, .err = err};
	const char *slash = strrchr(d->store.dir, '/');
	uint32_t uid, gid;
	int rc;

	if (docker_is_remap_dir(slash != NULL ? slash + 1 : d->store.dir, &uid, &gid))
		return idmap_of_remap(&d->idmap, d->place->root_fd, uid, gid, err);
	if (st->st_uid == 0)
		return 0;
	rc = homes_each(d->place->root_fd, take_owner, &owner);
	d->is_rootless = rc == 1;
	return rc < 0 ? rc : 0;
}

/* One root may be reached by several names, through links. */
static bool is_open(const struct store_set *set, const struct stat *st)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct docker *d;

		if (set->stores[i]->ops != &docker_ops)
			continue;
		d = container_of(set->stores[i], struct docker, store);
		if (d->dev == st->st_dev && d->ino == st->st_ino)
			return true;
	}
	return false;
}

/* @fd is the directory @dir. 1 when it is open already, by another name. */
static int open_one(struct store_set *set, const struct place *place, const char *dir, int fd,
		    struct sl_error *err)
{
	CLEANUP(docker_cleanup) struct docker *d = NULL;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "'%s'", dir);
	if (is_open(set, &st))
		return 1;
	rc = docker_new(&d, place, dir, err);
	if (rc == 0) {
		d->dev = st.st_dev;
		d->ino = st.st_ino;
		rc = read_idmap(d, &st, err);
	}
	if (rc == 0)
		rc = open_parts(d, err);
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
		AUTO_CLOSE int below_fd = -1;
		uint32_t uid, gid;

		if (!docker_is_remap_dir(names.names[i], &uid, &gid))
			continue;
		below_fd = root_open_subdir(dir_fd, names.names[i], ROOT_NO_LINKS, NULL);
		if (below_fd < 0)
			continue;
		if (asprintf(&below, "%s/%s", dir, names.names[i]) < 0) {
			below = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "docker store");
		}
		rc = open_one(set, place, below, below_fd, err);
		opened += rc >= 0;
		if (rc == -SL_ENOTFOUND || rc == 1)
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
	rc = open_one(set, place, dir, fd, &own);
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
