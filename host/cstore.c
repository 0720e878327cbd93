/* SPDX-License-Identifier: Apache-2.0 */
/* A graph root of containers/storage, opened once. */
#include "host/cstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "host/docker.h"
#include "host/homes.h"

#define DEFAULT_DIR "/var/lib/containers/storage"
#define DEFAULT_RUN_DIR "/run/containers/storage"
/* Drivers of one graph root, and directories that a store borrows from. */
#define PARTS_MAX 64

static void part_clear(struct cstore_part *part)
{
	const int fds[] = {part->layer_dir_fd, part->links_fd, part->layers_fd, part->images_fd,
			   part->containers_fd};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	cstore_table_clear(&part->layers);
	cstore_table_clear(&part->images);
	cstore_table_clear(&part->containers);
	layerlinks_free(part->links);
	free(part->dir);
	free(part->driver);
	free(part->layer_dir);
}

static void cstore_close(struct store *store)
{
	struct cstore *s = container_of(store, struct cstore, store);

	for (size_t i = 0; i < s->part_count; i++)
		part_clear(&s->parts[i]);
	free(s->parts);
	cstore_libpod_clear(&s->libpod);
	store_dirs_clear(&s->layer_stores);
	idmap_clear(&s->idmap);
	free(s->run_dir);
	free(s->store.dir);
	free(s);
}

static void cstore_cleanup(struct cstore **s)
{
	if (*s != NULL)
		cstore_close(&(*s)->store);
}

static const struct store_ops ops = {.list = cstore_list,
				     .load = cstore_load,
				     .images = cstore_images,
				     .image = cstore_image,
				     .container_image = cstore_container_image,
				     .evidence = cstore_evidence,
				     .close = cstore_close};

static int cstore_new(struct cstore **out, const struct place *place, const char *dir,
		      struct sl_error *err)
{
	struct cstore *s = calloc(1, sizeof(*s));
	size_t len = strlen(dir);

	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (s == NULL || (s->store.dir = strndup(dir, len)) == NULL) {
		free(s);
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	}
	s->store.ops = &ops;
	s->store.engine = "podman";
	s->place = place;
	*out = s;
	return 0;
}

/* Where drivers keep their layers, below the graph root. */
static const struct driver {
	const char *name, *layers;
	enum cstore_layout layout;
} drivers[] = {
	{"overlay", "overlay", CSTORE_OVERLAY},
	{"overlay2", "overlay2", CSTORE_OVERLAY},
	{"vfs", "vfs/dir", CSTORE_WHOLE},
	{"btrfs", "btrfs/subvolumes", CSTORE_WHOLE},
};

/* A directory of the graph root; one that is not there stays -1. */
static int open_below(const struct cstore *s, const char *dir, const char *name, const char *suffix,
		      int *fd, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *path = NULL;
	int rc;

	*fd = -1;
	if (asprintf(&path, "%s/%s%s", dir, name, suffix) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	}
	rc = root_open_subdir(s->place->root_fd, path, ROOT_FOLLOW_INSIDE, &why);
	if (rc >= 0)
		*fd = rc;
	if (rc >= 0 || rc == -SL_ENOTFOUND)
		return 0;
	return sl_fail(err, why.code, why.sys, "'%s'", path);
}

/* The driver notes with every start whether a program mounts for it: "true" or "false". */
static bool uses_program(int layer_dir_fd, const char *configured)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);

	if (docker_read_word(layer_dir_fd, ".has-mount-program", 64, &text, NULL) == 0)
		return strcmp(text.data, "true") == 0;
	return configured != NULL;
}

static int open_part(const struct cstore *s, struct cstore_part *part, struct sl_error *err)
{
	const struct {
		const char *suffix;
		int *fd;
	} lists[] = {{"-layers", &part->layers_fd},
		     {"-images", &part->images_fd},
		     {"-containers", &part->containers_fd}};
	const struct driver *d = NULL;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(lists); i++)
		rc = open_below(s, part->dir, part->driver, lists[i].suffix, lists[i].fd, err);
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i].name, part->driver) == 0)
			d = &drivers[i];
	part->layout = d != NULL ? d->layout : CSTORE_UNKNOWN;
	if (rc < 0 || d == NULL)
		return rc;
	if (asprintf(&part->layer_dir, "%s/%s", part->dir, d->layers) < 0) {
		part->layer_dir = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	}
	rc = open_below(s, part->dir, d->layers, "", &part->layer_dir_fd, err);
	if (rc < 0 || part->layer_dir_fd < 0 || d->layout != CSTORE_OVERLAY)
		return rc;
	part->links_fd = root_open_subdir(part->layer_dir_fd, "l", ROOT_NO_LINKS, NULL);
	return 0;
}

static int add_part(struct cstore *s, const char *dir, const char *driver, bool is_additional,
		    struct sl_error *err)
{
	struct cstore_part *grown, *part;

	for (size_t i = 0; i < s->part_count; i++)
		if (strcmp(s->parts[i].dir, dir) == 0 && strcmp(s->parts[i].driver, driver) == 0)
			return 0;
	if (s->part_count == PARTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d directories in one store",
			       PARTS_MAX);
	grown = reallocarray(s->parts, s->part_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	s->parts = grown;
	part = &grown[s->part_count];
	*part = (struct cstore_part){.layer_dir_fd = -1,
				     .links_fd = -1,
				     .layers_fd = -1,
				     .images_fd = -1,
				     .containers_fd = -1,
				     .is_additional = is_additional};
	s->part_count++;
	if (!cstore_keep(&part->dir, dir) || !cstore_keep(&part->driver, driver))
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	return open_part(s, part, err);
}

/* "overlay-layers": a driver's name in front of one of the lists. Cuts @name. */
static bool cut_driver(char *name)
{
	static const char *const suffixes[] = {"-layers", "-images", "-containers"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t tail = strlen(suffixes[i]);

		if (len <= tail || strcmp(name + len - tail, suffixes[i]) != 0)
			continue;
		name[len - tail] = '\0';
		return len - tail <= 32 && cstore_is_name(name);
	}
	return false;
}

/* Every driver that a graph root was used through. */
static int add_parts(struct cstore *s, const char *dir, int dir_fd, bool is_additional,
		     struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	int rc = root_list(dir_fd, &names, STORE_NAMES_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++)
		if (cut_driver(names.names[i]))
			rc = add_part(s, dir, names.names[i], is_additional, err);
	return rc;
}

/* One that is not there lends nothing; one that cannot be read is a failure. */
static int borrow(struct cstore *s, const char *dir, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = root_open_subdir(s->place->root_fd, dir, ROOT_FOLLOW_INSIDE, &why);

	if (fd == -SL_ENOTFOUND)
		return 0;
	if (fd < 0)
		return sl_fail(err, why.code, why.sys, "additional store '%s'", dir);
	return add_parts(s, dir, fd, true, err);
}

static int borrow_all(struct cstore *s, const struct cstore_conf *conf, struct sl_error *err)
{
	int rc = conf->imagestore != NULL ? borrow(s, conf->imagestore, err) : 0;

	for (size_t i = 0; rc == 0 && i < conf->image_stores.count; i++)
		rc = borrow(s, conf->image_stores.dirs[i], err);
	for (size_t i = 0; rc == 0 && i < conf->layer_stores.count; i++)
		rc = store_dirs_add(&s->layer_stores, conf->layer_stores.dirs[i], err);
	return rc;
}

/* Whose home it is; the texts are owned. */
struct owner {
	uint32_t uid, gid;
	char *name, *home;
	bool failed;
};

static void owner_clear(struct owner *o)
{
	free(o->name);
	free(o->home);
}

/* The first of that id; people with one id share what is theirs. */
static int is_owner(void *payload, const struct home *home)
{
	struct owner *o = payload;

	if (home->uid != o->uid)
		return 0;
	o->gid = home->gid;
	o->failed = !cstore_keep(&o->name, home->user) || !cstore_keep(&o->home, home->dir);
	return 1;
}

/*
 * A store of somebody other than root is that user's own, with his shift of ids. Both the graph
 * root and a list in it must be his: a single odd owner proves nothing.
 */
static int find_owner(struct cstore *s, const struct stat *st, struct owner *o,
		      struct sl_error *err)
{
	int fd = s->part_count > 0 ? s->parts[0].layers_fd : -1;
	struct stat list;

	if (st->st_uid == 0 || fd < 0 || fstat(fd, &list) < 0 || list.st_uid != st->st_uid)
		return 0;
	s->is_rootless = true;
	o->uid = st->st_uid;
	o->gid = st->st_gid;
	(void)homes_each(s->place->root_fd, is_owner, o);
	if (o->failed)
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	return cstore_idmap_of_user(&s->idmap, s->place, o->name, o->uid, o->gid, err);
}

/* Where things are while the machine runs. */
static int find_run_dir(struct cstore *s, const struct cstore_conf *conf, uint32_t uid,
			struct sl_error *err)
{
	bool is_configured = conf->graphroot != NULL && strcmp(conf->graphroot, s->store.dir) == 0;
	bool is_default = strcmp(s->store.dir, DEFAULT_DIR) == 0;
	const char *dir = NULL;

	if (s->is_rootless && (!is_configured || conf->runroot == NULL)) {
		if (asprintf(&s->run_dir, "/run/user/%u/containers", uid) >= 0)
			return 0;
		s->run_dir = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	}
	if (is_configured || is_default)
		dir = conf->runroot != NULL ? conf->runroot : DEFAULT_RUN_DIR;
	return cstore_keep(&s->run_dir, dir) ? 0 : sl_fail(err, SL_ENOMEM, 0, "podman store");
}

static void conf_clear(struct cstore_conf *conf)
{
	cstore_conf_clear(conf);
}

/* A configuration that cannot be read was a gap of the discovery; here its defaults hold. */
static int read_settings(struct cstore *s, const struct stat *st, struct sl_error *err)
{
	CLEANUP(owner_clear) struct owner owner = {0};
	CLEANUP(conf_clear) struct cstore_conf conf = {0};
	int rc = find_owner(s, st, &owner, err);

	if (rc < 0)
		return rc;
	rc = cstore_conf_read(&conf, s->place, owner.home, NULL);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "podman store");
	if (!s->is_rootless && conf.graphroot == NULL) {
		/* CRI-O may have been told of another place */
		CLEANUP(conf_clear) struct cstore_conf crio = {0};

		if (cstore_conf_read_crio(&crio, s->place, NULL) == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "podman store");
		conf.graphroot = take_ptr(&crio.graphroot);
		if (conf.runroot == NULL)
			conf.runroot = take_ptr(&crio.runroot);
	}
	rc = find_run_dir(s, &conf, st->st_uid, err);
	if (rc == 0)
		rc = borrow_all(s, &conf, err);
	for (size_t i = 0; rc == 0 && i < s->part_count; i++)
		if (s->parts[i].layout == CSTORE_OVERLAY && s->parts[i].layer_dir_fd >= 0)
			s->parts[i].is_fuse =
				uses_program(s->parts[i].layer_dir_fd, conf.mount_program);
	return rc;
}

/* A graph root is found by several names: a configured link, CRI-O beside Podman. */
static bool is_known(const struct store_set *set, const struct stat *st)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct cstore *s;

		if (set->stores[i]->ops != &ops)
			continue;
		s = container_of(set->stores[i], struct cstore, store);
		if (s->device == st->st_dev && s->inode == st->st_ino)
			return true;
	}
	return false;
}

int cstore_open(struct store_set *set, const struct place *place, const char *dir,
		struct sl_error *err)
{
	CLEANUP(cstore_cleanup) struct cstore *s = NULL;
	AUTO_CLOSE int fd = root_open_subdir(place->root_fd, dir, ROOT_FOLLOW_INSIDE, err);
	struct stat st;
	int rc;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "'%s'", dir);
	if (is_known(set, &st))
		return 0;
	rc = cstore_new(&s, place, dir, err);
	if (rc < 0)
		return rc;
	s->device = st.st_dev;
	s->inode = st.st_ino;
	rc = add_parts(s, s->store.dir, fd, false, err);
	if (rc < 0)
		return rc;
	if (s->part_count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "'%s' holds no containers/storage", dir);
	rc = read_settings(s, &st, err);
	return rc < 0 ? rc : store_set_add(set, &take_ptr(&s)->store, err);
}
