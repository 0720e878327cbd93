/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of a container were open for writing, by the lists of its processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/procmounts.h"
#include "job/capture_writers.h"

#define ROOT_MOUNT 7
#define INNER_MOUNT 8

static void add(struct capture_writers *w, int64_t pid, const char *fds, const char *root)
{
	char slash[] = "/", inner[] = "/vol";
	struct procmount items[] = {{.id = ROOT_MOUNT, .point = slash},
				    {.id = INNER_MOUNT, .point = inner}};
	struct procmounts mounts = {.items = items, .count = ARRAY_SIZE(items)};

	assert_int_equal(capture_writers_add(w, pid, (struct sl_bytes){fds, strlen(fds)}, &mounts,
					     root, NULL),
			 0);
}

static void assert_member(struct capture_writers *w, const char *path, bool is_root,
			  const char *want)
{
	CLEANUP(buf_clear) struct buf got = BUF_INIT(4096);

	capture_writers_member(w, (struct sl_bytes){path, strlen(path)}, is_root, &got);
	if (strcmp(got.data != NULL ? got.data : "", want) != 0)
		fail_msg("%s: %s", path, got.data != NULL ? got.data : "nothing");
}

#define FD(link, flags, mount)                                                                     \
	"{\"fd\":3,\"link\":\"" link                                                               \
	"\",\"type\":\"file\",\"fdinfo\":\"pos:\\t0\\nflags:\\t" flags "\\nmnt_id:\\t" mount       \
	"\\n\"}\n"

static void only_who_can_write_is_named(void **state)
{
	struct capture_writers w = {0};

	(void)state;
	add(&w, 20, FD("/a", "0100001", "7") FD("/r", "0100000", "7") FD("/a", "02", "7"), "/");
	add(&w, 10, FD("/a", "0102002", "7") FD("/path", "010000001", "7"), "/");
	assert_member(&w, "a", true, "\"open_for_writing\":[10,20]");
	assert_member(&w, "r", true, "");
	assert_member(&w, "path", true, "");
	assert_member(&w, "", true, "");
	assert_member(&w, "ab", true, "");
	capture_writers_clear(&w);
}

static void a_file_is_told_from_one_that_is_mounted_over_it(void **state)
{
	struct capture_writers w = {0};

	(void)state;
	add(&w, 1, FD("/vol/x", "01", "8"), "/");
	assert_member(&w, "vol/x", true, "");
	assert_member(&w, "vol/x", false, "\"open_for_writing\":[1]");
	capture_writers_clear(&w);
}

static void paths_are_those_in_the_container(void **state)
{
	struct capture_writers w = {0};

	(void)state;
	add(&w, 1, FD("/run/root/etc/x", "01", "7") FD("/run/rooted", "01", "7"), "/run/root");
	assert_member(&w, "etc/x", true, "\"open_for_writing\":[1]");
	assert_member(&w, "ed", true, "");
	capture_writers_clear(&w);
}

static void names_may_be_any_bytes(void **state)
{
	struct capture_writers w = {0};

	(void)state;
	/* "/\xff" */
	add(&w, 1,
	    "{\"fd\":3,\"link_b64\":\"L/8=\",\"type\":\"file\","
	    "\"fdinfo\":\"flags:\\t01\\nmnt_id:\\t7\\n\"}\n",
	    "/");
	assert_member(&w, "\xff", true, "\"open_for_writing\":[1]");
	capture_writers_clear(&w);
}

static void what_is_no_open_file_is_passed_over(void **state)
{
	static const char *const lines[] = {
		"\n",
		"{\n",
		"[]\n{}\n",
		"{\"link\":\"pipe:[7]\",\"type\":\"fifo\",\"fdinfo\":\"flags:\\t01\\nmnt_id:"
		"\\t7\\n\"}",
		"{\"link\":\"/x\",\"type\":\"file\"}",
		"{\"link\":\"/x\",\"type\":\"file\",\"fdinfo\":\"flags:\\t01\\n\"}",
		"{\"link\":\"/x\",\"type\":\"file\",\"fdinfo\":\"mnt_id:\\t7\\n\"}",
		FD("/x", "01", "9"),
		"{\"link_b64\":\"*\",\"type\":\"file\",\"fdinfo\":\"flags:\\t01\\nmnt_id:"
		"\\t7\\n\"}",
	};
	struct capture_writers w = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		add(&w, 1, lines[i], "/");
	assert_int_equal(w.count, 0);
	assert_member(&w, "x", true, "");
	capture_writers_clear(&w);
}

static void no_more_than_some_are_named(void **state)
{
	struct capture_writers w = {0};
	CLEANUP(buf_clear) struct buf got = BUF_INIT(4096);

	(void)state;
	for (int64_t pid = 1; pid <= 40; pid++)
		add(&w, pid, FD("/x", "01", "7"), "/");
	(void)buf_append_str(&got, "\"hardlink_of\":1");
	capture_writers_member(&w, (struct sl_bytes){"x", 1}, true, &got);
	assert_string_equal(got.data, "\"hardlink_of\":1,\"open_for_writing\":"
				      "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]");
	capture_writers_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_can_write_is_named),
		cmocka_unit_test(a_file_is_told_from_one_that_is_mounted_over_it),
		cmocka_unit_test(paths_are_those_in_the_container),
		cmocka_unit_test(names_may_be_any_bytes),
		cmocka_unit_test(what_is_no_open_file_is_passed_over),
		cmocka_unit_test(no_more_than_some_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
