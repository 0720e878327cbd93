/* SPDX-License-Identifier: Apache-2.0 */
#include "host/docker_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

/* Every driver a daemon ever had, as the daemon spells it. */
static const struct docker_driver_kind kinds[] = {
	{"overlay2", DOCKER_LINKS, SL_MARKER_OVERLAY_TRUSTED, "", "/diff", "/diff", NULL},
	{"fuse-overlayfs", DOCKER_LINKS, SL_MARKER_FUSE_OVERLAY, "", "/diff", "/diff", NULL},
	{"overlay", DOCKER_LOWER_ID, SL_MARKER_OVERLAY_TRUSTED, "", "/upper", "/root", NULL},
	{"aufs", DOCKER_PARENTS, SL_MARKER_AUFS, "diff/", "", "", NULL},
	{"vfs", DOCKER_WHOLE, SL_MARKER_NONE, "dir/", "", "", NULL},
	{"btrfs", DOCKER_WHOLE, SL_MARKER_NONE, "subvolumes/", "", "", NULL},
	{"zfs", DOCKER_UNREAD, SL_MARKER_NONE, "", "", "", "datasets of a ZFS pool"},
	{"devicemapper", DOCKER_UNREAD, SL_MARKER_NONE, "", "", "",
	 "thin volumes of a block device"},
	{"windowsfilter", DOCKER_UNREAD, SL_MARKER_NONE, "", "", "", "formats of Windows"},
};

static const struct docker_driver_kind unknown_kind = {NULL, DOCKER_UNREAD, SL_MARKER_NONE, "", "",
						       "",   NULL};

const struct docker_driver_kind *docker_driver_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

bool docker_is_driver_name(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= 32 && s[0] != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

static void driver_free(struct docker_driver *dr)
{
	const int fds[] = {dr->home_fd, dr->links_fd, dr->image_fd, dr->layerdb_fd, dr->imagedb_fd};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	layerlinks_free(dr->links);
	docker_known_free(dr->known);
	for (size_t i = 0; i < dr->chain_count; i++)
		docker_chain_clear(&dr->chains[i]);
	free(dr->chains);
	jval_free(dr->repositories);
	free(dr->name);
	free(dr->gap);
	free(dr);
}

static void driver_cleanup(struct docker_driver **dr)
{
	if (*dr != NULL)
		driver_free(*dr);
}

/* Where nothing is, nothing is missing; another failure is remembered, and the rest goes on. */
static int take_part(struct docker_driver *dr, int *fd, int rc, struct sl_error *why,
		     struct sl_error *err)
{
	*fd = rc < 0 ? -1 : rc;
	if (rc < 0 && rc != -SL_ENOTFOUND && dr->gap == NULL) {
		dr->gap = strdup(sl_error_text(why));
		if (dr->gap == NULL)
			rc = -SL_ENOMEM;
	}
	sl_error_clear(why);
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "storage driver") : 0;
}

static int driver_new(struct docker_driver **out, struct docker *d, const char *name,
		      struct sl_error *err)
{
	const struct docker_driver_kind *kind = docker_driver_kind(name);
	struct docker_driver *dr = calloc(1, sizeof(*dr));

	if (dr == NULL || (dr->name = strdup(name)) == NULL) {
		free(dr);
		return sl_fail(err, SL_ENOMEM, 0, "storage driver");
	}
	dr->docker = d;
	dr->kind = kind != NULL ? kind : &unknown_kind;
	dr->home_fd = dr->links_fd = dr->image_fd = dr->layerdb_fd = dr->imagedb_fd = -1;
	dr->marker = dr->kind->marker;
	/* in a user namespace overlays keep their attributes in user.*, as they have no other */
	if (d->is_rootless && dr->marker == SL_MARKER_OVERLAY_TRUSTED)
		dr->marker = SL_MARKER_OVERLAY_USER;
	*out = dr;
	return 0;
}

static int open_home(struct docker_driver *dr, struct sl_error *err)
{
	const struct docker *d = dr->docker;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = take_part(dr, &dr->home_fd, docker_open_part(d, dr->name, &why), &why, err);

	if (rc == 0 && dr->home_fd >= 0)
		rc = take_part(dr, &dr->links_fd,
			       root_open_subdir(dr->home_fd, "l", ROOT_NO_LINKS, &why), &why, err);
	return rc;
}

static int open_image(struct docker_driver *dr, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct {
		const char *part;
		int *fd;
	} parts[] = {
		{"", &dr->image_fd},
		{"/layerdb", &dr->layerdb_fd},
		{"/imagedb/content/sha256", &dr->imagedb_fd},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(parts); i++) {
		AUTO_FREE char *path = NULL;

		if (asprintf(&path, "image/%s%s", dr->name, parts[i].part) < 0) {
			path = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "storage driver");
		}
		rc = take_part(dr, parts[i].fd, docker_open_part(dr->docker, path, &why), &why,
			       err);
	}
	return rc;
}

static int add_driver(struct docker *d, const char *name, struct sl_error *err)
{
	CLEANUP(driver_cleanup) struct docker_driver *dr = NULL;
	struct docker_driver **grown;
	int rc;

	if (docker_driver_find(d, name) != NULL)
		return 0;
	rc = driver_new(&dr, d, name, err);
	if (rc == 0 && dr->kind->name != NULL)
		rc = open_home(dr, err);
	if (rc == 0)
		rc = open_image(dr, err);
	if (rc < 0)
		return rc;
	if (dr->home_fd < 0 && dr->image_fd < 0 && dr->gap == NULL)
		return 0;
	/* an array of pointers: NOLINTNEXTLINE(bugprone-sizeof-expression) */
	grown = (struct docker_driver **)reallocarray((void *)d->drivers, d->driver_count + 1,
						      sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "storage driver");
	d->drivers = grown;
	grown[d->driver_count++] = take_ptr(&dr);
	return 0;
}

int docker_drivers_open(struct docker *d, struct sl_error *err)
{
	AUTO_CLOSE int image_fd = docker_open_part(d, "image", NULL);
	CLEANUP(root_names_clear) struct root_names names = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(kinds); i++)
		rc = add_driver(d, kinds[i].name, err);
	if (rc == 0 && image_fd >= 0 && root_list(image_fd, &names, DOCKER_DRIVERS_MAX, NULL) == 0)
		for (size_t i = 0; rc == 0 && i < names.count; i++)
			if (docker_is_driver_name(names.names[i]))
				rc = add_driver(d, names.names[i], err);
	return rc;
}

void docker_drivers_close(struct docker *d)
{
	for (size_t i = 0; i < d->driver_count; i++)
		driver_free(d->drivers[i]);
	free((void *)d->drivers);
}

struct docker_driver *docker_driver_find(const struct docker *d, const char *name)
{
	for (size_t i = 0; i < d->driver_count; i++)
		if (strcmp(d->drivers[i]->name, name) == 0)
			return d->drivers[i];
	return NULL;
}

struct docker_driver *docker_driver_of(const struct docker *d, const char *id)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "mounts/%s", id);
	for (size_t i = 0; i < d->driver_count; i++) {
		struct docker_driver *dr = d->drivers[i];
		AUTO_CLOSE int fd = -1;

		if (dr->layerdb_fd >= 0)
			fd = root_open_subdir(dr->layerdb_fd, path, ROOT_NO_LINKS, NULL);
		if (fd >= 0)
			return dr;
	}
	return NULL;
}

int docker_driver_dir(const struct docker_driver *dr, const char *id, enum docker_part part,
		      int *fd, char **path, struct sl_error *err)
{
	const struct docker_driver_kind *kind = dr->kind;
	AUTO_FREE char *below = NULL;

	*fd = -1;
	*path = NULL;
	if (asprintf(&below, "%s%s%s", kind->before, id,
		     part == DOCKER_OWN ? kind->own : kind->layer) < 0) {
		below = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	if (asprintf(path, "%s/%s/%s", dr->docker->store.dir, dr->name, below) < 0) {
		*path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "layer path");
	}
	if (kind->layout == DOCKER_UNREAD)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "no directory is a layer there");
	if (dr->home_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no directory '%s'", dr->name);
	*fd = root_open_subdir(dr->home_fd, below, ROOT_NO_LINKS, err);
	return *fd < 0 ? *fd : 0;
}

int docker_driver_shelf(const struct docker_driver *dr, struct sl_error *err)
{
	if (dr->kind->layout == DOCKER_UNREAD)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "no directory is a layer there");
	if (dr->home_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no directory '%s'", dr->name);
	return root_open_subdir(dr->home_fd, dr->kind->before[0] != '\0' ? dr->kind->before : ".",
				ROOT_NO_LINKS, err);
}
