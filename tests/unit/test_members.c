/* SPDX-License-Identifier: Apache-2.0 */
/* Whose evidence is taken: the processes of a container, but for this program's own. */
#include "host/members.h"
#include "unit/proc_machine.h"

static void this_program_is_one_of_them_or_left_out_and_told(void **state)
{
	struct fixture *f = *state;
	CLEANUP(host_members_clear) struct host_members all = {0}, others = {0};

	machine(f);
	process(f, 21, 201, 200, OURS, "/bin/sh", ARGS("strandline"));
	assert_int_equal(unlinkat(f->host.place.proc_fd, "self", 0), 0);
	fake_link(f->root, "21", "proc/self");
	assert_int_equal(host_members(&f->host, f->container, 0, &all, NULL), 0);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.self, 0);
	assert_int_equal(host_members(&f->host, f->container, HOST_MEMBERS_OTHERS, &others, NULL),
			 0);
	assert_int_equal(others.count, 1);
	assert_int_equal(others.items[0].pid, 20);
	assert_int_equal(others.items[0].start, 20);
	assert_int_equal(others.self, 21);
}

/* Another's trouble is not ours: what cannot be told of a process is said of that process. */
static void who_cannot_be_looked_at_is_named(void **state)
{
	struct fixture *f = *state;
	CLEANUP(host_members_clear) struct host_members all = {0};
	AUTO_FREE char *stat = NULL;

	machine(f);
	process(f, 21, 201, 200, OURS, "/bin/sh", ARGS("sh"));
	assert_true(asprintf(&stat, "%s/proc/21/stat", f->root) >= 0);
	assert_int_equal(unlink(stat), 0);
	assert_int_equal(mkdir(stat, 0700), 0);
	assert_int_equal(host_members(&f->host, f->container, 0, &all, NULL), 0);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.refused_count, 1);
	assert_int_equal(all.refused[0].pid, 21);
	assert_string_equal(all.refused[0].why, "it cannot be looked at");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(this_program_is_one_of_them_or_left_out_and_told),
		TEST(who_cannot_be_looked_at_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
