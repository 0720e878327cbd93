/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at the standard input of a shell or interpreter: a script, or a connection. */
#include "host/procread.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/nettable.h"
#include "host/procargs.h"
#include "host/procfds.h"

/* Some ten thousand connections; a shell behind the last of them is not told from others. */
#define TABLE_MAX ((size_t)4 << 20)

/* "203.0.113.7:4444" of the connection with this inode; owned, or NULL. */
static char *peer_in(const char *table, enum nettable_form form, int pid_fd, uint64_t inode)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TABLE_MAX);
	struct sl_bytes rest;
	struct netsocket s;
	char address[INET6_ADDRSTRLEN], *peer = NULL;
	int rc;

	/* a page at a time: whoever reads once sees some thirty connections */
	if (process_read_whole(pid_fd, table, &text, NULL) < 0)
		return NULL;
	rest = (struct sl_bytes){text.data, text.len};
	while ((rc = nettable_next(form, &rest, &s, NULL)) != 1) {
		if (rc < 0 || s.inode != inode || s.remote.port == 0)
			continue;
		if (inet_ntop(form == NETTABLE_INET ? AF_INET : AF_INET6, s.remote.bytes, address,
			      sizeof(address)) == NULL ||
		    asprintf(&peer, form == NETTABLE_INET ? "%s:%u" : "[%s]:%u", address,
			     (unsigned int)s.remote.port) < 0)
			return NULL;
		return peer;
	}
	return NULL;
}

/* A Unix socket is what programs give to those that they start, and no sign of anything. */
char *procread_peer(int pid_fd, uint64_t inode)
{
	char *peer = peer_in("net/tcp", NETTABLE_INET, pid_fd, inode);

	return peer != NULL ? peer : peer_in("net/tcp6", NETTABLE_INET6, pid_fd, inode);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* The regular file that is open there is what it runs, unless it is what stands behind a "<<". */
static int add_open_file(struct procread *r, const struct procread_subject *s, const char *number,
			 struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	AUTO_CLOSE int fd = -1;
	char name[32];
	struct statx st;

	(void)snprintf(name, sizeof(name), "fd/%s", number);
	fd = openat(s->seen.pid_fd, name, O_PATH | O_CLOEXEC);
	/* the file may be one that a stuck server answers for */
	if (fd < 0 || kernel_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &st) < 0 ||
	    !S_ISREG(st.stx_mode) || process_read_link(s->seen.pid_fd, name, &link, NULL) < 0)
		return 0;
	/* bash: a part of the script that it stands in, in a file that it deletes first */
	if (st.stx_nlink == 0 && strncmp(base_name(link.data), "sh-thd", strlen("sh-thd")) == 0)
		return 0;
	if (procobject_add(&r->objects, &s->seen, take_fd(&fd), link.data, &s->process->script,
			   &why) < 0)
		return procread_missed(r, s, "script", &why, err);
	return 0;
}

/*
 * A pipe that its parent does not read itself was put there for it: "fetch | sh". Engines hand
 * their pipes to the first process and, from outside, to those that they start later; a child that
 * only forked (the stack is where its parent has it) is a part of the same program.
 */
static bool is_made_for_it(const struct procread *r, const struct procread_subject *s,
			   const char *link)
{
	const struct sl_process *p = s->process;
	CLEANUP(buf_clear) struct buf above = BUF_INIT(8192);
	struct process_stat status;
	AUTO_CLOSE int fd = process_open_living(r->objects.proc_fd, p->parent, &status, NULL);

	return p->pid != r->objects.container->pid && fd >= 0 && procread_is_inside(r, p->parent) &&
	       (status.stack == 0 || status.stack != s->stack) &&
	       process_read_link(fd, "fd/0", &above, NULL) == 0 && strcmp(above.data, link) != 0;
}

static int add_pipe(const struct procread_subject *s, const char *link, struct sl_error *err)
{
	struct sl_process *p = s->process;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(8192);

	if (process_read_link(s->seen.pid_fd, "fd/1", &out, NULL) == 0 &&
	    strncmp(out.data, "pipe:[", 6) == 0 && (p->outlet = strdup(out.data)) == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->pipe = strdup(link);
	return p->pipe != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "processes");
}

static bool is_pipe(const struct procread_subject *s, const char *number, const char *link)
{
	char name[32];
	struct statx st;

	if (strncmp(link, "pipe:[", 6) == 0)
		return true;
	(void)snprintf(name, sizeof(name), "fd/%s", number);
	return kernel_statx(s->seen.pid_fd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, &st) == 0 &&
	       S_ISFIFO(st.stx_mode);
}

/* Opened to be read, and closed in whatever it starts. */
static bool is_kept_back(int pid_fd, const char *number)
{
	CLEANUP(buf_clear) struct buf info = BUF_INIT(4096);
	char name[32];
	const char *flags;
	unsigned long bits;

	(void)snprintf(name, sizeof(name), "fdinfo/%s", number);
	if (process_read(pid_fd, name, &info, NULL) < 0 || info.len == 0)
		return false;
	flags = strstr(info.data, "flags:");
	bits = flags != NULL ? strtoul(flags + strlen("flags:"), NULL, 8) : 0;
	return (bits & O_CLOEXEC) != 0 && (bits & O_ACCMODE) == O_RDONLY;
}

/* What a shell reads its commands from it keeps to itself, out of the way: ". FILE", too. */
static int add_held(struct procread *r, const struct procread_subject *s, struct sl_error *err)
{
	/* bash; the others, behind what they saved before. zsh gives it to what it starts, too */
	static const char *const numbers[] = {"255", "10", "11", "12"};
	int rc = 0;

	for (size_t i = 0;
	     rc == 0 && s->process->script == SL_OBJECT_NONE && i < ARRAY_SIZE(numbers); i++)
		if (is_kept_back(s->seen.pid_fd, numbers[i]))
			rc = add_open_file(r, s, numbers[i], err);
	return rc;
}

int procread_input(struct procread *r, const struct procread_subject *s, struct sl_bytes arguments,
		   const char *exe, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	uint64_t socket;
	int rc;

	if (!procargs_is_interpreter(arguments, exe) ||
	    process_read_link(s->seen.pid_fd, "fd/0", &link, NULL) < 0)
		return 0;
	socket = procfds_socket((struct sl_bytes){link.data, link.len});
	if (socket != 0) {
		s->process->peer = procread_peer(s->seen.pid_fd, socket);
		return 0;
	}
	if (procargs_is_shell(arguments, exe)) {
		rc = add_held(r, s, err);
		if (rc != 0)
			return rc;
	}
	if (!procargs_reads_input(arguments, exe))
		return 0;
	if (is_pipe(s, "0", link.data))
		return is_made_for_it(r, s, link.data) ? add_pipe(s, link.data, err) : 0;
	return add_open_file(r, s, "0", err);
}

bool procread_open_script(struct procread *r, const struct procread_subject *s,
			  struct sl_bytes name, int *rc, struct sl_error *err)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	char number[16], path[32];

	*rc = 0;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		size_t n = strlen(dirs[i]);

		if (name.len <= n || name.len - n >= sizeof(number) ||
		    memcmp(name.data, dirs[i], n) != 0)
			continue;
		memcpy(number, name.data + n, name.len - n);
		number[name.len - n] = '\0';
		if (strspn(number, "0123456789") != name.len - n)
			return false;
		(void)snprintf(path, sizeof(path), "fd/%s", number);
		if (process_read_link(s->seen.pid_fd, path, &link, NULL) < 0)
			return true;
		*rc = is_pipe(s, number, link.data) ? add_pipe(s, link.data, err)
						    : add_open_file(r, s, number, err);
		return true;
	}
	return false;
}
