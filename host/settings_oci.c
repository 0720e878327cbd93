/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runtime was told (OCI runtime specification, config.md and config-linux.md). The document
 * is complete: what it leaves out is off, empty or unlimited, and a namespace that it does not list
 * is that of whoever started the runtime.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capability.h"
#include "core/cleanup.h"
#include "host/settings_read.h"

/* Capabilities of the oldest kernels that such containers run on (3.8): those up to block_suspend.
 * Whoever has all of these was given all there are. */
#define ALL_OF_OLD_KERNELS ((UINT64_C(1) << 37) - 1)

struct reader {
	struct sl_settings *out;
	const struct sl_container *c;
	const struct jval *spec, *process, *os;
	struct sl_error *err;
};

static bool is_word(const char *s, const char *want)
{
	return s != NULL && strcmp(s, want) == 0;
}

static int no_memory(const struct reader *r)
{
	return sl_fail(r->err, SL_ENOMEM, 0, "settings");
}

static bool flag(const struct jval *v)
{
	bool value = false;

	(void)jval_bool(v, &value);
	return value;
}

static int read_user(const struct reader *r)
{
	const struct jval *user = jval_get(r->process, "user");
	int64_t uid = 0, gid = 0;
	char text[64];

	/* Go leaves out no zero here */
	if (jval_i64(jval_get(user, "uid"), &uid) < 0 || jval_i64(jval_get(user, "gid"), &gid) < 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64, uid, gid);
	return sl_settings_text(r->out, SL_SETTING_USER, text, r->err);
}

/* All of them: not a list of texts is a document that no runtime takes. */
static int read_capabilities(const struct reader *r, uint64_t *bits)
{
	const struct jval *list = jval_path(r->process, "capabilities", "bounding", NULL);
	int rc = 0;

	*bits = 0;
	sl_settings_know(r->out, SL_SETTING_CAPABILITIES);
	for (size_t i = 0; rc == 0 && i < jval_len(list); i++) {
		const char *name = jval_str(jval_at(list, i));
		int number = name != NULL ? capability_number(name) : -1;

		if (number >= 0)
			*bits |= UINT64_C(1) << number;
		rc = name != NULL ? settings_add_capability(r->out, SL_SETTING_CAPABILITIES, name,
							    r->err)
				  : sl_fail(r->err, SL_EFORMAT, 0, "capabilities: not texts");
	}
	return rc;
}

/* "allow c 1:3 rwm", "deny a *:* rwm" */
static int add_rule(const struct reader *r, const struct jval *rule, bool *allows_all)
{
	const char *type = jval_str(jval_get(rule, "type"));
	const char *access = jval_str(jval_get(rule, "access"));
	bool allow = flag(jval_get(rule, "allow"));
	int64_t major = -1, minor = -1;
	char numbers[2][24] = {"*", "*"};
	AUTO_FREE char *text = NULL;

	(void)jval_i64(jval_get(rule, "major"), &major);
	(void)jval_i64(jval_get(rule, "minor"), &minor);
	if (major >= 0)
		(void)snprintf(numbers[0], sizeof(numbers[0]), "%" PRId64, major);
	if (minor >= 0)
		(void)snprintf(numbers[1], sizeof(numbers[1]), "%" PRId64, minor);
	if (type == NULL || type[0] == '\0')
		type = "a";
	if (strcmp(type, "a") == 0 && major < 0 && minor < 0)
		*allows_all = allow;
	if (asprintf(&text, "%s %s %s:%s %s", allow ? "allow" : "deny", type, numbers[0],
		     numbers[1], access != NULL ? access : "rwm") < 0) {
		text = NULL;
		return no_memory(r);
	}
	return sl_settings_add(r->out, SL_SETTING_DEVICE_RULES, text, r->err);
}

static int read_rules(const struct reader *r, bool *allows_all)
{
	const struct jval *rules = jval_path(r->os, "resources", "devices", NULL);
	int rc = 0;

	*allows_all = false;
	sl_settings_know(r->out, SL_SETTING_DEVICE_RULES);
	for (size_t i = 0; rc == 0 && i < jval_len(rules); i++)
		rc = add_rule(r, jval_at(rules, i), allows_all);
	return rc;
}

static int add_device(const struct reader *r, const struct jval *d)
{
	const char *path = jval_str(jval_get(d, "path"));
	const char *type = jval_str(jval_get(d, "type"));
	int64_t major = 0, minor = 0;
	AUTO_FREE char *text = NULL;

	(void)jval_i64(jval_get(d, "major"), &major);
	(void)jval_i64(jval_get(d, "minor"), &minor);
	if (asprintf(&text, "%s %" PRId64 ":%" PRId64 " %s", type != NULL ? type : "?", major,
		     minor, path != NULL ? path : "?") < 0) {
		text = NULL;
		return no_memory(r);
	}
	return sl_settings_add(r->out, SL_SETTING_DEVICES, text, r->err);
}

static int read_devices(const struct reader *r)
{
	const struct jval *devices = jval_get(r->os, "devices");
	int rc = 0;

	sl_settings_know(r->out, SL_SETTING_DEVICES);
	for (size_t i = 0; rc == 0 && i < jval_len(devices); i++)
		rc = add_device(r, jval_at(devices, i));
	return rc;
}

/* No engine's document has the word. Podman notes it; else it is what the word means. */
static int read_privileged(const struct reader *r, uint64_t capabilities, bool allows_all)
{
	const char *noted = jval_str(
		jval_path(r->spec, "annotations", "io.podman.annotations.privileged", NULL));
	bool has_all = (capabilities & ALL_OF_OLD_KERNELS) == ALL_OF_OLD_KERNELS && allows_all;

	return sl_settings_flag(r->out, SL_SETTING_PRIVILEGED, has_all || is_word(noted, "TRUE"),
				r->err);
}

/* By what it does when no rule fits; profiles have no name here. */
static int read_seccomp(const struct reader *r)
{
	const struct jval *seccomp = jval_get(r->os, "seccomp");
	const char *action = jval_str(jval_get(seccomp, "defaultAction"));
	AUTO_FREE char *text = NULL;

	if (jval_type(seccomp) != JVAL_OBJECT || is_word(action, "SCMP_ACT_ALLOW"))
		return sl_settings_text(
			r->out, SL_SETTING_SECCOMP,
			action == NULL ? "unconfined" : "filter, else SCMP_ACT_ALLOW", r->err);
	if (asprintf(&text, "filter, else %s", action != NULL ? action : "?") < 0) {
		text = NULL;
		return no_memory(r);
	}
	return sl_settings_text(r->out, SL_SETTING_SECCOMP, text, r->err);
}

static int read_labels(const struct reader *r)
{
	const char *apparmor = jval_str(jval_get(r->process, "apparmorProfile"));
	const char *selinux = jval_str(jval_get(r->process, "selinuxLabel"));
	int rc = sl_settings_text(r->out, SL_SETTING_APPARMOR,
				  apparmor != NULL && apparmor[0] != '\0' ? apparmor : "none",
				  r->err);

	if (rc < 0)
		return rc;
	if (selinux == NULL || selinux[0] == '\0')
		return sl_settings_text(r->out, SL_SETTING_SELINUX, "none", r->err);
	return settings_label(r->out, SL_SETTING_SELINUX, selinux, strlen(selinux), r->err);
}

static int read_rights(const struct reader *r)
{
	uint64_t capabilities;
	bool allows_all;
	int rc = read_capabilities(r, &capabilities);

	if (rc == 0)
		rc = read_rules(r, &allows_all);
	if (rc == 0)
		rc = read_privileged(r, capabilities, allows_all);
	if (rc == 0)
		rc = sl_settings_flag(r->out, SL_SETTING_NO_NEW_PRIVS,
				      flag(jval_get(r->process, "noNewPrivileges")), r->err);
	if (rc == 0)
		rc = read_seccomp(r);
	if (rc == 0)
		rc = read_labels(r);
	return rc < 0 ? rc : read_devices(r);
}

/* One with a path is somebody else's: of a pod, of another container. */
static const char *namespace_of(const struct jval *list, const char *type)
{
	for (size_t i = 0; i < jval_len(list); i++) {
		const struct jval *space = jval_at(list, i);
		const char *path = jval_str(jval_get(space, "path"));

		if (is_word(jval_str(jval_get(space, "type")), type))
			return path != NULL && path[0] != '\0' ? "joined" : "private";
	}
	return "host";
}

static int read_namespaces(const struct reader *r)
{
	static const struct {
		const char *type;
		enum sl_setting setting;
	} spaces[] = {
		{"pid", SL_SETTING_PID_NS},   {"network", SL_SETTING_NETWORK},
		{"ipc", SL_SETTING_IPC_NS},   {"uts", SL_SETTING_UTS_NS},
		{"user", SL_SETTING_USER_NS}, {"cgroup", SL_SETTING_CGROUP_NS},
	};
	const struct jval *list = jval_get(r->os, "namespaces");
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(spaces); i++)
		rc = sl_settings_text(r->out, spaces[i].setting, namespace_of(list, spaces[i].type),
				      r->err);
	return rc;
}

static const char *propagation_of(const struct jval *options)
{
	static const char *const words[] = {"private", "rprivate", "shared",     "rshared",
					    "slave",   "rslave",   "unbindable", "runbindable"};
	const char *found = NULL;

	for (size_t i = 0; i < jval_len(options); i++)
		for (size_t w = 0; w < ARRAY_SIZE(words); w++)
			if (is_word(jval_str(jval_at(options, i)), words[w]))
				found = words[w];
	return found;
}

static bool has_option(const struct jval *options, const char *wanted)
{
	for (size_t i = 0; i < jval_len(options); i++)
		if (is_word(jval_str(jval_at(options, i)), wanted))
			return true;
	return false;
}

/* What every runtime mounts of the kernel's is no setting; /sys of the host is, when bound. */
static bool is_of_kernel(const char *type, const char *dest)
{
	static const char *const types[] = {"proc",    "sysfs",  "cgroup",
					    "cgroup2", "mqueue", "devpts"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (is_word(type, types[i]))
			return true;
	return is_word(type, "tmpfs") && is_word(dest, "/dev");
}

static int add_mount(const struct reader *r, const struct jval *m)
{
	const char *dest = jval_str(jval_get(m, "destination"));
	const char *type = jval_str(jval_get(m, "type"));
	const char *source = jval_str(jval_get(m, "source"));
	const struct jval *options = jval_get(m, "options");
	bool is_bind = has_option(options, "bind") || has_option(options, "rbind");

	if (dest == NULL || (!is_bind && is_of_kernel(type, dest)))
		return 0;
	if (is_bind || type == NULL)
		type = "bind";
	return settings_mount(r->out, r->c, dest, type, source, propagation_of(options),
			      !has_option(options, "ro"), r->err);
}

static int read_mounts(const struct reader *r)
{
	const struct jval *mounts = jval_get(r->spec, "mounts");
	int rc = 0;

	sl_settings_know(r->out, SL_SETTING_MOUNTS);
	for (size_t i = 0; rc == 0 && i < jval_len(mounts); i++)
		rc = add_mount(r, jval_at(mounts, i));
	return rc;
}

static int read_limits(const struct reader *r)
{
	const struct jval *limits = jval_get(r->os, "resources");
	int64_t memory = 0, pids = 0, quota = 0, period = 100000;
	int rc;

	(void)jval_i64(jval_path(limits, "memory", "limit", NULL), &memory);
	(void)jval_i64(jval_path(limits, "pids", "limit", NULL), &pids);
	(void)jval_i64(jval_path(limits, "cpu", "quota", NULL), &quota);
	(void)jval_i64(jval_path(limits, "cpu", "period", NULL), &period);
	rc = settings_amount(r->out, SL_SETTING_MEMORY_LIMIT, memory > 0, memory, r->err);
	if (rc == 0)
		rc = settings_amount(r->out, SL_SETTING_PIDS_LIMIT, pids > 0, pids, r->err);
	return rc < 0 ? rc : settings_cpus(r->out, SL_SETTING_CPU_LIMIT, quota, period, r->err);
}

/* A list of the document; one that it leaves out is empty. */
static int read_list(const struct reader *r, enum sl_setting setting, const struct jval *list)
{
	sl_settings_know(r->out, setting);
	return settings_texts(r->out, setting, list, r->err);
}

static int read_program(const struct reader *r)
{
	const char *cwd = jval_str(jval_get(r->process, "cwd"));
	int rc = read_list(r, SL_SETTING_COMMAND, jval_get(r->process, "args"));

	sl_settings_know(r->out, SL_SETTING_ENVIRONMENT);
	if (rc == 0)
		rc = settings_names(r->out, jval_get(r->process, "env"), r->err);
	if (rc == 0 && cwd != NULL)
		rc = sl_settings_text(r->out, SL_SETTING_WORKING_DIR, cwd, r->err);
	if (rc == 0)
		rc = sl_settings_flag(r->out, SL_SETTING_READ_ONLY_ROOT,
				      flag(jval_path(r->spec, "root", "readonly", NULL)), r->err);
	if (rc == 0)
		rc = read_list(r, SL_SETTING_MASKED_PATHS, jval_get(r->os, "maskedPaths"));
	if (rc == 0)
		rc = read_list(r, SL_SETTING_READ_ONLY_PATHS, jval_get(r->os, "readonlyPaths"));
	return rc < 0 ? rc
		      : settings_pairs(r->out, SL_SETTING_SYSCTLS, jval_get(r->os, "sysctl"),
				       r->err);
}

int settings_oci(struct sl_settings *out, const struct sl_container *c, const struct jval *spec,
		 struct sl_error *err)
{
	struct reader r = {.out = out,
			   .c = c,
			   .spec = spec,
			   .process = jval_get(spec, "process"),
			   .os = jval_get(spec, "linux"),
			   .err = err};
	int rc;

	if (jval_type(r.process) != JVAL_OBJECT || jval_type(r.os) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "it is no specification of a Linux container");
	rc = read_user(&r);
	if (rc == 0)
		rc = read_rights(&r);
	if (rc == 0)
		rc = read_namespaces(&r);
	if (rc == 0)
		rc = read_mounts(&r);
	if (rc == 0)
		rc = read_limits(&r);
	return rc < 0 ? rc : read_program(&r);
}
