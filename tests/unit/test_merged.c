/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "snapshot/merged.h"
#include "unit/fake_source.h"

#define LAYERS_MAX 4
#define ROWS_MAX 12

/*
 * A layer in one string: "d:PATH" directory, "f:PATH" file, "w:PATH" whiteout, "o:PATH" opaque
 * directory, "m:PATH" metacopy file, separated by blanks; "d:PATH>TO" and "m:PATH>TO" are
 * redirected. The view in the same way, each entry with "@LAYER" behind it.
 */
struct row {
	const char *title;
	const char *layers[LAYERS_MAX]; /* top first */
	const char *view;
	const char *gap; /* why, or NULL */
};

static const struct row rows[] = {
	{"one layer is itself", {"d: d:a f:a/x"}, "d:@0 d:a@0 f:a/x@0"},
	{"no layers at all", {NULL}, ""},
	{"the topmost object wins", {"d: f:x", "d: f:x f:y"}, "d:@0 f:x@0 f:y@1"},
	{"directories merge", {"d: d:a f:a/x", "d: d:a f:a/y"}, "d:@0 d:a@0 f:a/x@0 f:a/y@1"},
	{"a whiteout hides a file", {"d: w:x", "d: f:x f:y"}, "d:@0 f:y@1"},
	{"a whiteout hides a directory with everything in it",
	 {"d: w:a", "d: d:a f:a/x", "d: d:a f:a/y f:b"},
	 "d:@0 f:b@2"},
	{"an opaque directory hides what is beneath it below",
	 {"d: o:a f:a/new", "d: d:a f:a/x", "d: d:a f:a/y"},
	 "d:@0 d:a@0 f:a/new@0"},
	{"an opaque directory in the middle cuts there",
	 {"d: d:a f:a/0", "d: o:a f:a/1", "d: d:a f:a/2"},
	 "d:@0 d:a@0 f:a/0@0 f:a/1@1"},
	{"a file over a directory hides it", {"d: f:a", "d: d:a f:a/x f:b"}, "d:@0 f:a@0 f:b@1"},
	{"a directory over a file shows only itself",
	 {"d: d:a f:a/n", "d: f:a", "d: d:a f:a/old"},
	 "d:@0 d:a@0 f:a/n@0"},
	{"a directory over a whiteout does not merge further down",
	 {"d: d:a f:a/n", "d: w:a", "d: d:a f:a/old"},
	 "d:@0 d:a@0 f:a/n@0"},
	{"whiteouts inside merged directories",
	 {"d: d:a w:a/x", "d: d:a f:a/x f:a/y", "d: d:a f:a/x f:a/z"},
	 "d:@0 d:a@0 f:a/y@1 f:a/z@2"},
	{"a name deleted and made again below counts once",
	 {"d: f:x", "d: w:x", "d: f:x"},
	 "d:@0 f:x@0"},
	{"siblings that sort between a directory and its children",
	 {"d: w:a f:a-b", "d: d:a f:a/x f:a-b f:a.c"},
	 "d:@0 f:a-b@0 f:a.c@1"},
	{"the roots merge whatever they are marked as", {"o: f:x", "d: f:y"}, "d:@0 f:x@0 f:y@1"},
	{"a metacopy file has the data of the layer below",
	 {"d: m:x", "d: m:x", "d: f:x"},
	 "d:@0 f:x@0"},
	{"a metacopy file without data below is a gap",
	 {"d: m:x", "d: w:x", "d: f:x"},
	 "d:@0 m:x@0",
	 "data of a metacopy file was not found in the layers below"},
	{"a redirect that leads nowhere is a gap, and never the same path",
	 {"d: d:a>/elsewhere f:a/n", "d: d:a f:a/x"},
	 "d:@0 d:a@0 f:a/n@0",
	 "overlay redirect leads to no directory"},
	{"a renamed directory shows what is below under its old name",
	 {"d: w:a d:b>a f:b/n", "d: d:a f:a/x f:c"},
	 "d:@0 d:b@0 f:b/n@0 f:b/x@1 f:c@1"},
	{"what sorts before and after it is still shown once",
	 {"d: d:m>z f:m/n w:z", "d: f:a f:m-b f:n d:z f:z/x"},
	 "d:@0 f:a@1 d:m@0 f:m/n@0 f:m/x@1 f:m-b@1 f:n@1"},
	{"and the directory that took the old name is another one",
	 {"d: o:a f:a/new d:b>a", "d: d:a f:a/x"},
	 "d:@0 d:a@0 f:a/new@0 d:b@0 f:b/x@1"},
	{"two directories that changed places",
	 {"d: d:a>b d:b>a", "d: d:a f:a/1 d:b f:b/2"},
	 "d:@0 d:a@0 f:a/2@1 d:b@0 f:b/1@1"},
	{"a redirect of the middle layer does not touch what is above",
	 {"d: d:b f:b/0", "d: w:a d:b>a f:b/1", "d: d:a f:a/2 d:b f:b/hidden"},
	 "d:@0 d:b@0 f:b/0@0 f:b/1@1 f:b/2@2"},
	{"renamed in every layer",
	 {"d: w:b d:c>b f:c/0", "d: w:a d:b>a f:b/1", "d: d:a f:a/2"},
	 "d:@0 d:c@0 f:c/0@0 f:c/1@1 f:c/2@2"},
	{"moved, and deleted there by a layer in between",
	 {"d: d:p d:p/q>/a/b", "d: d:a w:a/b d:p", "d: d:a d:a/b f:a/b/x"},
	 "d:@0 d:a@1 d:p@0 d:p/q@0",
	 "overlay redirect leads to no directory"},
	{"an absolute redirect shows through an opaque directory around it",
	 {"d: o:p d:p/q>/a", "d: d:a f:a/x d:p f:p/hidden"},
	 "d:@0 d:a@1 f:a/x@1 d:p@0 d:p/q@0 f:p/q/x@1"},
	{"and so it does where that opaque directory is on the way",
	 {"d: d:b>/p/q", "d: o:p d:p/q>/a", "d: d:a f:a/x"},
	 "d:@0 d:a@2 f:a/x@2 d:b@0 f:b/x@2 d:p@1 d:p/q@1 f:p/q/x@2"},
	{"a renamed directory inside a renamed directory",
	 {"d: d:n>a w:n/b d:n/m>b", "d: d:a d:a/b f:a/b/y f:a/x"},
	 "d:@0 d:a@1 d:a/b@1 f:a/b/y@1 f:a/x@1 d:n@0 d:n/m@0 f:n/m/y@1 f:n/x@1"},
	{"a way that passes a directory renamed further down",
	 {"d: d:p>/a/b", "d: d:a>/z", "d: d:a d:a/b f:a/b/wrong d:z d:z/b f:z/b/x"},
	 "d:@0 d:a@1 d:a/b@2 f:a/b/x@2 d:p@0 f:p/x@2 d:z@2 d:z/b@2 f:z/b/x@2"},
	{"deletions inside a renamed directory",
	 {"d: w:a d:b>a w:b/x", "d: d:a f:a/x f:a/y"},
	 "d:@0 d:b@0 f:b/y@1"},
	{"a layer that lacks the old name is passed over",
	 {"d: d:b>a", "d: d:b f:b/wrong", "d: d:a f:a/x"},
	 "d:@0 d:a@2 f:a/x@2 d:b@0 f:b/x@2"},
	{"a layer that deletes the old name ends it",
	 {"d: d:b>a", "d: w:a", "d: d:a f:a/x"},
	 "d:@0 d:b@0",
	 "overlay redirect leads to no directory"},
	{"a redirect to a file is a gap",
	 {"d: d:b>a", "d: f:a"},
	 "d:@0 f:a@1 d:b@0",
	 "overlay redirect leads to no directory"},
	{"a redirect that climbs is a gap",
	 {"d: d:b>/../a", "d: d:a f:a/x"},
	 "d:@0 d:a@1 f:a/x@1 d:b@0",
	 "overlay redirect is malformed"},
	{"a redirect with a slash in it is a gap",
	 {"d: d:b>c/a", "d: d:c d:c/a f:c/a/x"},
	 "d:@0 d:b@0 d:c@1 d:c/a@1 f:c/a/x@1",
	 "overlay redirect is malformed"},
	{"a redirect to itself goes one layer down and ends there",
	 {"d: d:b>/b", "d: d:b>/b", "d: d:b f:b/x"},
	 "d:@0 d:b@0 f:b/x@2"},
	{"a renamed metacopy file has its data under the old name",
	 {"d: w:x m:y>x", "d: f:x"},
	 "d:@0 f:y@0"},
	{"renamed over and over",
	 {"d: m:z>/y", "d: m:y>x", "d: m:x", "d: f:x"},
	 "d:@0 f:x@2 f:y@1 f:z@0"},
	{"a metacopy file and a directory of its name below",
	 {"d: m:x", "d: d:x f:x/y"},
	 "d:@0 m:x@0",
	 "data of a metacopy file was not found in the layers below"},
	{"metacopy all the way down is a gap",
	 {"d: m:x", "d: m:x"},
	 "d:@0 m:x@0",
	 "data of a metacopy file was not found in the layers below"},
};

static size_t parse(struct fake_row *out, char *text)
{
	size_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word != NULL; /* NOLINT */
	     word = strtok_r(NULL, " ", &rest)) {
		struct sl_entry *e = &out[count].entry;
		char kind = word[0], *to = strchr(word, '>');

		assert_true(count < ROWS_MAX);
		out[count] = (struct fake_row){0};
		if (to != NULL) {
			*to++ = '\0';
			e->redirect = (struct sl_bytes){to, strlen(to)};
		}
		e->path = (struct sl_bytes){word + 2, strlen(word + 2)};
		e->mode = kind == 'w' ? 0 : strchr("do", kind) ? S_IFDIR | 0755 : S_IFREG | 0644;
		e->flags = kind == 'w'   ? SL_ENTRY_WHITEOUT
			   : kind == 'o' ? SL_ENTRY_OPAQUE
			   : kind == 'm' ? SL_ENTRY_METACOPY
					 : 0;
		if (kind == 'f')
			out[count].content = word;
		count++;
	}
	return count;
}

/* A row's view, ready to be walked; the rows and texts must outlive it. */
struct opened {
	struct sl_source *src;
	char *text[LAYERS_MAX];
	struct fake_row fake[LAYERS_MAX][ROWS_MAX];
};

static void open_row(struct opened *o, const struct row *row)
{
	struct sl_source *layers[LAYERS_MAX];
	size_t count = 0;

	*o = (struct opened){0};
	for (; count < LAYERS_MAX && row->layers[count] != NULL; count++) {
		o->text[count] = strdup(row->layers[count]);
		layers[count] =
			fake_source(o->fake[count], parse(o->fake[count], o->text[count]), false);
	}
	assert_int_equal(merged_open(&o->src, layers, count, NULL), 0);
}

static void close_row(struct opened *o)
{
	sl_source_close(o->src);
	for (size_t i = 0; i < LAYERS_MAX; i++)
		free(o->text[i]);
}

static void show(struct buf *out, const struct sl_entry *e)
{
	char kind = S_ISDIR(e->mode) ? 'd' : (e->flags & SL_ENTRY_METACOPY) != 0 ? 'm' : 'f';

	assert_int_equal(e->flags & (SL_ENTRY_WHITEOUT | SL_ENTRY_OPAQUE), 0);
	(void)buf_printf(out, "%s%c:%s@%u", out->len > 0 ? " " : "", kind, e->path.data, e->layer);
}

static void each_row_shows_its_view(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf got = BUF_INIT(4096);
		const struct sl_gap *gap;
		const struct sl_entry *e;
		struct opened o;
		int rc;

		open_row(&o, &rows[i]);
		(void)buf_append(&got, "", 0);
		while ((rc = sl_source_next(o.src, &e, NULL)) == 0)
			show(&got, e);
		assert_int_equal(rc, 1);
		if (strcmp(got.data, rows[i].view) != 0)
			fail_msg("%s: got '%s'", rows[i].title, got.data);
		gap = sl_source_gap(o.src);
		if ((gap == NULL) != (rows[i].gap == NULL))
			fail_msg("%s: gap", rows[i].title);
		if (gap != NULL)
			assert_string_equal(gap->why, rows[i].gap);
		close_row(&o);
		buf_clear(&got);
	}
}

/* From every entry of the view, forward and backward, the same rest of the view follows. */
static void seeking_shows_nothing_hidden(void **state)
{
	static const char *const targets[] = {"",      "a",     "a/old", "a/x", "a/zzz",
					      "a\x01", "b",     "b/1",   "b/x", "b\x01",
					      "m/x",   "n/m/y", "p/q/x", "p/x", "x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct opened o;

		open_row(&o, &rows[i]);
		for (size_t n = 0; n < 5 * ARRAY_SIZE(targets); n++) {
			const char *target = targets[n * 7 % ARRAY_SIZE(targets)];
			struct sl_bytes path = {target, strlen(target)};
			struct buf got = BUF_INIT(4096);
			const struct sl_entry *e;
			const char *tail;

			assert_int_equal(sl_source_seek(o.src, path, NULL), 0);
			(void)buf_append(&got, "", 0);
			while (sl_source_next(o.src, &e, NULL) == 0) {
				assert_true(sl_path_compare(e->path, path) >= 0);
				show(&got, e);
			}
			/* what comes is the end of the whole view, and what is missing came before
			 */
			assert_true(strlen(rows[i].view) >= got.len);
			tail = rows[i].view + strlen(rows[i].view) - got.len;
			if (strcmp(tail, got.data) != 0)
				fail_msg("%s: after '%s' got '%s'", rows[i].title, target,
					 got.data);
			if (path.len == 0)
				assert_int_equal(got.len, strlen(rows[i].view));
			buf_clear(&got);
		}
		close_row(&o);
	}
}

static void content_comes_from_the_layer_that_has_it(void **state)
{
	static const struct row row = {"", {"d: m:x", "d: f:x f:y"}, ""};
	struct sl_content *c;
	const struct sl_entry *e;
	struct opened o;

	(void)state;
	open_row(&o, &row);
	assert_int_equal(sl_source_next(o.src, &e, NULL), 0);
	assert_int_equal(sl_source_next(o.src, &e, NULL), 0);
	assert_int_equal(sl_source_open(o.src, &c, NULL), 0);
	sl_content_close(c);
	assert_int_equal(sl_source_next(o.src, &e, NULL), 0);
	assert_int_equal(sl_source_open(o.src, &c, NULL), 0);
	sl_content_close(c);
	close_row(&o);
	open_row(&o, &rows[16]);
	assert_int_equal(sl_source_seek(o.src, PATH("x"), NULL), 0);
	assert_int_equal(sl_source_next(o.src, &e, NULL), 0);
	assert_int_equal(sl_source_open(o.src, &c, NULL), -SL_EFORMAT);
	close_row(&o);
}

static void gaps_of_the_layers_come_through(void **state)
{
	static const struct fake_row top[] = {{.entry = {.path = PATH(""), .mode = S_IFDIR}},
					      {.entry = {.path = PATH("a")}, .gap = "unreadable"}};
	struct sl_source *layers[] = {fake_source(top, 2, false)};
	const struct sl_gap *gap;
	const struct sl_entry *e;
	struct sl_source *src;

	(void)state;
	assert_int_equal(merged_open(&src, layers, 1, NULL), 0);
	while (sl_source_next(src, &e, NULL) == 0)
		;
	gap = sl_source_gap(src);
	assert_non_null(gap);
	assert_string_equal(gap->why, "unreadable");
	assert_null(sl_source_gap(src));
	sl_source_close(src);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_shows_its_view),
		cmocka_unit_test(seeking_shows_nothing_hidden),
		cmocka_unit_test(content_comes_from_the_layer_that_has_it),
		cmocka_unit_test(gaps_of_the_layers_come_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
