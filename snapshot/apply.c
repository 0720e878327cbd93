/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/apply.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"

/* The fields of an item that a baseline keeps: access and change times say nothing about it. */
#define KEPT_FIELDS                                                                                \
	((uint32_t)SL_ENTRY_SHA256 | (uint32_t)SL_ENTRY_XXH3 | (uint32_t)SL_ENTRY_XATTRS |         \
	 (uint32_t)SL_ENTRY_MTIME)

struct layer_apply {
	struct rows *rows;
	struct lowertree *lower;
	struct applytree tree;
	int64_t layer;
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

/* Would an overlay read it as a marker once it is unpacked there? */
static bool looks_like_marker(const struct sl_entry *e)
{
	if (S_ISCHR(e->mode) && e->rdev_major == 0 && e->rdev_minor == 0)
		return true;
	for (size_t i = 0; i < e->xattr_count; i++)
		if (strncmp(e->xattrs[i].name, "trusted.overlay.", 16) == 0 ||
		    strncmp(e->xattrs[i].name, "user.overlay.", 13) == 0)
			return true;
	return false;
}

/* An item as the baseline keeps it. */
static struct sl_entry kept(const struct sl_entry *item)
{
	struct sl_entry e = *item;

	e.fields &= KEPT_FIELDS;
	e.flags &= SL_ENTRY_COARSE_TIME;
	if ((e.fields & SL_ENTRY_XATTRS) == 0)
		e.xattr_count = 0;
	if (looks_like_marker(&e))
		e.flags |= SL_ENTRY_AMBIGUOUS;
	return e;
}

/* Put @e at @path over whatever the layer has there. */
static int place(struct layer_apply *a, struct sl_bytes path, struct sl_entry *e,
		 struct sl_error *err)
{
	struct row old = {.hides = false};
	int rc = rows_add(a->rows, a->layer, path, e, err);

	if (rc <= 0)
		return rc;
	rc = rows_get(a->rows, (struct row_at){a->layer, true}, path, &old, err);
	if (rc < 0)
		return rc;
	if (rc == 0 && old.entry.mode == 0)
		e->flags |= SL_ENTRY_AMBIGUOUS;
	if (rc == 0 && S_ISDIR(old.entry.mode) && !S_ISDIR(e->mode)) {
		applytree_forget(&a->tree);
		rc = rows_remove_below(a->rows, a->layer, path, err);
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
	if (classify_dir(dir) == NAME_POOL)
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

/*
 * A copy of the target as it is now. The copy is deep: looking at what the link replaces ends the
 * loan of the target's row.
 */
static int place_link(struct layer_apply *a, struct sl_bytes path, const struct layer_item *item,
		      struct sl_error *err)
{
	struct sl_entry *copy = NULL;
	struct sl_entry e;
	struct row row = {0};
	int rc = find_target(a, item->hardlink, &row, err);

	if (rc < 0)
		return rc;
	if (rc == 1) {
		e = kept(&item->entry);
		e.mode = S_IFREG | (e.mode & 07777);
		e.fields &= ~((uint32_t)SL_ENTRY_SHA256 | (uint32_t)SL_ENTRY_XXH3);
		e.size = 0;
		e.target = (struct sl_bytes){NULL, 0};
		e.flags |= SL_ENTRY_UNRESOLVED;
		return place(a, path, &e, err);
	}
	if (S_ISDIR(row.entry.mode))
		return sl_fail(err, SL_EFORMAT, 0, "a hard link to a directory");
	/* a link to itself changes nothing (a target in the pool leaves a->link empty) */
	if (a->link.len == path.len && memcmp(a->link.data, path.data, path.len) == 0)
		return 0;
	if (sl_entry_copy(&copy, &row.entry) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "hard link");
	/* what was odd about the target's name is not about this one's */
	copy->flags &= ~(uint32_t)SL_ENTRY_AMBIGUOUS;
	if (looks_like_marker(copy))
		copy->flags |= SL_ENTRY_AMBIGUOUS;
	rc = place(a, path, copy, err);
	sl_entry_free(copy);
	return rc;
}

static int place_object(struct layer_apply *a, struct sl_bytes path, const struct layer_item *item,
			struct sl_error *err)
{
	struct sl_entry e = kept(&item->entry);

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
static int hide(struct layer_apply *a, struct sl_bytes path, bool is_whiteout, struct sl_error *err)
{
	struct row old = {.hides = false};
	int rc = rows_get(a->rows, (struct row_at){a->layer, true}, path, &old, err);

	if (rc < 0)
		return rc;
	if (is_whiteout && old.entry.mode != 0)
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
	int rc;

	split(clean, &dir, &name);
	kind = classify(dir, name);
	switch (kind) {
	case NAME_SKIP:
		return 0;
	case NAME_INVALID:
		return sl_fail(err, SL_EFORMAT, 0, "a whiteout of nothing that has a name");
	case NAME_POOL:
		e = kept(&item->entry);
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
	if (kind == NAME_OBJECT)
		return place_object(a, bytes_of(&a->path), item, err);
	return hide(a, bytes_of(&a->path), kind == NAME_WHITEOUT, err);
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
