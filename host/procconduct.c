/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is, may and calls itself, beside the files that it runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/procargs.h"
#include "host/procread.h"
#include "host/procstatus.h"

/* Code in arguments that is looked at: the longest that people and tools write there. */
#define CODE_MAX ((size_t)16 * 1024)

/* ---- who it is ---- */

bool procread_is_inside(const struct procread *r, int64_t pid)
{
	const struct proctable_row *row = proctable_by_pid(r->objects.table, pid);
	const struct sl_container *c = r->objects.container;

	return row != NULL && c->namespaces.mnt != 0 &&
	       (row->mnt_ns == c->namespaces.mnt ||
		(c->namespaces.pid != r->objects.table->pid_ns &&
		 proctable_is_within(r->objects.table, row->pid_ns, c->namespaces.pid)));
}

static void take_status(struct procread *r, struct sl_process *p, const struct procstatus *st)
{
	p->uid = st->uid[0];
	p->tracer = st->tracer;
	p->is_tracer_inside = p->tracer != 0 && procread_is_inside(r, p->tracer);
	p->has_caps = st->has_caps;
	p->caps = st->caps[1] | st->caps[2];
	p->seccomp = st->seccomp;
	p->no_new_privs = st->no_new_privs;
}

int procread_status(struct procread *r, const struct procread_subject *s, struct sl_error *why)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)256 * 1024);
	CLEANUP(buf_clear) struct buf name = BUF_INIT(4096);
	struct sl_process *p = s->process;
	struct procstatus status;
	uint64_t users;
	int rc = process_read(s->seen.pid_fd, "status", &text, why);

	if (rc == 0)
		rc = process_read(s->seen.pid_fd, "comm", &name, why);
	if (rc < 0)
		return rc;
	/* lines that are missing leave their fields unknown */
	(void)procstatus_parse(&status, text.data != NULL ? text.data : "", text.len, NULL);
	take_status(r, p, &status);
	p->has_own_users = r->user_ns != 0 &&
			   process_namespace(s->seen.pid_fd, "user", &users, NULL) == 0 &&
			   users != r->user_ns;
	if (name.len > 0 && name.data[name.len - 1] == '\n')
		name.data[--name.len] = '\0';
	p->name = name.data != NULL ? buf_take(&name) : strdup("");
	return p->name != NULL ? 0 : sl_fail(why, SL_ENOMEM, 0, "processes");
}

/* ---- where it stands ---- */

static int add_root(struct procread *r, const struct procread_subject *s, struct sl_error *err)
{
	const char *inside;

	if (r->root == NULL || (s->process->place & SL_PLACE_MOUNTS) == 0 ||
	    strcmp(s->seen.root, r->root) == 0)
		return 0;
	inside = procmounts_behind(s->seen.root, r->root);
	s->process->own_root = strdup(inside != NULL ? inside : s->seen.root);
	return s->process->own_root != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "processes");
}

/* Its working directory, when the kernel says that it has no name any more. */
int procread_place(struct procread *r, const struct procread_subject *s, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	AUTO_CLOSE int fd = -1;
	struct statx st;
	size_t object;
	int rc = add_root(r, s, err);

	if (rc < 0 || process_read_link(s->seen.pid_fd, "cwd", &link, NULL) < 0 ||
	    memmem(link.data, link.len, " (deleted)", strlen(" (deleted)")) == NULL)
		return rc;
	fd = openat(s->seen.pid_fd, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || kernel_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &st) < 0 ||
	    st.stx_nlink != 0)
		return 0;
	if (procobject_add(&r->objects, &s->seen, take_fd(&fd), link.data, &object, &why) < 0)
		return why.code == SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "processes") : 0;
	if (r->objects.out->objects[object].is_unlinked)
		s->process->cwd = object;
	return 0;
}

/* ---- what it says ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* 1: there is no such file; 2: it is a program, and another one; 0: it is neither. */
static int other_program(struct procread *r, const struct procread_subject *s, const char *path,
			 const struct sl_object *exe)
{
	AUTO_CLOSE int fd = procread_open(&s->seen, path);
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	char name[40], head[4];
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR;
	(void)snprintf(name, sizeof(name), "self/fd/%d", fd);
	if (fstat(fd, &st) < 0 || (st.st_dev == exe->dev && st.st_ino == exe->ino) ||
	    process_read_link(r->objects.proc_fd, name, &link, NULL) < 0 ||
	    strcmp(base_name(link.data), base_name(exe->path)) == 0)
		return 0;
	return procobject_head(&s->seen, fd, head, sizeof(head)) == sizeof(head) &&
			       memcmp(head, "\177ELF", sizeof(head)) == 0
		       ? 2
		       : 0;
}

/*
 * "nginx: worker process", "-bash", "sshd: root@pts/0": what only these programs call themselves,
 * never an interpreter that runs something for somebody.
 */
static char *claimed_name(struct sl_bytes first, const char *exe)
{
	static const char *const daemons[] = {"nginx",
					      "sshd",
					      "php-fpm",
					      "apache2",
					      "httpd",
					      "postgres",
					      "mysqld",
					      "mariadbd",
					      "crond",
					      "cron",
					      "atd",
					      "systemd",
					      "dbus-daemon",
					      "rsyslogd",
					      "syslogd",
					      "agetty",
					      "getty",
					      "login",
					      "dockerd",
					      "containerd",
					      "kubelet",
					      "haproxy",
					      "redis-server",
					      "systemd-journald",
					      "systemd-logind",
					      "systemd-udevd",
					      "systemd-resolved",
					      "systemd-networkd"};
	static const char *const shells[] = {"-bash", "-sh", "bash", "sh", "-zsh"};
	bool is_shell = false;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		is_shell = is_shell || (first.len == strlen(shells[i]) &&
					memcmp(first.data, shells[i], first.len) == 0);
	if (is_shell)
		return strstr(base_name(exe), "sh") != NULL ? NULL : strndup(first.data, first.len);
	for (len = 0; len < first.len && first.data[len] != ':' && first.data[len] != ' '; len++)
		;
	for (size_t i = 0; i < ARRAY_SIZE(daemons); i++)
		if (len == strlen(daemons[i]) && memcmp(first.data, daemons[i], len) == 0)
			return strndup(first.data, len);
	return NULL;
}

/*
 * The first argument is the path of another program. A script is often called by its own name, and
 * a wrapper hands its name on to what it wraps.
 */
static int add_alias(struct procread *r, const struct procread_subject *s,
		     struct sl_bytes arguments, struct sl_error *err)
{
	const struct sl_object *exe = s->process->exe != SL_OBJECT_NONE
					      ? &r->objects.out->objects[s->process->exe]
					      : NULL;
	struct sl_bytes first;
	AUTO_FREE char *path = NULL;
	int other;

	if (exe == NULL || exe->is_unlinked || !procargs_next(&arguments, &first) ||
	    first.len < 2 || first.len > 4096 ||
	    memmem(first.data, first.len, "/proc/", 6) == first.data)
		return 0;
	if (first.data[0] != '/') {
		if (procargs_is_known_program(exe->path))
			s->process->alias = claimed_name(first, exe->path);
		return 0;
	}
	path = strndup(first.data, first.len);
	if (path == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	path[strcspn(path, " ")] = '\0';
	if (base_name(path)[0] == '\0' || strstr(base_name(exe->path), base_name(path)) != NULL)
		return 0;
	other = other_program(r, s, path, exe);
	if (other == 2 || (other == 1 && procargs_is_known_program(exe->path)))
		s->process->alias = take_ptr(&path);
	return 0;
}

int procread_words(struct procread *r, const struct procread_subject *s, struct sl_bytes arguments,
		   struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf code = BUF_INIT(CODE_MAX);
	const char *exe = s->process->exe != SL_OBJECT_NONE
				  ? r->objects.out->objects[s->process->exe].path
				  : "";

	if (procargs_is_code(arguments, exe)) {
		procargs_join(&code, arguments);
		s->process->code = code.data != NULL ? buf_take(&code) : strdup("");
		if (s->process->code == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	return add_alias(r, s, arguments, err);
}
