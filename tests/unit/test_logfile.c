/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "host/logfile.h"
#include "unit/fake_root.h"

#define STORE "/var/lib/docker"
#define POD "var/log/pods/ns_pod_uid/app"

struct fixture {
	char *root;
	int fd;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->root = fake_root();
	f->fd = root_open_dir(f->root, NULL);
	fake_file(f->root, "secret", "etc/shadow");
	fake_file(f->root, "{}", "var/lib/docker/containers/x/x-json.log");
	*state = f;
	return f->fd < 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->fd);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static void check_is(struct fixture *f, const char *path, const char *want)
{
	AUTO_CLOSE int fd = logfile_open(f->fd, path, STORE, NULL);

	assert_true(fd >= 0);
	assert_true(fake_is(f->root, fd, "%s", want));
}

static void a_path_without_links_is_taken_as_it_is(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root, "x", "srv/logs/app.log");
	check_is(f, "/srv/logs/app.log", "srv/logs/app.log");
	assert_int_equal(logfile_open(f->fd, "/srv/logs/no.log", STORE, NULL), -SL_ENOTFOUND);
	fake_fifo(f->root, "srv/logs/pipe.log");
	assert_int_equal(logfile_open(f->fd, "/srv/logs/pipe.log", STORE, NULL), -SL_EINVAL);
	assert_int_equal(logfile_open(f->fd, "relative.log", STORE, NULL), -SL_EINVAL);
}

static void the_kubelets_links_lead_to_the_engines_log(void **state)
{
	struct fixture *f = *state;

	fake_link(f->root, "/var/lib/docker/containers/x/x-json.log", POD "/0.log");
	fake_link(f->root, "../pods/ns_pod_uid/app/0.log", "var/log/containers/app.log");
	check_is(f, "/var/log/containers/app.log", "var/lib/docker/containers/x/x-json.log");
}

static void directories_of_logs_may_lie_elsewhere_by_a_link(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root, "x", "data/log/pods/p/0.log");
	fake_link(f->root, "/data/log", "var/log");
	check_is(f, "/var/log/pods/p/0.log", "data/log/pods/p/0.log");
}

static void a_link_to_any_other_file_is_refused(void **state)
{
	static const char *const targets[] = {"/etc/shadow", "../../../../../etc/shadow",
					      "/var/log/../../etc/shadow", "/var/log/other",
					      "/proc/self/mem"};
	struct fixture *f = *state;

	/* a second link, out of a directory of logs */
	fake_link(f->root, "/etc/shadow", "var/log/other");
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		fake_link(f->root, targets[i], POD "/%zu.log", i);
		AUTO_FREE char *path = NULL;

		assert_true(asprintf(&path, "/" POD "/%zu.log", i) > 0);
		assert_true(logfile_open(f->fd, path, STORE, NULL) < 0);
	}
}

static void a_linked_directory_does_not_lead_out(void **state)
{
	struct fixture *f = *state;

	fake_file(f->root, "secret", "root/keys/0.log");
	fake_link(f->root, "/root/keys", "var/log/pods/ns_pod_uid/app");
	assert_int_equal(logfile_open(f->fd, "/" POD "/0.log", STORE, NULL), -SL_EINVAL);
	assert_int_equal(logfile_open_dir(f->fd, "/" POD, STORE, NULL), -SL_EINVAL);
}

static void links_in_a_circle_end(void **state)
{
	struct fixture *f = *state;

	fake_link(f->root, "1.log", POD "/0.log");
	fake_link(f->root, "0.log", POD "/1.log");
	assert_int_equal(logfile_open(f->fd, "/" POD "/0.log", STORE, NULL), -SL_EINVAL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_path_without_links_is_taken_as_it_is),
		TEST(the_kubelets_links_lead_to_the_engines_log),
		TEST(directories_of_logs_may_lie_elsewhere_by_a_link),
		TEST(a_link_to_any_other_file_is_refused),
		TEST(a_linked_directory_does_not_lead_out),
		TEST(links_in_a_circle_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
