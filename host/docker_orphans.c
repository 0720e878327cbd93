/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in a data root and belongs to no container of it: directories of containers that were
 * removed, of removals that were not finished, and of builds.
 *
 * An orphan's key says which it is, "<driver>/<sort>/<name>": the sort was found out when the
 * databases were compared with the directories, and another one would need all of that again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/docker_ctrd.h"
#include "host/idmap.h"

static const struct sort {
	const char *word;
	enum sl_container_kind kind;
	const char *note;
} sorts[] = {
	{"removed", SL_CONTAINER_ORPHAN,
	 "of a container that was removed: the layer database still has it"},
	{"removing", SL_CONTAINER_ORPHAN,
	 "an image layer whose removal was begun and not finished"},
	{"leftover", SL_CONTAINER_ORPHAN, "a directory whose removal was begun and not finished"},
	{"init", SL_CONTAINER_ORPHAN, "what the engine prepared for a container that is gone"},
	{"build", SL_CONTAINER_BUILD, "of a build (BuildKit), which is not an image's layer"},
	{"unknown", SL_CONTAINER_ORPHAN, "no container, image layer or build of the store owns it"},
};

static const struct sort *sort_of(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(sorts); i++)
		if (strlen(sorts[i].word) == len && memcmp(sorts[i].word, word, len) == 0)
			return &sorts[i];
	return NULL;
}

static int add_row(struct store_list *out, const struct docker_driver *dr, const char *word,
		   const char *name, const char *id, struct sl_error *err)
{
	const struct sort *sort = sort_of(word, strlen(word));
	struct store_name row = {.store = (struct store *)(uintptr_t)&dr->docker->store,
				 .kind = sort->kind,
				 .id = strdup(id)};

	if (asprintf(&row.key, "%s/%s/%s", dr->name, word, name) < 0)
		row.key = NULL;
	/* without a key of its own it would pass for a container */
	if (row.key == NULL) {
		free(row.id);
		return sl_fail(err, SL_ENOMEM, 0, "container list");
	}
	return store_list_add(out, &row, err);
}

static bool ends_in(const char *s, const char *suffix, size_t *base)
{
	size_t len = strlen(s), n = strlen(suffix);

	*base = len - n;
	return len > n && strcmp(s + len - n, suffix) == 0;
}

static bool is_dir(int shelf, const char *name)
{
	AUTO_CLOSE int fd = root_open_subdir(shelf, name, ROOT_NO_LINKS, NULL);

	return fd >= 0;
}

/* What is being sorted, and what it is sorted by. */
struct sorter {
	const struct docker *d;
	struct docker_builds builds;
	bool has_builds; /* false: BuildKit's database is not there, or cannot be read */
	struct store_list *out;
};

/*
 * Without its database BuildKit's directories are told by their names: the daemon's own are 64 hex
 * digits, and BuildKit makes shorter words up.
 */
static bool is_build(const struct sorter *s, const char *name)
{
	return s->has_builds ? docker_builds_have(&s->builds, name)
			     : s->d->has_buildkit && !docker_is_id(name);
}

/*
 * What a directory is that the layer database does not know. NULL: it belongs to another one, which
 * it is the init layer of.
 */
static const char *sort_dir(const struct sorter *s, int shelf, const char *name)
{
	AUTO_FREE char *owner = NULL;
	size_t base;

	if (ends_in(name, "-removing", &base))
		return "leftover";
	if (ends_in(name, "-init", &base)) {
		owner = strndup(name, base);
		return owner != NULL && is_dir(shelf, owner) ? NULL : "init";
	}
	return is_build(s, name) ? "build" : "unknown";
}

/* Directories that the layer database does not know. */
static int list_dirs(const struct sorter *s, const struct docker_driver *dr, int shelf,
		     const struct root_names *names, const struct docker_known *known,
		     struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < names->count; i++) {
		const char *name = names->names[i];
		const char *word;

		if (!docker_is_layer_dir(name) || docker_known_find(known, name) != NULL ||
		    !is_dir(shelf, name))
			continue;
		word = sort_dir(s, shelf, name);
		if (word != NULL)
			rc = add_row(s->out, dr, word, name, name, err);
	}
	return rc;
}

/* Directories that the layer database does know, for something that is not there any more. */
static int list_known(const struct sorter *s, const struct docker_driver *dr,
		      const struct docker_known *known, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < known->count; i++) {
		const struct docker_known_dir *row = &known->rows[i];

		if (row->role == DOCKER_ROLE_REMOVING)
			rc = add_row(s->out, dr, "removing", row->dir, row->dir, err);
		else if (row->role == DOCKER_ROLE_MOUNT && row->is_gone)
			rc = is_build(s, row->dir)
				     ? add_row(s->out, dr, "build", row->dir, row->dir, err)
				     : add_row(s->out, dr, "removed", row->owner, row->owner, err);
	}
	return rc;
}

/* Directories come before the database: what is made meanwhile is not taken for unknown. */
static int list_driver(const struct sorter *s, struct docker_driver *dr, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int shelf = docker_driver_shelf(dr, &why);
	const struct docker_known *known;
	int rc = shelf < 0 ? shelf : root_list(shelf, &names, STORE_NAMES_MAX, &why);

	if (rc < 0 && rc != -SL_ENOTFOUND && rc != -SL_EUNSUPPORTED)
		return store_give_error(err, &why);
	rc = docker_known_get(dr, &known, err);
	if (rc == 0)
		rc = list_known(s, dr, known, err);
	return rc < 0 ? rc : list_dirs(s, dr, shelf, &names, known, err);
}

int docker_orphans_list(struct docker *d, struct store_list *out, host_gap_fn gap, void *payload,
			struct sl_error *err)
{
	struct sorter s = {.d = d, .out = out};
	CLEANUP(sl_error_clear) struct sl_error unread = SL_ERROR_INIT;
	int rc = docker_builds_read(&s.builds, d, &unread);

	s.has_builds = rc == 0;
	rc = rc < 0 && rc != -SL_ENOTFOUND ? store_gap(gap, payload, d->store.dir, &unread) : 0;
	for (size_t i = 0; rc == 0 && i < d->driver_count; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

		rc = list_driver(&s, d->drivers[i], &why);
		if (rc < 0 && rc != -SL_ENOMEM)
			rc = store_gap(gap, payload, d->drivers[i]->name, &why);
	}
	docker_builds_clear(&s.builds);
	if (rc == 0)
		rc = docker_ctrd_orphans(d, out, gap, payload, err);
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "container list") : rc;
}

/* ---- one of them ---- */

/* What a key says; texts lent by it. */
struct orphan {
	struct docker_driver *driver;
	const struct sort *sort;
	const char *name; /* of a directory; of a container, when it was removed */
};

static int parse_key(struct orphan *out, const struct docker *d, const char *key,
		     struct sl_error *err)
{
	const char *first = strchr(key, '/');
	const char *second = first != NULL ? strchr(first + 1, '/') : NULL;
	AUTO_FREE char *driver = first != NULL ? strndup(key, (size_t)(first - key)) : NULL;

	if (driver == NULL || second == NULL)
		return sl_fail(err, SL_EINVAL, 0, "no orphan's key");
	out->driver = docker_driver_find(d, driver);
	out->sort = sort_of(first + 1, (size_t)(second - first - 1));
	out->name = second + 1;
	if (out->driver == NULL || out->sort == NULL || !docker_is_layer_dir(out->name))
		return sl_fail(err, SL_EINVAL, 0, "no orphan's key");
	return 0;
}

/* When the directory was made is when the container was. */
static void take_time(const struct docker_driver *dr, const char *dir, struct sl_container *c)
{
	AUTO_CLOSE int shelf = docker_driver_shelf(dr, NULL);
	struct statx st;

	if (shelf < 0 || kernel_statx(shelf, dir, AT_SYMLINK_NOFOLLOW, &st) < 0 ||
	    (st.stx_mask & STATX_BTIME) == 0)
		return;
	c->has_created = true;
	c->created = (struct sl_time){.sec = st.stx_btime.tv_sec, .nsec = st.stx_btime.tv_nsec};
}

/* The image that its lower directories are, when the store still has one of these layers. */
static int take_image(struct docker_driver *dr, const struct docker_mount *m,
		      struct sl_container *c, struct sl_error *err)
{
	const char *name;
	int rc;

	if (m->parent.len == 0)
		return 0;
	rc = docker_image_on_chain(dr, m->parent.data, c->image_id, &name, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	c->has_image_id = true;
	if (name == NULL)
		return 0;
	c->image_ref = strdup(name);
	return c->image_ref != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "image name");
}

static int fill_orphan(const struct orphan *o, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(docker_mount_clear) struct docker_mount m = {0};
	struct docker_driver *dr = o->driver;
	int rc;

	if (strcmp(o->sort->word, "removed") == 0) {
		rc = docker_mount_read(dr, o->name, &m, err);
		if (rc == 0)
			rc = docker_mount_lowers(dr, &m, err);
	} else {
		rc = docker_mount_guess(dr, o->name, &m, err);
	}
	if (m.mount_id.len > 0)
		take_time(dr, m.mount_id.data, c);
	if (rc == 0)
		rc = docker_stack_fill(dr, &m, &c->stack, err);
	return rc < 0 ? rc : take_image(dr, &m, c, err);
}

static int copy_text(char **out, const char *text, struct sl_error *err)
{
	*out = strdup(text);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "container");
}

static int describe(const struct docker *d, const struct store_name *row, const struct orphan *o,
		    struct sl_container *c, struct sl_error *err)
{
	int rc = copy_text(&c->engine, d->store.engine, err);

	c->kind = o->sort->kind;
	if (rc == 0)
		rc = copy_text(&c->id, row->id, err);
	if (rc == 0)
		rc = copy_text(&c->name, row->id, err);
	if (rc == 0)
		rc = copy_text(&c->store, d->store.dir, err);
	if (rc == 0)
		rc = copy_text(&c->driver, o->driver->name, err);
	if (rc == 0)
		rc = copy_text(&c->note, o->sort->note, err);
	return rc < 0 ? rc : idmap_copy(&c->stack.idmap, &d->idmap, err);
}

int docker_orphan_load(struct docker *d, const struct store_name *row, struct sl_container **out,
		       struct sl_error *err)
{
	AUTO_CONTAINER struct sl_container *c = NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct orphan o = {0};
	int rc;

	if (docker_ctrd_is_orphan(row->key))
		return docker_ctrd_orphan_load(d, row, out, err);
	rc = parse_key(&o, d, row->key, err);
	if (rc == 0)
		rc = sl_container_new(&c, err);
	if (rc == 0)
		rc = describe(d, row, &o, c, err);
	if (rc < 0)
		return rc;
	rc = fill_orphan(&o, c, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (rc < 0)
		rc = copy_text(&c->stack.unsupported, sl_error_text(&why), err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&c);
	return 0;
}
