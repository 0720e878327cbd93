/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random tars on random layers against a model that knows no database, no cache and no shortcut:
 * rows are a list of strings, and every question is answered by looking through all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "unit/baseline_kit.h"

#define LAYERS 3
#define ROWS 512
#define TEXT 256

struct mrow {
	char path[TEXT];
	char kind; /* as in the kit; 'w' is a whiteout */
	char arg[TEXT];
	bool hides, implied, unresolved, ambiguous;
};

struct mlayer {
	struct mrow rows[ROWS];
	size_t count;
};

struct model {
	struct mlayer layers[LAYERS];
	size_t top;  /* the layer being applied */
	bool strays; /* the last resolve() went through a link of a lower layer */
};

static struct mrow *row_in(struct mlayer *l, const char *path)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->rows[i].path, path) == 0)
			return &l->rows[i];
	return NULL;
}

static struct mrow *row_made(struct mlayer *l, const char *path)
{
	struct mrow *r = row_in(l, path);

	if (r == NULL) {
		assert_true(l->count < ROWS);
		r = &l->rows[l->count++];
		memset(r, 0, sizeof(*r));
		(void)snprintf(r->path, TEXT, "%s", path);
	}
	return r;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return len == 0 ? path[0] != '\0' : strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* What the tree shows at a path: the topmost row, unless something on the way to it is hidden. */
static struct mrow *shown(struct model *m, const char *path)
{
	for (size_t i = m->top + 1; i-- > 0;) {
		struct mlayer *l = &m->layers[i];
		struct mrow *r = row_in(l, path);

		if (r != NULL)
			return r->kind == 'w' ? NULL : r;
		for (size_t k = 0; k < l->count; k++)
			if (is_below(path, l->rows[k].path) &&
			    (l->rows[k].kind != 'd' || l->rows[k].hides))
				return NULL;
	}
	return NULL;
}

static void join(char *path, const char *part)
{
	size_t len = strlen(path);

	(void)snprintf(path + len, TEXT - len, "%s%s", len > 0 ? "/" : "", part);
}

static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash != NULL ? slash : path) = '\0';
}

/* Follow links; -1 where the store must refuse. */
static int resolve(struct model *m, const char *dir, char out[TEXT])
{
	char todo[16 * TEXT], rest[16 * TEXT];
	int links = 0;

	(void)snprintf(todo, sizeof(todo), "%s", dir);
	out[0] = '\0';
	m->strays = false;
	while (todo[0] != '\0') {
		char part[TEXT] = "", cand[TEXT];
		size_t n = strcspn(todo, "/");
		struct mrow *r;

		memcpy(part, todo, n);
		memmove(todo, todo + n + (todo[n] == '/'), strlen(todo + n + (todo[n] == '/')) + 1);
		if (n == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			cut_last(out);
			continue;
		}
		(void)snprintf(cand, TEXT, "%s", out);
		join(cand, part);
		r = shown(m, cand);
		if (r != NULL && r->kind == 'l') {
			if (++links > 40)
				return -1;
			m->strays = m->strays || r != row_in(&m->layers[m->top], cand);
			(void)snprintf(rest, sizeof(rest), "%s", todo);
			(void)snprintf(todo, sizeof(todo), "%s/%.2000s", r->arg, rest);
			if (r->arg[0] == '/')
				out[0] = '\0';
			continue;
		}
		if (r != NULL && r->kind != 'd' && r == row_in(&m->layers[m->top], cand))
			return -1;
		(void)snprintf(out, TEXT, "%s", cand);
	}
	return 0;
}

static void make_dirs(struct model *m, const char *dir)
{
	char up[TEXT];
	struct mrow *r;

	if (dir[0] == '\0')
		return;
	(void)snprintf(up, TEXT, "%s", dir);
	cut_last(up);
	make_dirs(m, up); /* only as deep as the names of this test */
	r = row_made(&m->layers[m->top], dir);
	if (r->kind == 'd')
		return;
	r->kind = 'd';
	r->implied = true;
	r->ambiguous = false;
}

static void remove_below(struct mlayer *l, const char *dir)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++)
		if (!is_below(l->rows[i].path, dir))
			l->rows[kept++] = l->rows[i];
	l->count = kept;
}

static void place(struct model *m, const char *path, struct mrow object)
{
	struct mlayer *l = &m->layers[m->top];
	struct mrow *old = row_in(l, path);

	if (old != NULL) {
		object.hides = old->hides;
		object.ambiguous =
			object.ambiguous || old->kind == 'w' || (old->hides && old->ambiguous);
		if (old->kind == 'd' && object.kind != 'd')
			remove_below(l, path);
	}
	(void)snprintf(object.path, TEXT, "%s", path);
	*row_made(l, path) = object;
}

static int place_link(struct model *m, const char *path, const char *arg)
{
	char dir[TEXT], target[TEXT];
	struct mrow object = {.kind = 'f', .unresolved = true};
	struct mrow *found;

	(void)snprintf(dir, TEXT, "%s", arg);
	cut_last(dir);
	if (resolve(m, dir, target) < 0)
		return -1;
	join(target, strrchr(arg, '/') != NULL ? strrchr(arg, '/') + 1 : arg);
	found = shown(m, target);
	if (found != NULL) {
		if (found->kind == 'd')
			return -1;
		if (strcmp(target, path) == 0)
			return 0;
		object = *found;
		object.hides = object.implied = false;
		object.ambiguous = object.kind == 'c' && strcmp(object.arg, "0:0") == 0;
	}
	place(m, path, object);
	return 0;
}

static int model_item(struct model *m, char kind, const char *raw, const char *arg)
{
	char dir[TEXT], path[TEXT];
	const char *name = strrchr(raw, '/') != NULL ? strrchr(raw, '/') + 1 : raw;
	struct mrow *r;
	bool strays;

	(void)snprintf(dir, TEXT, "%s", raw);
	cut_last(dir);
	if (resolve(m, dir, path) < 0)
		return -1;
	strays = m->strays;
	make_dirs(m, path);
	if (strcmp(name, ".wh..wh..opq") == 0) {
		r = row_made(&m->layers[m->top], path);
		r->hides = true;
		r->ambiguous = r->ambiguous || strays || path[0] == '\0';
		return 0;
	}
	if (strncmp(name, ".wh.", 4) == 0) {
		join(path, name + 4);
		r = row_made(&m->layers[m->top], path);
		r->hides = true;
		if (r->kind == 0)
			r->kind = 'w';
		else if (r->kind != 'w')
			r->ambiguous = true;
		r->ambiguous = r->ambiguous || strays;
		return 0;
	}
	join(path, name);
	if (kind == 'h')
		return place_link(m, path, arg);

	struct mrow object = {.kind = kind};

	(void)snprintf(object.arg, TEXT, "%s", kind == 'd' ? "" : arg);
	object.ambiguous = strays || (kind == 'c' && strcmp(arg, "0:0") == 0);
	place(m, path, object);
	return 0;
}

/* ---- the same notation as kit_dump() ---- */

static int by_path(const void *a, const void *b)
{
	const char *p = ((const struct mrow *)a)->path, *q = ((const struct mrow *)b)->path;

	return sl_path_compare((struct sl_bytes){p, strlen(p)}, (struct sl_bytes){q, strlen(q)});
}

static void model_dump(struct buf *out, struct mlayer *l)
{
	buf_reset(out);
	(void)buf_append_str(out, "");
	qsort(l->rows, l->count, sizeof(l->rows[0]), by_path);
	for (size_t i = 0; i < l->count; i++) {
		const struct mrow *r = &l->rows[i];

		if (r->path[0] == '\0' && !r->hides)
			continue;
		(void)buf_printf(out, "%s%c %s", out->len > 0 ? "; " : "", r->kind, r->path);
		if (r->kind == 'l')
			(void)buf_printf(out, "->%s", r->arg);
		else if (r->kind == 'c' || (r->kind == 'f' && !r->unresolved))
			(void)buf_printf(out, "=%s", r->arg);
		(void)buf_printf(out, "%s%s%s%s", r->implied ? "*" : "",
				 r->kind == 'd' && r->hides ? "!" : "", r->unresolved ? "?" : "",
				 r->ambiguous ? "~" : "");
	}
}

/* ---- random tars ---- */

static uint32_t state;

static uint32_t roll(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static void random_path(char out[TEXT], const char *last_prefix)
{
	static const char *const names[] = {"a", "b", "a-b", "c"};
	uint32_t depth = 1 + roll(3);

	out[0] = '\0';
	for (uint32_t i = 0; i + 1 < depth; i++)
		join(out, names[roll(4)]);
	(void)snprintf(out + strlen(out), 32, "%s%s%s", out[0] != '\0' ? "/" : "", last_prefix,
		       names[roll(4)]);
}

static void random_item(char *kind, char path[TEXT], char arg[TEXT])
{
	static const char *const targets[] = {"a",       "b/c", "/b", "../a", "/c/a",
					      "../../b", "c",   "/",  "a-b"};
	uint32_t what = roll(16);

	arg[0] = '\0';
	random_path(path, what >= 13 && what < 15 ? ".wh." : "");
	*kind = what < 4 ? 'd' : what < 7 ? 'f' : what < 9 ? 'l' : what < 11 ? 'h' : 'c';
	if (*kind == 'f')
		(void)snprintf(arg, TEXT, "%u", roll(10));
	else if (*kind == 'l')
		(void)snprintf(arg, TEXT, "%s", targets[roll(ARRAY_SIZE(targets))]);
	else if (*kind == 'h')
		random_path(arg, "");
	else if (*kind == 'c')
		(void)snprintf(arg, TEXT, "%u:%u", roll(2), roll(2));
	if (what == 15) {
		cut_last(path);
		join(path, ".wh..wh..opq");
	}
}

static int random_layer(struct model *m, struct buf *line)
{
	uint32_t items = roll(10);
	int rc = 0;

	m->layers[m->top].count = 0;
	row_made(&m->layers[m->top], "")->kind = 'd';
	row_made(&m->layers[m->top], "")->implied = true;
	buf_reset(line);
	(void)buf_append_str(line, "");
	for (uint32_t i = 0; i < items; i++) {
		char kind, path[TEXT], arg[TEXT];

		random_item(&kind, path, arg);
		(void)buf_printf(line, "; %c %s %s", kind, path, arg);
		if (rc == 0)
			rc = model_item(m, kind, path, arg);
	}
	return rc;
}

static void compare(struct model *m, const char *const lines[LAYERS], int expected)
{
	CLEANUP(buf_clear) struct buf found = BUF_INIT(1 << 20), wanted = BUF_INIT(1 << 20);
	struct sl_error err = SL_ERROR_INIT;
	struct sl_baselines *b = NULL;
	int rc;

	assert_int_equal(sl_baselines_open(&b, NULL, NULL), 0);
	rc = kit_store(b, "image", lines, m->top + 1, NULL, &err);
	if (rc != expected)
		fail_msg("%d instead of %d (%s) for\n  %s\n  %s\n  %s", rc, expected,
			 sl_error_text(&err), lines[0], lines[1], lines[2]);
	if (rc == 0) {
		struct sl_source *src = NULL;
		uint8_t chain[SL_SHA256_SIZE];

		kit_chain(chain, lines, m->top + 1);
		assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
		kit_dump(&found, src);
		sl_source_close(src);
		model_dump(&wanted, &m->layers[m->top]);
		if (strcmp(found.data, wanted.data) != 0)
			fail_msg("layers\n  %s\n  %s\n  %s\nfound  %s\nwanted %s", lines[0],
				 lines[1], lines[2], found.data, wanted.data);
	}
	sl_error_clear(&err);
	sl_baselines_close(b);
}

static void the_store_agrees_with_the_model(void **unused)
{
	const char *given = getenv("STRANDLINE_SEED");
	uint32_t seed = given != NULL ? (uint32_t)strtoul(given, NULL, 10) : 20240229;
	struct model *m = calloc(1, sizeof(*m));
	struct buf lines[LAYERS] = {BUF_INIT(1 << 20), BUF_INIT(1 << 20), BUF_INIT(1 << 20)};
	size_t refused = 0, rounds = 1500;

	(void)unused;
	assert_non_null(m);
	print_message("seed %u\n", seed);
	for (size_t i = 0; i < rounds; i++) {
		const char *texts[LAYERS] = {"", "", ""};
		int rc = 0;

		state = seed + (uint32_t)i * 7919;
		for (m->top = 0; m->top < LAYERS; m->top++) {
			rc = random_layer(m, &lines[m->top]);
			texts[m->top] = lines[m->top].data;
			compare(m, texts, rc < 0 ? -SL_EFORMAT : 0);
			if (rc < 0)
				break;
		}
		refused += rc < 0;
	}
	/* both outcomes must have been tried */
	assert_true(refused > rounds / 20 && refused < rounds - rounds / 20);
	for (size_t i = 0; i < LAYERS; i++)
		buf_clear(&lines[i]);
	free(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_store_agrees_with_the_model)};

	return cmocka_run_group_tests_name("random tars", tests, NULL, NULL);
}
