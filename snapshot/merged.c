/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/merged.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "snapshot/gaps.h"
#include "snapshot/layertree.h"

#define PATH_LIMIT ((size_t)1 << 30)
#define NO_LAYER SIZE_MAX

/* One layer and the entry at which it stands. */
struct layer {
	struct sl_source *src;
	const struct sl_entry *head; /* NULL at the end */
	bool used;                   /* the head is done with: fetch the next one */
	bool skip;                   /* and nothing beneath it counts either */
};

/* A directory that the view stands in. */
struct frame {
	size_t path_len; /* its path is this much of merged.path */
	size_t hidden;   /* layers from this one on do not show through here */
};

struct merged {
	struct sl_source source;
	struct layer *layers;
	size_t count;
	struct frame *frames; /* outermost first */
	size_t depth, room;
	struct buf path;  /* resolved last */
	struct buf probe; /* a path to seek to */
	struct sl_entry entry;
	size_t data; /* layer that holds the bytes of the entry lent last, or NO_LAYER */
	struct gaps gaps;
};

static struct merged *merged_of(struct sl_source *src)
{
	return container_of(src, struct merged, source);
}

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "merged view");
}

/* The path after everything beneath @dir: '/' sorts as 0x00, so the next byte is 0x01. */
static int seek_past(struct merged *m, struct layer *l, struct sl_bytes dir, struct sl_error *err)
{
	buf_reset(&m->probe);
	(void)buf_append(&m->probe, dir.data, dir.len);
	if (buf_append_char(&m->probe, '\x01') < 0)
		return fail_memory(err);
	return sl_source_seek(l->src, (struct sl_bytes){m->probe.data, m->probe.len}, err);
}

/* Fetch a head for every layer whose last one is done with. */
static int load(struct merged *m, struct sl_error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		struct layer *l = &m->layers[i];
		int rc = 0;

		if (!l->used)
			continue;
		if (l->skip)
			rc = seek_past(m, l, l->head->path, err);
		if (rc == 0)
			rc = sl_source_next(l->src, &l->head, err);
		if (rc < 0)
			return rc;
		if (rc == 1)
			l->head = NULL;
		l->used = l->skip = false;
	}
	return 0;
}

/* The path that comes next in any layer. False at the end. */
static bool lowest(const struct merged *m, struct sl_bytes *out)
{
	bool found = false;

	for (size_t i = 0; i < m->count; i++) {
		const struct sl_entry *head = m->layers[i].head;

		if (head == NULL || (found && sl_path_compare(head->path, *out) >= 0))
			continue;
		*out = head->path;
		found = true;
	}
	return found;
}

static bool stands_at(const struct layer *l, struct sl_bytes path)
{
	return l->head != NULL && l->head->path.len == path.len &&
	       memcmp(l->head->path.data, path.data, path.len) == 0;
}

static struct sl_bytes current(const struct merged *m)
{
	return (struct sl_bytes){m->path.data, m->path.len};
}

/* Leave the directories that do not hold @path (itself counts only when it lies beneath). */
static void leave(struct merged *m, struct sl_bytes path)
{
	while (m->depth > 0) {
		struct sl_bytes dir = {m->path.data, m->frames[m->depth - 1].path_len};

		if (path.len > dir.len && sl_path_within(path, dir))
			return;
		m->depth--;
	}
}

static int enter(struct merged *m, size_t hidden, struct sl_error *err)
{
	size_t outer = m->depth > 0 ? m->frames[m->depth - 1].hidden : m->count;

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
	size_t winner; /* NO_LAYER: nothing is here */
	size_t hidden; /* layers from this one on are hidden beneath the path */
	bool redirect; /* a directory that counts has its lower part elsewhere */
};

static void judge(const struct merged *m, struct sl_bytes path, struct verdict *v)
{
	*v = (struct verdict){.winner = NO_LAYER, .hidden = m->count};
	for (size_t i = 0; i < v->hidden; i++) {
		const struct sl_entry *e = m->layers[i].head;

		if (!stands_at(&m->layers[i], path))
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
		v->redirect = v->redirect || e->redirect.data != NULL;
		if ((e->flags & SL_ENTRY_OPAQUE) != 0 || e->redirect.data != NULL)
			v->hidden = i + 1;
	}
}

/* Every head at @path is done with; what the verdict hides is not even walked. */
static void consume(struct merged *m, struct sl_bytes path, const struct verdict *v)
{
	for (size_t i = 0; i < m->count; i++) {
		struct layer *l = &m->layers[i];

		if (!stands_at(l, path))
			continue;
		l->used = true;
		l->skip = i >= v->hidden && S_ISDIR(l->head->mode);
	}
}

/* Where the bytes of a file are whose layer holds only its metadata. */
static size_t find_data(const struct merged *m, size_t winner)
{
	for (size_t i = winner; i < m->count; i++) {
		const struct sl_entry *e = m->layers[i].head;

		if (!stands_at(&m->layers[i], current(m)))
			continue;
		if (!S_ISREG(e->mode))
			return NO_LAYER;
		if ((e->flags & SL_ENTRY_METACOPY) == 0)
			return i;
		if (e->redirect.data != NULL)
			return NO_LAYER;
	}
	return NO_LAYER;
}

static int resolve_metacopy(struct merged *m, size_t winner, struct sl_error *err)
{
	const struct sl_entry *from;

	m->data = find_data(m, winner);
	if (m->data == NO_LAYER)
		return gaps_add(&m->gaps, current(m),
				"data of a metacopy file was not found in the layers below", 0,
				false, err);
	from = m->layers[m->data].head;
	m->entry.size = from->size;
	m->entry.fields |= from->fields & (SL_ENTRY_SHA256 | SL_ENTRY_XXH3);
	memcpy(m->entry.sha256, from->sha256, sizeof(m->entry.sha256));
	memcpy(m->entry.xxh3, from->xxh3, sizeof(m->entry.xxh3));
	m->entry.flags &= ~(uint32_t)SL_ENTRY_METACOPY;
	return 0;
}

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

/* Settle what is at the lowest path. 0 and a verdict; 1 at the end. */
static int settle(struct merged *m, struct verdict *v, struct sl_error *err)
{
	struct sl_bytes path;
	int rc = load(m, err);

	if (rc < 0)
		return rc;
	if (!lowest(m, &path))
		return 1;
	leave(m, path);
	m->path.len = 0;
	if (buf_append(&m->path, path.data, path.len) < 0)
		return fail_memory(err);
	judge(m, current(m), v);
	consume(m, current(m), v);
	if (v->redirect)
		rc = gaps_add(&m->gaps, current(m),
			      "redirected directory of a lower layer is not followed", 0, true,
			      err);
	if (rc == 0 && v->winner != NO_LAYER && S_ISDIR(m->layers[v->winner].head->mode))
		rc = enter(m, v->hidden, err);
	return rc;
}

static int merged_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct merged *m = merged_of(src);
	struct verdict v;
	int rc;

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
	size_t shown = m->count;

	for (size_t f = 0; f < m->depth; f++) {
		struct sl_bytes dir = {m->path.data, m->frames[f].path_len};

		for (; shown > m->frames[f].hidden; shown--) {
			struct layer *l = &m->layers[shown - 1];
			int rc = seek_past(m, l, dir, err);

			if (rc < 0)
				return rc;
			l->used = true;
			l->skip = false;
		}
	}
	for (size_t i = 0; i < shown; i++) {
		int rc = sl_source_seek(m->layers[i].src, path, err);

		if (rc < 0)
			return rc;
		m->layers[i].used = true;
		m->layers[i].skip = false;
	}
	return 0;
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

	m->data = NO_LAYER;
	leave(m, path);
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
	return sl_source_open(m->layers[m->data].src, out, err);
}

static const struct sl_gap *merged_gap(struct sl_source *src)
{
	struct merged *m = merged_of(src);

	for (size_t i = 0; i < m->count; i++) {
		const struct sl_gap *gap = sl_source_gap(m->layers[i].src);

		if (gap != NULL)
			return gap;
	}
	return gaps_next(&m->gaps);
}

static void merged_close(struct sl_source *src)
{
	struct merged *m = merged_of(src);

	for (size_t i = 0; i < m->count; i++)
		sl_source_close(m->layers[i].src);
	free(m->layers);
	free(m->frames);
	buf_clear(&m->path);
	buf_clear(&m->probe);
	gaps_clear(&m->gaps);
	free(m);
}

int merged_open(struct sl_source **out, struct sl_source *const layers[], size_t count,
		struct sl_error *err)
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
				     .path = BUF_INIT(PATH_LIMIT),
				     .probe = BUF_INIT(PATH_LIMIT),
				     .layers = calloc(count > 0 ? count : 1, sizeof(*m->layers))};
		for (size_t i = 0; i < count && m->layers != NULL; i++)
			m->layers[m->count++] = (struct layer){.src = layers[i], .used = true};
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

int merged_open_lowers(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err)
{
	AUTO_FREE struct sl_source **layers =
		calloc(stack->lower_count + 1, sizeof(struct sl_source *));
	size_t count = 0;
	int rc = 0;

	if (layers == NULL)
		return fail_memory(err);
	while (rc == 0 && count < stack->lower_count) {
		rc = layertree_open(&layers[count], stack->lowers[count].dir_fd, stack->marker,
				    &stack->idmap, err);
		if (rc == 0)
			count++;
	}
	if (rc == 0)
		return merged_open(out, layers, count, err);
	for (size_t i = 0; i < count; i++)
		sl_source_close(layers[i]);
	return sl_wrap(err, rc, "lower directory %zu", count + 1);
}
