/* SPDX-License-Identifier: Apache-2.0 */
#include "host/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"

/* Linux: include/linux/sched.h */
#define FLAG_ENDING 0x00000004u
#define FLAG_KERNEL_THREAD 0x00200000u

#define THREADS_MAX ((size_t)4 << 20)

/* Where these stand behind the name, which is field 2. */
enum { AT_STATE = 3, AT_PARENT = 4, AT_SESSION = 6, AT_FLAGS = 9, AT_START = 22, AT_STACK = 28 };

static bool number(const char **at, const char *end, uint64_t *out)
{
	const char *p = *at;
	uint64_t n = 0;

	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		unsigned int digit = (unsigned int)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (p == *at)
		return false;
	*at = p;
	*out = n;
	return true;
}

/* Field @n of those behind the name, the first of which is AT_STATE. */
static bool field(const char *at, const char *end, unsigned int n, uint64_t *out)
{
	for (unsigned int i = AT_STATE; at != NULL && i < n; i++) {
		at = memchr(at, ' ', (size_t)(end - at));
		at = at != NULL ? at + 1 : NULL;
	}
	return at != NULL && number(&at, end, out) && (at == end || *at == ' ' || *at == '\n');
}

int process_stat_parse(struct process_stat *out, const char *text, size_t len, struct sl_error *err)
{
	/* nothing behind the name holds a parenthesis */
	const char *name_end = len > 0 ? memrchr(text, ')', len) : NULL;
	const char *end = text + len, *at;
	uint64_t parent, session, flags;

	if (name_end == NULL || end - name_end < 3 || name_end[1] != ' ')
		return sl_fail(err, SL_EFORMAT, 0, "no status of a process");
	at = name_end + 2;
	if (!field(at, end, AT_PARENT, &parent) || parent > INT64_MAX ||
	    !field(at, end, AT_FLAGS, &flags) || !field(at, end, AT_START, &out->start))
		return sl_fail(err, SL_EFORMAT, 0, "no status of a process");
	/* a process of another pid namespace's session: none that has a number here */
	if (!field(at, end, AT_SESSION, &session) || session > INT64_MAX)
		session = 0;
	out->session = (int64_t)session;
	if (!field(at, end, AT_STACK, &out->stack))
		out->stack = 0;
	out->parent = (int64_t)parent;
	out->is_kernel = (flags & FLAG_KERNEL_THREAD) != 0;
	out->is_ending = (flags & FLAG_ENDING) != 0;
	out->is_dead = *at == 'Z' || *at == 'X' || *at == 'x';
	return 0;
}

int process_open(int proc_fd, int64_t pid, struct sl_error *err)
{
	char name[24];

	(void)snprintf(name, sizeof(name), "%" PRId64, pid);
	return root_open_subdir(proc_fd, name, ROOT_NO_LINKS, err);
}

/*
 * In one call where the kernel has openat2: procfs has neither links nor pipes nor devices by these
 * names, and what is mounted over one of them is not procfs and is not opened.
 */
int process_open_file(int pid_fd, const char *name, struct sl_error *err)
{
	int fd = beneath_open(pid_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
			      BENEATH_NO_LINKS | RESOLVE_NO_XDEV);

	return fd >= 0 ? fd : root_open_file(pid_fd, name, ROOT_NO_LINKS, err);
}

/* @whole: until the end is seen; else a read that is not filled was the last. */
static int read_file(int pid_fd, const char *name, bool whole, struct buf *out,
		     struct sl_error *err)
{
	AUTO_CLOSE int fd = process_open_file(pid_fd, name, err);
	char chunk[16384];
	ssize_t n = fd < 0 ? -1 : 1;

	if (fd < 0)
		return fd;
	while (n > 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0 && buf_append(out, chunk, (size_t)n) < 0)
			return sl_fail(err, (enum sl_code) - out->status, 0,
				       "'%s' is larger than %zu bytes", name, out->max);
		if (n >= 0 && (size_t)n < sizeof(chunk) && !whole)
			return 0;
	}
	return n < 0 ? sl_fail(err, SL_EIO, errno, "read '%s'", name) : 0;
}

int process_read(int pid_fd, const char *name, struct buf *out, struct sl_error *err)
{
	return read_file(pid_fd, name, false, out, err);
}

int process_read_whole(int pid_fd, const char *name, struct buf *out, struct sl_error *err)
{
	return read_file(pid_fd, name, true, out, err);
}

int process_read_mounts(int pid_fd, struct buf *out, struct sl_error *err)
{
	return read_file(pid_fd, "mountinfo", true, out, err);
}

int process_stat(int pid_fd, struct process_stat *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	int rc = process_read(pid_fd, "stat", &text, err);

	return rc < 0 ? rc
		      : process_stat_parse(out, text.data != NULL ? text.data : "", text.len, err);
}

/* The first thread may have ended while others go on: only theirs tell more then. */
static int open_living_thread(int pid_fd, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int tasks = root_open_subdir(pid_fd, "task", ROOT_NO_LINKS, NULL);

	if (tasks >= 0)
		(void)root_list(tasks, &names, THREADS_MAX, NULL);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_CLOSE int fd = root_open_subdir(tasks, names.names[i], ROOT_NO_LINKS, NULL);
		struct process_stat st;

		if (fd >= 0 && process_stat(fd, &st, NULL) == 0 && !st.is_dead)
			return take_fd(&fd);
	}
	return sl_fail(err, SL_ENOTFOUND, 0, "the process has ended");
}

int process_open_living(int proc_fd, int64_t pid, struct process_stat *st, struct sl_error *err)
{
	AUTO_CLOSE int fd = process_open(proc_fd, pid, err);
	int rc = fd < 0 ? fd : process_stat(fd, st, err);

	if (rc < 0)
		return rc;
	return st->is_dead ? open_living_thread(fd, err) : take_fd(&fd);
}

/* The kernel shows at most a page of a path, and fails for a longer one. */
int process_read_link(int pid_fd, const char *name, struct buf *out, struct sl_error *err)
{
	char text[4096 + 1];
	ssize_t n = readlinkat(pid_fd, name, text, sizeof(text));

	if (n < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "read '%s'",
			       name);
	return buf_append(out, text, (size_t)n) < 0 ? sl_fail(err, SL_ENOMEM, 0, "read '%s'", name)
						    : 0;
}

/* "mnt:[4026531841]" */
int process_namespace(int pid_fd, const char *name, uint64_t *out, struct sl_error *err)
{
	char path[24], text[64];
	const char *at;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "ns/%s", name);
	n = readlinkat(pid_fd, path, text, sizeof(text));
	if (n < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "read '%s'",
			       path);
	at = memchr(text, '[', (size_t)n);
	if (at == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "'%s' is no namespace", path);
	at++;
	if (!number(&at, text + n, out) || at == text + n || *at != ']')
		return sl_fail(err, SL_EFORMAT, 0, "'%s' is no namespace", path);
	return 0;
}

/* "NSpid:\t4711\t12\t1": the machine's number first, a tab before each. */
static int parse_inner_pid(const struct buf *text, int64_t *pid, size_t *depth,
			   struct sl_error *err)
{
	static const char key[] = "\nNSpid:";
	const char *end = text->data + text->len;
	const char *at = memmem(text->data, text->len, key, sizeof(key) - 1);
	uint64_t n = 0;

	*depth = 0;
	if (at == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "the kernel does not tell inner numbers");
	at += sizeof(key) - 1;
	while (at < end && *at == '\t') {
		at++;
		if (!number(&at, end, &n) || n > INT64_MAX)
			return sl_fail(err, SL_EFORMAT, 0, "no number of a process");
		++*depth;
	}
	*pid = (int64_t)n;
	return *depth > 0 ? 0 : sl_fail(err, SL_EFORMAT, 0, "no number of a process");
}

int process_inner_pid(int pid_fd, int64_t *pid, size_t *depth, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)64 * 1024);
	int rc = process_read(pid_fd, "status", &text, err);

	if (rc == 0 && text.len == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no status");
	return rc < 0 ? rc : parse_inner_pid(&text, pid, depth, err);
}

int process_root_stat(int pid_fd, struct statx *out, struct sl_error *err)
{
	/* a FUSE daemon or file server is not waited for: what the kernel knows is enough */
	if (kernel_statx(pid_fd, "root", AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, out) < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno,
			       "root directory");
	return 0;
}

int process_open_root(int pid_fd, struct sl_error *err)
{
	/* the one link that is followed by its meaning: procfs leads to the directory itself */
	int fd = openat(pid_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno,
			       "root directory");
	return fd;
}
