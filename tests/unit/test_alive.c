/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/alive.h"
#include "unit/fake_root.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What /proc says of process 5, and what that means for container ID. NULL: the file is not there.
 */
static const struct alive_row {
	const char *what, *cgroup, *mountinfo;
	const char *states; /* of its first thread and of the one more that it has, if any */
	int64_t pid;
	enum alive alive;
} rows[] = {
	{"its cgroup names it", "0::/system.slice/docker-" ID ".scope\n", "", "S", 5, ALIVE_YES},
	{"a hierarchy of old", "9:name=systemd:/docker/" ID "\n", "", "S", 5, ALIVE_YES},
	{"only its mounts name it", "0::/../..\n", "1 2 0:1 /containers/" ID "/hosts /etc/hosts\n",
	 "S", 5, ALIVE_YES},
	{"another container", "0::/docker/ffff\n", "1 2 0:1 / / rw\n", "S", 5, ALIVE_NO},
	{"no control groups", "", "", "S", 5, ALIVE_NO},
	{"another process", "0::/docker/" ID "\n", "", "S", 6, ALIVE_NO},
	{"no process", "0::/docker/" ID "\n", "", "S", 0, ALIVE_NO},
	{"gone while looking", NULL, NULL, "S", 5, ALIVE_NO},
	{"ended, and nobody has waited for it", "0::/docker/" ID "\n", "", "Z", 5, ALIVE_NO},
	{"ended with all its threads", "0::/docker/" ID "\n", "", "ZX", 5, ALIVE_NO},
	{"its first thread has ended", "0::/docker/" ID "\n", "", "ZS", 5, ALIVE_YES},
};

static void fake_status(const char *root, char state, const char *path)
{
	AUTO_FREE char *text = NULL;

	assert_true(asprintf(&text, "5 (x) %c 1 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 50 4", state) >
		    0);
	fake_file(root, text, "%s", path);
}

static void fake_states(const char *root, const char *states, const char *cgroup)
{
	fake_status(root, states[0], "5/stat");
	fake_status(root, states[0], "5/task/5/stat");
	if (states[1] == '\0')
		return;
	fake_status(root, states[1], "5/task/6/stat");
	fake_file(root, cgroup, "5/task/6/cgroup");
	fake_file(root, "", "5/task/6/mountinfo");
}

static void a_process_is_the_containers_when_the_kernel_names_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *root = fake_root();
		AUTO_CLOSE int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		enum alive alive;

		fake_states(root, rows[i].states, rows[i].cgroup);
		if (rows[i].cgroup != NULL)
			fake_file(root, rows[i].cgroup, "5/cgroup");
		if (rows[i].mountinfo != NULL)
			fake_file(root, rows[i].mountinfo, "5/mountinfo");
		alive = alive_check(fd, rows[i].pid, ID);
		fake_root_remove(root);
		if (alive != rows[i].alive)
			fail_msg("%s: %d", rows[i].what, (int)alive);
	}
}

static void what_cannot_be_read_disproves_nothing(void **state)
{
	char *root = fake_root();
	AUTO_CLOSE int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	fake_file(root, "0::/elsewhere\n", "5/cgroup");
	fake_status(root, 'S', "5/stat");
	fake_dir(root, "5/mountinfo");
	assert_int_equal(alive_check(fd, 5, ID), ALIVE_UNKNOWN);
	fake_root_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_the_containers_when_the_kernel_names_it),
		cmocka_unit_test(what_cannot_be_read_disproves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
