/* SPDX-License-Identifier: Apache-2.0 */
/* Modification times that were taken from programs of the image, and those that only look so. */
#include "unit/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "job/comparison.h"
#include "job/meaning.h"
#include "job/meaning_times.h"
#include "unit/fake_root.h"

#define LS_TIME 1663675200 /* September 2022 */
#define BASH_TIME 1680000000
#define BUILD_TIME 1700000000
#define CREATED 1790000000

struct fixture {
	char *root;
	struct sl_container *c;
	struct comparison comparison;
	struct meaning meaning;
};

static int set_time(const char *root, const char *path, time_t sec)
{
	const struct timespec times[] = {{.tv_sec = sec}, {.tv_sec = sec}};
	AUTO_FREE char *whole = NULL;

	return asprintf(&whole, "%s/%s", root, path) < 0 ? -1
							 : utimensat(AT_FDCWD, whole, times, 0);
}

static void add_program(const struct fixture *f, const char *path, time_t sec, long nsec)
{
	const struct timespec times[] = {{.tv_sec = sec, .tv_nsec = nsec},
					 {.tv_sec = sec, .tv_nsec = nsec}};
	AUTO_FREE char *whole = NULL;

	fake_file(f->root, "x", "%s", path);
	assert_true(asprintf(&whole, "%s/%s", f->root, path) > 0);
	assert_int_equal(utimensat(AT_FDCWD, whole, times, 0), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	assert_int_equal(sl_container_new(&f->c, NULL), 0);
	f->c->has_created = true;
	f->c->created.sec = CREATED;
	f->c->stack.upper_fd = -1;
	add_program(f, "usr/bin/ls", LS_TIME, 0);
	add_program(f, "usr/bin/cat", LS_TIME, 0);
	add_program(f, "usr/bin/bash", BASH_TIME, 123456789);
	add_program(f, "usr/bin/dash", BUILD_TIME, 0);
	add_program(f, "usr/bin/find", BUILD_TIME, 0);
	*state = f;
	return 0;
}

static void open_meaning(struct fixture *f)
{
	struct sl_lower lower = {.dir_path = strdup("image")};

	lower.dir_fd = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(lower.dir_fd >= 0);
	assert_int_equal(sl_stack_add_lower(&f->c->stack, &lower, NULL), 0);
	f->comparison.container = f->c;
	f->meaning.comparison = &f->comparison;
	assert_int_equal(meaning_add_times(&f->meaning, NULL), 0);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	meaning_close(&f->meaning);
	sl_container_free(f->c);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

/* Is the time of this change one that was borrowed? @flags of the entry, @signals of the change. */
static bool is_borrowed(struct fixture *f, struct sl_time mtime, uint32_t flags, uint64_t signals)
{
	const struct sl_entry e = {
		.mode = S_IFREG | 0644, .fields = SL_ENTRY_MTIME, .mtime = mtime, .flags = flags};
	struct sl_change c = {.kind = SL_CHANGE_ADDED, .after = &e, .signals = signals};
	struct sl_finding found = {.change = &c};
	const struct drift_step *mark = &f->meaning.marks[0];
	bool is_so;

	assert_int_equal(mark->apply(mark->payload, &found, &c, NULL), 0);
	is_so = (c.signals & SL_SIGNAL_BORROWED_MTIME) != 0;
	assert_int_equal(found.message != NULL, is_so);
	if (is_so)
		assert_non_null(strstr(found.message, "/usr/bin/"));
	return is_so;
}

static void a_time_is_borrowed_when_it_is_a_known_programs_to_the_nanosecond(void **state)
{
	struct fixture *f = *state;

	open_meaning(f);
	assert_true(is_borrowed(f, (struct sl_time){LS_TIME, 0}, 0, 0));
	assert_true(is_borrowed(f, (struct sl_time){BASH_TIME, 123456789}, 0, 0));
	assert_false(is_borrowed(f, (struct sl_time){BASH_TIME, 123456788}, 0, 0));
	assert_false(is_borrowed(f, (struct sl_time){LS_TIME + 1, 0}, 0, 0));
	/* what was moved or copied up bears the time that it had */
	assert_false(is_borrowed(f, (struct sl_time){LS_TIME, 0}, SL_ENTRY_ORIGIN, 0));
	assert_false(is_borrowed(f, (struct sl_time){LS_TIME, 0}, 0, SL_SIGNAL_RENAMED));
}

static void a_time_that_one_build_gave_to_much_is_nobodys(void **state)
{
	struct fixture *f = *state;

	open_meaning(f);
	assert_false(is_borrowed(f, (struct sl_time){BUILD_TIME, 0}, 0, 0));
}

static void an_image_with_one_known_package_says_nothing(void **state)
{
	struct fixture *f = *state;

	fake_remove(f->root, "usr/bin/bash");
	fake_remove(f->root, "usr/bin/dash");
	fake_remove(f->root, "usr/bin/find");
	open_meaning(f);
	assert_false(is_borrowed(f, (struct sl_time){LS_TIME, 0}, 0, 0));
}

static void the_time_is_that_of_the_uppermost_layer_that_has_the_program(void **state)
{
	struct fixture *f = *state;
	struct sl_lower lower = {.dir_path = strdup("old")};
	char *old = fake_root();

	open_meaning(f);
	fake_file(old, "x", "usr/bin/cat");
	fake_file(old, "x", "usr/bin/perl");
	lower.dir_fd = open(old, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(set_time(old, "usr/bin/cat", LS_TIME + 5), 0);
	assert_int_equal(set_time(old, "usr/bin/perl", LS_TIME + 7), 0);
	assert_int_equal(sl_stack_add_lower(&f->c->stack, &lower, NULL), 0);
	assert_true(is_borrowed(f, (struct sl_time){LS_TIME, 0}, 0, 0));
	assert_true(is_borrowed(f, (struct sl_time){LS_TIME + 7, 0}, 0, 0));
	assert_false(is_borrowed(f, (struct sl_time){LS_TIME + 5, 0}, 0, 0));
	fake_root_remove(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_time_is_borrowed_when_it_is_a_known_programs_to_the_nanosecond, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_time_that_one_build_gave_to_much_is_nobodys,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_time_is_that_of_the_uppermost_layer_that_has_the_program, setup,
			teardown),
		cmocka_unit_test_setup_teardown(an_image_with_one_known_package_says_nothing, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
