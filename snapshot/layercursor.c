/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/layercursor.h"

#include <stdlib.h>
#include <string.h>

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "merged view");
}

static const struct layermove *current(const struct layercursor *c)
{
	return c->depth > 0 ? &c->moves[c->depth - 1] : NULL;
}

/* @path without @from, behind @to. */
static int rebase(struct buf *out, const char *to, size_t to_len, struct sl_bytes path, size_t from)
{
	buf_reset(out);
	(void)buf_append(out, to, to_len);
	return buf_append(out, path.data + from, path.len - from);
}

int layercursor_own(const struct layercursor *c, struct sl_bytes view, struct buf *out,
		    struct sl_error *err)
{
	const struct layermove *m = current(c);
	int rc;

	if (m == NULL)
		rc = rebase(out, "", 0, view, 0);
	else if (m->base == NULL)
		return 1;
	else
		rc = rebase(out, m->base, m->base_len, view, m->view_len);
	return rc < 0 ? fail_memory(err) : 0;
}

/* Where the head appears in the view. */
static int show(struct layercursor *c, struct sl_error *err)
{
	const struct layermove *m = current(c);

	c->at = (struct sl_bytes){NULL, 0};
	if (c->head == NULL)
		return 0;
	if (m == NULL) {
		c->at = c->head->path;
		return 0;
	}
	if (!sl_path_within(c->head->path, (struct sl_bytes){m->base, m->base_len}))
		return 0;
	if (rebase(&c->shown, m->view, m->view_len, c->head->path, m->base_len) < 0)
		return fail_memory(err);
	c->at = (struct sl_bytes){c->shown.data, c->shown.len};
	return 0;
}

/* The directory itself, of which the children are to be shown. */
static bool is_base(const struct layercursor *c)
{
	const struct layermove *m = current(c);

	return m != NULL && c->head->path.len == m->base_len &&
	       memcmp(c->head->path.data, m->base, m->base_len) == 0;
}

/* '/' sorts as 0x00, so 0x01 comes after everything beneath. */
static int seek_own_past(struct layercursor *c, struct sl_error *err)
{
	if (buf_append_char(&c->probe, '\x01') < 0)
		return fail_memory(err);
	return sl_source_seek(c->src, (struct sl_bytes){c->probe.data, c->probe.len}, err);
}

int layercursor_load(struct layercursor *c, struct sl_error *err)
{
	int rc = 0;

	if (!c->used)
		return 0;
	if (current(c) != NULL && current(c)->base == NULL) {
		c->head = NULL;
		c->used = c->skip = false;
		return show(c, err);
	}
	if (c->skip) {
		rc = rebase(&c->probe, "", 0, c->head->path, 0) < 0 ? fail_memory(err)
								    : seek_own_past(c, err);
	}
	do
		rc = rc < 0 ? rc : sl_source_next(c->src, &c->head, err);
	while (rc == 0 && is_base(c));
	if (rc < 0)
		return rc;
	if (rc == 1)
		c->head = NULL;
	c->used = c->skip = false;
	return show(c, err);
}

bool layercursor_stands_at(const struct layercursor *c, struct sl_bytes view)
{
	return c->at.data != NULL && c->at.len == view.len &&
	       memcmp(c->at.data, view.data, view.len) == 0;
}

/* The cursor is where the view needs it, and its next head is to be fetched. */
static void settle(struct layercursor *c)
{
	c->used = true;
	c->skip = c->astray = false;
}

int layercursor_seek(struct layercursor *c, struct sl_bytes view, struct sl_error *err)
{
	int rc = layercursor_own(c, view, &c->probe, err);

	settle(c);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return sl_source_seek(c->src, (struct sl_bytes){c->probe.data, c->probe.len}, err);
}

int layercursor_seek_past(struct layercursor *c, struct sl_bytes view, struct sl_error *err)
{
	int rc = layercursor_own(c, view, &c->probe, err);

	settle(c);
	return rc == 0 ? seek_own_past(c, err) : rc < 0 ? rc : 0;
}

int layercursor_find(struct layercursor *c, struct sl_bytes own, const struct sl_entry **out,
		     struct sl_error *err)
{
	int rc = sl_source_seek(c->src, own, err);

	c->astray = true;
	/* what the head borrowed has ended */
	c->head = NULL;
	c->at = (struct sl_bytes){NULL, 0};
	if (rc == 0)
		rc = sl_source_next(c->src, out, err);
	if (rc == 1 || (rc == 0 && sl_path_compare((*out)->path, own) != 0))
		*out = NULL;
	return rc < 0 ? rc : 0;
}

static char *copy(struct sl_bytes bytes)
{
	char *out = malloc(bytes.len + 1);

	if (out == NULL)
		return NULL;
	memcpy(out, bytes.data, bytes.len);
	out[bytes.len] = '\0';
	return out;
}

int layercursor_move(struct layercursor *c, size_t frame, struct sl_bytes view,
		     const struct sl_bytes *base, struct sl_error *err)
{
	struct layermove m = {.frame = frame, .view_len = view.len};

	if (c->depth == c->room) {
		size_t room = c->room == 0 ? 4 : c->room * 2;
		struct layermove *moves = realloc(c->moves, room * sizeof(*moves));

		if (moves == NULL)
			return fail_memory(err);
		c->moves = moves;
		c->room = room;
	}
	m.view = copy(view);
	if (base != NULL) {
		m.base = copy(*base);
		m.base_len = base->len;
	}
	if (m.view == NULL || (base != NULL && m.base == NULL)) {
		free(m.view);
		free(m.base);
		return fail_memory(err);
	}
	c->moves[c->depth++] = m;
	return layercursor_seek(c, view, err);
}

void layercursor_return(struct layercursor *c)
{
	struct layermove *m = &c->moves[--c->depth];

	free(m->view);
	free(m->base);
	c->astray = true;
}

void layercursor_clear(struct layercursor *c)
{
	while (c->depth > 0)
		layercursor_return(c);
	free(c->moves);
	sl_source_close(c->src);
	buf_clear(&c->shown);
	buf_clear(&c->probe);
}
