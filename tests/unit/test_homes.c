/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/root.h"
#include "host/homes.h"
#include "host/idmap.h"
#include "unit/fake_root.h"

static int log_home(void *payload, const struct home *home)
{
	return buf_printf(payload, "%s %s %u %u\n", home->user != NULL ? home->user : "-",
			  home->dir, home->uid, home->gid);
}

static int stop(void *payload, const struct home *home)
{
	(void)home;
	return ++*(int *)payload == 2 ? 42 : 0;
}

static void homes_are_those_of_passwd_and_then_the_other_directories(void **state)
{
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
	char *root = fake_root();
	AUTO_CLOSE int fd = root_open_dir(root, NULL);
	AUTO_FREE char *other = NULL;
	int seen = 0;

	(void)state;
	fake_file(root,
		  "root:x:0:0:root:/root:/bin/sh\n"
		  "ada:x:1000:1001:Ada,,,:/home/ada:/bin/sh\n"
		  "short:x:1:1:/home\n"
		  "long:x:1:1::/home/long:/bin/sh:more\n"
		  "minus:x:-1:1::/home/minus:/bin/sh\n"
		  "big:x:4294967296:1::/home/big:/bin/sh\n"
		  "nobody:x:4294967295:1::/home/nobody:/bin/sh\n"
		  "relative:x:1:1::home/relative:/bin/sh\n"
		  ":x:1:1::/home/nameless:/bin/sh\n"
		  "last:x:7:8::/srv/last:",
		  "etc/passwd");
	fake_dir(root, "home/ada");
	fake_dir(root, "home/ldap");
	fake_file(root, "", "home/file");
	fake_link(root, "/etc", "home/link");
	assert_int_equal(homes_each(fd, log_home, &log), 0);
	assert_true(asprintf(&other, "- /home/ldap %u %u\n", getuid(), getgid()) >= 0);
	assert_non_null(strstr(log.data, other));
	log.data[log.len - strlen(other)] = '\0';
	assert_string_equal(log.data, "root /root 0 0\n"
				      "ada /home/ada 1000 1001\n"
				      "last /srv/last 7 8\n");
	assert_int_equal(homes_each(fd, stop, &seen), 42);
	assert_int_equal(seen, 2);
	fake_root_remove(root);
}

static void a_root_without_people_has_no_homes(void **state)
{
	CLEANUP(buf_clear) struct buf log = BUF_INIT(4096);
	char *root = fake_root();
	AUTO_CLOSE int fd = root_open_dir(root, NULL);

	(void)state;
	assert_int_equal(homes_each(fd, log_home, &log), 0);
	assert_int_equal(log.len, 0);
	fake_root_remove(root);
}

static const struct map_row {
	const char *what, *subids, *ranges; /* "inside:outside:count " */
} maps[] = {
	{"by name", "eve:1:2\nada:100000:65536\n", "0:1000:1 1:100000:65536 "},
	{"by number", "1000:100000:65536\n", "0:1000:1 1:100000:65536 "},
	{"in the order of the file", "ada:300000:10\nada:100000:20",
	 "0:1000:1 1:300000:10 11:100000:20 "},
	{"of nobody else", "adam:1:2\nad:3:4\n10000:5:6\n", "0:1000:1 "},
	{"without a file", NULL, "0:1000:1 "},
	{"with lines that are no range",
	 "ada\nada:x:1\nada:1\nada:5:0\nada:4294967295:2\nada:1:4294967296\nada:7:8:9\nada:9:3\n",
	 "0:1000:1 1:9:3 "},
	{"with more ids than there are", "ada:1:4000000000\nada:2:4000000000\nada:3:1\n",
	 "0:1000:1 1:1:4000000000 "},
};

static void a_user_without_root_is_number_zero_and_then_come_the_granted_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		CLEANUP(idmap_clear) struct sl_idmap map = {0};
		CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
		char *root = fake_root();
		AUTO_CLOSE int fd = root_open_dir(root, NULL);

		if (maps[i].subids != NULL)
			fake_file(root, maps[i].subids, "etc/subuid");
		fake_file(root, "ada:7000:5\n", "etc/subgid");
		assert_int_equal(idmap_of_rootless(&map, fd, "ada", 1000, 1001, NULL), 0);
		for (size_t k = 0; k < map.uid_count; k++)
			assert_int_equal(buf_printf(&text, "%u:%u:%u ", map.uids[k].inside,
						    map.uids[k].outside, map.uids[k].count),
					 0);
		if (strcmp(text.data, maps[i].ranges) != 0)
			fail_msg("%s: %s", maps[i].what, text.data);
		assert_int_equal(map.gid_count, 2);
		assert_int_equal(map.gids[0].outside, 1001);
		assert_int_equal(map.gids[1].inside, 1);
		assert_int_equal(map.gids[1].outside, 7000);
		fake_root_remove(root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(homes_are_those_of_passwd_and_then_the_other_directories),
		cmocka_unit_test(a_root_without_people_has_no_homes),
		cmocka_unit_test(
			a_user_without_root_is_number_zero_and_then_come_the_granted_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
