/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "host/bolt.h"
#include "unit/boltmake.h"

#define ELEMS(...) ((const struct boltmake_elem[]){__VA_ARGS__})
#define LEAF(m, id, ...)                                                                           \
	boltmake_leaf(m, id, 0, ELEMS(__VA_ARGS__),                                                \
		      sizeof(ELEMS(__VA_ARGS__)) / sizeof(struct boltmake_elem))
#define BRANCH(m, id, ...)                                                                         \
	boltmake_branch(m, id, ELEMS(__VA_ARGS__),                                                 \
			sizeof(ELEMS(__VA_ARGS__)) / sizeof(struct boltmake_elem))

/* What a view showed, as text: "key=value " and "bucket{...} ". */
struct seen {
	struct bolt *b;
	struct buf text;
	unsigned int calls;
	bool stale;
	char *damage;
	struct sl_error err;
	/* runs when everything was read, before the view is told */
	void (*meanwhile)(struct seen *s);
	struct boltmake *m;
	int fd;
};

static int list(struct seen *s, struct bolt_bucket in, struct sl_error *err);

static int list_item(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct seen *s = payload;
	int rc = 0;

	assert_int_equal(strlen(item->key.data), item->key.len);
	assert_int_equal(buf_append_str(&s->text, item->key.data), 0);
	if (item->value.data == NULL) {
		assert_int_equal(buf_append_char(&s->text, '{'), 0);
		rc = list(s, item->bucket, err);
		assert_int_equal(buf_append_char(&s->text, '}'), 0);
	} else {
		assert_int_equal(item->value.data[item->value.len], '\0');
		assert_int_equal(buf_printf(&s->text, "=%.20s", item->value.data), 0);
	}
	assert_int_equal(buf_append_char(&s->text, ' '), 0);
	return rc;
}

static int list(struct seen *s, struct bolt_bucket in, struct sl_error *err)
{
	int rc = bolt_each(s->b, in, list_item, s, err);

	if (rc < 0 && bolt_salvaging(s->b)) {
		assert_int_equal(buf_append_str(&s->text, "(gap)"), 0);
		rc = 0;
	}
	return rc;
}

static int list_root(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct seen *s = payload;
	int rc;

	s->b = b;
	s->calls++;
	buf_reset(&s->text);
	assert_int_equal(buf_append(&s->text, "", 0), 0);
	rc = list(s, root, err);
	if (s->meanwhile != NULL)
		s->meanwhile(s);
	return rc;
}

static void seen_clear(struct seen *s)
{
	buf_clear(&s->text);
	free(s->damage);
	sl_error_clear(&s->err);
}

/* View @fd with what @s has set; everything else of @s is set here. */
static int view_fd(int fd, struct seen *s)
{
	struct bolt *b = NULL;
	int rc;

	s->text = BUF_INIT(1 << 20);
	s->fd = fd;
	rc = bolt_open(&b, fd, &s->err);
	if (rc == 0)
		rc = bolt_view(b, list_root, s, &s->stale, &s->err);
	if (b != NULL && bolt_damage(b) != NULL)
		s->damage = strdup(bolt_damage(b));
	bolt_close(b);
	if (rc < 0)
		assert_non_null(s->err.msg);
	return rc;
}

static int view(struct boltmake *m, struct seen *s)
{
	AUTO_CLOSE int fd = boltmake_fd(m);

	s->m = m;
	return view_fd(fd, s);
}

static void damage_is(const struct seen *s, const char *text)
{
	assert_non_null(s->damage);
	if (strstr(s->damage, text) == NULL)
		fail_msg("'%s' says nothing of '%s'", s->damage, text);
}

/* Two leaves below a branch, a bucket of its own, one inline, one empty, a value over two pages. */
static void make_sample(struct boltmake *m, size_t page_size)
{
	uint8_t inlined[200] = {0};
	AUTO_FREE char *large = malloc(page_size + 1);

	assert_non_null(large);
	memset(large, 'x', page_size);
	large[page_size] = '\0';
	boltmake_init(m, page_size, 12);
	boltmake_meta(m, 0, 4, 3);
	boltmake_meta(m, 1, 3, 3);
	BRANCH(m, 3, {.key = "a", .child = 4}, {.key = "m", .child = 7});
	LEAF(m, 4, {.key = "a", .bucket = 5}, {.key = "b", .text = "1"}, {.key = "c", .text = ""});
	LEAF(m, 5, {.key = "deep", .bucket = 6}, {.key = "in", .text = "a"});
	LEAF(m, 6, {.key = "deeper", .text = "2"});
	boltmake_leaf(m, 7, 1,
		      ELEMS({.key = "m",
			     .bytes = inlined,
			     .len = boltmake_inline(
				     inlined, sizeof(inlined),
				     ELEMS({.key = "k", .text = "v"}, {.key = "l", .text = ""}), 2),
			     .is_inline = true},
			    {.key = "n", .text = large}, {.key = "o", .bucket = 9}),
		      3);
	boltmake_leaf(m, 9, 0, NULL, 0);
}

static void all_kinds_of_elements_are_read_whatever_the_page_size(void **state)
{
	static const size_t sizes[] = {1024, 4096, 65536};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;

		make_sample(&m, sizes[i]);
		assert_int_equal(view(&m, &s), 0);
		assert_string_equal(s.text.data, "a{deep{deeper=2 } in=a } b=1 c= m{k=v l= } "
						 "n=xxxxxxxxxxxxxxxxxxxx o{} ");
		assert_int_equal(s.calls, 1);
		assert_false(s.stale);
		assert_null(s.damage);
	}
}

static int look_up(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	static const char *const missing[] = {"", "A", "aa", "ba", "lz", "p", "mm"};
	struct sl_bytes one, empty, deeper, inner;
	struct bolt_bucket bucket;

	(void)payload;
	assert_int_equal(bolt_get(b, root, "b", 1, &one, err), 0);
	assert_int_equal(bolt_get(b, root, "c", 1, &empty, err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		size_t len = strlen(missing[i]);

		assert_int_equal(bolt_get(b, root, missing[i], len, &inner, err), 1);
		assert_int_equal(bolt_bucket(b, root, missing[i], len, &bucket, err), 1);
	}
	/* a bucket is no value, a value is no bucket */
	assert_int_equal(bolt_get(b, root, "a", 1, &inner, err), 1);
	assert_int_equal(bolt_bucket(b, root, "b", 1, &bucket, err), 1);
	assert_int_equal(bolt_path(b, root, &bucket, err, "a", "deep", NULL), 0);
	assert_int_equal(bolt_get(b, bucket, "deeper", 6, &deeper, err), 0);
	assert_int_equal(bolt_path(b, root, &bucket, err, "a", "none", "deep", NULL), 1);
	assert_int_equal(bolt_path(b, root, &bucket, err, "m", NULL), 0);
	assert_int_equal(bolt_get(b, bucket, "k", 1, &inner, err), 0);
	/* all of it is still there */
	assert_string_equal(one.data, "1");
	assert_string_equal(empty.data, "");
	assert_string_equal(deeper.data, "2");
	assert_string_equal(inner.data, "v");
	return 7;
}

static void keys_are_found_and_values_stay_until_the_end_of_the_view(void **state)
{
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;

	(void)state;
	make_sample(&m, 1024);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, look_up, NULL, NULL, NULL), 7);
	bolt_close(b);
}

/* Two states of one key: "old" in page 3 (transaction 4), "new" in page 4 (transaction 5). */
static void make_two(struct boltmake *m)
{
	boltmake_init(m, 1024, 8);
	LEAF(m, 3, {.key = "k", .text = "old"});
	LEAF(m, 4, {.key = "k", .text = "new"});
	boltmake_meta(m, 0, 4, 3);
	boltmake_meta(m, 1, 5, 4);
}

static void the_newest_whole_meta_page_counts(void **state)
{
	static const struct {
		const char *what, *text;
		size_t torn; /* byte to change, 0: none */
		unsigned int calls;
	} rows[] = {
		{"both whole", "k=new ", 0, 1},
		{"the older one torn", "k=new ", 16 + 40, 1},
		{"the newer one torn", "k=old ", 1024 + 16 + 40, 1},
		{"the magic of the older one gone", "k=new ", 16, 1},
		{"the checksum of the newer one torn", "k=old ", 1024 + 16 + 63, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;

		make_two(&m);
		if (rows[i].torn > 0)
			m.bytes[rows[i].torn] ^= 0x55;
		if (view(&m, &s) != 0 || strcmp(s.text.data, rows[i].text) != 0 || s.stale)
			fail_msg("%s: '%s' %s", rows[i].what, s.text.data, sl_error_text(&s.err));
	}
}

static void without_the_first_meta_page_the_second_is_searched(void **state)
{
	static const size_t sizes[] = {1024, 2048, 4096, 16384, 65536};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;

		boltmake_init(&m, sizes[i], 8);
		LEAF(&m, 3, {.key = "k", .text = "v"});
		boltmake_meta(&m, 1, 5, 3);
		assert_int_equal(view(&m, &s), 0);
		assert_string_equal(s.text.data, "k=v ");
	}
}

static void a_second_meta_page_counts_only_where_it_belongs(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	make_two(&m);
	boltmake_put(m.bytes + 1024 + 16 + 8, 2048, 4);
	boltmake_seal(m.bytes + 1024);
	assert_int_equal(view(&m, &s), 0);
	assert_string_equal(s.text.data, "k=old ");
	assert_false(s.stale);
	assert_null(s.damage);
}

/* Commit as the daemon does: the page that the state before the last one used, then the meta. */
static void commit_once(struct seen *s)
{
	if (s->calls > 1)
		return;
	LEAF(s->m, 3, {.key = "k", .text = "newer"});
	boltmake_meta(s->m, 0, 6, 3);
	boltmake_write(s->m, s->fd, 3);
	boltmake_write(s->m, s->fd, 0);
}

static void a_state_that_was_overwritten_is_not_believed(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = commit_once};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	make_two(&m);
	assert_int_equal(view(&m, &s), 0);
	assert_int_equal(s.calls, 2);
	assert_string_equal(s.text.data, "k=newer ");
	assert_false(s.stale);
}

static void commit_always(struct seen *s)
{
	char text[32];
	uint64_t txid = 5 + s->calls, page = txid % 2 == 0 ? 3 : 4;

	(void)snprintf(text, sizeof(text), "%u", s->calls);
	LEAF(s->m, page, {.key = "k", .text = text});
	boltmake_meta(s->m, txid % 2, txid, page);
	boltmake_write(s->m, s->fd, page);
	boltmake_write(s->m, s->fd, txid % 2);
}

static void a_database_that_never_rests_is_copied(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = commit_always};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	make_two(&m);
	assert_int_equal(view(&m, &s), 0);
	assert_int_equal(s.calls, 4);
	assert_string_equal(s.text.data, "k=3 ");
}

struct hurry {
	struct boltmake m;
	int fd;
	_Atomic bool ends;
};

static void *commit_in_a_hurry(void *payload)
{
	struct hurry *h = payload;

	for (uint64_t txid = 6; !h->ends; txid++) {
		boltmake_meta(&h->m, txid % 2, txid, 3 + txid % 2);
		boltmake_write(&h->m, h->fd, txid % 2);
	}
	return NULL;
}

static void wait_a_little(struct seen *s)
{
	(void)s;
	(void)usleep(20000);
}

static void a_database_that_is_written_faster_than_copied_is_refused(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = wait_a_little};
	struct hurry h = {0};
	pthread_t thread;

	(void)state;
	make_two(&h.m);
	h.fd = boltmake_fd(&h.m);
	assert_int_equal(ftruncate(h.fd, 64 << 20), 0);
	assert_int_equal(pthread_create(&thread, NULL, commit_in_a_hurry, &h), 0);
	assert_int_equal(view_fd(h.fd, &s), -SL_EIO);
	h.ends = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(s.calls, 3);
	assert_non_null(strstr(s.err.msg, "faster"));
	boltmake_clear(&h.m);
	close(h.fd);
}

/* A page of the state is overwritten while it is read: what was read so far is worth nothing. */
static void tear_and_commit(struct seen *s)
{
	if (s->calls > 1)
		return;
	commit_once(s);
}

static void damage_that_a_writer_made_is_no_damage(void **state)
{
	CLEANUP(seen_clear) struct seen s = {.meanwhile = tear_and_commit};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	make_two(&m);
	boltmake_put(boltmake_page(&m, 4), 99, 8);
	assert_int_equal(view(&m, &s), 0);
	assert_int_equal(s.calls, 2);
	assert_string_equal(s.text.data, "k=newer ");
	assert_false(s.stale);
	assert_null(s.damage);
}

static void pages_that_were_never_written_mean_the_state_before(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	make_two(&m);
	memset(boltmake_page(&m, 4), 0, 1024);
	assert_int_equal(view(&m, &s), 0);
	assert_string_equal(s.text.data, "k=old ");
	assert_true(s.stale);
	damage_is(&s, "page 4");
}

static void what_is_damaged_in_both_states_is_left_out(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	make_sample(&m, 1024);
	memset(boltmake_page(&m, 4), 0, 1024);
	assert_int_equal(view(&m, &s), 0);
	assert_int_equal(s.calls, 3);
	assert_string_equal(s.text.data, "m{k=v l= } n=xxxxxxxxxxxxxxxxxxxx o{} (gap)");
	assert_false(s.stale);
	damage_is(&s, "page 4");
}

static void a_damaged_bucket_costs_itself(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	make_sample(&m, 1024);
	boltmake_page(&m, 6)[8] = 3;
	assert_int_equal(view(&m, &s), 0);
	assert_string_equal(s.text.data, "a{deep{(gap)} in=a } b=1 c= m{k=v l= } "
					 "n=xxxxxxxxxxxxxxxxxxxx o{} ");
	damage_is(&s, "page 6");
}

/* Every page of the sample is changed in one way; the walk must end and name what is wrong. */
static const struct crime {
	const char *what, *says;
	uint64_t page;
	size_t at, len;
	uint64_t number;
} crimes[] = {
	{"the root is a meta page", "page 1", 0, 16 + 16, 8, 1},
	{"the root is behind the state", "page 12: no page of this state", 0, 16 + 16, 8, 12},
	{"a page has another's number", "says that it is page 5", 4, 0, 8, 5},
	{"no known kind", "neither a branch nor a leaf", 4, 8, 2, 0x10},
	{"two kinds", "neither a branch nor a leaf", 4, 8, 2, 3},
	{"too many elements", "elements in 1024 bytes", 4, 10, 2, 65535},
	{"a branch of nothing", "leads nowhere", 3, 10, 2, 0},
	{"overflow behind the state", "pages more", 7, 12, 4, 5},
	{"overflow as large as can be", "pages more", 7, 12, 4, UINT32_MAX},
	{"overflow over another's pages", "used in two places", 7, 12, 4, 2},
	{"a key before its page", "element 1", 4, 16 + 16 + 4, 4, 8},
	{"a key behind its page", "element 1", 4, 16 + 16 + 4, 4, 1024},
	{"a key far behind", "element 1", 4, 16 + 16 + 4, 4, UINT32_MAX},
	{"an empty key", "element 1", 4, 16 + 16 + 8, 4, 0},
	{"a long key", "element 1", 4, 16 + 16 + 8, 4, UINT32_MAX},
	{"a long value", "element 1", 4, 16 + 16 + 12, 4, UINT32_MAX},
	{"two elements share bytes", "element 2", 4, 16 + 16 + 12, 4, 2},
	{"keys descend", "key 1 is out of order", 4, 16 + 3 * 16 + 1 + 16, 1, 'A'},
	{"a key twice", "key 1 is out of order", 4, 16 + 3 * 16 + 1 + 16, 1, 'a'},
	{"a key that belongs elsewhere", "not those that page 3 promises", 4, 16 + 3 * 16 + 19, 1,
	 'n'},
	{"a key below its page's", "not those that page 3 promises", 7, 16 + 3 * 16, 1, 'l'},
	{"a bucket without a root", "bucket 0 has no root", 4, 16 + 12, 4, 15},
	{"a bucket's root is a meta page", "no page of this state", 5, 16 + 2 * 16 + 4, 8, 1},
	{"an inline bucket without a page", "no page: 0 bytes", 5, 16 + 2 * 16 + 4, 8, 0},
	{"a bucket within itself", "used in two places", 5, 16 + 2 * 16 + 4, 8, 5},
	{"a bucket that is its parent", "used in two places", 5, 16 + 2 * 16 + 4, 8, 3},
	{"two buckets on one page", "used in two places", 5, 16 + 2 * 16 + 4, 8, 9},
	{"a branch to its own", "used in two places", 3, 16 + 8, 8, 3},
	{"one page twice below a branch", "used in two places", 3, 16 + 16 + 8, 8, 4},
	{"an inline page with a number", "inline in page 7", 7, 16 + 3 * 16 + 1 + 16, 8, 7},
	{"an inline branch", "inline in page 7", 7, 16 + 3 * 16 + 1 + 16 + 8, 2, 1},
	{"an inline page with overflow", "cannot be inline", 7, 16 + 3 * 16 + 1 + 16 + 12, 4, 1},
	{"a bucket in an inline one", "inline in page 7", 7, 16 + 3 * 16 + 1 + 32, 4, 1},
};

static void pages_that_do_not_hold_together_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(crimes); i++) {
		const struct crime *c = &crimes[i];
		CLEANUP(seen_clear) struct seen s = {0};
		CLEANUP(boltmake_clear) struct boltmake m;
		int rc;

		make_sample(&m, 1024);
		boltmake_put(boltmake_page(&m, c->page) + c->at, c->number, c->len);
		if (c->page == 0) /* both meta pages name the same state */
			boltmake_meta(&m, 1, 3, c->number);
		boltmake_seal(boltmake_page(&m, 0));
		rc = view(&m, &s);
		if (rc != 0 || s.calls != 3 || s.damage == NULL ||
		    strstr(s.damage, c->says) == NULL)
			fail_msg("%s: %d after %u, '%s'", c->what, rc, s.calls,
				 s.damage != NULL ? s.damage : "no damage");
	}
}

static void an_inline_bucket_holds_no_bucket(void **state)
{
	uint8_t inner[64] = {0}, outer[200] = {0};
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	size_t len = boltmake_inline(inner, sizeof(inner), ELEMS({.key = "k", .text = "v"}), 1);

	(void)state;
	len = boltmake_inline(outer, sizeof(outer),
			      ELEMS({.key = "in", .bytes = inner, .len = len, .is_inline = true}),
			      1);
	boltmake_init(&m, 1024, 4);
	boltmake_meta(&m, 0, 2, 3);
	LEAF(&m, 3, {.key = "out", .bytes = outer, .len = len, .is_inline = true});
	assert_int_equal(view(&m, &s), 0);
	assert_string_equal(s.text.data, "out{(gap)} ");
	damage_is(&s, "cannot be inline");
}

static int fail_twice(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct bolt_bucket one, two;
	struct sl_bytes value;
	unsigned int *calls = payload;

	(*calls)++;
	assert_int_equal(bolt_bucket(b, root, "a", 1, &one, err), 0);
	assert_int_equal(bolt_bucket(b, root, "b", 1, &two, err), 0);
	assert_int_equal(bolt_get(b, two, "k", 1, &value, err), 0);
	assert_int_equal(bolt_get(b, one, "k", 1, &value, err), -SL_EFORMAT);
	return bolt_get(b, one, "k", 1, &value, err);
}

static void what_failed_once_fails_again(void **state)
{
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	unsigned int calls = 0;
	struct bolt *b = NULL;

	(void)state;
	boltmake_init(&m, 1024, 8);
	boltmake_meta(&m, 0, 2, 2);
	LEAF(&m, 2, {.key = "a", .bucket = 4}, {.key = "b", .bucket = 5});
	boltmake_leaf(&m, 4, 3, ELEMS({.key = "k", .text = "v"}), 1);
	boltmake_leaf(&m, 5, 1, ELEMS({.key = "k", .text = "v"}), 1);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, fail_twice, &calls, NULL, NULL), -SL_EFORMAT);
	assert_int_equal(calls, 2);
	bolt_close(b);
}

static void pages_that_overlap_are_damage(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_init(&m, 1024, 8);
	boltmake_meta(&m, 0, 2, 2);
	boltmake_leaf(&m, 3, 3, ELEMS({.key = "k", .text = "v"}), 1);
	LEAF(&m, 2, {.key = "a", .bucket = 3}, {.key = "b", .bucket = 5});
	boltmake_leaf(&m, 5, 2, ELEMS({.key = "k", .text = "v"}), 1);
	assert_int_equal(view(&m, &s), 0);
	assert_string_equal(s.text.data, "a{k=v } b{(gap)} ");
	damage_is(&s, "page 5: used in two places");
}

static void a_file_that_was_cut_is_read_as_far_as_it_goes(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;

	(void)state;
	make_sample(&m, 1024);
	fd = boltmake_fd(&m);
	assert_int_equal(ftruncate(fd, 7 * 1024 + 512), 0);
	assert_int_equal(view_fd(fd, &s), 0);
	assert_string_equal(s.text.data, "a{deep{deeper=2 } in=a } b=1 c= (gap)");
	damage_is(&s, "page 7: behind the end of the file");
}

/* What is no database, or none that can be read, is told apart when it is opened. */
static const struct {
	const char *what;
	size_t at, len;
	uint64_t number;
	bool unsealed;
	enum sl_code code;
} strangers[] = {
	{"another magic", 16, 4, 0x12345678, false, SL_EFORMAT},
	{"the other byte order", 16, 4, 0xEDDA0CED, true, SL_EUNSUPPORTED},
	{"another version", 20, 4, 3, false, SL_EUNSUPPORTED},
	{"a wrong checksum", 72, 8, 1, true, SL_EFORMAT},
	{"no page size", 24, 4, 0, false, SL_EFORMAT},
	{"an odd page size", 24, 4, 4097, false, SL_EFORMAT},
	{"tiny pages", 24, 4, 512, false, SL_EFORMAT},
	{"huge pages", 24, 4, 1 << 25, false, SL_EFORMAT},
};

static void what_is_no_database_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		CLEANUP(boltmake_clear) struct boltmake m;
		AUTO_CLOSE int fd = -1;
		struct bolt *b = NULL;
		int rc;

		make_two(&m);
		memset(boltmake_page(&m, 1), 0, 1024);
		boltmake_put(m.bytes + strangers[i].at, strangers[i].number, strangers[i].len);
		if (!strangers[i].unsealed)
			boltmake_seal(m.bytes);
		fd = boltmake_fd(&m);
		rc = bolt_open(&b, fd, &err);
		if (rc != -(int)strangers[i].code)
			fail_msg("%s: %d %s", strangers[i].what, rc, sl_error_text(&err));
	}
}

static void what_is_no_file_is_never_opened(void **state)
{
	char dir[] = "/tmp/strandline-bolt.XXXXXX";
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	AUTO_CLOSE int dir_fd = -1, fifo = -1;
	struct bolt *b = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkfifoat(dir_fd, "f", 0600), 0);
	fifo = openat(dir_fd, "f", O_PATH | O_CLOEXEC);
	assert_int_equal(bolt_open(&b, fifo, &err), -SL_EINVAL);
	assert_true(bolt_open(&b, dir_fd, &err) < 0);
	assert_int_equal(unlinkat(dir_fd, "f", 0), 0);
	assert_int_equal(rmdir(dir), 0);
}

static int deep_as_can_be(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct seen *s = payload;

	s->calls++;
	return item->value.data == NULL ? bolt_each(s->b, item->bucket, deep_as_can_be, s, err) : 0;
}

static int go_deep(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct seen *s = payload;

	s->b = b;
	return bolt_each(b, root, deep_as_can_be, s, err);
}

static void buckets_have_a_depth_limit(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	struct seen s = {0};
	struct bolt *b = NULL;

	(void)state;
	boltmake_init(&m, 1024, 40);
	boltmake_meta(&m, 0, 2, 2);
	for (uint64_t id = 2; id < 39; id++)
		LEAF(&m, id, {.key = "k", .bucket = id + 1});
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, go_deep, &s, NULL, &err), -SL_ELIMIT);
	assert_int_equal(s.calls, BOLT_DEPTH_MAX + 1);
	bolt_close(b);
}

static void branches_have_a_depth_limit(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;

	(void)state;
	boltmake_init(&m, 1024, 60);
	boltmake_meta(&m, 0, 2, 2);
	for (uint64_t id = 2; id < 59; id++)
		BRANCH(&m, id, {.key = "k", .child = id + 1});
	LEAF(&m, 59, {.key = "k", .text = "v"});
	assert_int_equal(view(&m, &s), 0);
	assert_string_equal(s.text.data, "(gap)");
	damage_is(&s, "pages above each other");
}

/* A value of 10 MiB, asked for 20 times: in a callback, and outside of one. */
struct large {
	struct bolt *b;
	struct bolt_bucket root;
	unsigned int count;
};

static int get_large(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct large *l = payload;
	struct sl_bytes value;

	if (item->value.len > 1000)
		return 0;
	l->count++;
	return bolt_get(l->b, l->root, "large", 5, &value, err);
}

static int get_in_callbacks(struct bolt *b, struct bolt_bucket root, void *payload,
			    struct sl_error *err)
{
	struct large *l = payload;
	struct sl_bytes value;
	int rc = bolt_get(b, root, "large", 5, &value, err);

	l->b = b;
	l->root = root;
	if (rc == 0)
		rc = bolt_each(b, root, get_large, l, err);
	if (rc == 0)
		assert_int_equal(value.data[value.len - 1], 'x');
	return rc;
}

static int get_outside(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct large *l = payload;
	struct sl_bytes value;
	int rc = 0;

	for (l->count = 0; rc == 0 && l->count < 20; l->count++)
		rc = bolt_get(b, root, "large", 5, &value, err);
	return rc;
}

static void memory_is_bounded(void **state)
{
	const size_t size = 8 << 20;
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_FREE char *bytes = malloc(size);
	struct boltmake_elem elems[21] = {{0}};
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;
	struct large l = {0};
	char keys[20][8];

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'x', size);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "k%02d", i);
		elems[i] = (struct boltmake_elem){.key = keys[i], .text = "v"};
	}
	elems[20] = (struct boltmake_elem){.key = "large", .bytes = bytes, .len = size};
	boltmake_init(&m, 4096, 2100);
	boltmake_meta(&m, 0, 2, 2);
	boltmake_leaf(&m, 2, 2060, elems, 21);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, get_in_callbacks, &l, NULL, &err), 0);
	assert_int_equal(l.count, 20);
	assert_int_equal(bolt_view(b, get_outside, &l, NULL, &err), -SL_ELIMIT);
	assert_in_range(l.count, 2, 6);
	bolt_close(b);
}

static void a_file_of_holes_is_read_in_no_time(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;

	(void)state;
	make_sample(&m, 1024);
	boltmake_put(m.bytes + 16 + 40, (uint64_t)1 << 23, 8);
	boltmake_seal(m.bytes);
	boltmake_put(boltmake_page(&m, 7) + 12, (1 << 23) - 8, 4);
	fd = boltmake_fd(&m);
	assert_int_equal(ftruncate(fd, (off_t)1 << 33), 0);
	assert_int_equal(view_fd(fd, &s), 0);
	damage_is(&s, "page 7: larger than");
	assert_string_equal(s.text.data, "a{deep{deeper=2 } in=a } b=1 c= (gap)");
}

static void a_state_has_a_largest_size(void **state)
{
	CLEANUP(seen_clear) struct seen s = {0};
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;

	(void)state;
	make_sample(&m, 1024);
	fd = boltmake_fd(&m);
	assert_int_equal(ftruncate(fd, (off_t)1 << 42), 0);
	assert_int_equal(view_fd(fd, &s), 0);
	seen_clear(&s);
	boltmake_put(m.bytes + 16 + 40, (uint64_t)1 << 32, 8);
	boltmake_seal(m.bytes);
	boltmake_write(&m, fd, 0);
	s = (struct seen){0};
	assert_int_equal(view_fd(fd, &s), -SL_ELIMIT);
	assert_int_equal(s.calls, 0);
}

/* Two large pages that the cache keeps in one place: looking into both in turn must end. */
static int look_in_turn(struct bolt *b, struct bolt_bucket root, void *payload,
			struct sl_error *err)
{
	unsigned int *looks = payload;
	struct bolt_bucket one, two;
	struct sl_bytes value;
	int rc = bolt_bucket(b, root, "one", 3, &one, err);

	if (rc == 0)
		rc = bolt_bucket(b, root, "two", 3, &two, err);
	for (*looks = 0; rc == 0 && *looks < 100000; (*looks)++) {
		rc = bolt_get(b, one, "k", 1, &value, err);
		if (rc == 0)
			rc = bolt_get(b, two, "k", 1, &value, err);
	}
	return rc;
}

static void reading_again_and_again_ends(void **state)
{
	const uint32_t large = 256; /* pages */
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	unsigned int looks = 0;
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;

	(void)state;
	boltmake_init(&m, 1024, 3 + 2 * (size_t)large);
	boltmake_meta(&m, 0, 2, 2);
	LEAF(&m, 2, {.key = "one", .bucket = 3}, {.key = "two", .bucket = 3 + large});
	boltmake_leaf(&m, 3, large - 1, ELEMS({.key = "k", .text = "v"}), 1);
	boltmake_leaf(&m, 3 + large, large - 1, ELEMS({.key = "k", .text = "v"}), 1);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, look_in_turn, &looks, NULL, &err), -SL_ELIMIT);
	assert_in_range(looks, 500, 520);
	assert_non_null(strstr(err.msg, "times over"));
	bolt_close(b);
}

/* A caller for whom the value is wrong, in the newest state or in all; or who gives up on the way.
 */
struct picky {
	const char *wrong;
	int rc;
	unsigned int calls;
	bool salvaged;
};

static int pick(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct picky *p = payload;
	struct sl_bytes value;
	int rc = bolt_get(b, root, "k", 1, &value, err);

	p->calls++;
	p->salvaged = bolt_salvaging(b);
	if (rc != 0)
		return rc;
	if (p->calls > 1 && p->rc < 0)
		return sl_fail(err, (enum sl_code) - p->rc, 0, "given up");
	return strstr(value.data, p->wrong) == NULL
		       ? 0
		       : sl_fail(err, SL_EFORMAT, 0, "no such value: %s", value.data);
}

static const struct {
	const char *what, *wrong;
	int fails, rc;
	unsigned int calls;
	bool stale, salvaged;
} verdicts[] = {
	{"good", "none", 0, 0, 1, false, false},
	{"the newest is wrong", "new", 0, 0, 2, true, false},
	{"all are wrong", "", 0, -SL_EFORMAT, 3, false, true},
	{"given up after the first", "new", -SL_ECANCELLED, -SL_ECANCELLED, 2, false, false},
};

static void the_callers_verdict_on_a_value_counts_like_a_bad_page(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		struct picky p = {.wrong = verdicts[i].wrong, .rc = verdicts[i].fails};
		CLEANUP(boltmake_clear) struct boltmake m;
		AUTO_CLOSE int fd = -1;
		struct bolt *b = NULL;
		bool stale = true;

		make_two(&m);
		fd = boltmake_fd(&m);
		assert_int_equal(bolt_open(&b, fd, NULL), 0);
		if (bolt_view(b, pick, &p, &stale, &err) != verdicts[i].rc ||
		    p.calls != verdicts[i].calls || p.salvaged != verdicts[i].salvaged ||
		    stale != verdicts[i].stale)
			fail_msg("%s: %u calls", verdicts[i].what, p.calls);
		if (i > 0)
			assert_string_equal(bolt_damage(b), "no such value: new");
		else
			assert_null(bolt_damage(b));
		bolt_close(b);
	}
}

static int refuse(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	unsigned int *calls = payload;

	(void)b;
	(void)root;
	(*calls)++;
	return sl_fail(err, SL_ECANCELLED, 0, "no");
}

static void another_failure_ends_the_view(void **state)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(boltmake_clear) struct boltmake m;
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;
	unsigned int calls = 0;

	(void)state;
	make_two(&m);
	fd = boltmake_fd(&m);
	assert_int_equal(bolt_open(&b, fd, NULL), 0);
	assert_int_equal(bolt_view(b, refuse, &calls, NULL, &err), -SL_ECANCELLED);
	assert_int_equal(calls, 1);
	bolt_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_of_elements_are_read_whatever_the_page_size),
		cmocka_unit_test(keys_are_found_and_values_stay_until_the_end_of_the_view),
		cmocka_unit_test(the_newest_whole_meta_page_counts),
		cmocka_unit_test(without_the_first_meta_page_the_second_is_searched),
		cmocka_unit_test(a_second_meta_page_counts_only_where_it_belongs),
		cmocka_unit_test(a_state_that_was_overwritten_is_not_believed),
		cmocka_unit_test(a_database_that_never_rests_is_copied),
		cmocka_unit_test(a_database_that_is_written_faster_than_copied_is_refused),
		cmocka_unit_test(damage_that_a_writer_made_is_no_damage),
		cmocka_unit_test(pages_that_were_never_written_mean_the_state_before),
		cmocka_unit_test(what_is_damaged_in_both_states_is_left_out),
		cmocka_unit_test(a_damaged_bucket_costs_itself),
		cmocka_unit_test(pages_that_do_not_hold_together_are_named),
		cmocka_unit_test(an_inline_bucket_holds_no_bucket),
		cmocka_unit_test(pages_that_overlap_are_damage),
		cmocka_unit_test(what_failed_once_fails_again),
		cmocka_unit_test(a_file_that_was_cut_is_read_as_far_as_it_goes),
		cmocka_unit_test(what_is_no_database_is_refused),
		cmocka_unit_test(what_is_no_file_is_never_opened),
		cmocka_unit_test(buckets_have_a_depth_limit),
		cmocka_unit_test(branches_have_a_depth_limit),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(a_file_of_holes_is_read_in_no_time),
		cmocka_unit_test(a_state_has_a_largest_size),
		cmocka_unit_test(reading_again_and_again_ends),
		cmocka_unit_test(the_callers_verdict_on_a_value_counts_like_a_bad_page),
		cmocka_unit_test(another_failure_ends_the_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
