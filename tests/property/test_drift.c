/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random trees, random edits: the comparison reports exactly the edits, nothing for a tree with
 * itself, the mirror image when the sides are swapped, and the same bytes with any number of jobs.
 */
#include "unit/drift_case.h"

#include <inttypes.h>
#include <sys/resource.h>

#define TREE 400
#define NAME 64

/* A tree in canonical order; strings live in the arrays beside. */
struct tree {
	struct fake_row rows[TREE];
	char names[TREE][NAME];
	char contents[TREE][12];
	size_t count;
};

struct random {
	uint64_t state;
};

static unsigned int draw(struct random *r, unsigned int below)
{
	r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned int)(r->state >> 33) % below;
}

static int by_path(const void *a, const void *b)
{
	const struct fake_row *x = a, *y = b;

	return sl_path_compare(x->entry.path, y->entry.path);
}

static void add(struct tree *t, const char *dir, const char *name, struct random *r)
{
	size_t n = t->count++;
	struct fake_row *row = &t->rows[n];

	(void)snprintf(t->names[n], NAME, "%s%s%s", dir, dir[0] != '\0' ? "/" : "", name);
	(void)snprintf(t->contents[n], sizeof(t->contents[n]), "c%u", draw(r, 1000));
	*row = (struct fake_row){0};
	row->entry.path = (struct sl_bytes){t->names[n], strlen(t->names[n])};
	row->entry.fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS;
	row->entry.mtime = (struct sl_time){100, 1};
	switch (draw(r, 5)) {
	case 0:
	case 1:
		row->entry.mode = S_IFDIR | 0755;
		break;
	case 2:
		row->entry.mode = S_IFLNK | 0777;
		row->entry.target = (struct sl_bytes){t->contents[n], strlen(t->contents[n])};
		break;
	default:
		row->entry.mode = S_IFREG | 0644;
		row->entry.size = strlen(t->contents[n]);
		row->content = t->contents[n];
	}
}

static bool has(const struct tree *t, const char *dir, const char *name)
{
	char path[NAME];

	(void)snprintf(path, sizeof(path), "%s%s%s", dir, dir[0] != '\0' ? "/" : "", name);
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->names[i], path) == 0)
			return true;
	return false;
}

static void grow(struct tree *t, struct random *r)
{
	static const char *const names[] = {"a", "a-", "a.b", "b", "c", "z", "\xc3\xa9", "A"};
	size_t want = 1 + draw(r, 60);

	t->count = 0;
	for (unsigned int tries = 0; t->count < want && tries < 2000; tries++) {
		const char *name = names[draw(r, ARRAY_SIZE(names))];
		const char *dir = "";

		if (t->count > 0 && draw(r, 4) > 0) {
			size_t parent = draw(r, (unsigned int)t->count);

			if (!S_ISDIR(t->rows[parent].entry.mode) ||
			    strlen(t->names[parent]) > NAME - 8)
				continue;
			dir = t->names[parent];
		}
		if (!has(t, dir, name))
			add(t, dir, name, r);
	}
	qsort(t->rows, t->count, sizeof(t->rows[0]), by_path);
}

/* ---- the expected answer, worked out without walking: every path looked up on the other side ----
 */

static const struct fake_row *find(const struct tree *t, struct sl_bytes path)
{
	for (size_t i = 0; i < t->count; i++)
		if (sl_path_compare(t->rows[i].entry.path, path) == 0)
			return &t->rows[i];
	return NULL;
}

static const char *expected_word(const struct fake_row *b, const struct fake_row *a)
{
	if (b == NULL)
		return "added";
	if (a == NULL)
		return "deleted";
	if (((a->entry.mode ^ b->entry.mode) & S_IFMT) != 0)
		return "type";
	if (S_ISREG(a->entry.mode) && strcmp(a->content, b->content) != 0)
		return "modified";
	if (S_ISLNK(a->entry.mode) && strcmp(a->entry.target.data, b->entry.target.data) != 0)
		return "modified";
	if (a->entry.mode != b->entry.mode || a->entry.uid != b->entry.uid)
		return "metadata";
	if (!S_ISDIR(a->entry.mode) && a->entry.mtime.sec != b->entry.mtime.sec)
		return "metadata";
	return NULL;
}

static void expect_lines(struct buf *out, const struct tree *b, const struct tree *a)
{
	size_t i = 0, j = 0;

	while (i < b->count || j < a->count) {
		const struct fake_row *was = i < b->count ? &b->rows[i] : NULL;
		const struct fake_row *is = j < a->count ? &a->rows[j] : NULL;
		struct sl_bytes path;
		const char *word;

		if (was != NULL && (is == NULL || by_path(was, is) < 0))
			path = was->entry.path;
		else
			path = is->entry.path;
		i += was != NULL && sl_path_compare(was->entry.path, path) == 0;
		j += is != NULL && sl_path_compare(is->entry.path, path) == 0;
		word = expected_word(find(b, path), find(a, path));
		if (word != NULL)
			(void)buf_printf(out, "%s %s\n", word, path.data);
	}
}

/* ---- what the comparison says ---- */

struct listing {
	struct sl_sink sink;
	struct buf lines;
	uint8_t ids[2 * TREE][SL_SHA256_SIZE];
	size_t count;
};

static int list_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct listing *l = container_of(s, struct listing, sink);

	(void)err;
	memcpy(l->ids[l->count++], f->id, SL_SHA256_SIZE);
	return buf_printf(&l->lines, "%s %s\n", sl_change_name(f->change->kind),
			  f->change->path.data);
}

static const struct sl_sink_ops listing_ops = {.finding = list_finding};

static struct listing *compare(struct sl_source *before, struct sl_source *after, unsigned int jobs)
{
	static const struct sl_container web = {.name = (char *)(uintptr_t) "web"};
	static const struct sl_subject subject = {.container = &web};
	struct drift_input input = {.before = before, .after = after, .subject = &subject};
	struct drift_options options = {.jobs = jobs};
	struct listing *l = calloc(1, sizeof(*l));
	struct sl_summary sum;

	assert_non_null(l);
	l->sink.ops = &listing_ops;
	l->lines = BUF_INIT(1 << 20);
	(void)buf_append_str(&l->lines, "");
	assert_int_equal(drift_run(&input, &options, &l->sink, &sum, NULL), 0);
	assert_true(sum.complete);
	sl_source_close(before);
	sl_source_close(after);
	return l;
}

static void free_listing(struct listing *l)
{
	buf_clear(&l->lines);
	free(l);
}

static struct sl_source *whole(const struct tree *t)
{
	return fake_source(t->rows, t->count, false);
}

static void check(const char *what, uint64_t seed, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s, seed %" PRIu64 ":\n--- got\n%s--- want\n%s", what, seed, got, want);
}

/* ---- edits ---- */

static void remove_at(struct tree *t, size_t at)
{
	struct sl_bytes path = t->rows[at].entry.path;
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++)
		if (!sl_path_within(t->rows[i].entry.path, path))
			t->rows[kept++] = t->rows[i];
	t->count = kept;
}

static char other_content[] = "other bytes";

static void edit(struct tree *t, struct random *r)
{
	unsigned int edits = draw(r, 8);

	for (unsigned int i = 0; i < edits && t->count > 0; i++) {
		size_t at = draw(r, (unsigned int)t->count);
		struct fake_row *row = &t->rows[at];

		switch (draw(r, 5)) {
		case 0:
			remove_at(t, at);
			break;
		case 1:
			row->entry.uid = 7;
			break;
		case 2:
			row->entry.mtime.sec = 200;
			break;
		case 3:
			if (S_ISREG(row->entry.mode)) {
				row->content = other_content;
				row->entry.size = strlen(other_content);
			}
			break;
		default:
			if (S_ISDIR(row->entry.mode)) {
				struct sl_bytes path = row->entry.path;

				remove_at(t, at);
				t->rows[t->count++] = (struct fake_row){
					.entry = {.path = path,
						  .mode = S_IFREG | 0644,
						  .mtime = {300, 0},
						  .size = strlen(other_content),
						  .fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS},
					.content = other_content};
				qsort(t->rows, t->count, sizeof(t->rows[0]), by_path);
			}
		}
	}
}

/* ---- a sparse view of the same edits, as an upper directory would show them ---- */

struct sparse {
	struct fake_row rows[2 * TREE];
	size_t count;
};

static bool parent_of(const struct tree *t, struct sl_bytes path, const struct fake_row **out)
{
	const char *slash = memrchr(path.data, '/', path.len);
	struct sl_bytes dir = {path.data, slash != NULL ? (size_t)(slash - path.data) : 0};

	*out = dir.len > 0 ? find(t, dir) : NULL;
	return dir.len == 0 || *out != NULL;
}

static bool is_dir(const struct fake_row *row)
{
	return row != NULL && S_ISDIR(row->entry.mode);
}

/* Something at or beneath this directory differs, so that an upper would hold it. */
static bool is_needed(const struct tree *b, const struct tree *a, struct sl_bytes dir)
{
	for (int side = 0; side < 2; side++) {
		const struct tree *t = side == 0 ? b : a;

		for (size_t i = 0; i < t->count; i++) {
			struct sl_bytes path = t->rows[i].entry.path;
			const struct fake_row *was = find(b, path), *is = find(a, path);

			if (sl_path_within(path, dir) && expected_word(was, is) != NULL)
				return true;
		}
	}
	return false;
}

static void make_sparse(struct sparse *out, const struct tree *b, const struct tree *a)
{
	out->count = 0;
	for (size_t i = 0; i < a->count; i++) {
		struct fake_row row = a->rows[i];
		const struct fake_row *was = find(b, row.entry.path);

		if (!is_needed(b, a, row.entry.path))
			continue;
		if (is_dir(&row) && !is_dir(was))
			row.entry.flags |= SL_ENTRY_COMPLETE;
		out->rows[out->count++] = row;
	}
	/* whiteouts for what is gone, where its parent is still a directory */
	for (size_t i = 0; i < b->count; i++) {
		struct sl_bytes path = b->rows[i].entry.path;
		const struct fake_row *parent;

		if (find(a, path) != NULL || !parent_of(a, path, &parent))
			continue;
		if (parent != NULL && !is_dir(parent))
			continue;
		out->rows[out->count++] =
			(struct fake_row){.entry = {.path = path, .flags = SL_ENTRY_WHITEOUT}};
	}
	qsort(out->rows, out->count, sizeof(out->rows[0]), by_path);
}

static void random_edits_are_reported_exactly(void **state)
{
	struct tree *b = calloc(1, sizeof(*b)), *a = calloc(1, sizeof(*a));
	struct sparse *view = calloc(1, sizeof(*view));
	size_t lines = 0;

	(void)state;
	assert_non_null(b);
	assert_non_null(a);
	assert_non_null(view);
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct random r = {seed * 7919};
		struct buf want = BUF_INIT(1 << 20);
		struct listing *serial, *threads, *sparse;

		grow(b, &r);
		*a = *b; /* strings are shared with the first tree */
		edit(a, &r);
		(void)buf_append_str(&want, "");
		expect_lines(&want, b, a);
		serial = compare(whole(b), whole(a), 0);
		check("diff", seed, serial->lines.data, want.data);
		threads = compare(whole(b), whole(a), 4);
		check("jobs 4", seed, threads->lines.data, serial->lines.data);
		assert_memory_equal(threads->ids, serial->ids, sizeof(serial->ids));
		make_sparse(view, b, a);
		sparse = compare(whole(b), fake_source(view->rows, view->count, true), 1);
		check("sparse", seed, sparse->lines.data, want.data);
		assert_memory_equal(sparse->ids, serial->ids, sizeof(serial->ids));
		lines += serial->count;
		free_listing(serial);
		free_listing(threads);
		free_listing(sparse);
		buf_clear(&want);
	}
	assert_in_range(lines, 500, 100000);
	free(b);
	free(a);
	free(view);
}

static void a_tree_does_not_differ_from_itself(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	(void)state;
	assert_non_null(t);
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct random r = {seed};
		struct listing *l;

		grow(t, &r);
		l = compare(whole(t), whole(t), (unsigned int)seed % 3);
		check("self", seed, l->lines.data, "");
		free_listing(l);
	}
	free(t);
}

static void swapped_sides_give_the_mirror_image(void **state)
{
	struct tree *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b));

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct random r = {seed * 31};
		struct listing *forth, *back;
		struct buf mirror = BUF_INIT(1 << 20);
		char *line, *rest;

		grow(a, &r);
		grow(b, &r);
		forth = compare(whole(a), whole(b), 0);
		back = compare(whole(b), whole(a), 0);
		(void)buf_append_str(&mirror, "");
		for (line = strtok_r(back->lines.data, "\n", &rest); line != NULL;
		     line = strtok_r(NULL, "\n", &rest)) {
			char *path = strchr(line, ' ');

			if (strncmp(line, "added ", 6) == 0)
				(void)buf_printf(&mirror, "deleted%s\n", path);
			else if (strncmp(line, "deleted ", 8) == 0)
				(void)buf_printf(&mirror, "added%s\n", path);
			else
				(void)buf_printf(&mirror, "%s\n", line);
		}
		check("mirror", seed, forth->lines.data, mirror.data);
		free_listing(forth);
		free_listing(back);
		buf_clear(&mirror);
	}
	free(a);
	free(b);
}

/* ---- memory ---- */

#define CHANGES 100000

/* Entries made on the fly: the source holds none of them. */
struct endless {
	struct sl_source source;
	struct sl_entry entry;
	char name[220];
	unsigned int next;
};

static int endless_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct endless *e = container_of(src, struct endless, source);

	(void)err;
	if (e->next == CHANGES)
		return 1;
	(void)snprintf(e->name, sizeof(e->name), "%08u%0190u", e->next++, 0);
	e->entry = (struct sl_entry){.path = {e->name, strlen(e->name)},
				     .mode = S_IFDIR | 0755,
				     .fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS};
	*out = &e->entry;
	return 0;
}

static int count_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	(void)s;
	(void)f;
	(void)err;
	return 0;
}

static void memory_does_not_grow_with_the_number_of_changes(void **state)
{
	static const struct sl_source_ops ops = {.next = endless_next};
	static const struct sl_sink_ops sink_ops = {.finding = count_finding};
	static const struct sl_container web = {.name = (char *)(uintptr_t) "web"};
	static const struct sl_subject subject = {.container = &web};
	struct endless after = {.source.ops = &ops};
	struct sl_source *before = fake_source(NULL, 0, false);
	struct sl_sink sink = {.ops = &sink_ops};
	struct drift_input input = {.before = before, .after = &after.source, .subject = &subject};
	struct drift_options options = {.jobs = 2};
	struct rusage start, end;
	struct sl_summary sum;

	(void)state;
	assert_int_equal(getrusage(RUSAGE_SELF, &start), 0);
	assert_int_equal(drift_run(&input, &options, &sink, &sum, NULL), 0);
	assert_int_equal(getrusage(RUSAGE_SELF, &end), 0);
	assert_int_equal(sum.counts.by_kind[SL_CHANGE_ADDED], CHANGES);
	/* about 60 MB of records went through; sanitizers keep freed memory for a while */
	printf("maxrss grew by %ld KiB\n", end.ru_maxrss - start.ru_maxrss);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
	assert_in_range(end.ru_maxrss - start.ru_maxrss, 0, 24 << 10);
#endif
	sl_source_close(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_does_not_grow_with_the_number_of_changes),
		cmocka_unit_test(random_edits_are_reported_exactly),
		cmocka_unit_test(a_tree_does_not_differ_from_itself),
		cmocka_unit_test(swapped_sides_give_the_mirror_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
