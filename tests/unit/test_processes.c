/* SPDX-License-Identifier: Apache-2.0 */
/* A /proc of plain files: the kernel's own is asked for by host_open(), not here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/processes.h"
#include "unit/fake_root.h"

#define STAT(comm, state, ppid, flags, start)                                                      \
	"7 (" comm ") " state " " ppid " 7 7 0 -1 " flags " 1 2 3 4 5 6 7 8 20 0 1 0 " start       \
	" 4096 12 18446744073709551615"

static const struct stat_row {
	const char *what, *text;
	int rc;
	int64_t parent;
	uint64_t start;
	bool is_kernel, is_dead;
} stats[] = {
	{"a shell", STAT("sh", "S", "1", "4194304", "4711"), 0, 1, 4711, false, false},
	{"a name with parentheses", STAT("a) S 99 (b", "R", "5", "0", "12"), 0, 5, 12, false,
	 false},
	{"a name that is a whole status", STAT(") Z 1 1 1 0 -1 2097152 1 2", "S", "3", "0", "9"), 0,
	 3, 9, false, false},
	{"a name with a newline", STAT("a\n7 (x", "S", "3", "0", "9"), 0, 3, 9, false, false},
	{"a thread of the kernel", STAT("kthreadd", "S", "0", "2129984", "2"), 0, 0, 2, true,
	 false},
	{"one that has ended", STAT("sh", "Z", "1", "0", "7"), 0, 1, 7, false, true},
	{"the latest start there is", STAT("sh", "S", "1", "0", "18446744073709551615"), 0, 1,
	 UINT64_MAX, false, false},
	{"a start beyond it", STAT("sh", "S", "1", "0", "18446744073709551616"), -SL_EFORMAT, 0, 0,
	 false, false},
	{"no parent", STAT("sh", "S", "-1", "0", "7"), -SL_EFORMAT, 0, 0, false, false},
	{"cut", "7 (sh) S 1 7 7 0 -1 0 1 2", -SL_EFORMAT, 0, 0, false, false},
	{"cut behind the name", "7 (sh)", -SL_EFORMAT, 0, 0, false, false},
	{"no name", "7 sh S 1 7 7", -SL_EFORMAT, 0, 0, false, false},
	{"nothing", "", -SL_EFORMAT, 0, 0, false, false},
};

static void what_a_process_calls_itself_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stats); i++) {
		const struct stat_row *r = &stats[i];
		struct process_stat st;
		int rc = process_stat_parse(&st, r->text, strlen(r->text), NULL);

		if (rc != r->rc)
			fail_msg("%s: %d", r->what, rc);
		if (rc == 0 && (st.parent != r->parent || st.start != r->start ||
				st.is_kernel != r->is_kernel || st.is_dead != r->is_dead))
			fail_msg("%s", r->what);
	}
}

struct fixture {
	char *root;
	int fd;
	struct processes p;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	f->fd = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	processes_clear(&f->p);
	close(f->fd);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

/* Process @pid, started at @start in mount namespace @ns, whose root directory is its own. */
static void fake_process(const struct fixture *f, int pid, const char *state, const char *start,
			 int ns, const char *inner, const char *cgroup)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *status = NULL;
	char link[32];

	assert_true(asprintf(&text, "%d (x) %s 1 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 %s 4", pid,
			     state, start) >= 0);
	assert_true(asprintf(&status, "Name:\tx\nNSpid:\t%d%s\nThreads:\t1\n", pid, inner) >= 0);
	fake_file(f->root, text, "%d/stat", pid);
	fake_file(f->root, status, "%d/status", pid);
	(void)snprintf(link, sizeof(link), "mnt:[%d]", ns);
	fake_link(f->root, link, "%d/ns/mnt", pid);
	fake_dir(f->root, "roots/%d", ns);
	(void)snprintf(link, sizeof(link), "../roots/%d", ns);
	fake_link(f->root, link, "%d/root", pid);
	if (cgroup != NULL)
		fake_file(f->root, cgroup, "%d/cgroup", pid);
}

static int read_all(struct fixture *f)
{
	processes_clear(&f->p);
	return processes_read(&f->p, f->fd, f->fd, NULL);
}

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void processes_share_a_view_by_mounts_and_root(void **state)
{
	struct fixture *f = *state;

	fake_process(f, 1, "S", "1", 100, "", "0::/init.scope\n");
	fake_process(f, 20, "S", "50", 200, "\t1", "0::/docker/" ID "\n");
	fake_process(f, 3, "S", "60", 200, "\t7", NULL);
	fake_process(f, 40, "S", "70", 300, "", "0::/docker/" ID "\n");
	fake_file(f->root, "no process", "40x/stat");
	fake_file(f->root, "no process", "uptime");
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->p.count, 4);
	assert_int_equal(f->p.view_count, 3);
	assert_int_equal(f->p.all[1].pid, 3);
	assert_int_equal(f->p.all[1].view, f->p.all[2].view);
	assert_int_not_equal(f->p.all[0].view, f->p.all[2].view);
	assert_int_not_equal(f->p.all[3].view, f->p.all[2].view);
	assert_int_equal(f->p.all[0].view, 0); /* the lowest number first */
	assert_false(f->p.is_hidden);
	assert_int_equal(f->p.denied, 0);
	assert_non_null(processes_by_pid(&f->p, 40));
	assert_null(processes_by_pid(&f->p, 41));
}

static void an_id_finds_its_processes(void **state)
{
	struct fixture *f = *state;
	size_t first;

	fake_process(f, 1, "S", "1", 100, "", "0::/init.scope\n");
	fake_process(f, 20, "S", "50", 200, "", "0::/docker/" ID "\n");
	fake_process(f, 40, "S", "70", 300, "", "0::/docker/" ID "\n");
	fake_process(f, 50, "S", "70", 400, "", "0::/default/c1\n");
	assert_int_equal(read_all(f), 0);
	assert_int_equal(processes_by_id(&f->p, ID, &first), 2);
	assert_string_equal(f->p.all[f->p.by_id[first]].id, ID);
	assert_string_equal(f->p.all[f->p.by_id[first + 1]].id, ID);
	assert_int_equal(processes_by_id(&f->p, "default/c1", &first), 1);
	assert_int_equal(processes_by_id(&f->p, "c1", &first), 0);
	assert_int_equal(processes_by_id(&f->p, "", &first), 0);
}

static void the_first_of_a_pid_namespace_is_a_containers_first(void **state)
{
	struct fixture *f = *state;
	size_t some[] = {0, 1, 2};
	const struct process *first;

	fake_process(f, 10, "S", "40", 200, "\t9", NULL); /* came in from outside, before it */
	fake_process(f, 20, "S", "50", 200, "\t1", NULL);
	fake_process(f, 30, "S", "60", 200, "\t5\t1", NULL); /* of a namespace in the namespace */
	assert_int_equal(read_all(f), 0);
	first = processes_first(&f->p, some, 3, f->fd);
	assert_int_equal(first->pid, 20);
	fake_remove(f->root, "20");
	fake_remove(f->root, "30");
	first = processes_first(&f->p, some, 3, f->fd);
	assert_int_equal(first->pid, 10);
	fake_remove(f->root, "10");
	assert_null(processes_first(&f->p, some, 3, f->fd));
}

static void a_number_that_was_given_away_is_not_the_process(void **state)
{
	struct fixture *f = *state;
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	fake_process(f, 10, "S", "40", 200, "", NULL);
	assert_int_equal(read_all(f), 0);
	fake_process(f, 10, "S", "41", 200, "", NULL);
	assert_int_equal(processes_open(&f->p.all[0], f->fd, &err), -SL_ENOTFOUND);
	assert_string_equal(sl_error_text(&err), "another process has its number now");
}

static void one_that_ended_is_left_out_unless_a_thread_goes_on(void **state)
{
	struct fixture *f = *state;

	fake_process(f, 1, "S", "1", 100, "", NULL);
	fake_process(f, 10, "Z", "40", 200, "", NULL);
	fake_process(f, 11, "Z", "40", 300, "", NULL);
	fake_file(f->root, STAT("x", "S", "1", "0", "44"), "11/task/12/stat");
	fake_link(f->root, "mnt:[300]", "11/task/12/ns/mnt");
	fake_link(f->root, "../../../roots/300", "11/task/12/root");
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->p.count, 2);
	assert_int_equal(f->p.all[1].pid, 11);
	assert_int_equal(f->p.all[1].start, 40);
	assert_int_equal(f->p.view_count, 2);
}

static void what_vanishes_while_it_is_read_is_no_error(void **state)
{
	struct fixture *f = *state;

	fake_process(f, 1, "S", "1", 100, "", NULL);
	fake_dir(f->root, "10"); /* nothing left in it */
	fake_file(f->root, "garbled", "11/stat");
	fake_fifo(f->root, "12/stat"); /* would block */
	assert_int_equal(read_all(f), 0);
	assert_int_equal(f->p.count, 1);
	assert_int_equal(f->p.denied, 0);
}

static void hidden_processes_and_inner_namespaces_are_told(void **state)
{
	struct fixture *f = *state;

	fake_process(f, 10, "S", "40", 200, "", NULL);
	assert_int_equal(read_all(f), 0);
	assert_true(f->p.is_hidden);
	fake_process(f, 1, "S", "1", 100, "", NULL);
	fake_link(f->root, "pid:[4026531836]", "1/ns/pid");
	assert_int_equal(read_all(f), 0);
	assert_false(f->p.is_hidden);
	assert_false(f->p.is_inner);
	fake_remove(f->root, "1/ns/pid");
	fake_link(f->root, "pid:[4026532900]", "1/ns/pid");
	assert_int_equal(read_all(f), 0);
	assert_true(f->p.is_inner);
	/* who may not ask process 1 looks for the kernel's threads */
	fake_remove(f->root, "1/ns/pid");
	assert_int_equal(read_all(f), 0);
	assert_true(f->p.is_inner);
	fake_file(f->root, STAT("kthreadd", "S", "0", "2129984", "2"), "2/stat");
	assert_int_equal(read_all(f), 0);
	assert_false(f->p.is_inner);
	assert_int_equal(f->p.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_process_calls_itself_changes_nothing),
		cmocka_unit_test_setup_teardown(processes_share_a_view_by_mounts_and_root, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_id_finds_its_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_first_of_a_pid_namespace_is_a_containers_first,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_number_that_was_given_away_is_not_the_process,
						setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_ended_is_left_out_unless_a_thread_goes_on,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_vanishes_while_it_is_read_is_no_error, setup,
						teardown),
		cmocka_unit_test_setup_teardown(hidden_processes_and_inner_namespaces_are_told,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
