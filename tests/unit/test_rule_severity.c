/* SPDX-License-Identifier: Apache-2.0 */
/* What the default rules make of a comparison: the highest one that speaks of a change wins. */
#include "unit/drift_case.h"

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
	 "added tmp/.sh critical [setuid,hidden-name,elf,executable,in-temp] "
	 "{setuid-gained,hidden-program,temp-program,hidden-name,program-new}\n"},
	{"a backdoored account file",
	 true,
	 {FILE_WITH("etc/passwd", "root:x\n")},
	 {FILE_WITH("etc/passwd", "root:x\nevil::0\n", .mtime = {9, 0})},
	 "modified etc/passwd critical {accounts}\n"},
	{"a miner without a name",
	 true,
	 {DIRECTORY("opt")},
	 {DIRECTORY("opt"),
	  FILE_WITH("opt/agent", "\177ELF... stratum+tcp://pool:1 ...", .mode = S_IFREG | 0755)},
	 "added opt/agent critical [elf,executable,miner] "
	 "{miner-program,miner-settings,program-new}\n"},
	{"a picture that runs what it is sent",
	 true,
	 {DIRECTORY("app")},
	 {DIRECTORY("app"), FILE_WITH("app/logo.png", "\211PNG\r\n<?php eval($_POST['x']);")},
	 "added app/logo.png critical [server-code,runs-input] "
	 "{web-shell-code,picture-with-code}\n"},
	{"a trojaned program that pretends to be old",
	 true,
	 {FILE_WITH("usr/bin/ls", "\177ELF1", .mode = S_IFREG | 0755)},
	 {FILE_WITH("usr/bin/ls", "\177ELF2", .mode = S_IFREG | 0755)},
	 "modified usr/bin/ls critical [forged-mtime,elf,executable,in-path] "
	 "{system-program-changed,forged-mtime,program-changed}\n"},
	{"a log that grew",
	 true,
	 {FILE_WITH("var/log/auth.log", "failed\n")},
	 {FILE_WITH("var/log/auth.log", "failed\nagain\n", .mtime = {9, 0})},
	 "modified var/log/auth.log info {log-growth} (rule)\n"},
	{"a log whose lines are others, in the same length",
	 true,
	 {FILE_WITH("var/log/auth.log", "failed\n")},
	 {FILE_WITH("var/log/auth.log", "passed\n", .mtime = {9, 0})},
	 "modified var/log/auth.log high [rewritten] {log-rewritten}\n"},
	{"a log that was emptied and has grown again",
	 true,
	 {FILE_WITH("var/log/auth.log", "failed\n")},
	 {FILE_WITH("var/log/auth.log", "nothing to see, much of it\n", .mtime = {9, 0})},
	 "modified var/log/auth.log high [rewritten] {log-rewritten}\n"},
	{"a table of log-ins is written in place",
	 true,
	 {FILE_WITH("var/log/lastlog", "abc\n")},
	 {FILE_WITH("var/log/lastlog", "abd\n", .mtime = {9, 0})},
	 "modified var/log/lastlog info {log-growth} (rule)\n"},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(severity_is_the_highest_of_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
