/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/apply.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "snapshot/odd.h"
#include "snapshot/restamp.h"

/* The fields of an item that a baseline keeps: access and change times say nothing about it. */
#define KEPT_FIELDS                                                                                \
	((uint32_t)SL_ENTRY_SHA256 | (uint32_t)SL_ENTRY_XXH3 | (uint32_t)SL_ENTRY_XATTRS |         \
	 (uint32_t)SL_ENTRY_MTIME)

struct layer_apply {
	struct rows *rows;
	struct lowertree *lower;
	struct applytree tree;
	int64_t layer;
	bool is_plain;
	bool strays;  /* something was put through a link of a lower layer */
	int64_t pool; /* staged layer of the AUFS link pool: never published */
	struct buf clean, path, link;
};

/* What a name in a tar is. */
enum name_kind {
	NAME_OBJECT,
	NAME_WHITEOUT,
	NAME_OPAQUE,
	NAME_POOL, /* inside the link pool */
	NAME_SKIP,
	NAME_INVALID,
};

static struct sl_bytes bytes_of(const struct buf *b)
{
	return (struct sl_bytes){b->data != NULL ? b->data : "", b->len};
}

static bool starts_with(struct sl_bytes s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.data, prefix, len) == 0;
}

static bool equals(struct sl_bytes s, const char *text)
{
	return s.len == strlen(text) && starts_with(s, text);
}

/* Split "a/b/c" into "a/b" and "c". */
static void split(struct sl_bytes path, struct sl_bytes *dir, struct sl_bytes *name)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
	size_t dir_len = slash != NULL ? (size_t)(slash - path.data) : 0;
	size_t name_at = slash != NULL ? dir_len + 1 : 0;

	*dir = (struct sl_bytes){path.data, dir_len};
	*name = (struct sl_bytes){path.data + name_at, path.len - name_at};
}

/* A directory on the way that bears a marker's name: bookkeeping, or nonsense. */
static enum name_kind classify_dir(struct sl_bytes dir)
{
	enum name_kind kind = NAME_OBJECT;

	for (size_t at = 0; at < dir.len && kind == NAME_OBJECT;) {
		struct sl_bytes rest = {dir.data + at, dir.len - at};
		const char *slash = memchr(rest.data, '/', rest.len);

		if (at == 0 && (equals(rest, ".wh..wh.plnk") || starts_with(rest, ".wh..wh.plnk/")))
			kind = NAME_POOL;
		else if (starts_with(rest, ".wh..wh."))
			kind = NAME_SKIP;
		else if (starts_with(rest, ".wh."))
			kind = NAME_INVALID;
		at = slash != NULL ? (size_t)(slash + 1 - dir.data) : dir.len;
	}
	return kind;
}

static enum name_kind classify(struct sl_bytes dir, struct sl_bytes name)
{
	enum name_kind kind = classify_dir(dir);

	if (kind != NAME_OBJECT || !starts_with(name, ".wh."))
		return kind;
	if (equals(name, ".wh..wh..opq"))
		return NAME_OPAQUE;
	if (starts_with(name, ".wh..wh."))
		return NAME_SKIP;
	if (equals(name, ".wh.") || equals(name, ".wh..") || equals(name, ".wh..."))
		return NAME_INVALID;
	return NAME_WHITEOUT;
}

/* ---- objects ---- */

/* An item as the baseline keeps it. */
static struct sl_entry kept(const struct layer_apply *a, const struct sl_entry *item)
{
	struct sl_entry e = *item;

	e.fields &= KEPT_FIELDS;
	e.flags &=
		(uint32_t)SL_ENTRY_COARSE_TIME | (a->is_plain ? 0 : (uint32_t)SL_ENTRY_AMBIGUOUS);
	if ((e.fields & SL_ENTRY_XATTRS) == 0)
		e.xattr_count = 0;
	if (!a->is_plain && odd_is_marker(&e))
		e.flags |= SL_ENTRY_AMBIGUOUS;
	return e;
}

/* Put @e at @path over whatever the layer has there. */
static int place(struct layer_apply *a, struct sl_bytes path, struct sl_entry *e,
		 struct sl_error *err)
{
	AUTO_FREE struct sl_xattr *list = NULL;
	struct row old = {.hides = false};
	int rc = rows_add(a->rows, a->layer, path, e, err);

	if (rc <= 0)
		return rc;
	rc = rows_get(a->rows, (struct row_at){a->layer, true}, path, &old, err);
	if (rc < 0)
		return rc;
	/* deleted and present: still so when it is replaced once more */
	if (rc == 0 &&
	    (old.entry.mode == 0 || (old.hides && (old.entry.flags & SL_ENTRY_AMBIGUOUS) != 0)))
		e->flags |= SL_ENTRY_AMBIGUOUS;
	if (rc == 0 && S_ISDIR(old.entry.mode) && !S_ISDIR(e->mode)) {
		applytree_forget(&a->tree);
		rc = rows_remove_below(a->rows, a->layer, path, err);
		if (rc < 0)
			return rc;
	}
	if (S_ISDIR(old.entry.mode) && S_ISDIR(e->mode) && old.entry.xattr_count > 0 &&
	    (old.entry.flags & SL_ENTRY_IMPLIED) == 0) {
		rc = restamp_join(e, &old.entry, e, NULL, &list, err);
		if (rc < 0)
			return rc;
	}
	return rows_put(a->rows, a->layer, path, e, old.hides, err);
}

/* The object a hard link names: 0 and a row borrowed from rows; 1 when it is unknown. */
static int find_target(struct layer_apply *a, struct sl_bytes hardlink, struct row *out,
		       struct sl_error *err)
{
	struct buf name CLEANUP(buf_clear) = BUF_INIT(1 << 24);
	struct sl_bytes dir, base;
	int rc = applytree_clean(&name, hardlink, err);

	if (rc < 0)
		return sl_wrap(err, rc, "hard link target");
	buf_reset(&a->link);
	split(bytes_of(&name), &dir, &base);
	if (!a->is_plain && classify_dir(dir) == NAME_POOL)
		return rows_get(a->rows, (struct row_at){a->pool, true}, bytes_of(&name), out, err);
	rc = applytree_resolve(&a->tree, dir, &a->link, err);
	if (rc < 0)
		return rc;
	if (a->link.len > 0 && base.len > 0)
		(void)buf_append_char(&a->link, '/');
	if (buf_append(&a->link, base.data, base.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "hard link");
	return applytree_find(&a->tree, bytes_of(&a->link), out, err);
}

/* A name for something that is not there. */
static int place_unresolved(struct layer_apply *a, struct sl_bytes path,
			    const struct sl_entry *link, struct sl_error *err)
{
	struct sl_entry e = kept(a, link);

	e.mode = S_IFREG | (e.mode & 07777);
	e.fields &= ~((uint32_t)SL_ENTRY_SHA256 | (uint32_t)SL_ENTRY_XXH3);
	e.size = 0;
	e.target = (struct sl_bytes){NULL, 0};
	e.flags |= SL_ENTRY_UNRESOLVED;
	return place(a, path, &e, err);
}

/*
 * @shared, the target's, as both names show it from now on. A target of a lower layer, or in the
 * pool, stays as it is: engines refuse to link to the one and copy the other. Further names of the
 * same file keep what they had: links to one file rarely disagree among themselves, too.
 */
static int share(struct layer_apply *a, struct sl_entry *shared, const struct sl_entry *link,
		 struct sl_xattr **list, struct sl_error *err)
{
	struct sl_bytes target = bytes_of(&a->link);
	struct sl_entry stamped = *shared;
	struct row own;
	bool changed, is_own;
	int rc;

	if (target.len == 0)
		return 0;
	rc = restamp_link(&stamped, link, list, &changed, err);
	if (rc < 0 || !changed || a->is_plain)
		return rc;
	rc = rows_get(a->rows, (struct row_at){a->layer, true}, target, &own, err);
	if (rc < 0)
		return rc;
	is_own = rc == 0;
	if (is_own)
		*shared = stamped;
	shared->flags |= SL_ENTRY_AMBIGUOUS;
	return is_own ? rows_put(a->rows, a->layer, target, shared, own.hides, err) : 0;
}

/*
 * The copy is deep: looking at what the link replaces ends the loan of the target's row.
 */
static int place_link(struct layer_apply *a, struct sl_bytes path, const struct layer_item *item,
		      struct sl_error *err)
{
	AUTO_FREE struct sl_entry *copy = NULL;
	AUTO_FREE struct sl_xattr *list = NULL;
	struct row row = {0};
	int rc = find_target(a, item->hardlink, &row, err);

	if (rc < 0)
		return rc;
	if (rc == 1)
		return place_unresolved(a, path, &item->entry, err);
	if (S_ISDIR(row.entry.mode))
		return sl_fail(err, SL_EFORMAT, 0, "a hard link to a directory");
	/* a link to itself changes nothing (a target in the pool leaves a->link empty) */
	if (a->link.len == path.len && memcmp(a->link.data, path.data, path.len) == 0)
		return 0;
	if (sl_entry_copy(&copy, &row.entry) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "hard link");
	/* what was odd about the target's name is not about this one's */
	copy->flags &= ~(uint32_t)SL_ENTRY_AMBIGUOUS;
	if (!a->is_plain && odd_is_marker(copy))
		copy->flags |= SL_ENTRY_AMBIGUOUS;
	rc = share(a, copy, &item->entry, &list, err);
	return rc < 0 ? rc : place(a, path, copy, err);
}

static int place_object(struct layer_apply *a, struct sl_bytes path, const struct layer_item *item,
			bool is_stray, struct sl_error *err)
{
	struct sl_entry e = kept(a, &item->entry);

	if (is_stray)
		e.flags |= SL_ENTRY_AMBIGUOUS;
	if (path.len == 0 && (!S_ISDIR(e.mode) || item->hardlink.data != NULL))
		return sl_fail(err, SL_EFORMAT, 0, "a root that is no directory");
	if (item->hardlink.data != NULL)
		return place_link(a, path, item, err);
	if ((e.mode & S_IFMT) == 0)
		return sl_fail(err, SL_EFORMAT, 0, "an object of unknown type");
	return place(a, path, &e, err);
}

/* ---- markers ---- */

/* Nothing below shows through @path. What this layer has there, before or after, survives. */
static int hide(struct layer_apply *a, struct sl_bytes path, bool is_whiteout, bool is_stray,
		struct sl_error *err)
{
	struct row old = {.hides = false};
	int rc = rows_get(a->rows, (struct row_at){a->layer, true}, path, &old, err);

	if (rc < 0)
		return rc;
	/* an overlay shows what lies below its root all the same */
	if (is_stray || path.len == 0 || (is_whiteout && old.entry.mode != 0))
		old.entry.flags |= SL_ENTRY_AMBIGUOUS;
	return rows_put(a->rows, a->layer, path, &old.entry, true, err);
}

/* ---- one item ---- */

/* @dir and @name are of a->clean. Leaves the resolved path in a->path. */
static int resolve_item(struct layer_apply *a, struct sl_bytes dir, struct sl_bytes name,
			struct sl_error *err)
{
	int rc = applytree_resolve(&a->tree, dir, &a->path, err);

	if (rc == 0)
		rc = applytree_make_dirs(&a->tree, bytes_of(&a->path), err);
	if (rc < 0)
		return rc;
	if (a->path.len > 0 && name.len > 0)
		(void)buf_append_char(&a->path, '/');
	if (buf_append(&a->path, name.data, name.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "layer entry");
	return 0;
}

static int apply_named(struct layer_apply *a, const struct layer_item *item, struct sl_error *err)
{
	struct sl_bytes dir, name, clean = bytes_of(&a->clean);
	enum name_kind kind;
	struct sl_entry e;
	bool is_stray;
	int rc;

	split(clean, &dir, &name);
	kind = a->is_plain ? NAME_OBJECT : classify(dir, name);
	switch (kind) {
	case NAME_SKIP:
		return 0;
	case NAME_INVALID:
		return sl_fail(err, SL_EFORMAT, 0, "a whiteout of nothing that has a name");
	case NAME_POOL:
		e = kept(a, &item->entry);
		if (!S_ISREG(e.mode) || item->hardlink.data != NULL)
			return 0;
		return rows_put(a->rows, a->pool, clean, &e, false, err);
	case NAME_WHITEOUT:
		name = (struct sl_bytes){name.data + 4, name.len - 4};
		break;
	case NAME_OPAQUE:
		name = (struct sl_bytes){name.data, 0};
		break;
	case NAME_OBJECT:
		break;
	}
	rc = resolve_item(a, dir, name, err);
	if (rc < 0)
		return rc;
	is_stray = a->tree.met_lower_link && !a->is_plain;
	a->strays = a->strays || is_stray;
	if (kind == NAME_OBJECT)
		return place_object(a, bytes_of(&a->path), item, is_stray, err);
	return hide(a, bytes_of(&a->path), kind == NAME_WHITEOUT, is_stray, err);
}

int layer_apply_item(void *apply, const struct layer_item *item, struct sl_error *err)
{
	struct layer_apply *a = apply;
	int rc = applytree_clean(&a->clean, item->entry.path, err);

	if (rc == 0)
		rc = apply_named(a, item, err);
	if (rc < 0) {
		AUTO_FREE char *quoted = quote_short(item->entry.path.data, item->entry.path.len);

		return sl_wrap(err, rc, "entry '%s'", quoted != NULL ? quoted : "?");
	}
	return 0;
}

int layer_apply_new(struct layer_apply **out, struct rows *rows, int64_t layer,
		    const struct row_at *lowers, size_t lower_count, struct sl_error *err)
{
	struct layer_apply *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer");
	a->rows = rows;
	a->layer = layer;
	a->pool = -layer;
	a->clean = a->path = a->link = BUF_INIT(1 << 24);
	rc = lowertree_new(&a->lower, rows, lowers, lower_count, err);
	applytree_init(&a->tree, rows, a->lower, layer);
	if (rc == 0)
		rc = applytree_make_dirs(&a->tree, (struct sl_bytes){"", 0}, err);
	if (rc < 0) {
		layer_apply_free(a);
		return rc;
	}
	*out = a;
	return 0;
}

void layer_apply_plain(struct layer_apply *a)
{
	a->is_plain = true;
}

bool layer_apply_strays(const struct layer_apply *a)
{
	return a->strays;
}

void layer_apply_free(struct layer_apply *a)
{
	if (a == NULL)
		return;
	applytree_clear(&a->tree);
	lowertree_free(a->lower);
	buf_clear(&a->clean);
	buf_clear(&a->path);
	buf_clear(&a->link);
	free(a);
}
