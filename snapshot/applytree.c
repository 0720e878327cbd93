/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/applytree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"

#define VISIBLE SIZE_MAX

void applytree_init(struct applytree *t, struct rows *rows, struct lowertree *lower, int64_t layer)
{
	*t = (struct applytree){.rows = rows, .lower = lower, .layer = layer};
	t->last = t->todo = t->next = BUF_INIT(1 << 24);
}

void applytree_clear(struct applytree *t)
{
	buf_clear(&t->last);
	buf_clear(&t->todo);
	buf_clear(&t->next);
}

void applytree_forget(struct applytree *t)
{
	t->has_last = false;
}

static struct sl_bytes bytes_of(const struct buf *b)
{
	return (struct sl_bytes){b->data != NULL ? b->data : "", b->len};
}

static struct sl_bytes parent_of(struct sl_bytes path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;

	return (struct sl_bytes){path.data, slash != NULL ? (size_t)(slash - path.data) : 0};
}

static int fail_path(struct sl_error *err, enum sl_code code, struct sl_bytes path, const char *why)
{
	AUTO_FREE char *quoted = quote_dup(path.data, path.len);

	return sl_fail(err, code, 0, "'%s' %s", quoted != NULL ? quoted : "?", why);
}

static int no_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "layer entry");
}

/* The next part at *pos; false at the end. Empty parts are passed over. */
static bool next_part(struct sl_bytes path, size_t *pos, struct sl_bytes *part)
{
	size_t end;

	while (*pos < path.len && path.data[*pos] == '/')
		(*pos)++;
	if (*pos == path.len)
		return false;
	end = *pos;
	while (end < path.len && path.data[end] != '/')
		end++;
	*part = (struct sl_bytes){path.data + *pos, end - *pos};
	*pos = end;
	return true;
}

static bool is_part(struct sl_bytes part, const char *text)
{
	return part.len == strlen(text) && memcmp(part.data, text, part.len) == 0;
}

static int push_part(struct buf *path, struct sl_bytes part)
{
	if (path->len > 0)
		(void)buf_append_char(path, '/');
	return buf_append(path, part.data, part.len);
}

static void truncate_to(struct buf *path, size_t len)
{
	path->len = len;
	if (path->data != NULL)
		path->data[len] = '\0';
}

int applytree_clean(struct buf *out, struct sl_bytes name, struct sl_error *err)
{
	struct sl_bytes part;
	size_t pos = 0, parts = 0;

	buf_reset(out);
	if (name.len > 0 && memchr(name.data, '\0', name.len) != NULL)
		return fail_path(err, SL_EFORMAT, name, "holds a NUL byte");
	while (next_part(name, &pos, &part)) {
		if (is_part(part, "."))
			continue;
		if (is_part(part, "..")) {
			if (out->len == 0)
				return fail_path(err, SL_EFORMAT, name, "leaves the root");
			truncate_to(out, parent_of(bytes_of(out)).len);
			parts--;
			continue;
		}
		if (++parts > APPLYTREE_MAX_PARTS)
			return sl_fail(err, SL_ELIMIT, 0, "a path of more than %d components",
				       APPLYTREE_MAX_PARTS);
		(void)push_part(out, part);
	}
	if (out->status < 0 || buf_append(out, "", 0) < 0)
		return no_memory(err);
	return 0;
}

/* One resolution under way. */
struct walk {
	struct applytree *t;
	struct buf *at;     /* the directory reached */
	size_t hidden_from; /* below prefixes of this length lower layers do not show */
	size_t pos;         /* next byte of t->todo */
	unsigned int links;
};

/* Back to the prefix of length @len. */
static void go_up_to(struct walk *w, size_t len)
{
	truncate_to(w->at, len);
	if (w->hidden_from > len)
		w->hidden_from = VISIBLE;
}

static void hide_from(struct walk *w, size_t len)
{
	if (w->hidden_from > len)
		w->hidden_from = len;
}

/* Put the link's target in front of what is left to walk. @w->at is where the link lies. */
static int follow(struct walk *w, struct sl_bytes target, struct sl_error *err)
{
	struct applytree *t = w->t;
	struct buf swap;

	if (++w->links > APPLYTREE_MAX_LINKS)
		return sl_fail(err, SL_EFORMAT, 0, "more than %d symbolic links on the way",
			       APPLYTREE_MAX_LINKS);
	buf_reset(&t->next);
	(void)buf_append(&t->next, target.data, target.len);
	(void)buf_append_char(&t->next, '/');
	(void)buf_append(&t->next, t->todo.data + w->pos, t->todo.len - w->pos);
	if (t->next.status == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "a symbolic link target of more than %zu bytes",
			       t->next.max);
	if (t->next.status < 0)
		return no_memory(err);
	swap = t->todo;
	t->todo = t->next;
	t->next = swap;
	w->pos = 0;
	if (target.len > 0 && target.data[0] == '/')
		go_up_to(w, 0);
	return 0;
}

/* No row of this layer at w->at, whose parent has length @parent_len: what do the others say? */
static int step_lower(struct walk *w, size_t parent_len, struct sl_error *err)
{
	enum lower_kind kind = LOWER_ABSENT;
	struct row row;
	int rc;

	if (parent_len >= w->hidden_from)
		return 0;
	rc = lowertree_kind(w->t->lower, bytes_of(w->at), &kind, err);
	if (rc < 0)
		return rc;
	if (kind == LOWER_ABSENT || kind == LOWER_OTHER)
		hide_from(w, w->at->len);
	if (kind != LOWER_LINK)
		return 0;
	rc = lowertree_get(w->t->lower, bytes_of(w->at), &row, err);
	if (rc < 0)
		return rc;
	truncate_to(w->at, parent_len);
	w->t->met_lower_link = true;
	return follow(w, row.entry.target, err);
}

static int step(struct walk *w, struct sl_bytes part, struct sl_error *err)
{
	struct applytree *t = w->t;
	struct row_at layer = {t->layer, true};
	size_t parent_len = w->at->len;
	struct row row;
	int rc;

	if (is_part(part, "."))
		return 0;
	if (is_part(part, "..")) {
		go_up_to(w, parent_of(bytes_of(w->at)).len);
		return 0;
	}
	if (push_part(w->at, part) < 0)
		return no_memory(err);
	rc = rows_get(t->rows, layer, bytes_of(w->at), &row, err);
	if (rc == 1)
		return step_lower(w, parent_len, err);
	if (rc < 0)
		return rc;
	if (S_ISLNK(row.entry.mode)) {
		truncate_to(w->at, parent_len);
		return follow(w, row.entry.target, err);
	}
	if (row.entry.mode != 0 && !S_ISDIR(row.entry.mode))
		return fail_path(err, SL_EFORMAT, bytes_of(w->at),
				 "is no directory, but the layer has entries beneath it");
	if (row.hides)
		hide_from(w, w->at->len);
	return 0;
}

/* The long way: part by part from the root. *hidden_from as in struct walk. */
static int walk_to(struct applytree *t, struct sl_bytes dir, struct buf *out, size_t *hidden_from,
		   struct sl_error *err)
{
	struct walk w = {.t = t, .at = out, .hidden_from = VISIBLE};
	struct row_at layer = {t->layer, true};
	struct sl_bytes part;
	struct row root;
	int rc;

	buf_reset(out);
	buf_reset(&t->todo);
	if (buf_append(&t->todo, dir.data, dir.len) < 0 || buf_append(out, "", 0) < 0)
		return no_memory(err);
	rc = rows_get(t->rows, layer, (struct sl_bytes){"", 0}, &root, err);
	if (rc < 0)
		return rc;
	if (rc == 0 && root.hides)
		w.hidden_from = 0;
	while (next_part(bytes_of(&t->todo), &w.pos, &part)) {
		rc = step(&w, part, err);
		if (rc < 0)
			return rc;
	}
	if (hidden_from != NULL)
		*hidden_from = w.hidden_from;
	return 0;
}

/*
 * 0 when @dir is a directory row of this layer; then so is all above it and no link is on the way.
 * Entries of one directory follow each other, so the last answer is usually the next one.
 */
static int has_dir(struct applytree *t, struct sl_bytes dir, struct sl_error *err)
{
	struct row row;
	int rc;

	if (t->has_last && t->last.len == dir.len && memcmp(t->last.data, dir.data, dir.len) == 0)
		return 0;
	rc = rows_get(t->rows, (struct row_at){t->layer, true}, dir, &row, err);
	if (rc != 0)
		return rc;
	if (!S_ISDIR(row.entry.mode))
		return 1;
	buf_reset(&t->last);
	if (buf_append(&t->last, dir.data, dir.len) < 0)
		return no_memory(err);
	t->has_last = true;
	return 0;
}

int applytree_resolve(struct applytree *t, struct sl_bytes dir, struct buf *out,
		      struct sl_error *err)
{
	int rc = has_dir(t, dir, err);

	t->met_lower_link = false;
	if (rc == 1)
		return walk_to(t, dir, out, NULL, err);
	buf_reset(out);
	if (rc == 0 && buf_append(out, dir.data, dir.len) < 0)
		return no_memory(err);
	return rc;
}

/*
 * A parent that no entry describes. Unpacking makes it with the metadata of the directory that it
 * covers, or as 0755 root: either way a guess, and marked as one.
 */
static int imply(struct applytree *t, struct sl_bytes dir, bool hides, bool shows_lower,
		 struct sl_error *err)
{
	struct row row = {.entry.mode = 0};
	struct sl_entry e = {.mode = S_IFDIR | 0755};

	t->implied_bytes += dir.len;
	if (t->implied_bytes > APPLYTREE_MAX_IMPLIED)
		return sl_fail(err, SL_ELIMIT, 0,
			       "parents without entries take more than %llu bytes",
			       (unsigned long long)APPLYTREE_MAX_IMPLIED);
	if (shows_lower) {
		int rc = lowertree_get(t->lower, dir, &row, err);

		if (rc < 0)
			return rc;
		if (rc == 0 && S_ISDIR(row.entry.mode))
			e = row.entry;
	}
	e.flags = (e.flags & SL_ENTRY_COARSE_TIME) | SL_ENTRY_IMPLIED;
	return rows_put(t->rows, t->layer, dir, &e, hides, err);
}

/* @dir is resolved, so walking it again meets no link; it only says where lower layers end. */
int applytree_make_dirs(struct applytree *t, struct sl_bytes dir, struct sl_error *err)
{
	struct buf again CLEANUP(buf_clear) = BUF_INIT(1 << 24);
	struct row_at layer = {t->layer, true};
	size_t hidden_from, end = 0;
	struct row row;
	int rc = has_dir(t, dir, err);

	if (rc <= 0)
		return rc;
	rc = walk_to(t, dir, &again, &hidden_from, err);
	if (rc < 0)
		return rc;
	for (size_t parent = 0;; parent = end) {
		struct sl_bytes part = {dir.data, end};

		rc = rows_get(t->rows, layer, part, &row, err);
		if (rc == 1 || (rc == 0 && !S_ISDIR(row.entry.mode))) {
			bool hides = rc == 0 && row.hides;

			rc = imply(t, part, hides, !hides && parent < hidden_from, err);
		}
		if (rc < 0)
			return rc;
		if (end == dir.len)
			return 0;
		end += end > 0;
		while (end < dir.len && dir.data[end] != '/')
			end++;
	}
}

int applytree_find(struct applytree *t, struct sl_bytes path, struct row *out, struct sl_error *err)
{
	struct buf dir CLEANUP(buf_clear) = BUF_INIT(1 << 24);
	struct sl_bytes parent = parent_of(path);
	size_t hidden_from;
	int rc = rows_get(t->rows, (struct row_at){t->layer, true}, path, out, err);

	if (rc == 0)
		return out->entry.mode == 0 ? 1 : 0;
	if (rc < 0)
		return rc;
	rc = walk_to(t, parent, &dir, &hidden_from, err);
	if (rc < 0)
		return rc;
	if (parent.len >= hidden_from)
		return 1;
	return lowertree_get(t->lower, path, out, err);
}
