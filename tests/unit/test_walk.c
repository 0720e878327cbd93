/* SPDX-License-Identifier: Apache-2.0 */
/* Which changes the walk sees, and which it must not claim. */
#include "unit/drift_case.h"

#include <errno.h>

static const struct drift_case cases[] = {
	/* ---- both sides listed in full ---- */
	{"nothing differs, nothing is said",
	 false,
	 {DIRECTORY(""), DIRECTORY("etc"), FILE_WITH("etc/a", "one")},
	 {DIRECTORY(""), DIRECTORY("etc"), FILE_WITH("etc/a", "one")},
	 ""},
	{"a new file",
	 false,
	 {DIRECTORY("srv")},
	 {DIRECTORY("srv"), FILE_WITH("srv/a", "one")},
	 "added srv/a low\n"},
	{"a file that vanished",
	 false,
	 {DIRECTORY("srv"), FILE_WITH("srv/a", "one")},
	 {DIRECTORY("srv")},
	 "deleted srv/a low\n"},
	{"the same size and other bytes",
	 false,
	 {FILE_WITH("a", "one")},
	 {FILE_WITH("a", "two", .mtime = {5, 0})},
	 "modified a low\n"},
	{"a whole tree vanished: every path is listed",
	 false,
	 {DIRECTORY("a"), DIRECTORY("a/b"), FILE_WITH("a/b/c", "x"), FILE_WITH("a-b", "y")},
	 {FILE_WITH("a-b", "y")},
	 "deleted a low\ndeleted a/b low\ndeleted a/b/c low\n"},
	{"a directory became a file",
	 false,
	 {DIRECTORY("a"), FILE_WITH("a/b", "x"), DIRECTORY("a/c"), FILE_WITH("z", "z")},
	 {FILE_WITH("a", "now"), FILE_WITH("z", "z")},
	 "type a low\ndeleted a/b low\ndeleted a/c low\n"},
	{"a file became a directory",
	 false,
	 {FILE_WITH("a", "x"), FILE_WITH("z", "z")},
	 {DIRECTORY("a"), FILE_WITH("a/b", "y"), FILE_WITH("z", "z")},
	 "type a low\nadded a/b low\n"},
	{"a link that points elsewhere",
	 false,
	 {LINK("a", "x")},
	 {LINK("a", "y")},
	 "modified a low\n"},
	{"a mode that moved",
	 false,
	 {FILE_WITH("a", "x")},
	 {FILE_WITH("a", "x", .mode = S_IFREG | 0600)},
	 "metadata a info\n"},
	{"a directory whose time moved is no drift",
	 false,
	 {DIRECTORY("a")},
	 {DIRECTORY("a", .mtime = {9, 0})},
	 ""},
	{"the root itself is never added",
	 false,
	 {FILE_WITH("a", "x")},
	 {DIRECTORY(""), FILE_WITH("a", "x")},
	 ""},

	/* ---- a sparse view: only what the upper directory touches ---- */
	{"what an upper does not mention is unchanged",
	 true,
	 {DIRECTORY(""), DIRECTORY("etc"), FILE_WITH("etc/a", "1"), FILE_WITH("etc/b", "2"),
	  DIRECTORY("usr"), FILE_WITH("usr/x", "3")},
	 {DIRECTORY(""), DIRECTORY("etc"), FILE_WITH("etc/b", "9", .mtime = {9, 0})},
	 "modified etc/b low\n"},
	{"a whiteout deletes a file",
	 true,
	 {DIRECTORY("etc"), FILE_WITH("etc/a", "1"), FILE_WITH("etc/b", "2")},
	 {DIRECTORY("etc"), WHITEOUT("etc/a")},
	 "deleted etc/a low\n"},
	{"a whiteout deletes a directory with everything in it",
	 true,
	 {DIRECTORY("a"), DIRECTORY("a/b"), FILE_WITH("a/b/c", "1"), FILE_WITH("a/d", "2"),
	  FILE_WITH("a-", "3")},
	 {WHITEOUT("a")},
	 "deleted a low\ndeleted a/b low\ndeleted a/b/c low\ndeleted a/d low\n"},
	{"a whiteout of a name that never was is an anomaly",
	 true,
	 {DIRECTORY("etc")},
	 {DIRECTORY("etc"), WHITEOUT("etc/ghost")},
	 "deleted etc/ghost low [stray-whiteout] {stray-whiteout}\n"},
	{"a directory listed in full: the rest is gone, at any depth",
	 true,
	 {DIRECTORY("a"), FILE_WITH("a/1", "1"), DIRECTORY("a/sub"), FILE_WITH("a/sub/2", "2"),
	  FILE_WITH("a/sub/3", "3"), FILE_WITH("b", "4")},
	 {DIRECTORY("a", .flags = SL_ENTRY_COMPLETE), DIRECTORY("a/sub"),
	  FILE_WITH("a/sub/3", "3")},
	 "deleted a/1 medium [opaque] {deleted-with-directory}\n"
	 "deleted a/sub/2 medium [opaque] {deleted-with-directory}\n"},
	{"an opaque directory with other rights says so",
	 true,
	 {DIRECTORY("a"), FILE_WITH("a/1", "1")},
	 {DIRECTORY("a", .flags = SL_ENTRY_OPAQUE | SL_ENTRY_COMPLETE, .mode = S_IFDIR | 0700)},
	 "metadata a medium [opaque] {directory-replaced}\n"
	 "deleted a/1 medium [opaque] {deleted-with-directory}\n"},
	{"a file over a directory: its children are gone, what follows is not",
	 true,
	 {DIRECTORY("a"), FILE_WITH("a/1", "1"), FILE_WITH("b", "2"), FILE_WITH("c", "3")},
	 {FILE_WITH("a", "x"), FILE_WITH("c", "9", .mtime = {9, 0})},
	 "type a low\ndeleted a/1 low\nmodified c low\n"},
	{"a directory over a file, listed in full",
	 true,
	 {FILE_WITH("a", "x"), FILE_WITH("b", "2")},
	 {DIRECTORY("a", .flags = SL_ENTRY_COMPLETE), FILE_WITH("a/n", "1")},
	 "type a low\nadded a/n low\n"},
	{"a region ends with its directory",
	 true,
	 {DIRECTORY("a"), FILE_WITH("a/1", "1"), DIRECTORY("b"), FILE_WITH("b/1", "1"),
	  DIRECTORY("c"), FILE_WITH("c/1", "1")},
	 {DIRECTORY("a", .flags = SL_ENTRY_COMPLETE), DIRECTORY("c"), FILE_WITH("c/2", "2")},
	 "deleted a/1 medium [opaque] {deleted-with-directory}\n"
	 "added c/2 low\n"},
	{"the last region is walked to its end",
	 true,
	 {DIRECTORY("z"), FILE_WITH("z/1", "1"), FILE_WITH("z/2", "2")},
	 {DIRECTORY("z", .flags = SL_ENTRY_COMPLETE)},
	 "deleted z/1 medium [opaque] {deleted-with-directory}\n"
	 "deleted z/2 medium [opaque] {deleted-with-directory}\n"},
	{"a redirected directory is a rename",
	 true,
	 {DIRECTORY("old"), LINK("old/1", "1")},
	 {DIRECTORY("new", .flags = SL_ENTRY_COMPLETE, .redirect = PATH("/old")),
	  LINK("new/1", "1"), WHITEOUT("old")},
	 "added new low [renamed]\nadded new/1 low\ndeleted old low [renamed]\n"
	 "deleted old/1 low\n"},

	{"what was moved away and back again is no rename",
	 true,
	 {DIRECTORY("d"), FILE_WITH("d/1", "1")},
	 {DIRECTORY("d"), FILE_WITH("d/1", "2", .redirect = PATH("/d/1"))},
	 "modified d/1 high [forged-mtime] {forged-mtime}\n"},

	/* ---- what could not be read ---- */
	{"beneath an unread directory nothing is called deleted",
	 false,
	 {DIRECTORY("a"), FILE_WITH("a/1", "1"), DIRECTORY("a/s"), FILE_WITH("a/s/2", "2"),
	  FILE_WITH("b", "3"), FILE_WITH("c", "4")},
	 {DIRECTORY("a"), UNREAD("a", "directory cannot be listed"), FILE_WITH("c", "4")},
	 "gap a: directory cannot be listed\ndeleted b low\n"},
	{"gaps stand where they belong",
	 false,
	 {DIRECTORY("a"), FILE_WITH("b", "1"), DIRECTORY("c"), FILE_WITH("c/1", "1"),
	  FILE_WITH("d", "1")},
	 {DIRECTORY("a"), DIRECTORY("c"), UNREAD("c", "no"), FILE_WITH("e", "1")},
	 "deleted b low\ngap c: no\ndeleted d low\nadded e low\n"},
	{"a gap at the very end is told",
	 false,
	 {DIRECTORY("a"), FILE_WITH("a/1", "1")},
	 {DIRECTORY("a"), UNREAD("a", "no")},
	 "gap a: no\n"},
	{"in a region too, unread is not deleted",
	 true,
	 {DIRECTORY("a"), DIRECTORY("a/s"), FILE_WITH("a/s/1", "1"), FILE_WITH("a/z", "1")},
	 {DIRECTORY("a", .flags = SL_ENTRY_COMPLETE), DIRECTORY("a/s"), UNREAD("a/s", "no")},
	 "gap a/s: no\ndeleted a/z medium [opaque] {deleted-with-directory}\n"},
	{"what is not known of a directory alone hides nothing that was deleted beneath",
	 true,
	 {DIRECTORY("a"), DIRECTORY("a/s"), FILE_WITH("a/s/1", "1")},
	 {DIRECTORY("a", .flags = SL_ENTRY_ORIGIN),
	  {.entry = {.path = PATH("a")}, .gap = "no", .gap_is_narrow = true},
	  WHITEOUT("a/s")},
	 "gap a: no\ndeleted a/s low\ndeleted a/s/1 low\n"},
	{"an unreadable file of the same size is a gap, never equal, never different",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"), .mode = S_IFREG | 0644, .size = 3}, .unreadable = true}},
	 "gap a: cannot be opened\n"},
	{"an unreadable file of another size has changed",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"), .mode = S_IFREG | 0644, .size = 4}, .unreadable = true}},
	 "gap a: cannot be opened\nmodified a high [forged-mtime] {forged-mtime}\n"},
	{"an unreadable file with another mode has changed, and its bytes are not called equal",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"), .mode = S_IFREG | 04644, .size = 3}, .unreadable = true}},
	 "gap a: cannot be opened\nmodified a critical [setuid] {setuid-gained,setuid-modified}\n"},
	{"an unreadable new file is still new",
	 false,
	 {DIRECTORY("d")},
	 {DIRECTORY("d"),
	  {.entry = {.path = PATH("d/a"), .mode = S_IFREG | 0644, .size = 3}, .unreadable = true}},
	 "gap d/a: cannot be opened\nadded d/a low\n"},
	{"a file that holds no bytes and no digest is a gap",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"), .mode = S_IFREG | 0644, .size = 3}}},
	 "gap a: its content is not available\n"},
	{"a file that changes while it is read is unstable and not equal",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"), .mode = S_IFREG | 0644, .mtime = {9, 0}},
	   .content = "one",
	   .changes_while_read = true}},
	 "modified a low [unstable]\n"},
	{"a file that held still at the second look is not unstable",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"), .mode = S_IFREG | 0644},
	   .content = "one",
	   .changes_once = true}},
	 ""},
	{"an unreadable file is not equal because of a digest that came along",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"),
		     .mode = S_IFREG | 04644,
		     .size = 3,
		     .fields = SL_ENTRY_SHA256,
		     .sha256 = {0x76, 0x92, 0xc3, 0xad, 0x35, 0x40, 0xbb, 0x80, 0x3c, 0x02, 0x0b,
				0x3a, 0xee, 0x66, 0xcd, 0x88, 0x87, 0x12, 0x32, 0x34, 0xea, 0x0c,
				0x6e, 0x71, 0x43, 0xc0, 0xad, 0xd7, 0x3f, 0xf4, 0x31, 0xed}},
	   .unreadable = true}},
	 "gap a: cannot be opened\nmodified a critical [setuid] {setuid-gained,setuid-modified}\n"},
	{"a directory that was listed in part: what is missing is unknown",
	 false,
	 {DIRECTORY("a"), FILE_WITH("a/1", "1"), FILE_WITH("a/2", "2"), FILE_WITH("a/3", "3"),
	  FILE_WITH("b", "4")},
	 {DIRECTORY("a"), UNREAD("a", "listing broke off"), FILE_WITH("a/2", "2")},
	 "gap a: listing broke off\ndeleted b low\n"},
	{"children of a directory that the image does not name",
	 true,
	 {FILE_WITH("a/1", "1"), FILE_WITH("b/1", "1")},
	 {DIRECTORY("a", .flags = SL_ENTRY_COMPLETE)},
	 "added a low\ndeleted a/1 low\n"},
	{"a file that is shorter than it said is unstable",
	 false,
	 {FILE_WITH("a", "one")},
	 {{.entry = {.path = PATH("a"), .mode = S_IFREG | 0644, .size = 9, .mtime = {9, 0}},
	   .content = "one"}},
	 "modified a low [unstable]\n"},
};

static void the_walk_says_exactly_what_changed(void **state)
{
	const struct drift_setup serial = {0}, threads = {.options.jobs = 4};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		drift_expect(&cases[i], &serial);
		drift_expect(&cases[i], &threads);
	}
}

/* Where the image's side has bytes and no digests, its bytes are hashed: nothing else changes. */
static void an_image_on_disk_is_hashed_too(void **state)
{
	const struct drift_setup setup = {.keep_content = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		drift_expect(&cases[i], &setup);
}

static void a_gap_makes_the_result_incomplete(void **state)
{
	static const struct drift_case c = {"gap",
					    true,
					    {DIRECTORY("a")},
					    {DIRECTORY("a"), UNREAD("a", "no"), UNREAD("b", "no")},
					    NULL};
	struct drift_setup setup = {0};
	struct sl_summary sum;
	AUTO_FREE char *log = drift_log(&c, &setup, &sum);

	(void)state;
	assert_non_null(strstr(log, "gaps=2 complete=0\n"));
	assert_int_equal(sum.counts.gaps, 2);
	assert_false(sum.complete);
}

static void touched_things_are_counted_and_shown_on_demand(void **state)
{
	static const struct drift_case c = {
		"touched",
		true,
		{DIRECTORY("a"), FILE_WITH("a/1", "1"), FILE_WITH("a/2", "2")},
		{DIRECTORY("a", .mtime = {9, 0}), FILE_WITH("a/1", "1")},
		"touched a info\ntouched a/1 info\n"};
	struct drift_setup setup = {0};
	struct sl_summary sum;
	AUTO_FREE char *log = drift_log(&c, &setup, &sum);
	AUTO_FREE char *shown = NULL;

	(void)state;
	assert_null(strstr(log, "touched a"));
	assert_int_equal(sum.counts.by_kind[SL_CHANGE_TOUCHED], 2);
	assert_int_equal(sum.counts.by_severity[SL_SEVERITY_INFO], 0);
	assert_int_equal(sum.counts.entries, 2);
	assert_int_equal(sum.counts.bytes_read, 1);
	assert_true(sum.complete);
	setup.options.show_touched = true;
	drift_expect(&c, &setup);
	shown = drift_log(&c, &setup, &sum);
	assert_int_equal(sum.counts.by_kind[SL_CHANGE_TOUCHED], 2);
}

static void an_unread_copy_up_is_not_even_touched(void **state)
{
	static const struct drift_case c = {
		"unread",
		true,
		{FILE_WITH("a", "one")},
		{{.entry = {.path = PATH("a"), .mode = S_IFREG | 0644, .size = 3},
		  .unreadable = true}},
		"gap a: cannot be opened\n"};
	struct drift_setup setup = {.options.show_touched = true};
	struct sl_summary sum;
	AUTO_FREE char *log = drift_log(&c, &setup, &sum);

	assert_non_null(log);
	(void)state;
	drift_expect(&c, &setup);
	assert_int_equal(sum.counts.by_kind[SL_CHANGE_TOUCHED], 0);
	assert_int_equal(sum.counts.gaps, 1);
}

static void a_recorded_digest_is_taken_as_it_is(void **state)
{
	struct drift_case c = {"recorded",
			       false,
			       {FILE_WITH("a", "one"), FILE_WITH("b", "two")},
			       {FILE_WITH("a", "one"), FILE_WITH("b", "tw0", .mtime = {4, 0})},
			       "modified b low\n"};
	struct drift_setup setup = {0};

	(void)state;
	assert_int_equal(drift_rows(c.after, true), 2);
	drift_expect(&c, &setup);
}

static void quick_compares_by_size_and_xxh3_and_names_no_sha256(void **state)
{
	static const struct drift_case c = {
		"quick",
		false,
		{FILE_WITH("a", "one"), FILE_WITH("b", "two"), FILE_WITH("c", "3")},
		{FILE_WITH("a", "one"), FILE_WITH("b", "tw0", .mtime = {4, 0}),
		 FILE_WITH("c", "33", .mtime = {4, 0})},
		"modified b low\nmodified c low\n"};
	struct drift_setup setup = {.options.quick = true, .keep_content = true};

	(void)state;
	drift_expect(&c, &setup);
	/* an image that brought SHA-256 only still compares: there is nothing else */
	setup.keep_content = false;
	drift_expect(&c, &setup);
}

static uint64_t seven(void *payload)
{
	(void)payload;
	return 7;
}

static void raced_names_are_counted_and_no_gap(void **state)
{
	static const struct drift_case c = {"raced", true, {DIRECTORY("a")}, {DIRECTORY("a")}, ""};
	struct drift_setup setup = {.options.raced = seven};
	struct sl_summary sum;
	AUTO_FREE char *log = drift_log(&c, &setup, &sum);

	(void)state;
	assert_int_equal(sum.counts.raced, 7);
	assert_true(sum.complete);
	assert_non_null(strstr(log, "raced=7 gaps=0 complete=1"));
}

/* ---- sources that misbehave ---- */

struct moody {
	struct sl_source source;
	struct sl_source *inner;
	unsigned int left; /* entries before next() fails */
	int open_sys;      /* open() fails with this errno when set */
	unsigned int seeks;
	unsigned int nexts;
};

static int moody_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct moody *m = container_of(src, struct moody, source);

	m->nexts++;
	if (m->left-- == 0)
		return sl_fail(err, SL_EFORMAT, 0, "page 7 is garbled");
	return sl_source_next(m->inner, out, err);
}

static int moody_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct moody *m = container_of(src, struct moody, source);

	m->seeks++;
	return sl_source_seek(m->inner, path, err);
}

static int moody_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	struct moody *m = container_of(src, struct moody, source);

	if (m->open_sys != 0)
		return sl_fail(err, SL_EIO, m->open_sys, "open");
	return sl_source_open(m->inner, out, err);
}

static const struct sl_source_ops moody_ops = {
	.next = moody_next, .seek = moody_seek, .open = moody_open};

static char *run_moody(struct moody *before, struct moody *after, struct sl_summary *sum,
		       const volatile sig_atomic_t *stop)
{
	static const struct sl_container web = {.name = (char *)(uintptr_t) "web"};
	static const struct sl_subject subject = {.container = &web};
	struct buf log = BUF_INIT(1 << 20);
	struct sl_sink *sink = fake_sink(&log);
	struct drift_input input = {
		.before = &before->source, .after = &after->source, .subject = &subject};
	struct drift_options options = {.jobs = 2, .stop = stop};

	before->source.ops = after->source.ops = &moody_ops;
	after->source.sparse = after->inner->sparse;
	assert_int_equal(drift_run(&input, &options, sink, sum, NULL), 0);
	sl_source_close(before->inner);
	sl_source_close(after->inner);
	sl_sink_close(sink);
	return buf_take(&log);
}

static void a_source_that_breaks_off_is_a_gap_and_ends_the_claims(void **state)
{
	struct fake_row b[ROWS] = {FILE_WITH("a", "1"), FILE_WITH("b", "2"), FILE_WITH("c", "3")};
	struct fake_row a[ROWS] = {FILE_WITH("a", "9", .mtime = {4, 0}), FILE_WITH("b", "2"),
				   FILE_WITH("c", "3")};
	size_t nb = drift_rows(b, true), na = drift_rows(a, false);
	struct sl_summary sum;

	(void)state;
	for (int side = 0; side < 2; side++) {
		struct moody before = {.inner = fake_source(b, nb, false),
				       .left = side == 0 ? 1 : 100};
		struct moody after = {.inner = fake_source(a, na, false),
				      .left = side == 1 ? 1 : 100};
		AUTO_FREE char *log = run_moody(&before, &after, &sum, NULL);

		assert_non_null(strstr(log, "modified a low\n"));
		assert_non_null(strstr(log, "gap page 7 is garbled: "));
		assert_null(strstr(log, "\ndeleted "));
		assert_null(strstr(log, "\nadded "));
		assert_false(sum.complete);
	}
}

static void a_name_that_vanishes_before_it_is_opened_is_raced(void **state)
{
	struct fake_row b[ROWS] = {FILE_WITH("a", "1")};
	struct fake_row a[ROWS] = {FILE_WITH("a", "9"), FILE_WITH("b", "2")};
	size_t nb = drift_rows(b, true), na = drift_rows(a, false);
	struct moody before = {.inner = fake_source(b, nb, false), .left = 100};
	struct moody after = {.inner = fake_source(a, na, false), .left = 100, .open_sys = ENOENT};
	struct sl_summary sum;
	AUTO_FREE char *log = run_moody(&before, &after, &sum, NULL);

	(void)state;
	assert_int_equal(sum.counts.raced, 2);
	assert_int_equal(sum.counts.gaps, 0);
	assert_null(strstr(log, "added b"));
	assert_null(strstr(log, "deleted a"));
}

static void a_signal_stops_the_walk_with_a_gap(void **state)
{
	struct fake_row b[ROWS] = {FILE_WITH("a", "1")};
	size_t nb = drift_rows(b, true);
	struct moody before = {.inner = fake_source(b, nb, false), .left = 100};
	struct moody after = {.inner = fake_source(b, 0, false), .left = 100};
	volatile sig_atomic_t stop = 1;
	struct sl_summary sum;
	AUTO_FREE char *log = run_moody(&before, &after, &sum, &stop);

	(void)state;
	assert_non_null(strstr(log, "gap the rest of the walk: interrupted\n"));
	assert_false(sum.complete);
}

#define MANY 20000

static void untouched_regions_of_the_image_are_jumped_over(void **state)
{
	struct fake_row *rows = calloc(MANY, sizeof(*rows));
	char(*names)[12] = calloc(MANY, sizeof(*names));
	struct fake_row last[ROWS] = {FILE_WITH("f19990", "x", .mtime = {3, 0})};
	struct moody before = {.left = UINT32_MAX};
	struct moody after = {.left = 100};
	struct sl_summary sum;
	AUTO_FREE char *log = NULL;

	(void)state;
	assert_non_null(rows);
	assert_non_null(names);
	for (unsigned int i = 0; i < MANY; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "f%05u", i);
		rows[i].entry = (struct sl_entry){
			.path = {names[i], 6}, .mode = S_IFREG | 0644, .fields = SL_ENTRY_SHA256};
	}
	before.inner = fake_source(rows, MANY, false);
	after.inner = fake_source(last, drift_rows(last, false), true);
	log = run_moody(&before, &after, &sum, NULL);
	assert_non_null(strstr(log, "modified f19990 low\n"));
	assert_int_equal(before.seeks, 1);
	assert_in_range(before.nexts, 1, 1000);
	free(rows);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_walk_says_exactly_what_changed),
		cmocka_unit_test(an_image_on_disk_is_hashed_too),
		cmocka_unit_test(a_gap_makes_the_result_incomplete),
		cmocka_unit_test(touched_things_are_counted_and_shown_on_demand),
		cmocka_unit_test(an_unread_copy_up_is_not_even_touched),
		cmocka_unit_test(a_recorded_digest_is_taken_as_it_is),
		cmocka_unit_test(quick_compares_by_size_and_xxh3_and_names_no_sha256),
		cmocka_unit_test(raced_names_are_counted_and_no_gap),
		cmocka_unit_test(a_source_that_breaks_off_is_a_gap_and_ends_the_claims),
		cmocka_unit_test(a_name_that_vanishes_before_it_is_opened_is_raced),
		cmocka_unit_test(a_signal_stops_the_walk_with_a_gap),
		cmocka_unit_test(untouched_regions_of_the_image_are_jumped_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
