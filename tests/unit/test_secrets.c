/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/secrets.h"

#define HASH "$6$saltsalt$Abcdefghijklmnop./0123456789"
#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIE5hYmMxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx"
#define PRINT "SHA256:HzulFVkgny8yqWAN0ttLALWSRhQI1ecFJMWHd6rxYuM"

static const struct {
	enum textfile what;
	const char *line, *want;
} rows[] = {
	{TEXTFILE_SHADOW, "root:" HASH ":19000:0:::::", "root:$6$(masked):19000:0:::::"},
	{TEXTFILE_SHADOW, "root:!" HASH ":19000", "root:!$6$(masked):19000"},
	{TEXTFILE_SHADOW, "old:ab0123456789./:1", "old:(masked):1"},
	{TEXTFILE_SHADOW, "daemon:*:1", "daemon:*:1"},
	{TEXTFILE_SHADOW, "locked:!:1", "locked:!:1"},
	{TEXTFILE_SHADOW, "open::1", "open::1"},
	{TEXTFILE_SHADOW, "no colon at all", "(masked)"},
	{TEXTFILE_SHADOW, "", ""},
	{TEXTFILE_BACKUP, "root:" HASH ":1", "root:$6$(masked):1"},
	{TEXTFILE_PASSWD, "root:x:0:0::/root:/bin/sh", "root:x:0:0::/root:/bin/sh"},
	{TEXTFILE_PASSWD, "toor:$1$ab$0123456789abcdef:0:0::/:/bin/sh",
	 "toor:$1$(masked):0:0::/:/bin/sh"},
	{TEXTFILE_PASSWD, "toor:ab0123456789./:0:0::/:/bin/sh", "toor:(masked):0:0::/:/bin/sh"},
	{TEXTFILE_GSHADOW, "sudo:" HASH "::a,b", "sudo:$6$(masked)::a,b"},
	{TEXTFILE_GSHADOW, "sudo:!::a", "sudo:!::a"},
	{TEXTFILE_OPASSWD, "bob:1000:2:" HASH ",$1$x$0123456789ab:more", "bob:1000:2:$6$(masked)"},
	{TEXTFILE_COMMANDS, "echo 'x:" HASH ":0' >>/etc/shadow",
	 "echo 'x:$6$(masked):0' >>/etc/shadow"},
	{TEXTFILE_COMMANDS, "useradd -p $2b$12$abcdefghijklmnopqrstuv x",
	 "useradd -p $2b$(masked) x"},
	{TEXTFILE_COMMANDS, "echo $a$b $HOME/bin $1$ cost$5", "echo $a$b $HOME/bin $1$ cost$5"},
	{TEXTFILE_KEYS, "ssh-ed25519 " KEY " me@here", "ssh-ed25519 " PRINT " me@here"},
	{TEXTFILE_KEYS, "command=\"a b\",no-pty ssh-ed25519 " KEY,
	 "command=\"a b\",no-pty ssh-ed25519 " PRINT},
	{TEXTFILE_KEYS, "ssh-ed25519 AAAA-this-is-not-a-key x", "ssh-ed25519 ...is-not-a-key x"},
	{TEXTFILE_KEYS, "# ssh-ed25519 is a type", "# ssh-ed25519 is a type"},
};

static void lines_are_shown_without_what_opens_a_door(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
		struct sl_bytes line = {rows[i].line, strlen(rows[i].line)};

		assert_int_equal(secrets_mask(&out, rows[i].what, line), 0);
		if (strcmp(out.data != NULL ? out.data : "", rows[i].want) != 0)
			fail_msg("'%s' becomes '%s', not '%s'", rows[i].line, out.data,
				 rows[i].want);
	}
}

static void files_are_known_by_their_paths(void **state)
{
	static const struct {
		const char *path;
		enum textfile what;
	} paths[] = {
		{"etc/passwd", TEXTFILE_PASSWD},
		{"etc/shadow", TEXTFILE_SHADOW},
		{"etc/shadow-", TEXTFILE_BACKUP},
		{"etc/sudoers.d/00-me", TEXTFILE_SUDOERS},
		{"etc/crontab", TEXTFILE_COMMANDS},
		{"etc/cron.d/job", TEXTFILE_COMMANDS},
		{"etc/cron.daily/job", TEXTFILE_COMMANDS},
		{"var/spool/cron/crontabs/root", TEXTFILE_COMMANDS},
		{"root/.ssh/authorized_keys", TEXTFILE_KEYS},
		{"home/a/.ssh/authorized_keys2", TEXTFILE_KEYS},
		{"etc/ld.so.preload", TEXTFILE_PRELOAD},
		{"etc/ld.so.conf.d/x.conf", TEXTFILE_PLAIN},
		{"etc/hosts", TEXTFILE_PLAIN},
		{"home/a/.bashrc", TEXTFILE_COMMANDS},
		{"srv/etc/passwd", TEXTFILE_NONE},
		{"etc/passwd/x", TEXTFILE_NONE},
		{"home/a/.ssh/id_ed25519", TEXTFILE_NONE},
		{"", TEXTFILE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (textfile_of((struct sl_bytes){paths[i].path, strlen(paths[i].path)}) !=
		    paths[i].what)
			fail_msg("/%s is taken for something else", paths[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_shown_without_what_opens_a_door),
		cmocka_unit_test(files_are_known_by_their_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
