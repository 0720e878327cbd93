/* SPDX-License-Identifier: Apache-2.0 */
#include "job/volumetree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "host/host.h"
#include "host/volume.h"
#include "snapshot/layertree.h"

#define STORES_MAX 32
#define PATH_LIMIT ((size_t)1 << 30)

struct object {
	uint64_t dev, ino;
};

struct volumetree {
	struct sl_source source;
	struct sl_source *inner;
	char *file;        /* the mount is this file in the directory; NULL: all of it. Owned */
	struct buf prefix; /* the mount's path in the container, without slashes around it */
	struct buf path;   /* of the entry or gap that was lent last */
	struct sl_entry entry;
	struct buf skip; /* with skips: the store below which nothing is walked */
	bool skips;
	struct object stores[STORES_MAX];
	size_t store_count;
	uint64_t entries;
	bool is_done;
	struct sl_gap own; /* why is set while it waits to be fetched */
	struct sl_gap lent;
	struct host *host;
};

static struct volumetree *from(struct sl_source *s)
{
	return container_of(s, struct volumetree, source);
}

static int say_path(struct volumetree *v, struct sl_bytes below, struct sl_error *err)
{
	buf_reset(&v->path);
	(void)buf_append(&v->path, v->prefix.data != NULL ? v->prefix.data : "", v->prefix.len);
	if (below.len > 0 && v->file == NULL) {
		if (v->path.len > 0)
			(void)buf_append_char(&v->path, '/');
		(void)buf_append(&v->path, below.data, below.len);
	}
	return buf_append(&v->path, "", 0) < 0 ? sl_fail(err, SL_ENOMEM, 0, "volume") : 0;
}

static bool is_store(const struct volumetree *v, const struct sl_entry *e)
{
	for (size_t i = 0; S_ISDIR(e->mode) && i < v->store_count; i++)
		if (v->stores[i].dev == e->dev && v->stores[i].ino == e->ino)
			return true;
	return false;
}

static void leave_gap(struct volumetree *v, const char *why)
{
	v->own = (struct sl_gap){
		.what = {v->path.data, v->path.len}, .why = why, .is_path = true, .below = true};
}

/* Behind everything that lies in @dir: '/' orders before every byte of a name. */
static int plan_skip(struct volumetree *v, struct sl_bytes dir, struct sl_error *err)
{
	buf_reset(&v->skip);
	(void)buf_append(&v->skip, dir.data, dir.len);
	v->skips = true;
	return buf_append_char(&v->skip, '\001') < 0 ? sl_fail(err, SL_ENOMEM, 0, "volume") : 0;
}

/* Not before the store's own entry is given back: a seek ends the loan. */
static int skip(struct volumetree *v, struct sl_error *err)
{
	if (!v->skips)
		return 0;
	v->skips = false;
	return sl_source_seek(v->inner, (struct sl_bytes){v->skip.data, v->skip.len}, err);
}

static int lend(struct volumetree *v, const struct sl_entry *e, const struct sl_entry **out,
		struct sl_error *err)
{
	int rc = say_path(v, e->path, err);

	if (rc < 0)
		return rc;
	v->entry = *e;
	v->entry.path = (struct sl_bytes){v->path.data, v->path.len};
	*out = &v->entry;
	return 0;
}

static int next_file(struct volumetree *v, const struct sl_entry **out, struct sl_error *err)
{
	struct sl_bytes name = {v->file, strlen(v->file)};
	const struct sl_entry *e;
	int rc = sl_source_seek(v->inner, name, err);

	v->is_done = true;
	if (rc == 0)
		rc = sl_source_next(v->inner, &e, err);
	if (rc < 0)
		return rc;
	if (rc == 0 && sl_path_compare(e->path, name) == 0)
		return lend(v, e, out, err);
	rc = say_path(v, name, err);
	if (rc == 0)
		leave_gap(v, "its source is gone");
	return rc < 0 ? rc : 1;
}

static int volumetree_next(struct sl_source *s, const struct sl_entry **out, struct sl_error *err)
{
	struct volumetree *v = from(s);
	const struct sl_entry *e;
	int rc;

	if (v->is_done)
		return 1;
	if (v->file != NULL)
		return next_file(v, out, err);
	if (v->entries == VOLUMETREE_ENTRIES_MAX) {
		v->is_done = true;
		rc = say_path(v, (struct sl_bytes){"", 0}, err);
		if (rc == 0)
			leave_gap(v, "more than 1000000 objects: the rest of the mount is not "
				     "taken");
		return rc < 0 ? rc : 1;
	}
	rc = skip(v, err);
	if (rc == 0)
		rc = sl_source_next(v->inner, &e, err);
	if (rc != 0)
		return rc;
	v->entries++;
	rc = lend(v, e, out, err);
	if (rc < 0 || !is_store(v, e))
		return rc;
	/* the directory itself is told, what is in it is not */
	rc = plan_skip(v, e->path, err);
	leave_gap(v, "an engine's store: what it holds is examined by itself");
	return rc;
}

static int volumetree_open_content(struct sl_source *s, struct sl_content **out,
				   struct sl_error *err)
{
	return sl_source_open(from(s)->inner, out, err);
}

static const struct sl_gap *volumetree_gap(struct sl_source *s)
{
	struct volumetree *v = from(s);
	const struct sl_gap *g;

	if (v->own.why != NULL) {
		v->lent = v->own;
		v->own = (struct sl_gap){.why = NULL};
		return &v->lent;
	}
	/* a whole directory is listed to reach one file of it: only that file's trouble counts */
	g = v->file == NULL ? sl_source_gap(v->inner) : NULL;
	if (g == NULL || say_path(v, g->what, NULL) < 0)
		return g;
	v->lent = *g;
	v->lent.what = (struct sl_bytes){v->path.data, v->path.len};
	return &v->lent;
}

static void volumetree_close(struct sl_source *s)
{
	struct volumetree *v = from(s);

	sl_source_close(v->inner);
	free(v->file);
	buf_clear(&v->prefix);
	buf_clear(&v->path);
	buf_clear(&v->skip);
	free(v);
}

/* ---- what is not walked ---- */

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A file that the engine made for the container, and that is among its artifacts. */
static bool is_artifact(const struct sl_container *c, const struct host_volume *v)
{
	struct stat file, st;

	if (v->file == NULL || fstatat(v->dir_fd, v->file, &file, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	for (size_t i = 0; i < c->artifact_count; i++)
		if (c->artifacts[i].fd >= 0 && fstat(c->artifacts[i].fd, &st) == 0 &&
		    same(&file, &st))
			return true;
	return false;
}

static const char *refusal(const struct host *h, const struct sl_mount *m,
			   const struct host_volume *v)
{
	int held;

	if (v->why != NULL)
		return v->why;
	if (v->file != NULL || strcmp(m->type, "bind") != 0 || v->is_shm)
		return NULL;
	held = host_holds_dir(h, v->dir_fd, NULL);
	return held > 0   ? "lies in an engine's store: not walked"
	       : held < 0 ? "whether it lies in an engine's store cannot be told: not walked"
			  : NULL;
}

/* ---- opening ---- */

static int add_store(void *payload, const char *engine, const char *dir)
{
	struct volumetree *v = payload;
	AUTO_CLOSE int fd = host_open_path(v->host, dir, NULL);
	struct stat st;

	(void)engine;
	if (fd >= 0 && v->store_count < STORES_MAX && fstat(fd, &st) == 0)
		v->stores[v->store_count++] = (struct object){st.st_dev, st.st_ino};
	return 0;
}

static int set_prefix(struct volumetree *v, const char *path, struct sl_error *err)
{
	const char *at = path + strspn(path, "/");
	size_t len = strlen(at);

	while (len > 0 && at[len - 1] == '/')
		len--;
	return buf_append(&v->prefix, at, len) < 0 ? sl_fail(err, SL_ENOMEM, 0, "volume") : 0;
}

static int walk(struct sl_source **out, struct host *h, const struct sl_container *c,
		const struct sl_mount *m, struct host_volume *place, struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = volumetree_next,
						 .open = volumetree_open_content,
						 .gap = volumetree_gap,
						 .close = volumetree_close};
	struct volumetree *v = calloc(1, sizeof(*v));
	int rc;

	if (v == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "volume");
	*v = (struct volumetree){.source.ops = &ops,
				 .file = take_ptr(&place->file),
				 .prefix = BUF_INIT(PATH_LIMIT),
				 .path = BUF_INIT(PATH_LIMIT),
				 .skip = BUF_INIT(PATH_LIMIT),
				 .host = h};
	rc = set_prefix(v, m->path, err);
	if (rc == 0)
		rc = layertree_open(&v->inner, place->dir_fd, SL_MARKER_NONE, &c->stack.idmap, err);
	if (rc < 0) {
		volumetree_close(&v->source);
		return rc;
	}
	(void)host_stores(h, add_store, v);
	*out = &v->source;
	return 0;
}

int volumetree_open(struct sl_source **out, struct host *h, const struct sl_container *c,
		    const struct sl_mount *m, const char **why, int *sys, struct sl_error *err)
{
	CLEANUP(host_volume_clear) struct host_volume place = {.dir_fd = -1};
	int rc = host_volume_open(h, c, m, &place, err);

	*why = NULL;
	*sys = place.sys;
	if (rc < 0)
		return rc;
	*why = refusal(h, m, &place);
	if (*why != NULL || is_artifact(c, &place))
		return 1;
	return walk(out, h, c, m, &place, err);
}
