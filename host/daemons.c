/* SPDX-License-Identifier: Apache-2.0 */
/* The engines' own processes. Whoever calls himself one is listed: it is said what he runs. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"
#include "host/context.h"
#include "host/machine.h"
#include "host/process.h"
#include "host/procmounts.h"

#define DAEMONS_MAX 64
#define ARGUMENTS_MAX ((size_t)16 << 10)

/* The mounts of the machine: as its first process has them, and as we do. */
struct view {
	uint64_t mnt_ns; /* 0: not known */
	struct procmounts mounts;
};

struct look {
	const struct host *h;
	struct view views[2];
	size_t found;
};

static void look_clear(struct look *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(l->views); i++)
		procmounts_clear(&l->views[i].mounts);
}

static void read_view(struct view *v, int pid_fd)
{
	if (pid_fd < 0 || process_namespace(pid_fd, "mnt", &v->mnt_ns, NULL) < 0 ||
	    procmounts_read(&v->mounts, pid_fd, NULL) < 0)
		v->mnt_ns = 0;
}

static const struct view *view_of(const struct look *l, int pid_fd)
{
	uint64_t ns;

	if (process_namespace(pid_fd, "mnt", &ns, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(l->views); i++)
		if (l->views[i].mnt_ns != 0 && l->views[i].mnt_ns == ns)
			return &l->views[i];
	return NULL;
}

static bool is_engine(const char *name)
{
	static const char *const names[] = {"dockerd",   "containerd",  "crio",        "podman",
					    "buildkitd", "kubelet",     "cri-dockerd", "k3s-server",
					    "k3s-agent", "rootlesskit", "docker-proxy"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Only a file of the machine's, on a file system that answers, is opened to be read. */
static int open_program(const struct look *l, int pid_fd)
{
	const struct view *view = view_of(l, pid_fd);
	AUTO_CLOSE int fd = -1;
	const struct procmount *on;
	struct statx st;

	if (view == NULL)
		return -1;
	fd = openat(pid_fd, "exe", O_PATH | O_CLOEXEC);
	if (fd < 0 ||
	    kernel_statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, &st) < 0 ||
	    !S_ISREG(st.stx_mode) || (st.stx_mask & STATX_MNT_ID) == 0)
		return -1;
	on = procmounts_by_id(&view->mounts, st.stx_mnt_id);
	return on != NULL && !on->is_slow ? take_fd(&fd) : -1;
}

static int tell(struct look *l, int64_t pid, int pid_fd, const struct process_stat *st,
		const char *name, int (*each)(void *payload, const struct host_daemon *daemon),
		void *payload)
{
	CLEANUP(buf_clear) struct buf program = BUF_INIT(ARGUMENTS_MAX);
	CLEANUP(buf_clear) struct buf arguments = BUF_INIT(ARGUMENTS_MAX);
	AUTO_CLOSE int fd = open_program(l, pid_fd);
	struct host_daemon d = {.pid = pid, .start = st->start, .name = name, .fd = fd};

	if (process_read_link(pid_fd, "exe", &program, NULL) == 0)
		d.program = program.data;
	/* what is longer than the bound is told as far as that goes */
	(void)process_read_whole(pid_fd, "cmdline", &arguments, NULL);
	d.arguments = (struct sl_bytes){arguments.data, arguments.len};
	l->found++;
	return each(payload, &d);
}

static int look_at(struct look *l, const char *number,
		   int (*each)(void *payload, const struct host_daemon *daemon), void *payload)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(64);
	int64_t pid = strtoll(number, NULL, 10);
	AUTO_CLOSE int pid_fd = process_open(l->h->place.proc_fd, pid, NULL);
	struct process_stat st;

	if (pid_fd < 0 || process_stat(pid_fd, &st, NULL) < 0 || st.is_kernel || st.is_dead ||
	    process_read(pid_fd, "comm", &name, NULL) < 0 || name.len < 2)
		return 0;
	name.data[--name.len] = '\0'; /* the line feed */
	return is_engine(name.data) ? tell(l, pid, pid_fd, &st, name.data, each, payload) : 0;
}

int host_daemons(const struct host *h, int (*each)(void *payload, const struct host_daemon *daemon),
		 void *payload, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(look_clear) struct look l = {.h = h};
	AUTO_CLOSE int first = -1, self = -1;
	int rc;

	if (!host_is_live(h))
		return 0;
	first = process_open(h->place.proc_fd, 1, NULL);
	self = openat(h->place.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	read_view(&l.views[0], first);
	read_view(&l.views[1], self);
	rc = root_list(h->place.proc_fd, &names, STORE_NAMES_MAX, err);
	for (size_t i = 0; rc == 0 && i < names.count && l.found < DAEMONS_MAX; i++)
		if (strspn(names.names[i], "0123456789") == strlen(names.names[i]))
			rc = look_at(&l, names.names[i], each, payload);
	return rc;
}
