/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/posture.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/capability.h"
#include "core/cleanup.h"
#include "diff/mountrisk.h"

#define CIS "CIS Docker Benchmark 1.6, "
/* Longest value that is shown of a setting. */
#define FOUND_MAX ((size_t)64 * 1024)

enum check {
	PRIVILEGED,
	SOCKET,
	SENSITIVE_MOUNT,
	HOST_NETWORK,
	HOST_PID,
	HOST_IPC,
	HOST_UTS,
	HOST_USER,
	CAPABILITIES_ADDED,
	SECCOMP,
	APPARMOR,
	MEMORY,
	PIDS,
	ROOT_USER,
	WRITABLE_ROOT,
	NEW_PRIVILEGES,
	RESTART,
	DEVICES,
	PROPAGATION,
	CHECKS,
};

static const struct posture_check checks[CHECKS] = {
	[PRIVILEGED] = {"posture-privileged",
			CIS "5.5 Ensure that privileged containers are not used",
			SL_SETTING_PRIVILEGED, SL_SEVERITY_CRITICAL,
			"it is privileged: it has every capability and every device of the machine",
			true},
	[SOCKET] = {"posture-engine-socket",
		    CIS "5.32 Ensure that the Docker socket is not mounted inside any containers",
		    SL_SETTING_MOUNTS, SL_SEVERITY_CRITICAL,
		    "an engine's socket is mounted: whoever reaches it can start any container",
		    true},
	[SENSITIVE_MOUNT] = {"posture-sensitive-mount",
			     CIS "5.6 Ensure sensitive host system directories are not mounted on "
				 "containers",
			     SL_SETTING_MOUNTS, SL_SEVERITY_HIGH,
			     "a system directory of the machine is mounted", true},
	[HOST_NETWORK] = {"posture-host-network",
			  CIS "5.10 Ensure that the host's network namespace is not shared",
			  SL_SETTING_NETWORK, SL_SEVERITY_MEDIUM,
			  "it is in the machine's network namespace: it reaches what listens on "
			  "the machine alone, and sees its traffic",
			  false},
	[HOST_PID] = {"posture-host-pid",
		      CIS "5.16 Ensure that the host's process namespace is not shared",
		      SL_SETTING_PID_NS, SL_SEVERITY_HIGH,
		      "it sees the machine's processes, and may signal or trace them", true},
	[HOST_IPC] = {"posture-host-ipc",
		      CIS "5.17 Ensure that the host's IPC namespace is not shared",
		      SL_SETTING_IPC_NS, SL_SEVERITY_MEDIUM,
		      "it shares memory segments and queues with the machine", false},
	[HOST_UTS] = {"posture-host-uts",
		      CIS "5.21 Ensure that the host's UTS namespace is not shared",
		      SL_SETTING_UTS_NS, SL_SEVERITY_LOW, "it may change the machine's name",
		      false},
	[HOST_USER] = {"posture-host-user",
		       CIS "5.31 Ensure that the host's user namespaces are not shared",
		       SL_SETTING_USER_NS, SL_SEVERITY_MEDIUM,
		       "it was taken out of the remapping of users: its root is the machine's",
		       false},
	[CAPABILITIES_ADDED] = {"posture-capabilities",
				CIS
				"5.4 Ensure that Linux kernel capabilities are restricted within "
				"containers",
				SL_SETTING_CAPABILITIES, SL_SEVERITY_HIGH,
				"it has capabilities that lead to the machine or its kernel", true},
	[SECCOMP] = {"posture-seccomp",
		     CIS "5.22 Ensure the default seccomp profile is not Disabled",
		     SL_SETTING_SECCOMP, SL_SEVERITY_MEDIUM, "no filter restricts its system calls",
		     false},
	[APPARMOR] = {"posture-apparmor",
		      CIS "5.2 Ensure that, if applicable, an AppArmor Profile is enabled",
		      SL_SETTING_APPARMOR, SL_SEVERITY_MEDIUM,
		      "the machine has AppArmor, and no profile confines it", false},
	[MEMORY] = {"posture-memory-limit",
		    CIS "5.11 Ensure that the memory usage for containers is limited",
		    SL_SETTING_MEMORY_LIMIT, SL_SEVERITY_LOW,
		    "it may use all memory of the machine", false},
	[PIDS] = {"posture-pids-limit", CIS "5.29 Ensure that the PIDs cgroup limit is used",
		  SL_SETTING_PIDS_LIMIT, SL_SEVERITY_LOW,
		  "it may start processes until the machine can start none", false},
	[ROOT_USER] = {"posture-root-user",
		       CIS "4.1 Ensure that a user for the container has been created",
		       SL_SETTING_USER, SL_SEVERITY_LOW,
		       "it runs as root, and its root is the machine's", false},
	[WRITABLE_ROOT] = {"posture-writable-root",
			   CIS
			   "5.13 Ensure that the container's root filesystem is mounted as read "
			   "only",
			   SL_SETTING_READ_ONLY_ROOT, SL_SEVERITY_LOW,
			   "its root file system can be written", false},
	[NEW_PRIVILEGES] = {"posture-new-privileges",
			    CIS "5.26 Ensure that the container is restricted from acquiring "
				"additional privileges",
			    SL_SETTING_NO_NEW_PRIVS, SL_SEVERITY_LOW,
			    "setuid programs in it still give rights", false},
	[RESTART] = {"posture-restart",
		     CIS "5.15 Ensure that the 'on-failure' container restart policy is set to '5'",
		     SL_SETTING_RESTART, SL_SEVERITY_LOW,
		     "it is started again without end, whatever made it fail", false},
	[DEVICES] = {"posture-devices",
		     CIS "5.18 Ensure that host devices are not directly exposed to containers",
		     SL_SETTING_DEVICES, SL_SEVERITY_MEDIUM, "devices of the machine are handed in",
		     true},
	[PROPAGATION] = {"posture-propagation",
			 CIS "5.20 Ensure mount propagation mode is not set to shared",
			 SL_SETTING_MOUNTS, SL_SEVERITY_MEDIUM,
			 "what it mounts there appears on the machine", false},
};

struct judge {
	const struct sl_settings *s;
	int (*note)(void *payload, const struct posture_note *n, struct sl_error *err);
	void *payload;
	struct sl_error *err;
};

static int tell(const struct judge *j, enum check check, enum sl_severity severity,
		const char *found)
{
	struct posture_note n = {.check = &checks[check], .severity = severity, .found = found};

	return j->note(j->payload, &n, j->err);
}

/* With the severity that the check has. */
static int tell_it(const struct judge *j, enum check check, const char *found)
{
	return tell(j, check, checks[check].severity, found);
}

bool posture_is_dangerous(const char *capability)
{
	static const char *const dangerous[] = {
		"ALL",      "SYS_ADMIN",       "SYS_PTRACE", "SYS_MODULE",   "SYS_RAWIO",
		"SYS_BOOT", "SYS_TIME",        "NET_ADMIN",  "BPF",          "PERFMON",
		"SYSLOG",   "DAC_READ_SEARCH", "MAC_ADMIN",  "MAC_OVERRIDE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(dangerous); i++)
		if (strcmp(dangerous[i], capability) == 0)
			return true;
	return false;
}

bool posture_is_root(const char *user)
{
	size_t len = strcspn(user, ":");

	return len == 0 || (len == 1 && user[0] == '0') ||
	       (len == 4 && memcmp(user, "root", 4) == 0);
}

static bool known_is(const struct sl_settings *s, enum sl_setting setting, const char *text)
{
	return sl_settings_is(s, setting, text);
}

/* The kernel's word counts where the record has none, or another. */
static bool is_privileged(const struct sl_settings *s)
{
	const struct sl_setting_value *live = &s->values[SL_SETTING_LIVE_CAPABILITIES];

	return known_is(s, SL_SETTING_PRIVILEGED, "true") ||
	       (live->is_known && live->count >= 37 &&
		sl_settings_has(s, SL_SETTING_LIVE_CAPABILITIES, "SYS_ADMIN") &&
		!known_is(s, SL_SETTING_LIVE_SECCOMP, "filter"));
}

static int judge_privileged(const struct judge *j)
{
	if (!is_privileged(j->s))
		return 0;
	return tell_it(j, PRIVILEGED,
		       known_is(j->s, SL_SETTING_PRIVILEGED, "true")
			       ? "true"
			       : "all capabilities while it runs");
}

/* "/etc from /etc (rw)": both names are evidence. */
static int tell_mount(const struct judge *j, enum check check, enum sl_severity severity,
		      const struct sl_setting_mount *m)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SL_SETTINGS_BYTES_MAX);

	(void)buf_printf(&text, "%s from %s (%s%s%s)", m->path, m->source != NULL ? m->source : "?",
			 m->rw ? "rw" : "ro", m->propagation != NULL ? ", " : "",
			 m->propagation != NULL ? m->propagation : "");
	if (text.status < 0)
		return sl_fail(j->err, SL_ENOMEM, 0, "posture");
	return tell(j, check, severity, text.data);
}

static int judge_mount(const struct judge *j, const struct sl_setting_mount *m)
{
	enum sl_severity severity = m->rw ? SL_SEVERITY_HIGH : SL_SEVERITY_MEDIUM;
	const char *p = m->propagation;
	int rc = 0;

	switch (mount_risk(m)) {
	case MOUNT_ROOT:
		rc = tell_mount(j, SENSITIVE_MOUNT, m->rw ? SL_SEVERITY_CRITICAL : SL_SEVERITY_HIGH,
				m);
		break;
	case MOUNT_SOCKET: /* a socket that cannot be written can be talked to all the same */
		rc = tell_mount(j, SOCKET, SL_SEVERITY_CRITICAL, m);
		break;
	case MOUNT_SENSITIVE:
		rc = tell_mount(j, SENSITIVE_MOUNT, severity, m);
		break;
	case MOUNT_HARMLESS:
		break;
	}
	if (rc == 0 && p != NULL && (strcmp(p, "shared") == 0 || strcmp(p, "rshared") == 0))
		rc = tell_mount(j, PROPAGATION, checks[PROPAGATION].severity, m);
	return rc;
}

static int judge_namespaces(const struct judge *j)
{
	static const struct {
		enum check check;
		enum sl_setting setting;
		const char *live; /* as the kernel's list calls it */
	} spaces[] = {
		{HOST_NETWORK, SL_SETTING_NETWORK, "net"},
		{HOST_PID, SL_SETTING_PID_NS, "pid"},
		{HOST_IPC, SL_SETTING_IPC_NS, "ipc"},
		{HOST_UTS, SL_SETTING_UTS_NS, "uts"},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(spaces); i++) {
		if (known_is(j->s, spaces[i].setting, "host"))
			rc = tell_it(j, spaces[i].check, "host");
		else if (sl_settings_has(j->s, SL_SETTING_LIVE_HOST_NS, spaces[i].live))
			rc = tell_it(j, spaces[i].check, "the machine's while it runs");
	}
	/* a specification lists no user namespace where no users are remapped: most do not */
	if (rc == 0 && known_is(j->s, SL_SETTING_USER_NS, "host") &&
	    !j->s->values[SL_SETTING_CAPABILITIES].is_known)
		rc = tell_it(j, HOST_USER, "host");
	return rc;
}

static int judge_capabilities(const struct judge *j)
{
	static const enum sl_setting sets[] = {SL_SETTING_CAP_ADD, SL_SETTING_CAPABILITIES,
					       SL_SETTING_LIVE_CAPABILITIES};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FOUND_MAX);

	/* a privileged one has them all, and is named for it */
	if (is_privileged(j->s))
		return 0;
	for (unsigned int i = 0; i <= CAPABILITIES; i++) {
		char name[32] = "ALL";
		bool has = false;

		for (size_t n = 0; i < CAPABILITIES && n < sizeof(name); n++) {
			char c = capability_name(i)[n];

			name[n] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
			if (c == '\0')
				break;
		}
		for (size_t k = 0; k < ARRAY_SIZE(sets); k++)
			has |= sl_settings_has(j->s, sets[k], name);
		if (has && posture_is_dangerous(name))
			(void)buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", name);
	}
	if (text.status < 0)
		return sl_fail(j->err, SL_ENOMEM, 0, "posture");
	return text.len > 0 ? tell_it(j, CAPABILITIES_ADDED, text.data) : 0;
}

static int judge_confinement(const struct judge *j)
{
	const char *seccomp = sl_settings_get(j->s, SL_SETTING_SECCOMP);
	const char *apparmor = sl_settings_get(j->s, SL_SETTING_APPARMOR);
	const char *label = sl_settings_get(j->s, SL_SETTING_LIVE_LABEL);
	int rc = 0;

	if (seccomp != NULL && strcmp(seccomp, "unconfined") == 0)
		rc = tell_it(j, SECCOMP, seccomp);
	else if (known_is(j->s, SL_SETTING_LIVE_SECCOMP, "unconfined"))
		rc = tell_it(j, SECCOMP, "unconfined while it runs");
	if (rc < 0 || !j->s->has_host_apparmor || !j->s->host_apparmor)
		return rc;
	if (apparmor != NULL &&
	    (strcmp(apparmor, "unconfined") == 0 || strcmp(apparmor, "none") == 0))
		return tell_it(j, APPARMOR, apparmor);
	return label != NULL && strcmp(label, "unconfined") == 0
		       ? tell_it(j, APPARMOR, "unconfined while it runs")
		       : 0;
}

/* The record, or where there is none, what is in force. */
static int judge_limit(const struct judge *j, enum check check, enum sl_setting setting,
		       enum sl_setting live)
{
	const char *limit = sl_settings_get(j->s, setting);

	if (limit == NULL)
		limit = sl_settings_get(j->s, live);
	return limit != NULL && strcmp(limit, "unlimited") == 0 ? tell_it(j, check, limit) : 0;
}

static int judge_restart(const struct judge *j)
{
	const char *policy = sl_settings_get(j->s, SL_SETTING_RESTART);
	long tries;

	if (policy == NULL || strcmp(policy, "no") == 0)
		return 0;
	if (strncmp(policy, "on-failure:", 11) == 0) {
		tries = strtol(policy + 11, NULL, 10);
		if (tries >= 1 && tries <= 5)
			return 0;
	}
	return tell_it(j, RESTART, policy);
}

static int judge_program(const struct judge *j)
{
	const char *user = sl_settings_get(j->s, SL_SETTING_USER);
	const char *new_privileges = sl_settings_get(j->s, SL_SETTING_NO_NEW_PRIVS);
	int rc = 0;

	if (user != NULL && posture_is_root(user) && !j->s->is_shifted &&
	    !known_is(j->s, SL_SETTING_USER_NS, "private"))
		rc = tell_it(j, ROOT_USER, user);
	if (rc == 0 && known_is(j->s, SL_SETTING_READ_ONLY_ROOT, "false"))
		rc = tell_it(j, WRITABLE_ROOT, "false");
	if (new_privileges == NULL)
		new_privileges = sl_settings_get(j->s, SL_SETTING_LIVE_NO_NEW_PRIVS);
	if (rc == 0 && new_privileges != NULL && strcmp(new_privileges, "false") == 0)
		rc = tell_it(j, NEW_PRIVILEGES, "false");
	return rc < 0 ? rc : judge_restart(j);
}

static int judge_devices(const struct judge *j)
{
	const struct sl_setting_value *v = &j->s->values[SL_SETTING_DEVICES];
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FOUND_MAX);

	if (v->count == 0 || is_privileged(j->s))
		return 0;
	for (size_t i = 0; i < v->count && text.status == 0; i++)
		(void)buf_printf(&text, "%s%s", i > 0 ? ", " : "", v->items[i]);
	if (text.status == -SL_ENOMEM)
		return sl_fail(j->err, SL_ENOMEM, 0, "posture");
	return tell_it(j, DEVICES, text.status == 0 ? text.data : "too many to list");
}

int posture_judge(const struct sl_settings *s,
		  int (*note)(void *payload, const struct posture_note *n, struct sl_error *err),
		  void *payload, struct sl_error *err)
{
	struct judge j = {.s = s, .note = note, .payload = payload, .err = err};
	int rc = judge_privileged(&j);

	for (size_t i = 0; rc == 0 && i < s->mount_count; i++)
		rc = judge_mount(&j, &s->mounts[i]);
	if (rc == 0)
		rc = judge_namespaces(&j);
	if (rc == 0)
		rc = judge_capabilities(&j);
	if (rc == 0)
		rc = judge_confinement(&j);
	if (rc == 0)
		rc = judge_limit(&j, MEMORY, SL_SETTING_MEMORY_LIMIT, SL_SETTING_LIVE_MEMORY_LIMIT);
	if (rc == 0)
		rc = judge_limit(&j, PIDS, SL_SETTING_PIDS_LIMIT, SL_SETTING_LIVE_PIDS_LIMIT);
	if (rc == 0)
		rc = judge_program(&j);
	return rc < 0 ? rc : judge_devices(&j);
}
