/* SPDX-License-Identifier: Apache-2.0 */
/* Every default rule names what it should and not what it should not. */
#include "unit/drift_case.h"

#include "diff/facts.h"
#include "diff/rules.h"

#define E(t, m, ...) (&(const struct sl_entry){.mode = (t) | (m), __VA_ARGS__})
#define REG(m, ...) E(S_IFREG, m, .size = 10, __VA_ARGS__)
#define EMPTY REG(0644, .size = 0)
#define TEXT REG(0644)
#define PROGRAM REG(0755)
#define SUBDIR E(S_IFDIR, 0755)
#define SYMLINK E(S_IFLNK, 0777, .target = {"/dev/null", 9})
#define CHAR_DEVICE E(S_IFCHR, 0600, .rdev_major = 1)
#define BLOCK_DEVICE E(S_IFBLK, 0600, .rdev_major = 8)

#define RUNS .signals = SL_SIGNAL_RUNNING
#define MAPS .signals = SL_SIGNAL_MAPPED

#define ADD(p, e, ...)                                                                             \
	{                                                                                          \
		.kind = SL_CHANGE_ADDED, .path = PATH(p), .after = (e), __VA_ARGS__                \
	}
#define DEL(p, e)                                                                                  \
	{                                                                                          \
		.kind = SL_CHANGE_DELETED, .path = PATH(p), .before = (e)                          \
	}
#define MOD(p, b, a, ...)                                                                          \
	{                                                                                          \
		.kind = SL_CHANGE_MODIFIED, .fields = SL_FIELD_CONTENT, .path = PATH(p),           \
		.before = (b), .after = (a), __VA_ARGS__                                           \
	}
#define TYPE(p, b, a)                                                                              \
	{                                                                                          \
		.kind = SL_CHANGE_TYPE, .fields = SL_FIELD_TYPE, .path = PATH(p), .before = (b),   \
		.after = (a)                                                                       \
	}
#define META(p, f, b, a, ...)                                                                      \
	{                                                                                          \
		.kind = SL_CHANGE_METADATA, .fields = (f), .path = PATH(p), .before = (b),         \
		.after = (a), __VA_ARGS__                                                          \
	}

static const uint8_t raw_caps[20] = {1, 0, 0, 2, 0, 0x20};
static const struct sl_xattr raw[] = {{"security.capability", raw_caps, sizeof(raw_caps)}};
static const uint8_t no_caps[20] = {1, 0, 0, 2};
static const struct sl_xattr empty_set[] = {{"security.capability", no_caps, sizeof(no_caps)}};

static const struct sl_container container = {
	.mounts = &(struct sl_mount){.path = (char *)(uintptr_t) "/data"}, .mount_count = 1};

static const struct {
	const char *rule;
	struct sl_change yes, no;
	const char *yes_head, *no_head; /* first bytes of the content after */
} rows[] = {
	{"running-not-in-image", ADD("srv/x", TEXT, RUNS), ADD("srv/x", TEXT)},
	{"running-not-in-image", MOD("srv/x", TEXT, TEXT, RUNS),
	 META("srv/x", SL_FIELD_OWNER, PROGRAM, PROGRAM, RUNS)},
	{"mapped-not-in-image", ADD("srv/x.so", TEXT, MAPS), ADD("srv/x.so", TEXT)},
	{"mapped-not-in-image", MOD("srv/x.so", TEXT, TEXT, MAPS),
	 META("srv/x.so", SL_FIELD_MODE, TEXT, TEXT, MAPS)},
	{"setuid-gained", ADD("opt/x", REG(04755)), MOD("opt/x", REG(04755), REG(04755))},
	{"setuid-gained", META("opt/x", SL_FIELD_MODE, REG(0755), REG(04755)),
	 META("opt/x", SL_FIELD_MODE, REG(04755), REG(0755))},
	{"setgid-gained", ADD("opt/x", REG(02755)), ADD("opt/x", E(S_IFDIR, 02755))},
	{"capability-gained",
	 META("opt/x", SL_FIELD_XATTRS, PROGRAM, REG(0755, .xattrs = raw, .xattr_count = 1)),
	 META("opt/x", SL_FIELD_XATTRS, PROGRAM, REG(0755, .xattrs = empty_set, .xattr_count = 1))},
	{"capability-gained", ADD("opt/x", REG(0755, .xattrs = raw, .xattr_count = 1)),
	 META("opt/x", SL_FIELD_XATTRS, REG(0755, .xattrs = raw, .xattr_count = 1), PROGRAM)},
	{"setuid-modified", MOD("opt/su", REG(04755), REG(04755)), MOD("opt/su", REG(04755), TEXT)},
	{"executable-gained", META("opt/x", SL_FIELD_MODE, TEXT, PROGRAM),
	 META("opt/x", SL_FIELD_MODE, PROGRAM, REG(0700))},
	{"world-writable-gained", META("opt/x", SL_FIELD_MODE, TEXT, REG(0666)),
	 META("opt/x", SL_FIELD_MODE, E(S_IFDIR, 0755), E(S_IFDIR, 01777))},
	{"world-writable-system", ADD("etc/x", REG(0666)), ADD("srv/x", REG(0666))},
	{"system-program-changed", MOD("usr/bin/ls", PROGRAM, TEXT), ADD("usr/bin/ls", PROGRAM)},
	{"system-program-changed", TYPE("sbin/init", PROGRAM, SYMLINK),
	 MOD("opt/bin/ls", PROGRAM, PROGRAM)},
	{"system-library-changed", MOD("usr/lib/x86_64-linux-gnu/libc.so.6", PROGRAM, PROGRAM),
	 MOD("usr/lib/os-release", TEXT, TEXT)},
	{"system-library-changed", MOD("lib/libc.so", TEXT, TEXT), MOD("srv/libc.so", TEXT, TEXT),
	 "\177ELF", "\177ELF"},
	{"path-program-new", ADD("usr/local/bin/nc", PROGRAM), ADD("usr/local/bin/README", TEXT)},
	{"path-program-new", ADD("usr/bin/vi", SYMLINK), ADD("usr/share/vi", SYMLINK)},
	{"local-program-changed", MOD("usr/local/bin/run", PROGRAM, PROGRAM),
	 MOD("usr/local/share/run", PROGRAM, PROGRAM)},
	{"system-library-new", ADD("usr/lib/libevil.so", TEXT), ADD("usr/lib/python3/x.py", TEXT),
	 "\177ELF", "#!/u"},
	{"temp-program", ADD("tmp/x", PROGRAM), ADD("tmp/x", TEXT)},
	{"temp-program", ADD("dev/shm/x", TEXT), ADD("dev/shm/x", TEXT), "#!/bin/sh", "\177EL"},
	{"program-changed", MOD("opt/app/server", PROGRAM, PROGRAM),
	 MOD("opt/app/data", TEXT, TEXT)},
	{"program-new", ADD("opt/app/x", PROGRAM), ADD("opt/app/x", TEXT)},
	{"program-new", ADD("opt/app/x", TEXT), ADD("opt/app", SUBDIR), "\177ELF", NULL},
	{"accounts", MOD("etc/passwd", TEXT, TEXT), MOD("etc/passwd-", TEXT, TEXT)},
	{"groups", MOD("etc/subuid", TEXT, TEXT), MOD("srv/etc/group", TEXT, TEXT)},
	{"account-file-opened", META("etc/shadow", SL_FIELD_MODE, REG(0640), REG(0644)),
	 META("etc/shadow", SL_FIELD_MTIME, REG(0640), REG(0640))},
	{"account-file-deleted", DEL("etc/passwd", TEXT), DEL("etc/motd", TEXT)},
	{"sudo", ADD("etc/sudoers.d/web", TEXT), ADD("etc/sudoers.dpkg", TEXT)},
	{"pam", MOD("etc/pam.d/common-auth", TEXT, TEXT), ADD("etc/pam.d", SUBDIR)},
	{"pam", ADD("usr/lib/x/security/pam_evil.so", TEXT), ADD("usr/lib/x/pam_evil.so", TEXT)},
	{"ssh-keys", ADD("root/.ssh/authorized_keys", TEXT), ADD("root/.ssh/known_hosts", TEXT)},
	{"ssh-keys", MOD("home/web/.ssh/authorized_keys2", TEXT, TEXT), ADD("root/.ssh", SUBDIR)},
	{"ssh-config", MOD("etc/ssh/sshd_config", TEXT, TEXT), MOD("etc/ssh/moduli", TEXT, TEXT)},
	{"credentials", ADD("root/.ssh/id_ed25519", TEXT), ADD("root/.ssh/id_ed25519.pub", TEXT)},
	{"loader-preload", ADD("etc/ld.so.preload", TEXT), ADD("etc/ld.so.cache", TEXT)},
	{"loader-config", ADD("etc/ld.so.conf.d/x.conf", TEXT), MOD("etc/ld.so.cache", TEXT, TEXT)},
	{"cron", ADD("etc/cron.d/x", TEXT), ADD("etc/cron.d", SUBDIR)},
	{"cron", ADD("var/spool/cron/crontabs/root", TEXT), ADD("var/spool/mail/root", TEXT)},
	{"shell-startup", MOD("root/.bashrc", TEXT, TEXT), ADD("root/.bash_history", TEXT)},
	{"shell-startup", ADD("etc/profile.d/x.sh", TEXT),
	 META("etc/profile", SL_FIELD_MTIME, TEXT, TEXT)},
	{"service", ADD("etc/systemd/system/x.service", TEXT), ADD("etc/systemd/system", SUBDIR)},
	{"init", MOD("etc/rc.local", TEXT, TEXT), MOD("etc/rcS", TEXT, TEXT)},
	{"init", ADD("etc/rc5.d/S01x", SYMLINK), ADD("etc/rcXX.d/S01x", SYMLINK)},
	{"event-hook", ADD("etc/update-motd.d/99-x", TEXT), ADD("etc/motd", TEXT)},
	{"event-hook", ADD("srv/app/.git/hooks/pre-commit", TEXT),
	 ADD("srv/app/.git/hooks/pre-commit.sample", TEXT)},
	{"kernel-module", ADD("root/evil.ko", TEXT), ADD("root/evil.kod", TEXT)},
	{"web-shell", ADD("var/www/html/up/x.php", TEXT), ADD("var/www/html/x.css", TEXT)},
	{"web-shell", MOD("opt/tomcat/webapps/ROOT/x.jsp", TEXT, TEXT), ADD("opt/x.jsp", TEXT)},
	{"miner", ADD("srv/xmrig", TEXT), ADD("srv/xmrigger", TEXT)},
	{"deceptive-name", ADD("srv/...", SUBDIR), ADD("srv/..x", SUBDIR)},
	{"deceptive-name", ADD("srv/a\xe2\x80\x8b", TEXT), ADD("srv/\xc3\xa9", TEXT)},
	{"deceptive-name", ADD("srv/ ls", TEXT), ADD("srv/l s", TEXT)},
	{"deceptive-name", ADD("srv/a\nb", TEXT), MOD("srv/a\nb", TEXT, TEXT)},
	{"deceptive-name", ADD("srv/.wh.x", TEXT), ADD("srv/x.wh.", TEXT)},
	{"hidden-name", ADD("usr/lib/.x", SUBDIR), ADD("root/.cache", SUBDIR)},
	{"hidden-name", ADD("tmp/.x", TEXT), ADD("tmp/.X11-unix", SUBDIR)},
	{"forged-mtime",
	 {.kind = SL_CHANGE_MODIFIED,
	  .fields = SL_FIELD_CONTENT,
	  .signals = SL_SIGNAL_FORGED_MTIME,
	  .path = PATH("srv/x"),
	  .before = TEXT,
	  .after = TEXT},
	 MOD("srv/x", TEXT, TEXT)},
	{"under-mount", ADD("data/x", EMPTY), ADD("data", SUBDIR)},
	{"under-mount", ADD("data", TEXT), ADD("database/x", TEXT)},
	{"device-node", ADD("srv/null", CHAR_DEVICE),
	 META("srv/null", SL_FIELD_MODE, CHAR_DEVICE, CHAR_DEVICE)},
	{"block-device", ADD("srv/sda", BLOCK_DEVICE), ADD("srv/null", CHAR_DEVICE)},
	{"file-in-dev", ADD("dev/x", TEXT), ADD("dev/shm/x", TEXT)},
	{"stray-whiteout",
	 {.kind = SL_CHANGE_DELETED, .signals = SL_SIGNAL_STRAY_WHITEOUT, .path = PATH("a")},
	 DEL("a", TEXT)},
	{"directory-replaced",
	 {.kind = SL_CHANGE_METADATA,
	  .fields = SL_FIELD_MODE,
	  .signals = SL_SIGNAL_OPAQUE,
	  .path = PATH("a"),
	  .before = SUBDIR,
	  .after = SUBDIR},
	 META("a", SL_FIELD_MODE, SUBDIR, SUBDIR)},
	{"log-deleted", DEL("var/log/auth.log", TEXT), DEL("var/log/apt", SUBDIR)},
	{"log-emptied", MOD("var/log/wtmp", TEXT, EMPTY), MOD("var/log/wtmp", EMPTY, TEXT)},
	{"log-emptied", TYPE("var/log/wtmp", TEXT, SYMLINK), MOD("var/logs/wtmp", TEXT, EMPTY)},
	{"history-deleted", DEL("root/.bash_history", TEXT), DEL("root/bash_history", TEXT)},
	{"history-emptied", MOD("root/.bash_history", TEXT, EMPTY),
	 ADD("root/.bash_history", TEXT)},
	{"history-emptied", ADD("home/a/.bash_history", SYMLINK),
	 ADD("home/a/.history.d", SYMLINK)},
	{"trust-store", ADD("etc/ssl/certs/evil.pem", TEXT), ADD("etc/ssl/openssl.cnf", TEXT)},
	{"name-resolution", MOD("etc/hosts", TEXT, TEXT), ADD("etc/hosts", EMPTY)},
	{"defence-config", MOD("etc/audit/auditd.conf", TEXT, TEXT), ADD("etc/audit", SUBDIR)},
};

static bool is_named(const char *id, const struct sl_change *change, const char *head)
{
	struct sl_change c = *change;
	struct sl_finding f = {0};
	uint64_t facts;

	if (head != NULL) {
		c.head_len = (uint8_t)strlen(head);
		memcpy(c.head, head, c.head_len);
	}
	facts = facts_of(&c, &container) | change->signals; /* as a mark adds them */
	c.signals = (uint32_t)facts;
	rules_apply(&f, &c, facts);
	for (size_t i = 0; i < f.rule_count; i++)
		if (strcmp(f.rules[i], id) == 0)
			return true;
	return false;
}

static void a_rule_names_what_it_should_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!is_named(rows[i].rule, &rows[i].yes, rows[i].yes_head))
			fail_msg("row %zu: %s does not name %s", i, rows[i].rule,
				 rows[i].yes.path.data);
		if (is_named(rows[i].rule, &rows[i].no, rows[i].no_head))
			fail_msg("row %zu: %s names %s", i, rows[i].rule, rows[i].no.path.data);
	}
}

static bool has_row(const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].rule, id) == 0)
			return true;
	return false;
}

static void every_rule_has_rows_a_sentence_and_techniques(void **state)
{
	(void)state;
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_table[i];

		if (!has_row(r->id))
			fail_msg("rule %s has no row in this test", r->id);
		assert_non_null(r->attack[0]);
		for (size_t t = 0; t < RULE_ATTACK_MAX && r->attack[t] != NULL; t++) {
			assert_int_equal(r->attack[t][0], 'T');
			assert_true(strlen(r->attack[t]) == 5 || strlen(r->attack[t]) == 9);
		}
		assert_true(strlen(r->reason) > 10);
		assert_int_not_equal(r->kinds, 0);
		assert_int_not_equal(r->severity, SL_SEVERITY_INFO);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(r->id, rules_table[j].id);
	}
}

/* Severities and techniques as a whole: the highest rule wins, techniques are sorted and unique. */
static const struct drift_case severities[] = {
	{"a thousand chowns alike are information",
	 true,
	 {FILE_WITH("srv/a", "1")},
	 {FILE_WITH("srv/a", "1", .uid = 33)},
	 "metadata srv/a info\n"},
	{"the owner of a program is a right",
	 true,
	 {FILE_WITH("srv/a", "1", .mode = S_IFREG | 0755)},
	 {FILE_WITH("srv/a", "1", .mode = S_IFREG | 0755, .uid = 33)},
	 "metadata srv/a low [executable]\n"},
	{"a setuid shell in a directory for temporary files",
	 true,
	 {DIRECTORY("tmp")},
	 {DIRECTORY("tmp"), FILE_WITH("tmp/.sh", "\177ELF...", .mode = S_IFREG | 04755)},
	 "added tmp/.sh critical [setuid,hidden-name,elf,executable] "
	 "{setuid-gained,temp-program,program-new,hidden-name}\n"},
	{"a backdoored account file",
	 true,
	 {FILE_WITH("etc/passwd", "root:x\n")},
	 {FILE_WITH("etc/passwd", "root:x\nevil::0\n", .mtime = {9, 0})},
	 "modified etc/passwd critical {accounts}\n"},
	{"a trojaned program that pretends to be old",
	 true,
	 {FILE_WITH("usr/bin/ls", "\177ELF1", .mode = S_IFREG | 0755)},
	 {FILE_WITH("usr/bin/ls", "\177ELF2", .mode = S_IFREG | 0755)},
	 "modified usr/bin/ls critical [forged-mtime,elf,executable] "
	 "{system-program-changed,program-changed,forged-mtime}\n"},
	{"a log that was emptied",
	 true,
	 {FILE_WITH("var/log/auth.log", "failed\n")},
	 {FILE_WITH("var/log/auth.log", "", .mtime = {9, 0})},
	 "modified var/log/auth.log high [truncated] {log-emptied}\n"},
};

static void severity_is_the_highest_of_the_rules(void **state)
{
	const struct drift_setup setup = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(severities); i++)
		drift_expect(&severities[i], &setup);
}

static void techniques_are_sorted_and_unique(void **state)
{
	struct sl_change c = ADD("tmp/x", REG(06755));
	struct sl_finding f = {0};
	uint64_t facts = facts_of(&c, NULL);

	(void)state;
	rules_apply(&f, &c, facts);
	assert_int_equal(f.severity, SL_SEVERITY_CRITICAL);
	assert_int_equal(f.attack_count, 3);
	assert_string_equal(f.attack[0], "T1059");
	assert_string_equal(f.attack[1], "T1105");
	assert_string_equal(f.attack[2], "T1548.001");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_names_what_it_should_and_nothing_else),
		cmocka_unit_test(every_rule_has_rows_a_sentence_and_techniques),
		cmocka_unit_test(severity_is_the_highest_of_the_rules),
		cmocka_unit_test(techniques_are_sorted_and_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
