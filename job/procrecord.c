/* SPDX-License-Identifier: Apache-2.0 */
#include "job/procrecord.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/kernel.h"
#include "host/cgroup.h"
#include "host/procargs.h"
#include "host/process.h"

/* All of it fits a record of 64 KiB even where each byte becomes six. */
#define MEMBERS_MAX ((size_t)62 << 10)
#define LINK_MAX ((size_t)4096 + 1)
#define TEXT_MAX ((size_t)512)
#define ARGUMENTS_MAX ((size_t)2048)
#define ARGUMENTS_COUNT 64
#define ENVIRONMENT_MAX ((size_t)64 << 10)
#define NAMES_BYTES ((size_t)2048)
#define NAMES_COUNT 256
#define DELETED " (deleted)"

static const char *const text_names[PROCRECORD_TEXTS] = {
	"comm", "wchan", "loginuid", "sessionid", "oom_score_adj",
};
static const char *const namespace_names[PROCRECORD_NAMESPACES] = {
	"mnt", "pid", "net", "user", "ipc", "uts", "cgroup", "time",
};

void procrecord_init(struct procrecord *r)
{
	*r = (struct procrecord){.arguments = BUF_INIT(ARGUMENTS_MAX),
				 .environment = BUF_INIT(ENVIRONMENT_MAX),
				 .exe.text = BUF_INIT(LINK_MAX),
				 .cwd.text = BUF_INIT(LINK_MAX),
				 .root.text = BUF_INIT(LINK_MAX),
				 .cover = BUF_INIT(TEXT_MAX),
				 .cgroup = BUF_INIT(TEXT_MAX)};
	for (size_t i = 0; i < PROCRECORD_TEXTS; i++)
		r->texts[i] = BUF_INIT(TEXT_MAX);
}

void procrecord_clear(struct procrecord *r)
{
	for (size_t i = 0; i < PROCRECORD_TEXTS; i++)
		buf_clear(&r->texts[i]);
	buf_clear(&r->arguments);
	buf_clear(&r->environment);
	buf_clear(&r->exe.text);
	buf_clear(&r->cwd.text);
	buf_clear(&r->root.text);
	buf_clear(&r->cover);
	buf_clear(&r->cgroup);
}

int procrecord_text(const char *name)
{
	for (int i = 0; i < PROCRECORD_TEXTS; i++)
		if (strcmp(text_names[i], name) == 0)
			return i;
	return -1;
}

/* As much as there is room for. */
static int take(struct buf *out, struct sl_bytes bytes, struct sl_error *err)
{
	size_t len = bytes.len < out->max ? bytes.len : out->max;

	buf_reset(out);
	return buf_append(out, bytes.data, len) < 0 ? sl_fail(err, SL_ENOMEM, 0, "process") : 0;
}

static int take_cgroup(struct procrecord *r, struct sl_bytes bytes, struct sl_error *err)
{
	struct cgroup group;

	if (cgroup_parse(&group, bytes.data, bytes.len, NULL) < 0)
		return 0;
	return take(&r->cgroup, group.path, err);
}

int procrecord_take(struct procrecord *r, const char *name, struct sl_bytes bytes,
		    struct sl_error *err)
{
	struct process_stat stat;
	int text = procrecord_text(name);

	if (text >= 0) {
		if (bytes.len > 0 && bytes.data[bytes.len - 1] == '\n')
			bytes.len--;
		return take(&r->texts[text], bytes, err);
	}
	if (strcmp(name, "cgroup") == 0)
		return take_cgroup(r, bytes, err);
	if (strcmp(name, "status") == 0)
		r->has_status = procstatus_parse(&r->status, bytes.data, bytes.len, NULL) == 0;
	else if (strcmp(name, "stat") == 0 &&
		 process_stat_parse(&stat, bytes.data, bytes.len, NULL) == 0)
		r->parent = stat.parent;
	else if (strcmp(name, "cmdline") == 0) {
		r->has_arguments = true;
		return take(&r->arguments, bytes, err);
	} else if (strcmp(name, "environ") == 0) {
		r->has_environment = true;
		return take(&r->environment, bytes, err);
	}
	return 0;
}

int procrecord_cover(struct procrecord *r, struct sl_bytes what, struct sl_error *err)
{
	return take(&r->cover, what, err);
}

static void look_at_link(struct procrecord_link *link, int pid_fd, const char *name)
{
	struct statx st;

	/* a path too long to be shown leaves no text; an object of a server is not asked for */
	(void)process_read_link(pid_fd, name, &link->text, NULL);
	if (kernel_statx(pid_fd, name, AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, &st) < 0)
		return;
	link->has_object = true;
	link->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	link->ino = st.stx_ino;
	link->nlink = st.stx_nlink;
}

void procrecord_look(struct procrecord *r, int pid_fd)
{
	for (size_t i = 0; i < PROCRECORD_NAMESPACES; i++)
		if (process_namespace(pid_fd, namespace_names[i], &r->namespaces[i], NULL) < 0)
			r->namespaces[i] = 0;
	look_at_link(&r->exe, pid_fd, "exe");
	look_at_link(&r->cwd, pid_fd, "cwd");
	look_at_link(&r->root, pid_fd, "root");
}

/* ---- as JSON ---- */

static void say_ids(struct jout *j, const char *key, const uint32_t ids[4])
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < 4; i++)
		jout_u64(j, ids[i]);
	jout_array_end(j);
}

static void say_rights(struct jout *j, const struct procstatus *s)
{
	char text[20];

	if (s->has_ids) {
		say_ids(j, "uid", s->uid);
		say_ids(j, "gid", s->gid);
	}
	jout_key(j, "groups");
	jout_array(j);
	for (size_t i = 0; i < s->group_count && i < PROCSTATUS_GROUPS_MAX; i++)
		jout_u64(j, s->groups[i]);
	jout_array_end(j);
	if (s->has_caps) {
		jout_key(j, "caps");
		jout_object(j);
		for (size_t i = 0; i < PROCSTATUS_CAPS; i++) {
			(void)snprintf(text, sizeof(text), "%016llx",
				       (unsigned long long)s->caps[i]);
			jout_key_str(j, procstatus_cap_name(i), text);
		}
		jout_object_end(j);
	}
	if (s->no_new_privs >= 0)
		jout_key_bool(j, "no_new_privs", s->no_new_privs != 0);
	if (s->seccomp >= 0)
		jout_key_u64(j, "seccomp", (uint64_t)s->seccomp);
	jout_key(j, "tracer");
	jout_i64(j, s->tracer);
}

static void say_status(struct jout *j, const struct procstatus *s)
{
	char state[2] = {s->state, '\0'};

	if (s->state != '\0')
		jout_key_str(j, "state", state);
	jout_key(j, "nspid");
	jout_array(j);
	for (size_t i = 0; i < s->inner_count; i++)
		jout_i64(j, s->inner[i]);
	jout_array_end(j);
	jout_key_u64(j, "threads", s->threads);
	say_rights(j, s);
}

static void say_arguments(struct jout *j, const struct procrecord *r)
{
	struct sl_bytes rest = {r->arguments.data, r->arguments.len}, text;
	size_t count = 0;

	jout_key(j, "argv");
	jout_array(j);
	while (count < ARGUMENTS_COUNT && procargs_next(&rest, &text)) {
		jout_strn(j, text.data, text.len);
		count++;
	}
	jout_array_end(j);
	if (rest.len > 0 || r->arguments.len == ARGUMENTS_MAX)
		jout_key_bool(j, "argv_cut", true);
}

/* Names alone: a record is what is shown first, and shown most. */
static void say_environment(struct jout *j, const struct procrecord *r)
{
	struct sl_bytes rest = {r->environment.data, r->environment.len}, text;
	size_t count = 0, bytes = 0;
	bool is_cut = r->environment.len == ENVIRONMENT_MAX;

	jout_key(j, "env");
	jout_array(j);
	while (procargs_next(&rest, &text)) {
		const char *equal = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
		size_t len = equal != NULL ? (size_t)(equal - text.data) : 0;

		if (equal == NULL)
			continue; /* no variable: whatever it is stands in the payload */
		is_cut = is_cut || count == NAMES_COUNT || bytes + len > NAMES_BYTES;
		if (count == NAMES_COUNT || bytes + len > NAMES_BYTES)
			break;
		jout_strn(j, text.data, len);
		bytes += len;
		count++;
	}
	jout_array_end(j);
	if (is_cut)
		jout_key_bool(j, "env_cut", true);
}

static void say_link(struct jout *j, const char *key, const struct procrecord_link *link)
{
	size_t tail = strlen(DELETED), len = link->text.len;

	if (len == 0 && !link->has_object)
		return;
	jout_key(j, key);
	jout_object(j);
	if (len > 0)
		jout_bytes(j, "link", "", (struct sl_bytes){link->text.data, len});
	if (link->has_object) {
		jout_key(j, "dev");
		jout_id(j, link->dev);
		jout_key(j, "ino");
		jout_id(j, link->ino);
		jout_key_bool(j, "deleted",
			      link->nlink == 0 ||
				      (len > tail &&
				       memcmp(link->text.data + len - tail, DELETED, tail) == 0));
	}
	jout_object_end(j);
}

static void say_place(struct jout *j, uint32_t place)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{SL_PLACE_CGROUP, "cgroup"},          {SL_PLACE_PID, "pid"},
		{SL_PLACE_MOUNTS, "mounts"},          {SL_PLACE_HOST_PID, "host-pid"},
		{SL_PLACE_HOST_MOUNT, "host-mounts"}, {SL_PLACE_OTHER_PID, "other-pid"},
		{SL_PLACE_NO_CGROUP, "no-cgroup"},
	};

	jout_key(j, "place");
	jout_array(j);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if ((place & names[i].bit) != 0)
			jout_str(j, names[i].name);
	jout_array_end(j);
}

/* Where its program lies, as findings say it. */
static void say_origin(struct jout *j, const struct procrecord *r)
{
	if (r->process != NULL && r->process->exe != SL_OBJECT_NONE)
		jout_key_str(j, "exe_origin",
			     sl_origin_name(r->objects->objects[r->process->exe].origin));
}

static void say_started(struct jout *j, uint64_t ticks)
{
	struct sl_time now = clock_now();
	uint64_t boot = clock_boot_ns();
	long per_second = sysconf(_SC_CLK_TCK);
	uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)(per_second > 0 ? per_second : 100);
	uint64_t age;

	jout_key(j, "start");
	jout_id(j, ticks);
	if (ticks > UINT64_MAX / tick_ns || ticks * tick_ns > boot)
		return;
	age = boot - ticks * tick_ns;
	now.sec -= (int64_t)(age / 1000000000u);
	if (now.nsec < age % 1000000000u) {
		now.nsec += 1000000000u;
		now.sec--;
	}
	now.nsec -= (uint32_t)(age % 1000000000u);
	jout_key_time(j, "started", now);
}

static void say_texts(struct jout *j, const struct procrecord *r)
{
	for (size_t i = 0; i < PROCRECORD_TEXTS; i++)
		if (r->texts[i].len > 0)
			jout_bytes(j, text_names[i], "",
				   (struct sl_bytes){r->texts[i].data, r->texts[i].len});
	if (r->cgroup.len > 0)
		jout_bytes(j, "cgroup", "", (struct sl_bytes){r->cgroup.data, r->cgroup.len});
	jout_key(j, "namespaces");
	jout_object(j);
	for (size_t i = 0; i < PROCRECORD_NAMESPACES; i++)
		if (r->namespaces[i] != 0) {
			jout_key(j, namespace_names[i]);
			jout_id(j, r->namespaces[i]);
		}
	jout_object_end(j);
}

static void say_end(struct jout *j, const struct procrecord *r)
{
	if (r->cover.len > 0)
		jout_bytes(j, "covered_by", "", (struct sl_bytes){r->cover.data, r->cover.len});
	if (r->is_ended)
		jout_key_bool(j, "ended", true);
	if (r->is_changed)
		jout_key_bool(j, "changed", true);
	if (r->is_hung)
		jout_key_bool(j, "hung", true);
	if (r->is_abandoned)
		jout_key_bool(j, "worker_abandoned", true);
}

/* @bare: what is left when texts made of control characters, sixfold in JSON, do not fit. */
static int say_all(struct buf *out, const struct procrecord *r, bool bare)
{
	struct jout j;

	buf_reset(out);
	jout_begin(&j, out);
	jout_object(&j);
	jout_key(&j, "pid");
	jout_i64(&j, r->member->pid);
	say_started(&j, r->member->start);
	if (r->parent != 0) {
		jout_key(&j, "ppid");
		jout_i64(&j, r->parent);
	}
	say_place(&j, r->member->place);
	if (r->has_status)
		say_status(&j, &r->status);
	say_texts(&j, r);
	say_link(&j, "exe", &r->exe);
	say_origin(&j, r);
	if (bare) {
		jout_key_bool(&j, "cut", true);
	} else {
		if (r->has_arguments)
			say_arguments(&j, r);
		if (r->has_environment)
			say_environment(&j, r);
		say_link(&j, "cwd", &r->cwd);
		say_link(&j, "root", &r->root);
	}
	say_end(&j, r);
	jout_object_end(&j);
	return jout_end(&j);
}

int procrecord_members(struct buf *out, const struct procrecord *r, struct sl_error *err)
{
	int rc;

	out->max = MEMBERS_MAX;
	rc = say_all(out, r, false);
	if (rc == -SL_ELIMIT)
		rc = say_all(out, r, true);
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "record of a process");
	/* the braces are the writer's */
	out->data[--out->len] = '\0';
	memmove(out->data, out->data + 1, out->len);
	out->len--;
	return 0;
}
