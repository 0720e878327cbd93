/* SPDX-License-Identifier: Apache-2.0 */
/* Which links entry points make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/startlinks.h"

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static const struct row {
	const char *path, *target;
	bool is_usual;
} rows[] = {
	{"etc/localtime", "/usr/share/zoneinfo/Europe/Berlin", true},
	{"etc/localtime", "/usr/share/zoneinfo/../../../tmp/x", false},
	{"etc/localtimes", "/usr/share/zoneinfo/UTC", false},

	{"run/shm", "/dev/shm", true},
	{"run/shm", "/dev", false},
	{"run/shm", "/dev/shm2", false},

	{"etc/apache2/mods-enabled/rewrite.load", "../mods-available/rewrite.load", true},
	{"etc/apache2/mods-enabled/rewrite.load", "/etc/apache2/mods-available/rewrite.load", true},
	{"etc/nginx/sites-enabled/shop", "/etc/nginx/sites-available/shop", true},
	{"etc/php/8.2/fpm/conf.d/20-gd.ini", "/etc/php/8.2/mods-available/gd.ini", true},
	/* by another name, of another server, another kind, from elsewhere */
	{"etc/apache2/mods-enabled/rewrite.load", "../mods-available/cgi.load", false},
	{"etc/apache2/mods-enabled/rewrite.load", "/etc/nginx/mods-available/rewrite.load", false},
	{"etc/apache2/mods-enabled/rewrite.load", "../conf-available/rewrite.load", false},
	{"etc/apache2/mods-enabled/rewrite.load", "../../mods-available/rewrite.load", false},
	{"etc/apache2/mods-enabled/rewrite.load", "/tmp/mods-available/rewrite.load", false},
	{"etc/apache2/mods-enabled/rewrite.load", "/tmp/rewrite.load", false},
	{"etc/apache2/mods-enabled/", "../mods-available/", false},
	{"srv/mods-enabled/x", "../mods-available/x", false},
	{"etc/php/8.2/fpm/conf.d/20-gd.ini", "/etc/php/8.2/mods-available/ffi.ini", false},
	{"etc/php/8.2/fpm/conf.d/20-gd.ini", "/etc/php/../../tmp/mods-available/gd.ini", false},

	{"var/log/nginx/access.log", "/dev/stdout", true},
	{"var/log/cron.log", "/proc/1/fd/1", true},
	{"var/log/auth.log", "/dev/null", false},
	{"var/log/auth.log", "/proc/1/root", false},
	{"etc/issue", "/dev/stdout", false},

	{"app/storage", "/data/storage", true},
	{"opt/shop/uploads", "/var/lib/shop/uploads", true},
	{"app/storage", "/data/../etc", false},
	{"app/storage", "/etc", false},
	{"app/storage", "/", false},
	{"app/storage", "", false},
	{"app/main.js", "/data/main.js", false},
	{"app/node_modules", "/data/node_modules", false},
	{"app/bin/tool", "/data/bin/tool", false},
	{"srv/www/files", "/data/files", false},
	{"home/shop/.ssh", "/data/ssh", false},
	{"usr/lib/x", "/data/x", false},
	{"var/www/html/x", "/etc/shadow", false},
};

static void entry_points_make_these_links_and_no_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (startlinks_are_usual(bytes(rows[i].path), bytes(rows[i].target)) !=
		    rows[i].is_usual)
			fail_msg("%s -> %s", rows[i].path, rows[i].target);
}

static void switches_lie_beneath_etc(void **state)
{
	(void)state;
	assert_true(startlinks_is_switch(bytes("etc/nginx/sites-enabled/default")));
	assert_false(startlinks_is_switch(bytes("etc/nginx/sites-enabled")));
	assert_false(startlinks_is_switch(bytes("etc/nginx/sites-available/default")));
	assert_false(startlinks_is_switch(bytes("srv/sites-enabled/default")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_points_make_these_links_and_no_others),
		cmocka_unit_test(switches_lie_beneath_etc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
