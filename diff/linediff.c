/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/linediff.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

/*
 * Most edits that a shortest list is looked for. Work is at most the product with the number of
 * lines, memory the square.
 */
#define MOST_EDITS 256

struct line {
	struct sl_bytes text;
	uint64_t hash;
	bool is_edit;
};

struct text {
	struct line *lines;
	size_t count;
	size_t from, to; /* what is left between the shared beginning and the shared end */
};

static void free_lines(struct text *t)
{
	free(t->lines);
}

static uint64_t hash(const char *bytes, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)bytes[i]) * 0x100000001b3u;
	return h;
}

static size_t line_length(struct sl_bytes rest)
{
	const char *end = memchr(rest.data, '\n', rest.len);

	return end != NULL ? (size_t)(end - rest.data) : rest.len;
}

static size_t count_lines(struct sl_bytes text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	return count + (text.len > 0 && text.data[text.len - 1] != '\n');
}

static int split(struct text *out, struct sl_bytes text)
{
	size_t at = 0;

	out->count = out->to = count_lines(text);
	out->lines = calloc(out->count > 0 ? out->count : 1, sizeof(*out->lines));
	if (out->lines == NULL)
		return -SL_ENOMEM;
	for (size_t i = 0; i < out->count; i++) {
		struct sl_bytes rest = {text.data + at, text.len - at};
		size_t len = line_length(rest);

		out->lines[i].text = (struct sl_bytes){rest.data, len};
		out->lines[i].hash = hash(rest.data, len);
		at += len + 1;
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->text.len == b->text.len &&
	       (a->text.len == 0 || memcmp(a->text.data, b->text.data, a->text.len) == 0);
}

static void trim(struct text *a, struct text *b)
{
	while (a->from < a->to && b->from < b->to && same(&a->lines[a->from], &b->lines[b->from])) {
		a->from++;
		b->from++;
	}
	while (a->to > a->from && b->to > b->from &&
	       same(&a->lines[a->to - 1], &b->lines[b->to - 1])) {
		a->to--;
		b->to--;
	}
}

/*
 * Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy form. Row d of the
 * trace holds, for each diagonal k = x - y in -d..d, how far into a the furthest path of d edits
 * gets: at trace[d * d + d + k], since the rows before it take d * d places.
 */
struct myers {
	const struct text *a, *b;
	int *trace;
	int n, m;
};

static int *place(const struct myers *s, int d, int k)
{
	return &s->trace[d * d + d + k];
}

/* Does the best path of d edits to diagonal k end with a line that came, not one that went? */
static bool is_down(const struct myers *s, int d, int k)
{
	return k == -d || (k != d && *place(s, d - 1, k - 1) < *place(s, d - 1, k + 1));
}

static int start_of(const struct myers *s, int d, int k)
{
	if (d == 0)
		return 0;
	return is_down(s, d, k) ? *place(s, d - 1, k + 1) : *place(s, d - 1, k - 1) + 1;
}

static int follow(const struct myers *s, int x, int k)
{
	int y = x - k;

	while (x < s->n && y < s->m &&
	       same(&s->a->lines[s->a->from + (size_t)x], &s->b->lines[s->b->from + (size_t)y])) {
		x++;
		y++;
	}
	return x;
}

/* The number of edits, or -1 when there are too many. */
static int search(const struct myers *s)
{
	for (int d = 0; d <= MOST_EDITS; d++) {
		for (int k = -d; k <= d; k += 2) {
			int x = follow(s, start_of(s, d, k), k);

			*place(s, d, k) = x;
			if (x == s->n && x - k == s->m)
				return d;
		}
	}
	return -1;
}

static void mark_path(const struct myers *s, int edits)
{
	int k = s->n - s->m;

	for (int d = edits; d > 0; d--) {
		bool down = is_down(s, d, k);
		int x = start_of(s, d, k), y = x - k;

		if (down)
			s->b->lines[s->b->from + (size_t)y - 1].is_edit = true;
		else
			s->a->lines[s->a->from + (size_t)x - 1].is_edit = true;
		k += down ? 1 : -1;
	}
}

static void mark_all(struct text *t)
{
	for (size_t i = t->from; i < t->to; i++)
		t->lines[i].is_edit = true;
}

static int mark_edits(struct text *a, struct text *b)
{
	AUTO_FREE int *trace = NULL;
	struct myers s = {.a = a, .b = b, .n = (int)(a->to - a->from), .m = (int)(b->to - b->from)};
	int edits = -1;

	if (s.n > 0 && s.m > 0) {
		trace = malloc((size_t)(MOST_EDITS + 1) * (MOST_EDITS + 1) * sizeof(*trace));
		if (trace == NULL)
			return -SL_ENOMEM;
		s.trace = trace;
		edits = search(&s);
	}
	if (edits >= 0) {
		mark_path(&s, edits);
	} else {
		mark_all(a);
		mark_all(b);
	}
	return 0;
}

static size_t count_edits(const struct text *t)
{
	size_t count = 0;

	for (size_t i = t->from; i < t->to; i++)
		count += t->lines[i].is_edit;
	return count;
}

static void list(struct sl_line *out, const struct text *a, const struct text *b)
{
	size_t i = a->from, j = b->from;

	while (i < a->to || j < b->to) {
		if (i < a->to && a->lines[i].is_edit) {
			*out++ = (struct sl_line){'-', (uint32_t)i + 1, a->lines[i].text};
			i++;
		} else if (j < b->to && b->lines[j].is_edit) {
			*out++ = (struct sl_line){'+', (uint32_t)j + 1, b->lines[j].text};
			j++;
		} else {
			i++;
			j++;
		}
	}
}

int linediff(struct sl_line **out, size_t *count, struct sl_bytes before, struct sl_bytes after,
	     struct sl_error *err)
{
	CLEANUP(free_lines) struct text a = {0};
	CLEANUP(free_lines) struct text b = {0};

	*out = NULL;
	*count = 0;
	if (before.len > INT32_MAX || after.len > INT32_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "text is too long to be compared by lines");
	if (split(&a, before) < 0 || split(&b, after) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "lines");
	trim(&a, &b);
	if (mark_edits(&a, &b) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "lines");
	*count = count_edits(&a) + count_edits(&b);
	if (*count == 0)
		return 0;
	*out = calloc(*count, sizeof(**out));
	if (*out == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "lines");
	list(*out, &a, &b);
	return 0;
}
