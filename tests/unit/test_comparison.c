/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "job/comparison.h"
#include "job/meaning.h"
#include "snapshot/layertree.h"
#include "unit/fake_root.h"
#include "unit/fake_sink.h"

/* A container of a driver that copies: its tree is whole, and so is the one it was copied from. */
struct fixture {
	char *root;
	struct sl_container *c;
	struct job job;
	struct comparison comparison;
	struct sl_error err;
};

static int open_dir(const struct fixture *f, const char *name)
{
	AUTO_FREE char *path = NULL;
	int fd;

	assert_true(asprintf(&path, "%s/%s", f->root, name) > 0);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void add_lower(struct fixture *f, const char *name)
{
	struct sl_lower lower = {.dir_fd = open_dir(f, name), .dir_path = strdup(name)};

	assert_int_equal(sl_stack_add_lower(&f->c->stack, &lower, NULL), 0);
}

static void fill(const struct fixture *f, const char *dir)
{
	fake_file(f->root, "same", "%s/etc/same", dir);
	fake_file(f->root, "old", "%s/etc/changed", dir);
	fake_file(f->root, "data", "%s/etc/.wh.name", dir);
	fake_file(f->root, "", "%s/etc/.wh..wh..opq", dir);
	fake_file(f->root, "gone", "%s/var/deleted", dir);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	fill(f, "copy");
	fill(f, "init");
	fill(f, "image");
	fake_file(f->root, "new", "copy/etc/changed");
	fake_file(f->root, "evil", "copy/tmp/added");
	fake_file(f->root, "", "copy/var/.wh.deleted");
	fake_remove(f->root, "copy/var/deleted");
	/* only the first lower shows: this one says nothing */
	fake_file(f->root, "below", "image/etc/below");
	assert_int_equal(sl_container_new(&f->c, NULL), 0);
	f->c->engine = strdup("docker");
	f->c->id = strdup("whole");
	f->c->stack.is_whole = true;
	f->c->stack.marker = SL_MARKER_AUFS; /* of no meaning in a whole tree */
	f->c->stack.upper_fd = open_dir(f, "copy");
	add_lower(f, "init");
	add_lower(f, "image");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	comparison_close(&f->comparison);
	sl_container_free(f->c);
	sl_error_clear(&f->err);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static void compare(struct fixture *f, struct buf *log)
{
	struct comparison_options how = {.no_index = true};
	struct drift_options options = {.jobs = 0};
	struct sl_source *tree = NULL, *after = NULL;
	struct sl_sink *sink = fake_sink(log);
	struct meaning_request wanted = {.no_processes = true};
	struct sl_summary summary;
	struct meaning meaning;

	assert_int_equal(comparison_open(&f->comparison, &f->job, f->c, NULL, &how, &f->err), 0);
	assert_int_equal(layertree_open(&tree, f->c->stack.upper_fd, SL_MARKER_NONE, NULL, &f->err),
			 0);
	assert_int_equal(comparison_after(&f->comparison, tree, &after, &f->err), 0);
	assert_int_equal(meaning_open(&meaning, &f->job, &wanted, &f->comparison, &f->err), 0);
	assert_int_equal(
		comparison_run(&f->comparison, after, &meaning, &options, sink, &summary, &f->err),
		0);
	meaning_close(&meaning);
	sl_source_close(after);
	sl_sink_close(sink);
}

static void a_whole_tree_is_compared_with_the_tree_it_was_copied_from(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf log = BUF_INIT(1 << 20);
	static const char *const said[] = {"modified etc/changed ", "added tmp/added ",
					   "added var/.wh.deleted ", "deleted var/deleted "};
	/* times may have moved between two copies: that alone is no drift of contents */
	static const char *const unsaid[] = {"below", "added etc", "gap ", "deleted etc",
					     "modified etc/same"};

	compare(f, &log);
	assert_int_equal(f->comparison.trust, SL_TRUST_ON_DISK);
	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		if (strstr(log.data, said[i]) == NULL)
			fail_msg("no '%s' in %s", said[i], log.data);
	for (size_t i = 0; i < ARRAY_SIZE(unsaid); i++)
		if (strstr(log.data, unsaid[i]) != NULL)
			fail_msg("'%s' in %s", unsaid[i], log.data);
}

static void a_whole_tree_without_a_copy_to_compare_with_is_no_clean_one(void **state)
{
	struct fixture *f = *state;
	struct comparison_options how = {.no_index = true};

	while (f->c->stack.lower_count > 0)
		sl_lower_clear(&f->c->stack.lowers[--f->c->stack.lower_count]);
	assert_int_equal(comparison_open(&f->comparison, &f->job, f->c, NULL, &how, &f->err),
			 -SL_ENOTFOUND);
	assert_non_null(strstr(sl_error_text(&f->err), "nothing lies below to compare with"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_whole_tree_is_compared_with_the_tree_it_was_copied_from, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_whole_tree_without_a_copy_to_compare_with_is_no_clean_one, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
