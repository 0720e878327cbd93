/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/merged.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "snapshot/gaps.h"
#include "snapshot/redirection.h"

#define PATH_LIMIT ((size_t)1 << 30)
#define NO_LAYER SIZE_MAX

/* A directory that the view stands in. */
struct frame {
	size_t path_len; /* its path is this much of merged.path */
	size_t hidden;   /* layers from this one on do not show through here */
	bool moved;      /* some layers have it elsewhere, and have a move for it */
};

struct merged {
	struct sl_source source;
	struct layercursor
		*layers; /* those with names, topmost first, then those with data alone */
	size_t count, names;
	struct frame *frames; /* outermost first */
	size_t depth, room;
	struct buf path; /* resolved last */
	struct redirection redirection;
	struct sl_entry entry;
	size_t data; /* layer that holds the bytes of the entry lent last, or NO_LAYER */
	struct gaps gaps;
	bool is_told; /* no layer was moved since all of them had no gap left */
};

static struct merged *merged_of(struct sl_source *src)
{
	return container_of(src, struct merged, source);
}

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "merged view");
}

static struct frame *top(const struct merged *m)
{
	return m->depth > 0 ? &m->frames[m->depth - 1] : NULL;
}

static struct sl_bytes current(const struct merged *m)
{
	return (struct sl_bytes){m->path.data, m->path.len};
}

static struct sl_bytes dir_of(const struct merged *m, const struct frame *f)
{
	return (struct sl_bytes){m->path.data, f->path_len};
}

/*
 * The outermost directory that hides layer @i, which therefore stands behind it; NULL when it
 * shows. A layer that was hidden can show again in a directory that redirects to it: then only the
 * directories within that one count.
 */
static const struct frame *hider(const struct merged *m, size_t i)
{
	const struct layercursor *c = &m->layers[i];
	size_t f = c->depth > 0 ? c->moves[c->depth - 1].frame : 0;

	if (m->depth == 0 || i < top(m)->hidden)
		return NULL;
	while (m->frames[f].hidden > i)
		f++;
	return &m->frames[f];
}

/* Put a layer back to where the walk needs it, after everything beneath @path. */
static int put_back(struct merged *m, size_t i, struct sl_bytes path, struct sl_error *err)
{
	const struct frame *f = hider(m, i);

	return layercursor_seek_past(&m->layers[i], f != NULL ? dir_of(m, f) : path, err);
}

/* Fetch a head for every layer whose last one is done with. */
static int load(struct merged *m, struct sl_error *err)
{
	for (size_t i = 0; i < m->names; i++) {
		struct layercursor *c = &m->layers[i];
		int rc = c->astray ? put_back(m, i, current(m), err) : 0;

		if (rc == 0)
			rc = layercursor_load(c, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The path that comes next in any layer. False at the end. */
static bool lowest(const struct merged *m, struct sl_bytes *out)
{
	bool found = false;

	for (size_t i = 0; i < m->names; i++) {
		struct sl_bytes at = m->layers[i].at;

		if (at.data == NULL || (found && sl_path_compare(at, *out) >= 0))
			continue;
		*out = at;
		found = true;
	}
	return found;
}

/* Leave the innermost directory. 1 when layers moved back, so that other heads come next. */
static int leave_one(struct merged *m, struct sl_error *err)
{
	struct sl_bytes dir = dir_of(m, top(m));
	bool moved = top(m)->moved;

	m->depth--;
	for (size_t i = 0; moved && i < m->names; i++) {
		struct layercursor *c = &m->layers[i];
		int rc;

		if (c->depth == 0 || c->moves[c->depth - 1].frame != m->depth)
			continue;
		layercursor_return(c);
		rc = put_back(m, i, dir, err);
		if (rc < 0)
			return rc;
	}
	return moved;
}

/*
 * Leave the directories that do not hold @path (itself counts only when it lies beneath). 1 as
 * soon as layers moved back: @path may be gone.
 */
static int leave(struct merged *m, struct sl_bytes path, struct sl_error *err)
{
	while (m->depth > 0) {
		struct sl_bytes dir = dir_of(m, top(m));
		int rc;

		if (path.len > dir.len && sl_path_within(path, dir))
			return 0;
		rc = leave_one(m, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int enter(struct merged *m, size_t hidden, struct sl_error *err)
{
	size_t outer = m->depth > 0 ? m->frames[m->depth - 1].hidden : m->names;

	if (m->depth == m->room) {
		size_t room = m->room == 0 ? 32 : m->room * 2;
		struct frame *frames = realloc(m->frames, room * sizeof(*frames));

		if (frames == NULL)
			return fail_memory(err);
		m->frames = frames;
		m->room = room;
	}
	m->frames[m->depth++] =
		(struct frame){.path_len = m->path.len, .hidden = hidden < outer ? hidden : outer};
	return 0;
}

/* What the layers together say about one path. */
struct verdict {
	size_t winner;  /* NO_LAYER: nothing is here */
	size_t hidden;  /* layers from this one on are hidden beneath the path */
	bool redirects; /* the layer above @hidden says that they have it elsewhere */
};

static void judge(const struct merged *m, struct sl_bytes path, struct verdict *v)
{
	*v = (struct verdict){.winner = NO_LAYER, .hidden = m->names};
	for (size_t i = 0; i < v->hidden; i++) {
		const struct sl_entry *e = m->layers[i].head;

		if (!layercursor_stands_at(&m->layers[i], path))
			continue;
		if ((e->flags & SL_ENTRY_WHITEOUT) != 0 || !S_ISDIR(e->mode)) {
			bool is_first = v->winner == NO_LAYER;

			v->hidden = i;
			if (is_first && (e->flags & SL_ENTRY_WHITEOUT) == 0)
				v->winner = i;
			return;
		}
		if (v->winner == NO_LAYER)
			v->winner = i;
		/* like the kernel, which merges the roots whatever they are marked as */
		if (path.len == 0)
			continue;
		if ((e->flags & SL_ENTRY_OPAQUE) != 0 || e->redirect.data != NULL)
			v->hidden = i + 1;
		v->redirects = (e->flags & SL_ENTRY_OPAQUE) == 0 && e->redirect.data != NULL;
	}
}

/* Every head at @path is done with; what the verdict hides is not even walked. */
static void consume(struct merged *m, struct sl_bytes path, const struct verdict *v)
{
	for (size_t i = 0; i < m->names; i++) {
		struct layercursor *c = &m->layers[i];

		if (!layercursor_stands_at(c, path))
			continue;
		c->used = true;
		c->skip = i >= v->hidden && S_ISDIR(c->head->mode);
	}
}

/* Redirects */

static struct sl_bytes parent_of(struct sl_bytes path)
{
	while (path.len > 0 && path.data[--path.len] != '/')
		;
	return path;
}

/* Layers that may have a part in what layer @above redirects; an absolute path sees them all. */
static size_t reach(const struct merged *m, size_t outer)
{
	return m->redirection.absolute ? m->names : outer;
}

/*
 * The directory at the current path, just entered, has its lower part elsewhere: layer @above says
 * so. Let those below it show what they have there.
 */
static int follow(struct merged *m, size_t above, struct sl_error *err)
{
	struct redirection *r = &m->redirection;
	size_t outer = m->depth > 1 ? m->frames[m->depth - 2].hidden : m->names;
	struct redirection_found found = {.stop = false};
	struct frame *f = top(m);
	bool any = false;
	int rc = redirection_begin(r, m->layers[above].head->redirect, err);

	f->moved = true;
	f->hidden = above + 1;
	for (size_t i = above + 1; rc == 0 && !found.stop && i < reach(m, outer); i++) {
		struct layercursor *c = &m->layers[i];
		bool is_dir;

		rc = redirection_step(r, c, parent_of(current(m)), &found, err);
		if (rc < 0)
			break;
		is_dir = found.entry != NULL && S_ISDIR(found.entry->mode);
		if (!is_dir && (found.stop || found.entry != NULL))
			break;
		any = any || is_dir;
		rc = layercursor_move(c, m->depth - 1, current(m),
				      is_dir ? &(struct sl_bytes){r->own.data, r->own.len} : NULL,
				      err);
		f->hidden = i + 1;
	}
	if (rc == 0 && (r->malformed || !any))
		rc = gaps_add(&m->gaps, current(m),
			      r->malformed ? "overlay redirect is malformed"
					   : "overlay redirect leads to no directory",
			      0, true, err);
	return rc;
}

/* Data-only layers are asked for the absolute path alone: 0 and @from; 1 when none has it. */
static int find_in_data(struct merged *m, const struct sl_entry **from, struct sl_error *err)
{
	const struct buf *target = &m->redirection.target;

	if (!m->redirection.absolute || m->redirection.malformed)
		return 1;
	for (size_t i = m->names; i < m->count; i++) {
		int rc = layercursor_find(&m->layers[i],
					  (struct sl_bytes){target->data, target->len}, from, err);

		if (rc < 0)
			return rc;
		if (*from == NULL)
			continue;
		m->data = i;
		return !S_ISREG((*from)->mode);
	}
	return 1;
}

/* Where the bytes of a file are whose layer holds only its metadata. The same. */
static int find_data(struct merged *m, size_t winner, const struct sl_entry **from,
		     struct sl_error *err)
{
	struct sl_bytes path = current(m), parent = parent_of(path), name = path;
	size_t outer = m->depth > 0 ? top(m)->hidden : m->names;
	struct redirection_found found = {.stop = false};
	int rc;

	name.data += parent.len + (parent.len > 0 ? 1 : 0);
	name.len -= parent.len + (parent.len > 0 ? 1 : 0);
	if (m->layers[winner].head->redirect.data != NULL)
		name = m->layers[winner].head->redirect;
	rc = redirection_begin(&m->redirection, name, err);
	for (size_t i = winner + 1; rc == 0 && i < reach(m, outer); i++) {
		rc = redirection_step(&m->redirection, &m->layers[i], parent, &found, err);
		*from = found.entry;
		m->data = i;
		if (rc == 0 && found.stop)
			return *from == NULL || !S_ISREG((*from)->mode) ||
			       ((*from)->flags & SL_ENTRY_METACOPY) != 0;
		if (rc == 0 && *from != NULL && !S_ISREG((*from)->mode))
			return 1;
	}
	return rc < 0 ? rc : find_in_data(m, from, err);
}

static int resolve_metacopy(struct merged *m, size_t winner, struct sl_error *err)
{
	const struct sl_entry *from = NULL;
	int rc = find_data(m, winner, &from, err);

	if (rc < 0)
		return rc;
	if (rc == 1) {
		m->data = NO_LAYER;
		return gaps_add(&m->gaps, current(m),
				"data of a metacopy file was not found in the layers below", 0,
				false, err);
	}
	/* a container sees the size of the one and the bytes of the other */
	if (m->entry.size != from->size &&
	    gaps_add(&m->gaps, current(m), "metacopy file and its data differ in size", 0, false,
		     err) < 0)
		return -SL_ENOMEM;
	m->entry.size = from->size;
	m->entry.fields |= from->fields & (SL_ENTRY_SHA256 | SL_ENTRY_XXH3);
	memcpy(m->entry.sha256, from->sha256, sizeof(m->entry.sha256));
	memcpy(m->entry.xxh3, from->xxh3, sizeof(m->entry.xxh3));
	m->entry.flags &= ~(uint32_t)SL_ENTRY_METACOPY;
	return 0;
}

/* Walking */

static int lend(struct merged *m, const struct verdict *v, struct sl_error *err)
{
	m->entry = *m->layers[v->winner].head;
	m->entry.path = current(m);
	m->entry.layer = (uint32_t)v->winner;
	m->entry.flags &= ~(uint32_t)(SL_ENTRY_OPAQUE | SL_ENTRY_WHITEOUT);
	m->entry.redirect = (struct sl_bytes){0};
	m->data = v->winner;
	if ((m->entry.flags & SL_ENTRY_METACOPY) != 0)
		return resolve_metacopy(m, v->winner, err);
	return 0;
}

/* The path that comes next, with the directories left that do not hold it. 0; 1 at the end. */
static int next_path(struct merged *m, struct sl_bytes *out, struct sl_error *err)
{
	int rc;

	do {
		bool more;

		rc = load(m, err);
		if (rc < 0)
			return rc;
		more = lowest(m, out);
		if (!more && m->depth == 0)
			return 1;
		rc = more ? leave(m, *out, err) : leave_one(m, err);
		/* a directory that was left may have hidden what comes next */
		rc = rc == 0 && !more ? 1 : rc;
	} while (rc == 1);
	return rc;
}

/* Settle what is at the lowest path. 0 and a verdict; 1 at the end. */
static int settle(struct merged *m, struct verdict *v, struct sl_error *err)
{
	struct sl_bytes path;
	int rc = next_path(m, &path, err);

	if (rc != 0)
		return rc;
	m->path.len = 0;
	if (buf_append(&m->path, path.data, path.len) < 0)
		return fail_memory(err);
	judge(m, current(m), v);
	consume(m, current(m), v);
	if (v->winner == NO_LAYER || !S_ISDIR(m->layers[v->winner].head->mode))
		return 0;
	rc = enter(m, v->hidden, err);
	return rc == 0 && v->redirects ? follow(m, v->hidden - 1, err) : rc;
}

static int merged_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct merged *m = merged_of(src);
	struct verdict v;
	int rc;

	m->is_told = false;
	m->data = NO_LAYER;
	do
		rc = settle(m, &v, err);
	while (rc == 0 && v.winner == NO_LAYER);
	if (rc != 0)
		return rc;
	*out = &m->entry;
	return lend(m, &v, err);
}

/* Make every layer stand at the first entry at or after @path that shows through. */
static int aim(struct merged *m, struct sl_bytes path, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->names; i++)
		rc = hider(m, i) != NULL ? put_back(m, i, path, err)
					 : layercursor_seek(&m->layers[i], path, err);
	return rc;
}

/* The directory on the way to @path that comes after those entered. False: there is none left. */
static bool next_ancestor(const struct merged *m, struct sl_bytes path, struct sl_bytes *out)
{
	size_t at = m->depth > 0 ? m->frames[m->depth - 1].path_len : 0;
	const char *slash;

	*out = (struct sl_bytes){path.data, 0};
	if (m->depth == 0)
		return path.len > 0;
	at += at > 0 ? 1 : 0;
	slash = at < path.len ? memchr(path.data + at, '/', path.len - at) : NULL;
	if (slash == NULL)
		return false;
	out->len = (size_t)(slash - path.data);
	return true;
}

/* Step into one directory without lending it. 0; 1 when it is not there; negative. */
static int approach(struct merged *m, struct sl_bytes dir, struct sl_error *err)
{
	AUTO_FREE char *name = strndup(dir.data, dir.len); /* seeking wants a terminated path */
	struct sl_bytes path = {name, dir.len}, low;
	struct verdict v;
	int rc;

	if (name == NULL)
		return fail_memory(err);
	rc = aim(m, path, err);
	if (rc == 0)
		rc = load(m, err);
	if (rc < 0)
		return rc;
	if (!lowest(m, &low) || sl_path_compare(low, path) != 0)
		return 1;
	rc = settle(m, &v, err);
	if (rc != 0)
		return rc;
	return v.winner == NO_LAYER || !S_ISDIR(m->layers[v.winner].head->mode);
}

static int merged_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct merged *m = merged_of(src);
	struct sl_bytes dir;
	int rc = 0;

	m->is_told = false;
	m->data = NO_LAYER;
	do
		rc = leave(m, path, err);
	while (rc == 1);
	while (rc == 0 && next_ancestor(m, path, &dir))
		rc = approach(m, dir, err);
	if (rc == 0)
		rc = aim(m, path, err);
	return rc < 0 ? rc : 0;
}

static int merged_open_content(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	struct merged *m = merged_of(src);

	if (m->data == NO_LAYER)
		return sl_fail(err, SL_EFORMAT, 0, "no layer holds its data");
	m->is_told = false;
	return sl_source_open(m->layers[m->data].src, out, err);
}

static const struct sl_gap *merged_gap(struct sl_source *src)
{
	struct merged *m = merged_of(src);

	for (size_t i = 0; !m->is_told && i < m->count; i++) {
		const struct sl_gap *gap = sl_source_gap(m->layers[i].src);

		if (gap != NULL)
			return gap;
	}
	m->is_told = true;
	return gaps_next(&m->gaps);
}

static void merged_close(struct sl_source *src)
{
	struct merged *m = merged_of(src);

	for (size_t i = 0; i < m->count; i++)
		layercursor_clear(&m->layers[i]);
	free(m->layers);
	free(m->frames);
	buf_clear(&m->path);
	redirection_clear(&m->redirection);
	gaps_clear(&m->gaps);
	free(m);
}

int merged_open_with_data(struct sl_source **out, struct sl_source *const layers[], size_t count,
			  size_t data_only, struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = merged_next,
						 .seek = merged_seek,
						 .open = merged_open_content,
						 .gap = merged_gap,
						 .close = merged_close};
	struct merged *m = calloc(1, sizeof(*m));

	if (m != NULL) {
		*m = (struct merged){.source.ops = &ops,
				     .data = NO_LAYER,
				     .names = count - data_only,
				     .path = BUF_INIT(PATH_LIMIT),
				     .redirection = REDIRECTION_INIT,
				     .layers = calloc(count > 0 ? count : 1, sizeof(*m->layers))};
		for (size_t i = 0; i < count && m->layers != NULL; i++)
			m->layers[m->count++] = LAYERCURSOR_INIT(layers[i]);
	}
	if (m == NULL || m->layers == NULL || buf_append(&m->path, "", 0) < 0) {
		for (size_t i = m == NULL ? 0 : m->count; i < count; i++)
			sl_source_close(layers[i]);
		if (m != NULL)
			merged_close(&m->source);
		return fail_memory(err);
	}
	*out = &m->source;
	return 0;
}

int merged_open(struct sl_source **out, struct sl_source *const layers[], size_t count,
		struct sl_error *err)
{
	return merged_open_with_data(out, layers, count, 0, err);
}
