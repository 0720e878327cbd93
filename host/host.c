/* SPDX-License-Identifier: Apache-2.0 */
#include "host/host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/within.h"
#include "host/live.h"
#include "host/machine.h"
#include "host/proctable.h"

/* Engines beside the one that names a reader whose containers and images its stores hold. */
#define ALSO_MAX 4

/* The readers of this version. */
static const struct engine {
	const char *name;
	int (*open)(struct store_set *set, const struct place *place, const char *dir,
		    struct sl_error *err);
	int (*discover)(struct store_dirs *dirs, const struct place *place, struct sl_error *err);
	const char *also[ALSO_MAX];
} engines[] = {
	{"docker", docker_open, docker_discover, {NULL}},
	{"podman", cstore_open, cstore_discover, {"cri-o", "buildah"}},
	{"containerd", ctrd_open, ctrd_discover, {NULL}},
};

/* Every name that references may have in front. "other" is what runs and has no store here. */
static const char *const known[] = {"docker", "containerd", "podman", "cri-o", "buildah", "other"};

bool host_same_word(const char *name, const char *word, size_t len)
{
	return name != NULL && strlen(name) == len && memcmp(name, word, len) == 0;
}

static bool engine_serves(const struct engine *e, const char *name, size_t len)
{
	bool serves = host_same_word(e->name, name, len);

	for (size_t i = 0; !serves && i < ARRAY_SIZE(e->also); i++)
		serves = host_same_word(e->also[i], name, len);
	return serves;
}

static const struct engine *engine_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (engine_serves(&engines[i], name, strlen(name)))
			return &engines[i];
	return NULL;
}

bool host_engine_known(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (host_same_word(known[i], name, len))
			return true;
	return false;
}

int host_check_engine(const char *name, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(name, strlen(name));
	CLEANUP(buf_clear) struct buf list = BUF_INIT(256);

	if (host_engine_known(name, strlen(name)))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		(void)buf_printf(&list, "%s%s", i > 0 ? ", " : "", known[i]);
	return sl_fail(err, SL_EINVAL, 0, "no such engine '%s' (known: %s)",
		       shown != NULL ? shown : "?", list.data != NULL ? list.data : "");
}

bool host_store_serves(const struct store *s, const char *engine)
{
	const struct engine *e = engine_by_name(s->engine);

	return strcmp(s->engine, engine) == 0 ||
	       (e != NULL && engine_serves(e, engine, strlen(engine)));
}

/* Keep the failure: it becomes a gap of every listing. Takes over @why. */
static int miss_add(struct host *h, const char *what, struct sl_error *why, struct sl_error *err)
{
	struct host_miss *grown = reallocarray(h->misses, h->miss_count + 1, sizeof(*grown));
	char *copy = strdup(what);

	if (grown != NULL)
		h->misses = grown;
	if (grown == NULL || copy == NULL) {
		free(copy);
		sl_error_clear(why);
		return sl_fail(err, SL_ENOMEM, 0, "store");
	}
	grown[h->miss_count++] = (struct host_miss){.what = copy, .why = *why};
	*why = SL_ERROR_INIT;
	return 0;
}

static int open_named(struct host *h, const struct host_store *named, struct sl_error *err)
{
	const struct engine *e = engine_by_name(named->engine);
	int rc;

	if (e == NULL) {
		rc = host_check_engine(named->engine, err);
		return rc < 0 ? rc
			      : sl_fail(err, SL_EUNSUPPORTED, 0,
					"%s stores are not read by this version", named->engine);
	}
	rc = e->open(&h->set, &h->place, named->dir, err);
	return rc < 0 ? sl_wrap(err, rc, "%s store", e->name) : 0;
}

/* Where nothing is, nothing is missing; what is there and cannot be opened must not be forgotten.
 */
static int open_dir(struct host *h, const struct engine *e, const char *dir, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = e->open(&h->set, &h->place, dir, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "store");
	if (rc < 0 && rc != -SL_ENOTFOUND)
		return miss_add(h, dir, &why, err);
	return 0;
}

static int open_discovered(struct host *h, const struct engine *e, struct sl_error *err)
{
	CLEANUP(store_dirs_clear) struct store_dirs dirs = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = e->discover(&dirs, &h->place, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	if (rc < 0)
		rc = miss_add(h, e->name, &why, err);
	for (size_t i = 0; rc == 0 && i < dirs.count; i++)
		rc = open_dir(h, e, dirs.dirs[i], err);
	return rc;
}

static int open_proc(int root_fd)
{
	AUTO_CLOSE int fd = root_open_subdir(root_fd, "proc", ROOT_FOLLOW_INSIDE, NULL);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return -1;
	return take_fd(&fd);
}

int host_holds_dir(const struct host *h, int dir_fd, struct sl_error *err)
{
	for (size_t i = 0; i < h->set.count; i++) {
		AUTO_CLOSE int fd = root_open_subdir(h->place.root_fd, h->set.stores[i]->dir,
						     ROOT_FOLLOW_INSIDE, err);
		struct stat st;
		int rc;

		if (fd == -SL_ENOTFOUND) { /* removed since it was opened */
			sl_error_clear(err);
			continue;
		}
		if (fd >= 0 && fstat(fd, &st) < 0)
			return sl_fail(err, SL_EIO, errno, "stat");
		rc = fd < 0 ? fd : lies_within(dir_fd, &st, 1, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void close_cleanup(struct host **h)
{
	host_close(*h);
}

int host_open(struct host **out, const struct host_options *options, struct sl_error *err)
{
	CLEANUP(close_cleanup) struct host *h = calloc(1, sizeof(*h));
	const char *root = options->root != NULL ? options->root : "/";
	int rc = 0;

	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "host");
	h->place.proc_fd = -1;
	h->named_proc_fd = -1;
	h->discovered = options->store_count == 0;
	h->place.ns = options->ns;
	h->place.root_fd = root_open_dir(root, err);
	if (h->place.root_fd < 0)
		return sl_wrap(err, h->place.root_fd, "root");
	if (options->live || strcmp(root, "/") == 0)
		h->place.proc_fd = open_proc(h->place.root_fd);
	for (size_t i = 0; rc == 0 && i < options->store_count; i++)
		rc = open_named(h, &options->stores[i], err);
	for (size_t i = 0; rc == 0 && options->store_count == 0 && i < ARRAY_SIZE(engines); i++)
		if (engines[i].discover != NULL)
			rc = open_discovered(h, &engines[i], err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&h);
	return 0;
}

int host_open_path(const struct host *h, const char *path, struct sl_error *err)
{
	return root_open_path(h->place.root_fd, path, ROOT_FOLLOW_INSIDE, err);
}

bool host_is_live(const struct host *h)
{
	return h->place.proc_fd >= 0;
}

bool host_has_stores(const struct host *h)
{
	return h->set.count > 0 || h->miss_count > 0;
}

int host_stores(const struct host *h,
		int (*each)(void *payload, const char *engine, const char *dir), void *payload)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->set.count; i++)
		rc = each(payload, h->set.stores[i]->engine, h->set.stores[i]->dir);
	return rc;
}

void host_close(struct host *h)
{
	if (h == NULL)
		return;
	live_close(h->live);
	proctable_free(h->table);
	for (size_t i = 0; i < h->set.count; i++)
		h->set.stores[i]->ops->close(h->set.stores[i]);
	free((void *)h->set.stores);
	for (size_t i = 0; i < h->miss_count; i++) {
		free(h->misses[i].what);
		sl_error_clear(&h->misses[i].why);
	}
	free(h->misses);
	if (h->place.root_fd >= 0)
		close(h->place.root_fd);
	if (h->place.proc_fd >= 0)
		close(h->place.proc_fd);
	if (h->named_proc_fd >= 0)
		close(h->named_proc_fd);
	free(h);
}
