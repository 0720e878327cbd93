/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/overlay.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "snapshot/dialect.h"
#include "snapshot/gaps.h"
#include "snapshot/lookup.h"

#define PATH_LIMIT ((size_t)1 << 30)

/*
 * A directory that the walk stands in. What merges beneath it is the lower directory at
 * moved_to + (its path without the first moved_from bytes): the same path unless it, or a
 * directory around it, was renamed.
 */
struct frame {
	size_t path_len; /* its path is this much of overlay.path */
	bool has_lower;
	bool moved; /* lower children count here and must be yielded */
	size_t moved_from;
	const char *moved_to; /* owned by the frame where path_len == moved_from, if moved */
	size_t moved_to_len;
};

/* Where the entry lent last came from. */
enum origin { FROM_NONE, FROM_UPPER, FROM_LOWER };

struct overlay {
	struct sl_source source;
	struct sl_source *upper;
	const struct sl_entry *head; /* of upper; NULL at the end */
	bool used;                   /* the head is done with */
	struct lookup lower;         /* also walks the children of renamed directories */
	struct frame *frames;        /* outermost first */
	size_t depth, room;
	struct buf path;  /* of the entry lent last */
	struct buf probe; /* a path in the lower view */
	struct buf from;  /* where the entry lent last was renamed from */
	struct sl_entry entry;
	enum origin content; /* who holds its bytes */
	bool lent_lower;     /* it is the head of the lower view */
	struct gaps gaps;
};

static struct overlay *overlay_of(struct sl_source *src)
{
	return container_of(src, struct overlay, source);
}

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "overlay view");
}

static struct sl_bytes bytes_of(const struct buf *b)
{
	return (struct sl_bytes){b->data, b->len};
}

static bool set_bytes(struct buf *b, struct sl_bytes bytes)
{
	buf_reset(b);
	return buf_append(b, bytes.data, bytes.len) == 0;
}

static int gap(struct overlay *o, const char *why, bool below, struct sl_error *err)
{
	return gaps_add(&o->gaps, bytes_of(&o->path), why, 0, below, err);
}

/* Paths */

static struct frame *top(struct overlay *o)
{
	return o->depth > 0 ? &o->frames[o->depth - 1] : NULL;
}

/* Append @part to a path, with a slash between where there is something before. */
static bool join(struct buf *b, const char *part, size_t len)
{
	if (len == 0)
		return b->status == 0;
	if (b->len > 0 && b->data[b->len - 1] != '/')
		(void)buf_append_char(b, '/');
	return buf_append(b, part, len) == 0;
}

/* Where the lower view has what is beneath @f at @path: into @out. */
static bool to_lower(const struct frame *f, struct sl_bytes path, struct buf *out)
{
	size_t from = f->moved_from;

	buf_reset(out);
	(void)buf_append(out, f->moved_to, f->moved_to_len);
	if (from < path.len && path.data[from] == '/')
		from++;
	return join(out, path.data + from, path.len - from);
}

/* The other way: where an entry of the lower view appears. */
static bool from_lower(const struct overlay *o, const struct frame *f, struct sl_bytes lower,
		       struct buf *out)
{
	size_t from = f->moved_to_len;

	buf_reset(out);
	(void)buf_append(out, o->path.data, f->moved_from);
	if (from < lower.len && lower.data[from] == '/')
		from++;
	return join(out, lower.data + from, lower.len - from);
}

static struct sl_bytes parent_of(struct sl_bytes path)
{
	while (path.len > 0 && path.data[--path.len] != '/')
		;
	return path;
}

/* Frames */

static void frame_clear(struct frame *f)
{
	if (f->moved && f->path_len == f->moved_from)
		free((void *)(uintptr_t)f->moved_to);
}

/* Leave the innermost directory. Its counterpart in the lower view is done with. */
static int leave(struct overlay *o, struct sl_error *err)
{
	struct sl_bytes dir = {o->path.data, top(o)->path_len};
	const struct frame *outer;

	frame_clear(top(o));
	o->depth--;
	outer = top(o);
	if (outer == NULL || !outer->moved)
		return 0;
	if (!to_lower(outer, dir, &o->probe) || buf_append_char(&o->probe, '\x01') < 0)
		return fail_memory(err);
	return lookup_aim(&o->lower, bytes_of(&o->probe), false, err);
}

static bool lies_beneath(const struct overlay *o, const struct frame *f, struct sl_bytes path)
{
	struct sl_bytes dir = {o->path.data, f->path_len};

	return path.len > dir.len && sl_path_within(path, dir);
}

/* Step into the directory at o->path. */
static int enter(struct overlay *o, const struct frame *like, struct sl_error *err)
{
	struct frame *f;
	int rc = 0;

	if (o->depth == o->room) {
		size_t room = o->room == 0 ? 32 : o->room * 2;
		struct frame *frames = realloc(o->frames, room * sizeof(*frames));

		if (frames == NULL)
			return fail_memory(err);
		o->frames = frames;
		o->room = room;
	}
	f = &o->frames[o->depth++];
	*f = *like;
	f->path_len = o->path.len;
	if (f->moved) {
		if (!to_lower(f, bytes_of(&o->path), &o->probe))
			return fail_memory(err);
		rc = lookup_aim(&o->lower, bytes_of(&o->probe), true, err);
	}
	return rc;
}

/* Redirects */

/*
 * Where the lower object of the upper entry at o->path is, into o->probe. 0; 1 when there is none;
 * negative.
 */
static int counterpart(struct overlay *o, const struct sl_entry *e, struct sl_error *err)
{
	const struct frame *f = top(o);
	struct sl_bytes path = bytes_of(&o->path);
	bool ok;
	int rc;

	if (e->redirect.data != NULL && !dialect_redirect_is_valid(e->redirect)) {
		rc = gap(o, "overlay redirect is malformed", true, err);
		return rc < 0 ? rc : 1;
	}
	if (e->redirect.data != NULL && e->redirect.data[0] == '/') {
		ok = set_bytes(&o->probe,
			       (struct sl_bytes){e->redirect.data + 1, e->redirect.len - 1});
	} else if (f != NULL && !f->has_lower) {
		return 1;
	} else if (e->redirect.data != NULL) {
		ok = f == NULL || to_lower(f, parent_of(path), &o->probe);
		ok = ok && join(&o->probe, e->redirect.data, e->redirect.len);
	} else {
		ok = f == NULL ? set_bytes(&o->probe, path) : to_lower(f, path, &o->probe);
	}
	return ok ? 0 : fail_memory(err);
}

/*
 * A redirect beside a renamed directory means a name in the lower view, not beside this path: say
 * it from the root. @rc is counterpart()'s, and comes back.
 */
static int tell_redirect(struct overlay *o, const struct sl_entry *e, int rc, struct sl_error *err)
{
	if (rc != 0 || e->redirect.data == NULL)
		return rc;
	if (!set_bytes(&o->from, (struct sl_bytes){"/", 1}) ||
	    buf_append(&o->from, o->probe.data, o->probe.len) < 0)
		return fail_memory(err);
	o->entry.redirect = bytes_of(&o->from);
	return 0;
}

/* Upper entries */

/* A directory that was renamed: its children are here, or still in the lower view at o->probe. */
static int enter_moved(struct overlay *o, struct sl_error *err)
{
	const struct sl_entry *found;
	struct frame f = {.moved_from = o->path.len};
	char *base;
	int rc = lookup_find(&o->lower, bytes_of(&o->probe), &found, err);

	if (rc < 0)
		return rc;
	if (found == NULL || !S_ISDIR(found->mode)) {
		rc = gap(o, "overlay redirect leads to no directory", true, err);
		return rc < 0 ? rc : enter(o, &f, err);
	}
	base = strndup(o->probe.data, o->probe.len);
	if (base == NULL)
		return fail_memory(err);
	f.has_lower = f.moved = true;
	f.moved_to = base;
	f.moved_to_len = o->probe.len;
	rc = enter(o, &f, err);
	if (rc < 0 && (o->depth == 0 || top(o)->moved_to != base))
		free(base);
	return rc;
}

/* Step into the upper directory @e at o->path. What it shows of the lower view decides how. */
static int enter_upper(struct overlay *o, const struct sl_entry *e, struct sl_error *err)
{
	const struct sl_entry *found = NULL;
	struct frame f = {0};
	int rc;

	if (o->depth == 0) /* the roots merge, whatever they are marked as */
		return enter(o, &(struct frame){.has_lower = true, .moved_to = ""}, err);
	if ((e->flags & SL_ENTRY_OPAQUE) != 0)
		return enter(o, &f, err);
	rc = tell_redirect(o, e, counterpart(o, e, err), err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return enter(o, &f, err);
	if (e->redirect.data != NULL)
		return enter_moved(o, err);
	f = *top(o);
	/* a directory is copied up only from a directory, so that needs no look */
	if (!f.moved && (e->flags & SL_ENTRY_ORIGIN) != 0)
		return enter(o, &f, err);
	rc = lookup_find(&o->lower, bytes_of(&o->probe), &found, err);
	if (rc < 0)
		return rc;
	if (found == NULL || !S_ISDIR(found->mode))
		f = (struct frame){0};
	return enter(o, &f, err);
}

/* A file of which the upper directory holds the metadata alone. */
static int resolve_metacopy(struct overlay *o, const struct sl_entry *e, struct sl_error *err)
{
	const struct sl_entry *found = NULL;
	int rc = tell_redirect(o, e, counterpart(o, e, err), err);

	if (rc == 0)
		rc = lookup_find(&o->lower, bytes_of(&o->probe), &found, err);
	if (rc < 0)
		return rc;
	o->content = FROM_NONE;
	if (found == NULL || !S_ISREG(found->mode) || (found->flags & SL_ENTRY_METACOPY) != 0)
		return gap(o, "data of a metacopy file was not found in the layers below", false,
			   err);
	o->content = FROM_LOWER;
	/* a container sees the size of the one and the bytes of the other */
	if (o->entry.size != found->size &&
	    gap(o, "metacopy file and its data differ in size", false, err) < 0)
		return -SL_ENOMEM;
	o->entry.size = found->size;
	o->entry.fields |= found->fields & (SL_ENTRY_SHA256 | SL_ENTRY_XXH3);
	memcpy(o->entry.sha256, found->sha256, sizeof(o->entry.sha256));
	memcpy(o->entry.xxh3, found->xxh3, sizeof(o->entry.xxh3));
	o->entry.flags &= ~(uint32_t)SL_ENTRY_METACOPY;
	return 0;
}

/* The lower counterpart of what is at o->path does not count: go past it. */
static int hide_lower(struct overlay *o, struct sl_error *err)
{
	const struct frame *f = top(o);

	if (f == NULL || !f->moved)
		return 0;
	if (!to_lower(f, bytes_of(&o->path), &o->probe) || buf_append_char(&o->probe, '\x01') < 0)
		return fail_memory(err);
	return lookup_aim(&o->lower, bytes_of(&o->probe), false, err);
}

/* Lend the upper head. 0; 1 when it has nothing to say; negative. */
static int lend_upper(struct overlay *o, struct sl_error *err)
{
	const struct sl_entry *e = o->head;
	const struct frame *f = top(o);
	bool is_bare;
	int rc = 0;

	if (e == NULL)
		return 1;
	is_bare = (e->flags & SL_ENTRY_WHITEOUT) != 0;
	o->used = true;
	if (!set_bytes(&o->path, e->path))
		return fail_memory(err);
	o->entry = *e;
	o->entry.path = bytes_of(&o->path);
	o->entry.layer = 0;
	o->entry.flags &= ~(uint32_t)SL_ENTRY_OPAQUE;
	o->entry.redirect = (struct sl_bytes){NULL, 0};
	o->content = FROM_UPPER;
	if (is_bare || !S_ISDIR(e->mode)) {
		if ((e->flags & SL_ENTRY_METACOPY) != 0)
			rc = resolve_metacopy(o, e, err);
		else if (e->redirect.data != NULL && dialect_redirect_is_valid(e->redirect))
			/* its bytes were written since: where it was stays true */
			rc = tell_redirect(o, e, counterpart(o, e, err), err);
		if (rc == 1)
			rc = 0;
		if (rc == 0 && (e->flags & SL_ENTRY_INDEXED) != 0)
			rc = gap(o,
				 "other names of it, in the layers below, show it as it is now "
				 "(index=on): they are not listed",
				 false, err);
		if (rc == 0)
			rc = hide_lower(o, err);
		if (rc == 0 && is_bare && f != NULL && (f->moved || !f->has_lower))
			return 1;
		return rc;
	}
	if (o->depth == 0 && (e->flags & SL_ENTRY_INDEXED) != 0 &&
	    gap(o,
		"mounted with index=on: names of hard links in the layers below may show what "
		"only its index holds",
		false, err) < 0)
		return -SL_ENOMEM;
	rc = enter_upper(o, e, err);
	if (rc < 0)
		return rc;
	f = top(o);
	if (f->moved || !f->has_lower)
		o->entry.flags |= SL_ENTRY_COMPLETE;
	o->entry.path = bytes_of(&o->path);
	return 0;
}

/* Lend the lower head, which a rename brought to o->path. */
static void lend_lower(struct overlay *o)
{
	o->entry = *o->lower.head;
	o->entry.path = bytes_of(&o->path);
	o->entry.layer++;
	if (S_ISDIR(o->entry.mode))
		o->entry.flags |= SL_ENTRY_COMPLETE;
	o->content = FROM_LOWER;
	o->lent_lower = true;
}

/*
 * Inside a renamed directory: the next lower child, if it comes before the upper head. 0 and the
 * place where it appears in o->path; 1 when it does not come next.
 */
static int next_moved(struct overlay *o, struct sl_error *err)
{
	struct frame *f = top(o);
	struct lookup *l = &o->lower;
	struct sl_bytes dir;
	int rc = lookup_load(l, err);

	if (rc < 0)
		return rc;
	if (!to_lower(f, (struct sl_bytes){o->path.data, f->path_len}, &o->probe))
		return fail_memory(err);
	dir = bytes_of(&o->probe);
	if (l->head == NULL || !sl_path_within(l->head->path, dir) || l->head->path.len == dir.len)
		return 1;
	if (!from_lower(o, f, l->head->path, &o->probe))
		return fail_memory(err);
	if (o->head != NULL && sl_path_compare(o->head->path, bytes_of(&o->probe)) <= 0)
		return 1;
	return set_bytes(&o->path, bytes_of(&o->probe)) ? 0 : fail_memory(err);
}

static int load_upper(struct overlay *o, struct sl_error *err)
{
	int rc;

	if (!o->used)
		return 0;
	rc = sl_source_next(o->upper, &o->head, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		o->head = NULL;
	o->used = false;
	return 0;
}

/* One step of the walk. 0 and o->entry; 1 when it yielded nothing; negative. */
static int step(struct overlay *o, struct sl_error *err)
{
	const struct frame *f = top(o);
	int rc = 1;

	if (f != NULL && f->moved)
		rc = next_moved(o, err);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		lend_lower(o);
		return 0;
	}
	if (f != NULL && (o->head == NULL || !lies_beneath(o, f, o->head->path))) {
		rc = leave(o, err);
		return rc < 0 ? rc : 1;
	}
	return lend_upper(o, err);
}

static int overlay_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct overlay *o = overlay_of(src);
	int rc = 0;

	if (o->lent_lower)
		rc = lookup_step(&o->lower, err);
	o->lent_lower = false;
	o->content = FROM_NONE;
	if (rc == 0)
		rc = load_upper(o, err);
	if (rc < 0)
		return rc;
	while (o->head != NULL || o->depth > 0) {
		rc = step(o, err);
		if (rc == 0)
			*out = &o->entry;
		if (rc <= 0)
			return rc;
		rc = load_upper(o, err);
		if (rc < 0)
			return rc;
	}
	return 1;
}

/* Step into one directory on the way to @path without lending it. 0; 1 when it ends here. */
static int approach(struct overlay *o, struct sl_bytes dir, struct sl_bytes path,
		    struct sl_error *err)
{
	AUTO_FREE char *name = strndup(dir.data, dir.len); /* seeking wants a terminated path */
	int rc;

	if (name == NULL)
		return fail_memory(err);
	o->used = true;
	rc = sl_source_seek(o->upper, (struct sl_bytes){name, dir.len}, err);
	if (rc == 0)
		rc = load_upper(o, err);
	if (rc < 0)
		return rc;
	if (o->head == NULL || sl_path_compare(o->head->path, dir) != 0) {
		const struct frame *f = top(o);

		if (f == NULL || !f->moved)
			return 1;
		rc = to_lower(f, path, &o->probe) ? 0 : fail_memory(err);
		if (rc == 0)
			rc = lookup_aim(&o->lower, bytes_of(&o->probe), false, err);
		return rc < 0 ? rc : 1;
	}
	o->used = true;
	if (!set_bytes(&o->path, dir))
		return fail_memory(err);
	if (S_ISDIR(o->head->mode))
		return enter_upper(o, o->head, err);
	rc = hide_lower(o, err);
	return rc < 0 ? rc : 1;
}

/* The directory on the way to @path that comes after those entered. False: there is none left. */
static bool next_ancestor(const struct overlay *o, struct sl_bytes path, struct sl_bytes *out)
{
	size_t at = o->depth > 0 ? o->frames[o->depth - 1].path_len : 0;
	const char *slash;

	*out = (struct sl_bytes){path.data, 0};
	if (o->depth == 0)
		return path.len > 0;
	at += at > 0 ? 1 : 0;
	slash = at < path.len ? memchr(path.data + at, '/', path.len - at) : NULL;
	if (slash == NULL)
		return false;
	out->len = (size_t)(slash - path.data);
	return true;
}

static int overlay_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct overlay *o = overlay_of(src);
	struct sl_bytes dir;
	int rc = 0;

	o->content = FROM_NONE;
	o->lent_lower = false;
	while (rc == 0 && o->depth > 0 && !lies_beneath(o, top(o), path))
		rc = leave(o, err);
	while (rc == 0 && next_ancestor(o, path, &dir))
		rc = approach(o, dir, path, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (top(o) != NULL && top(o)->moved) {
		if (!to_lower(top(o), path, &o->probe))
			return fail_memory(err);
		rc = lookup_aim(&o->lower, bytes_of(&o->probe), false, err);
	}
	o->used = true;
	return rc < 0 ? rc : sl_source_seek(o->upper, path, err);
}

static int overlay_content(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	struct overlay *o = overlay_of(src);

	if (o->content == FROM_NONE)
		return sl_fail(err, SL_EFORMAT, 0, "no layer holds its data");
	return sl_source_open(o->content == FROM_UPPER ? o->upper : o->lower.src, out, err);
}

static bool overlay_identify(struct sl_source *src, struct sl_file_id *out)
{
	struct overlay *o = overlay_of(src);

	return o->content == FROM_UPPER && sl_source_identify(o->upper, out);
}

static const struct sl_gap *overlay_gap(struct sl_source *src)
{
	struct overlay *o = overlay_of(src);
	const struct sl_gap *found = sl_source_gap(o->upper);

	if (found == NULL)
		found = sl_source_gap(o->lower.src);
	return found != NULL ? found : gaps_next(&o->gaps);
}

static void overlay_close(struct sl_source *src)
{
	struct overlay *o = overlay_of(src);

	for (size_t i = 0; i < o->depth; i++)
		frame_clear(&o->frames[i]);
	free(o->frames);
	sl_source_close(o->upper);
	lookup_clear(&o->lower);
	buf_clear(&o->path);
	buf_clear(&o->probe);
	buf_clear(&o->from);
	gaps_clear(&o->gaps);
	free(o);
}

int overlay_open(struct sl_source **out, struct sl_source *upper, struct sl_source *lower,
		 struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = overlay_next,
						 .seek = overlay_seek,
						 .open = overlay_content,
						 .gap = overlay_gap,
						 .close = overlay_close,
						 .identify = overlay_identify};
	struct overlay *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		sl_source_close(upper);
		sl_source_close(lower);
		return fail_memory(err);
	}
	*o = (struct overlay){
		.source = {.ops = &ops, .sparse = true},
		.upper = upper,
		.used = true,
		.lower = LOOKUP_INIT(lower),
		.path = BUF_INIT(PATH_LIMIT),
		.probe = BUF_INIT(PATH_LIMIT),
		.from = BUF_INIT(PATH_LIMIT),
	};
	if (buf_append(&o->path, "", 0) < 0) {
		overlay_close(&o->source);
		return fail_memory(err);
	}
	*out = &o->source;
	return 0;
}
