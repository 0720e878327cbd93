/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/drift_case.h"

#include <stdlib.h>

#include "diff/renames.h"

#define REDIRECT(to) .redirect = PATH(to), .flags = SL_ENTRY_ORIGIN
/* Metadata of a file with two names. */
#define COPIED .fields = SL_ENTRY_INODE, .nlink = 2, .flags = SL_ENTRY_ORIGIN

static const struct drift_case cases[] = {
	{"the same bytes elsewhere are a renaming, on both ends",
	 true,
	 {FILE_WITH("a", "bytes"), FILE_WITH("b", "other")},
	 {WHITEOUT("a"), FILE_WITH("c", "bytes")},
	 "deleted a low [renamed]\nadded c low [renamed]\n"},
	{"onto a file of the image, too",
	 true,
	 {FILE_WITH("a", "bytes"), FILE_WITH("b", "other")},
	 {WHITEOUT("a"), FILE_WITH("b", "bytes", .mtime = {7, 0})},
	 "deleted a low [renamed]\nmodified b low [renamed]\n"},
	{"a file that gave way to a directory",
	 false,
	 {FILE_WITH("a", "bytes")},
	 {DIRECTORY("a"), FILE_WITH("a/b", "bytes")},
	 "type a low [renamed]\nadded a/b low [renamed]\n"},
	{"a copy whose original stays is none",
	 true,
	 {FILE_WITH("a", "bytes")},
	 {FILE_WITH("c", "bytes")},
	 "added c low\n"},
	{"an empty file is like any other",
	 true,
	 {FILE_WITH("a", "")},
	 {WHITEOUT("a"), FILE_WITH("c", "")},
	 "deleted a low\nadded c low\n"},
	{"a rewritten file is no renaming of itself",
	 true,
	 {FILE_WITH("a", "bytes")},
	 {FILE_WITH("a", "other", .mtime = {7, 0})},
	 "modified a low\n"},
	{"among several the same name decides",
	 true,
	 {DIRECTORY("d"), FILE_WITH("d/x", "bytes"), FILE_WITH("d/y", "bytes")},
	 {DIRECTORY("d"), WHITEOUT("d/x"), WHITEOUT("d/y"), DIRECTORY("e"),
	  FILE_WITH("e/y", "bytes"), FILE_WITH("e/z", "bytes")},
	 "deleted d/x low [renamed]\ndeleted d/y low [renamed]\nadded e low\n"
	 "added e/y low [renamed]\nadded e/z low [renamed]\n"},
	{"directories that changed places name each other",
	 true,
	 {DIRECTORY("a"), DIRECTORY("b")},
	 {DIRECTORY("a", .mode = S_IFDIR | 0700, REDIRECT("/b")),
	  DIRECTORY("b", .mode = S_IFDIR | 0700, REDIRECT("/a"))},
	 "metadata a info [renamed]\nmetadata b info [renamed]\n"},
	{"a directory that another one stands in the place of was renamed",
	 true,
	 {DIRECTORY("a")},
	 {DIRECTORY("a", .mode = S_IFDIR | 0700), DIRECTORY("c", REDIRECT("/a"))},
	 "metadata a info [renamed]\nadded c low [renamed]\n"},
	{"a link to a copied file is no renaming as long as the file is there",
	 true,
	 {FILE_WITH("a", "bytes")},
	 {FILE_WITH("a", "bytes", COPIED), FILE_WITH("c", "bytes", COPIED, REDIRECT("/a"))},
	 "added c low\n"},
	{"but one of its names was renamed when it is gone",
	 true,
	 {FILE_WITH("a", "bytes")},
	 {WHITEOUT("a"), FILE_WITH("c", "bytes", COPIED, REDIRECT("/a")),
	  FILE_WITH("d", "bytes", COPIED, REDIRECT("/a"))},
	 "deleted a low [renamed]\nadded c low [renamed]\nadded d low\n"},
	{"what cannot be decided is not guessed",
	 true,
	 {FILE_WITH("a", "bytes"), FILE_WITH("b", "bytes")},
	 {WHITEOUT("a"), WHITEOUT("b"), FILE_WITH("x", "bytes")},
	 "deleted a low\ndeleted b low\nadded x low\n"},
};

static void ends_are_paired_by_their_bytes(void **state)
{
	const struct drift_setup setup = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		drift_expect(&cases[i], &setup);
}

/* ---- on the spool itself ---- */

static struct sl_entry file(unsigned int content)
{
	struct sl_entry e = {.mode = S_IFREG | 0644, .size = 9, .fields = SL_ENTRY_SHA256};

	memcpy(e.sha256, &content, sizeof(content));
	return e;
}

/* @count files moved from old/N to new/N, in a spool with so much memory. */
static struct spool *moved(unsigned int count, size_t memory, struct renames_hint *hint)
{
	struct spool *s;

	assert_int_equal(spool_new(&s, memory, NULL), 0);
	for (unsigned int i = 0; i < 2 * count; i++) {
		bool is_new = i < count;
		struct sl_entry e = file(i % count);
		struct sl_change c = {.kind = is_new ? SL_CHANGE_ADDED : SL_CHANGE_DELETED};
		char path[32];

		c.path.data = path;
		c.path.len = (size_t)snprintf(path, sizeof(path), "%s/%u", is_new ? "new" : "old",
					      i % count);
		e.path = c.path;
		*(is_new ? &c.after : &c.before) = &e;
		assert_int_equal(spool_add_change(s, &c, NULL), 0);
		renames_note(hint, &c);
	}
	return s;
}

static size_t count_told(struct renames *r, struct spool *s)
{
	struct spool_record record;
	size_t told = 0;

	assert_int_equal(spool_rewind(s, NULL), 0);
	while (spool_next(s, &record, NULL) == 0) {
		struct sl_change c = *record.change;
		struct sl_bytes other;

		assert_int_equal(renames_apply(r, s, record.at, &c, NULL), 0);
		if ((c.signals & SL_SIGNAL_RENAMED) == 0)
			continue;
		other = c.kind == SL_CHANGE_ADDED ? c.renamed_from : c.renamed_to;
		assert_non_null(other.data);
		assert_int_equal(other.len, c.path.len);
		assert_memory_equal(other.data, c.kind == SL_CHANGE_ADDED ? "old" : "new", 3);
		assert_memory_equal(other.data + 3, c.path.data + 3, c.path.len - 3);
		told++;
	}
	return told;
}

static void thousands_are_paired_in_memory_and_on_disk(void **state)
{
	(void)state;
	for (size_t memory = 4096; memory <= ((size_t)64 << 20); memory <<= 14) {
		struct renames r = RENAMES_INIT;
		struct renames_hint hint = {0};
		struct spool *s = moved(3000, memory, &hint);

		assert_int_equal(renames_find(&r, s, &hint, RENAMES_MAX, NULL), 0);
		assert_int_equal(spool_has_file(s), memory < ((size_t)1 << 20));
		assert_int_equal(count_told(&r, s), 6000);
		renames_clear(&r);
		spool_free(s);
	}
}

static void beyond_the_bound_nothing_is_looked_for_and_that_is_said(void **state)
{
	struct renames r = RENAMES_INIT;
	struct renames_hint hint = {0};
	struct spool *s = moved(100, 0, &hint);

	(void)state;
	assert_int_equal(renames_find(&r, s, &hint, 99, NULL), 0);
	assert_true(r.too_many);
	assert_int_equal(count_told(&r, s), 0);
	renames_clear(&r);
	assert_int_equal(renames_find(&r, s, &hint, 100, NULL), 0);
	assert_false(r.too_many);
	assert_int_equal(count_told(&r, s), 200);
	renames_clear(&r);
	spool_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_paired_by_their_bytes),
		cmocka_unit_test(thousands_are_paired_in_memory_and_on_disk),
		cmocka_unit_test(beyond_the_bound_nothing_is_looked_for_and_that_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
