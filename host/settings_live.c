/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel enforces on a container's first process. A record can be edited while the
 * container runs on; this cannot. Inside a container nothing is trusted but the kernel's own words.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/root.h"
#include "host/process.h"
#include "host/processes.h"
#include "host/settings_read.h"

/* Version 1 has no word for unlimited, but a number near the end of 63 bits. */
#define UNLIMITED_FROM (INT64_C(1) << 62)
#define STATUS_MAX ((size_t)64 * 1024)

/* ---- /proc/PID/status ---- */

/* The value of a line "KEY:\tVALUE". */
static bool find_line(struct sl_bytes text, const char *key, struct sl_bytes *out)
{
	size_t len = strlen(key);

	while (text.len > 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t line = end != NULL ? (size_t)(end - text.data) : text.len;
		size_t at = len + 1;

		if (line > len && memcmp(text.data, key, len) == 0 && text.data[len] == ':') {
			while (at < line && (text.data[at] == '\t' || text.data[at] == ' '))
				at++;
			*out = (struct sl_bytes){text.data + at, line - at};
			return true;
		}
		text.data += line + (end != NULL);
		text.len -= line + (end != NULL);
	}
	return false;
}

static int put_capabilities(struct sl_settings *out, struct sl_bytes hex, struct sl_error *err)
{
	uint8_t bytes[8];
	uint64_t bits = 0;

	if (hex.len != 16 || hex_decode(bytes, sizeof(bytes), hex.data, hex.len) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bits = bits << 8 | bytes[i];
	return settings_add_capabilities(out, SL_SETTING_LIVE_CAPABILITIES, bits, err);
}

int settings_status(struct sl_settings *out, const char *text, size_t len, struct sl_error *err)
{
	static const char *const modes[] = {"unconfined", "strict", "filter"};
	struct sl_bytes all = {text, len}, v;
	int rc = 0;

	if (find_line(all, "CapBnd", &v))
		rc = put_capabilities(out, v, err);
	if (rc == 0 && find_line(all, "NoNewPrivs", &v) && v.len == 1)
		rc = sl_settings_flag(out, SL_SETTING_LIVE_NO_NEW_PRIVS, v.data[0] == '1', err);
	if (rc == 0 && find_line(all, "Seccomp", &v) && v.len == 1 && v.data[0] >= '0' &&
	    v.data[0] <= '2')
		rc = sl_settings_text(out, SL_SETTING_LIVE_SECCOMP, modes[v.data[0] - '0'], err);
	return rc;
}

/* ---- limits ---- */

static bool read_number(struct sl_bytes *text, int64_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < text->len && n < 19 && text->data[n] >= '0' && text->data[n] <= '9')
		*out = *out * 10 + (text->data[n++] - '0');
	text->data += n;
	text->len -= n;
	return n > 0;
}

/* -1: unlimited. False: no such text. */
static bool read_limit(struct sl_bytes *text, int64_t *out)
{
	if (text->len >= 3 && memcmp(text->data, "max", 3) == 0) {
		text->data += 3;
		text->len -= 3;
		*out = -1;
		return true;
	}
	if (text->len >= 2 && memcmp(text->data, "-1", 2) == 0) {
		text->data += 2;
		text->len -= 2;
		*out = -1;
		return true;
	}
	if (!read_number(text, out))
		return false;
	if (*out >= UNLIMITED_FROM)
		*out = -1;
	return true;
}

int settings_limit(struct sl_settings *out, enum sl_setting setting, const char *text, size_t len,
		   struct sl_error *err)
{
	struct sl_bytes rest = {text, len};
	int64_t limit, period;

	if (!read_limit(&rest, &limit))
		return 0;
	if (setting != SL_SETTING_LIVE_CPU_LIMIT)
		return settings_amount(out, setting, limit >= 0, limit, err);
	if (rest.len == 0 || rest.data[0] != ' ')
		return 0;
	rest.data++;
	rest.len--;
	return read_number(&rest, &period) ? settings_cpus(out, setting, limit, period, err) : 0;
}

/* A group outside of the reader's own cgroup namespace has no path here. */
static bool has_path(struct sl_bytes path)
{
	return path.len >= 2 && memmem(path.data, path.len, "/..", 3) == NULL;
}

/*
 * The container's own group: an engine sets limits on the one that bears the id; what the container
 * makes within can only be narrower.
 */
static struct sl_bytes own_part(const struct cgroup *g, struct sl_bytes path)
{
	const char *id = g->id.len == 0 ? NULL : memmem(path.data, path.len, g->id.data, g->id.len);
	const char *end = id != NULL ? id + g->id.len : NULL;
	size_t left;

	if (end == NULL)
		return path;
	left = path.len - (size_t)(end - path.data);
	/* up to the end of that component: ".scope" */
	while (left > 0 && *end != '/') {
		end++;
		left--;
	}
	path.len -= left;
	return path;
}

static int read_group(int root_fd, const char *hierarchy, const struct cgroup *g,
		      struct sl_bytes path, const char *file, struct buf *out)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT((size_t)64 * 1024);

	if (!has_path(path))
		return -SL_ENOTFOUND;
	path = own_part(g, path);
	(void)buf_append_str(&name, hierarchy);
	(void)buf_append(&name, path.data, path.len);
	(void)buf_append_char(&name, '/');
	(void)buf_append_str(&name, file);
	if (name.status < 0)
		return name.status;
	buf_reset(out);
	if (root_read_file(root_fd, name.data, ROOT_FOLLOW_INSIDE, out, NULL) < 0 || out->len == 0)
		return -SL_ENOTFOUND;
	return 0;
}

/* Version 1 keeps time and period in two files. */
static int read_old_cpu(struct sl_settings *out, int root_fd, const struct cgroup *g,
			struct sl_error *err)
{
	static const char *const places[] = {"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"};
	CLEANUP(buf_clear) struct buf quota = BUF_INIT(64);
	CLEANUP(buf_clear) struct buf both = BUF_INIT(64);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (read_group(root_fd, places[i], g, g->cpu, "cpu.cfs_quota_us", &quota) < 0 ||
		    read_group(root_fd, places[i], g, g->cpu, "cpu.cfs_period_us", &both) < 0)
			continue;
		quota.data[strcspn(quota.data, "\n")] = ' ';
		(void)buf_append(&quota, both.data, both.len);
		return quota.status < 0 ? 0
					: settings_limit(out, SL_SETTING_LIVE_CPU_LIMIT, quota.data,
							 quota.len, err);
	}
	return 0;
}

static int read_limits(struct sl_settings *out, int root_fd, const struct cgroup *g,
		       struct sl_error *err)
{
	const struct {
		enum sl_setting setting;
		const char *hierarchy, *old_file, *file;
		struct sl_bytes old_path;
	} limits[] = {
		{SL_SETTING_LIVE_MEMORY_LIMIT, "sys/fs/cgroup/memory", "memory.limit_in_bytes",
		 "memory.max", g->memory},
		{SL_SETTING_LIVE_PIDS_LIMIT, "sys/fs/cgroup/pids", "pids.max", "pids.max", g->pids},
		{SL_SETTING_LIVE_CPU_LIMIT, "", "", "cpu.max", {.data = "", .len = 0}},
	};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	int rc = read_old_cpu(out, root_fd, g, err);

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(limits); i++) {
		/* a controller is in one version's hierarchy or the other's */
		if (read_group(root_fd, limits[i].hierarchy, g, limits[i].old_path,
			       limits[i].old_file, &text) < 0 &&
		    read_group(root_fd, "sys/fs/cgroup", g, g->unified, limits[i].file, &text) < 0)
			continue;
		rc = settings_limit(out, limits[i].setting, text.data, text.len, err);
	}
	return rc;
}

/* ---- namespaces ---- */

/* Those of the machine are those of its first process; an inner /proc does not show that one. */
static int read_shared(struct sl_settings *out, const struct sl_container *c, int proc_fd,
		       struct sl_error *err)
{
	const struct {
		const char *name;
		uint64_t own;
	} spaces[] = {
		{"cgroup", c->namespaces.cgroup}, {"ipc", c->namespaces.ipc},
		{"mnt", c->namespaces.mnt},       {"net", c->namespaces.net},
		{"pid", c->namespaces.pid},       {"user", c->namespaces.user},
		{"uts", c->namespaces.uts},
	};
	AUTO_CLOSE int first = process_open(proc_fd, 1, NULL);
	int rc = 0;

	if (first < 0 || processes_is_inner(proc_fd))
		return 0;
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(spaces); i++) {
		uint64_t machine = 0;

		/* one that is unknown makes the set unknown */
		if (process_namespace(first, spaces[i].name, &machine, NULL) < 0 || machine == 0 ||
		    spaces[i].own == 0) {
			out->values[SL_SETTING_LIVE_HOST_NS].is_known = false;
			return 0;
		}
		sl_settings_know(out, SL_SETTING_LIVE_HOST_NS);
		if (machine == spaces[i].own)
			rc = sl_settings_add(out, SL_SETTING_LIVE_HOST_NS, spaces[i].name, err);
	}
	return rc;
}

/* "docker-default (enforce)", "unconfined", or a label of SELinux; may end in NUL. */
static int read_label(struct sl_settings *out, int pid_fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	size_t len;

	if (process_read(pid_fd, "attr/current", &text, NULL) < 0 || text.len == 0)
		return 0;
	len = strcspn(text.data, "\n");
	return len == 0 ? 0 : settings_label(out, SL_SETTING_LIVE_LABEL, text.data, len, err);
}

int settings_live(struct sl_settings *out, const struct sl_container *c, int root_fd, int proc_fd,
		  struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STATUS_MAX);
	struct process_stat st;
	struct cgroup group;
	AUTO_CLOSE int pid_fd = -1;
	int rc = 0;

	if (proc_fd < 0 || c->pid <= 0)
		return 0;
	pid_fd = process_open_living(proc_fd, c->pid, &st, NULL);
	if (pid_fd < 0 || (c->has_pid_start && st.start != c->pid_start))
		return 0;
	if (process_read(pid_fd, "status", &text, NULL) == 0 && text.len > 0)
		rc = settings_status(out, text.data, text.len, err);
	if (rc == 0)
		rc = read_label(out, pid_fd, err);
	if (rc == 0)
		rc = read_shared(out, c, proc_fd, err);
	buf_reset(&text);
	if (rc == 0 && process_read(pid_fd, "cgroup", &text, NULL) == 0 && text.len > 0 &&
	    cgroup_parse(&group, text.data, text.len, NULL) == 0)
		rc = read_limits(out, root_fd, &group, err);
	return rc;
}
