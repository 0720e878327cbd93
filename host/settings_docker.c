/* SPDX-License-Identifier: Apache-2.0 */
/* What Docker's daemon was asked for (hostconfig.json) and made of it (config.v2.json). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "host/settings_read.h"

struct reader {
	struct sl_settings *out;
	const struct sl_container *c;
	const struct jval *config, *host; /* the two documents */
	struct sl_error *err;
};

static bool is_text(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static int put(const struct reader *r, enum sl_setting setting, const char *text)
{
	return text != NULL ? sl_settings_text(r->out, setting, text, r->err) : 0;
}

static int put_flag(const struct reader *r, enum sl_setting setting, const struct jval *v)
{
	bool value;

	return jval_bool(v, &value) == 0 ? sl_settings_flag(r->out, setting, value, r->err) : 0;
}

static int no_memory(const struct reader *r)
{
	return sl_fail(r->err, SL_ENOMEM, 0, "settings");
}

/* ---- who it is and what it may ---- */

static int read_user(const struct reader *r)
{
	const char *user = jval_str(jval_path(r->config, "Config", "User", NULL));

	/* the image's user is in it already; nobody named is root */
	return put(r, SL_SETTING_USER, user != NULL && user[0] == '\0' ? "0" : user);
}

static int read_capabilities(const struct reader *r, enum sl_setting setting, const char *key)
{
	const struct jval *list = jval_get(r->host, key);
	int rc = 0;

	if (!settings_is_list(list))
		return 0;
	sl_settings_know(r->out, setting);
	for (size_t i = 0; rc == 0 && i < jval_len(list); i++) {
		const char *name = jval_str(jval_at(list, i));

		rc = name != NULL ? settings_add_capability(r->out, setting, name, r->err)
				  : sl_fail(r->err, SL_EFORMAT, 0, "%s: not a list of texts", key);
	}
	return rc;
}

/*
 * Nothing is the daemon's own profile, but for privileged containers, which get none. A profile
 * that the client read from a file stands there as a whole.
 */
static int read_seccomp(const struct reader *r)
{
	const char *profile = jval_str(jval_get(r->config, "SeccompProfile"));
	const char *privileged = sl_settings_get(r->out, SL_SETTING_PRIVILEGED);
	uint8_t digest[SL_SHA256_SIZE];
	char text[DIGEST_TEXT_SIZE + 16], hex[DIGEST_TEXT_SIZE];

	if (profile == NULL && jval_get(r->config, "SeccompProfile") == NULL)
		return 0;
	if (!is_text(profile) && privileged == NULL)
		return 0;
	if (!is_text(profile))
		return put(r, SL_SETTING_SECCOMP,
			   strcmp(privileged, "true") == 0 ? "unconfined" : "default");
	if (strcmp(profile, "unconfined") == 0 || strcmp(profile, "builtin") == 0)
		return put(r, SL_SETTING_SECCOMP, profile);
	if (sha256_once(profile, strlen(profile), digest, r->err) < 0)
		return -SL_ENOMEM;
	digest_format(hex, digest);
	(void)snprintf(text, sizeof(text), "profile %s", hex);
	return put(r, SL_SETTING_SECCOMP, text);
}

static int read_labels(const struct reader *r)
{
	const char *apparmor = jval_str(jval_get(r->config, "AppArmorProfile"));
	const char *selinux = jval_str(jval_get(r->config, "ProcessLabel"));
	int rc = put(r, SL_SETTING_APPARMOR,
		     apparmor != NULL && apparmor[0] == '\0' ? "none" : apparmor);

	if (rc == 0 && selinux != NULL)
		rc = selinux[0] == '\0' ? put(r, SL_SETTING_SELINUX, "none")
					: settings_label(r->out, SL_SETTING_SELINUX, selinux,
							 strlen(selinux), r->err);
	return rc;
}

static int read_rights(const struct reader *r)
{
	int rc = put_flag(r, SL_SETTING_PRIVILEGED, jval_get(r->host, "Privileged"));

	if (rc == 0)
		rc = read_capabilities(r, SL_SETTING_CAP_ADD, "CapAdd");
	if (rc == 0)
		rc = read_capabilities(r, SL_SETTING_CAP_DROP, "CapDrop");
	if (rc == 0)
		rc = put_flag(r, SL_SETTING_NO_NEW_PRIVS, jval_get(r->config, "NoNewPrivileges"));
	if (rc == 0)
		rc = read_seccomp(r);
	return rc < 0 ? rc : read_labels(r);
}

/* ---- what it shares ---- */

/* The engine's word; where it says nothing, @silent, which may be NULL: that depends. */
static int read_mode(const struct reader *r, enum sl_setting setting, const char *key,
		     const char *silent)
{
	const char *mode = jval_str(jval_get(r->host, key));

	return put(r, setting, mode != NULL && mode[0] == '\0' ? silent : mode);
}

static int read_namespaces(const struct reader *r)
{
	bool is_remapped = r->c->stack.idmap.uid_count > 0;
	int rc = read_mode(r, SL_SETTING_PID_NS, "PidMode", "private");

	if (rc == 0)
		rc = read_mode(r, SL_SETTING_NETWORK, "NetworkMode", "default");
	if (rc == 0) /* older daemons had no word for it; newer ones have a default of theirs */
		rc = read_mode(r, SL_SETTING_IPC_NS, "IpcMode", NULL);
	if (rc == 0)
		rc = read_mode(r, SL_SETTING_UTS_NS, "UTSMode", "private");
	if (rc == 0)
		rc = read_mode(r, SL_SETTING_USER_NS, "UsernsMode",
			       is_remapped ? "remapped" : "unasked");
	if (rc == 0)
		rc = read_mode(r, SL_SETTING_CGROUP_NS, "CgroupnsMode", NULL);
	return rc;
}

/* ---- what is mounted ---- */

static bool is_known(const struct reader *r, const char *path)
{
	for (size_t i = 0; i < r->out->mount_count; i++)
		if (strcmp(r->out->mounts[i].path, path) == 0)
			return true;
	return false;
}

static int add_mount(const struct reader *r, const char *path, const char *type, const char *source,
		     const char *propagation, bool rw)
{
	if (!is_text(path) || is_known(r, path))
		return 0;
	return settings_mount(r->out, r->c, path, type, is_text(source) ? source : NULL,
			      is_text(propagation) ? propagation : NULL, rw, r->err);
}

/* A volume is its name, wherever the daemon keeps it. */
static int add_point(void *payload, const char *key, const struct jval *m)
{
	const struct reader *r = payload;
	const char *type = jval_str(jval_get(m, "Type"));
	const char *name = jval_str(jval_get(m, "Name"));
	const char *dest = jval_str(jval_get(m, "Destination"));
	const char *source = jval_str(jval_get(m, "Source"));
	bool rw = true;

	(void)jval_bool(jval_get(m, "RW"), &rw);
	if (!is_text(type))
		type = is_text(name) ? "volume" : "bind";
	if (strcmp(type, "volume") == 0 && is_text(name))
		source = name;
	return add_mount(r, is_text(dest) ? dest : key, type, source,
			 jval_str(jval_get(m, "Propagation")), rw);
}

static bool has_option(const char *options, const char *wanted)
{
	size_t len = strlen(wanted);

	while (options != NULL && *options != '\0') {
		size_t n = strcspn(options, ",");

		if (n == len && memcmp(options, wanted, len) == 0)
			return true;
		options += n + (options[n] == ',');
	}
	return false;
}

static int add_tmpfs(void *payload, const char *key, const struct jval *m)
{
	return add_mount(payload, key, "tmpfs", NULL, NULL, !has_option(jval_str(m), "ro"));
}

/* "SOURCE:DESTINATION[:OPTIONS]": what was asked for and has no mount point (yet). */
static int add_bind(const struct reader *r, const char *bind)
{
	AUTO_FREE char *text = strdup(bind);
	char *dest, *options;

	if (text == NULL)
		return no_memory(r);
	dest = strchr(text, ':');
	if (dest == NULL)
		return 0;
	*dest++ = '\0';
	options = strchr(dest, ':');
	if (options != NULL)
		*options++ = '\0';
	return add_mount(r, dest, text[0] == '/' ? "bind" : "volume", text, NULL,
			 !has_option(options, "ro"));
}

static int add_binds(const struct reader *r)
{
	const struct jval *binds = jval_get(r->host, "Binds");
	const struct jval *asked = jval_get(r->host, "Mounts");
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < jval_len(binds); i++) {
		const char *bind = jval_str(jval_at(binds, i));

		rc = bind != NULL ? add_bind(r, bind) : 0;
	}
	for (size_t i = 0; rc == 0 && i < jval_len(asked); i++) {
		const struct jval *m = jval_at(asked, i);
		const char *type = jval_str(jval_get(m, "Type"));
		bool ro = false;

		(void)jval_bool(jval_get(m, "ReadOnly"), &ro);
		rc = add_mount(r, jval_str(jval_get(m, "Target")), is_text(type) ? type : "bind",
			       jval_str(jval_get(m, "Source")),
			       jval_str(jval_path(m, "BindOptions", "Propagation", NULL)), !ro);
	}
	return rc;
}

static int read_mounts(struct reader *r)
{
	const struct jval *points = jval_get(r->config, "MountPoints");
	int rc = 0;

	/* only both documents together say what there is */
	if (points == NULL || r->host == NULL)
		return 0;
	sl_settings_know(r->out, SL_SETTING_MOUNTS);
	rc = jval_each(points, add_point, r);
	if (rc == 0)
		rc = jval_each(jval_get(r->host, "Tmpfs"), add_tmpfs, r);
	return rc < 0 ? rc : add_binds(r);
}

/* ---- what it may use ---- */

static int add_device(const struct reader *r, const struct jval *d)
{
	const char *host = jval_str(jval_get(d, "PathOnHost"));
	const char *inside = jval_str(jval_get(d, "PathInContainer"));
	const char *rights = jval_str(jval_get(d, "CgroupPermissions"));
	AUTO_FREE char *text = NULL;
	int rc;

	if (asprintf(&text, "%s:%s:%s", host != NULL ? host : "", inside != NULL ? inside : "",
		     rights != NULL ? rights : "") < 0) {
		text = NULL;
		return no_memory(r);
	}
	rc = sl_settings_add(r->out, SL_SETTING_DEVICES, text, r->err);
	return rc;
}

static int read_devices(const struct reader *r)
{
	const struct jval *devices = jval_get(r->host, "Devices");
	const struct jval *requests = jval_get(r->host, "DeviceRequests");
	int rc = 0;

	if (!settings_is_list(devices))
		return 0;
	sl_settings_know(r->out, SL_SETTING_DEVICES);
	for (size_t i = 0; rc == 0 && i < jval_len(devices); i++)
		rc = add_device(r, jval_at(devices, i));
	/* devices that a driver chooses when it starts: graphics processors */
	for (size_t i = 0; rc == 0 && i < jval_len(requests); i++) {
		CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);

		rc = buf_append_str(&text, "request ");
		if (rc == 0)
			rc = jval_dump(jval_at(requests, i), &text, r->err);
		if (rc == 0)
			rc = sl_settings_add(r->out, SL_SETTING_DEVICES, text.data, r->err);
	}
	return rc < 0 ? rc
		      : settings_texts(r->out, SL_SETTING_DEVICE_RULES,
				       jval_get(r->host, "DeviceCgroupRules"), r->err);
}

static int read_amount(const struct reader *r, enum sl_setting setting, const char *key)
{
	const struct jval *v = jval_get(r->host, key);
	int64_t n = 0;

	if (v == NULL || (jval_i64(v, &n) < 0 && jval_type(v) != JVAL_NULL))
		return 0;
	return settings_amount(r->out, setting, n > 0, n, r->err);
}

static int read_cpus(const struct reader *r)
{
	const struct jval *nano = jval_get(r->host, "NanoCpus"), *v = jval_get(r->host, "CpuQuota");
	int64_t quota = 0, period = 0, n = 0;

	if (nano == NULL && v == NULL)
		return 0;
	(void)jval_i64(v, &quota);
	(void)jval_i64(jval_get(r->host, "CpuPeriod"), &period);
	if (jval_i64(nano, &n) == 0 && n > 0)
		return settings_cpus(r->out, SL_SETTING_CPU_LIMIT, n, 1000000000, r->err);
	/* the kernel's own period, where only the time was given */
	return settings_cpus(r->out, SL_SETTING_CPU_LIMIT, quota, period > 0 ? period : 100000,
			     r->err);
}

static int read_limits(const struct reader *r)
{
	int rc = read_amount(r, SL_SETTING_MEMORY_LIMIT, "Memory");

	if (rc == 0)
		rc = read_amount(r, SL_SETTING_PIDS_LIMIT, "PidsLimit");
	return rc < 0 ? rc : read_cpus(r);
}

static int add_ports(void *payload, const char *key, const struct jval *list)
{
	const struct reader *r = payload;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < jval_len(list); i++) {
		const char *ip = jval_str(jval_get(jval_at(list, i), "HostIp"));
		const char *port = jval_str(jval_get(jval_at(list, i), "HostPort"));
		AUTO_FREE char *text = NULL;

		if (asprintf(&text, "%s:%s:%s", ip != NULL ? ip : "", port != NULL ? port : "",
			     key) < 0) {
			text = NULL;
			return no_memory(r);
		}
		rc = sl_settings_add(r->out, SL_SETTING_PORTS, text, r->err);
	}
	return rc;
}

static int read_restart(const struct reader *r)
{
	const struct jval *policy = jval_get(r->host, "RestartPolicy");
	const char *name = jval_str(jval_get(policy, "Name"));
	char text[64];
	int64_t tries = 0;

	if (name == NULL)
		return 0;
	if (strcmp(name, "on-failure") != 0)
		return put(r, SL_SETTING_RESTART, name[0] != '\0' ? name : "no");
	(void)jval_i64(jval_get(policy, "MaximumRetryCount"), &tries);
	(void)snprintf(text, sizeof(text), "on-failure:%lld", (long long)tries);
	return put(r, SL_SETTING_RESTART, text);
}

/* ---- what it runs ---- */

/* What the daemon made of entry point and command, else both as they were asked for. */
static int read_command(const struct reader *r)
{
	const struct jval *entry = jval_path(r->config, "Config", "Entrypoint", NULL);
	const struct jval *cmd = jval_path(r->config, "Config", "Cmd", NULL);
	const char *path = jval_str(jval_get(r->config, "Path"));
	int rc = 0;

	if (is_text(path)) {
		rc = sl_settings_text(r->out, SL_SETTING_COMMAND, path, r->err);
		return rc < 0 ? rc
			      : settings_texts(r->out, SL_SETTING_COMMAND,
					       jval_get(r->config, "Args"), r->err);
	}
	rc = settings_texts(r->out, SL_SETTING_COMMAND, entry, r->err);
	return rc < 0 ? rc : settings_texts(r->out, SL_SETTING_COMMAND, cmd, r->err);
}

static int read_program(struct reader *r)
{
	const struct jval *ports = jval_get(r->host, "PortBindings");
	const char *dir = jval_str(jval_path(r->config, "Config", "WorkingDir", NULL));
	int rc = read_command(r);

	if (rc == 0 && dir != NULL)
		rc = put(r, SL_SETTING_WORKING_DIR, dir[0] != '\0' ? dir : "/");
	if (rc == 0)
		rc = settings_names(r->out, jval_path(r->config, "Config", "Env", NULL), r->err);
	if (ports != NULL)
		sl_settings_know(r->out, SL_SETTING_PORTS);
	if (rc == 0)
		rc = jval_each(ports, add_ports, r);
	if (rc == 0)
		rc = read_restart(r);
	/* left out where there are none */
	if (rc == 0 && r->host != NULL)
		rc = settings_pairs(r->out, SL_SETTING_SYSCTLS, jval_get(r->host, "Sysctls"),
				    r->err);
	return rc;
}

int settings_docker(struct sl_settings *out, const struct sl_container *c,
		    const struct jval *config, const struct jval *hostconfig, struct sl_error *err)
{
	struct reader r = {.out = out, .c = c, .config = config, .host = hostconfig, .err = err};
	int rc = read_user(&r);

	if (rc == 0)
		rc = read_rights(&r);
	if (rc == 0)
		rc = read_namespaces(&r);
	if (rc == 0)
		rc = read_mounts(&r);
	if (rc == 0)
		rc = read_devices(&r);
	if (rc == 0)
		rc = settings_texts(out, SL_SETTING_MASKED_PATHS,
				    jval_get(hostconfig, "MaskedPaths"), err);
	if (rc == 0)
		rc = settings_texts(out, SL_SETTING_READ_ONLY_PATHS,
				    jval_get(hostconfig, "ReadonlyPaths"), err);
	if (rc == 0)
		rc = put_flag(&r, SL_SETTING_READ_ONLY_ROOT,
			      jval_get(hostconfig, "ReadonlyRootfs"));
	if (rc == 0)
		rc = read_limits(&r);
	return rc < 0 ? rc : read_program(&r);
}
