/* SPDX-License-Identifier: Apache-2.0 */
#include "host/proctable.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include <linux/nsfs.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/kernel.h"
#include "core/root.h"
#include "host/cgroup.h"
#include "host/processes.h"

/* No kernel nests them deeper: include/linux/pid_namespace.h. */
#define PID_NS_DEPTH 33

/* What engines mount into containers, or run there before anything else does. */
static const char *const programs[] = {
	"usr/bin/docker-init",
	"usr/sbin/docker-init",
	"usr/libexec/docker/docker-init",
	"usr/local/bin/docker-init",
	"usr/bin/tini",
	"usr/bin/tini-static",
	"usr/bin/catatonit",
	"usr/libexec/podman/catatonit",
	"usr/lib/podman/catatonit",
	"usr/local/bin/catatonit",
	"usr/bin/dumb-init",
	"usr/bin/runc",
	"usr/sbin/runc",
	"usr/local/bin/runc",
	"usr/local/sbin/runc",
	"usr/bin/crun",
	"usr/local/bin/crun",
	"usr/bin/conmon",
	"usr/local/bin/conmon",
	"usr/libexec/podman/conmon",
	"usr/bin/containerd-shim-runc-v2",
};

static void clear(struct proctable *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->rows[i].cgroup);
	free(t->rows);
	free(t->spaces);
	for (size_t i = 0; i < t->engine_count; i++)
		free(t->engines[i].path);
	free(t->engines);
	*t = (struct proctable){0};
}

void proctable_free(struct proctable *t)
{
	if (t != NULL)
		clear(t);
	free(t);
}

static int add(struct proctable *t, struct proctable_row *row, struct sl_error *err)
{
	if (t->count == t->cap) {
		size_t cap = t->cap == 0 ? 128 : t->cap * 2;
		struct proctable_row *grown = reallocarray(t->rows, cap, sizeof(*grown));

		if (grown == NULL) {
			free(row->cgroup);
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		}
		t->rows = grown;
		t->cap = cap;
	}
	t->rows[t->count++] = *row;
	return 0;
}

/* ---- pid namespaces ---- */

static uint64_t parent_of(int *fd)
{
	AUTO_CLOSE int own = take_fd(fd);
	struct stat st;
	int parent = ioctl(own, NS_GET_PARENT);

	if (parent < 0 || fstat(parent, &st) < 0) {
		if (parent >= 0)
			close(parent);
		return 0;
	}
	*fd = parent;
	return st.st_ino;
}

static bool knows_space(const struct proctable *t, uint64_t number)
{
	for (size_t i = 0; i < t->space_count; i++)
		if (t->spaces[i].number == number)
			return true;
	return false;
}

static int add_space(struct proctable *t, uint64_t number, uint64_t parent, struct sl_error *err)
{
	if (t->space_count == t->space_cap) {
		size_t cap = t->space_cap == 0 ? 32 : t->space_cap * 2;
		struct proctable_ns *grown = reallocarray(t->spaces, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		t->spaces = grown;
		t->space_cap = cap;
	}
	t->spaces[t->space_count++] = (struct proctable_ns){number, parent};
	return 0;
}

/* The namespace of a process and those above it, until one is known. */
static int add_spaces(struct proctable *t, int pid_fd, uint64_t number, struct sl_error *err)
{
	AUTO_CLOSE int fd = -1;
	int rc = 0;

	if (number == 0 || number == t->pid_ns || knows_space(t, number))
		return 0;
	fd = openat(pid_fd, "ns/pid", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	for (int depth = 0; rc == 0 && number != 0 && depth < PID_NS_DEPTH; depth++) {
		uint64_t parent = fd >= 0 ? parent_of(&fd) : 0;

		if (knows_space(t, number))
			break;
		rc = add_space(t, number, parent, err);
		number = parent;
	}
	return rc;
}

bool proctable_is_within(const struct proctable *t, uint64_t ns, uint64_t outer)
{
	for (int depth = 0; ns != 0 && depth < PID_NS_DEPTH; depth++) {
		uint64_t parent = 0;

		if (ns == outer)
			return true;
		for (size_t i = 0; i < t->space_count; i++)
			if (t->spaces[i].number == ns)
				parent = t->spaces[i].parent;
		ns = parent;
	}
	return false;
}

/* ---- processes ---- */

static int read_cgroup(struct proctable_row *row, int pid_fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CGROUP_FILE_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct cgroup group;
	int rc = process_read(pid_fd, "cgroup", &text, &why);

	if (rc == -SL_ENOMEM || (rc < 0 && kernel_ran_out(why.sys)))
		return sl_fail(err, why.code, why.sys, "%s", "control groups");
	if (rc < 0 || text.len == 0 || cgroup_parse(&group, text.data, text.len, NULL) < 0)
		return 0;
	if (group.path.len < 2)
		return 0;
	row->is_named = group.id.len > 0 && !group.is_guess;
	row->cgroup = strndup(group.path.data, group.path.len);
	return row->cgroup != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "processes");
}

static void read_exe(struct proctable_row *row, int pid_fd)
{
	struct process_stat status;
	struct statx st;

	if (process_stat(pid_fd, &status, NULL) < 0 ||
	    kernel_statx(pid_fd, "exe", AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, &st) < 0)
		return;
	row->has_exe = true;
	row->start = status.start;
	row->exe_dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	row->exe_ino = st.stx_ino;
}

/* Only what has ended says nothing; any other failure leaves open whose it is. */
static uint64_t namespace_of(int pid_fd, const char *name, int *sys)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	uint64_t number;

	if (process_namespace(pid_fd, name, &number, &why) == 0)
		return number;
	if (why.sys != 0 && why.sys != ENOENT && why.sys != ESRCH)
		*sys = why.sys;
	return 0;
}

static int read_row(struct proctable *t, int proc_fd, const char *name, struct sl_error *err)
{
	struct proctable_row row = {.pid = strtoll(name, NULL, 10)};
	AUTO_CLOSE int fd = beneath_open(proc_fd, name, O_PATH | O_DIRECTORY,
					 BENEATH_NO_LINKS | RESOLVE_NO_XDEV);
	int rc;

	if (fd < 0 && errno == EXDEV) {
		row.is_covered = true;
		return add(t, &row, err);
	}
	if (fd < 0 && kernel_ran_out(errno))
		return sl_fail(err, SL_EIO, errno, "open process %s", name);
	if (fd < 0)
		return 0; /* gone */
	row.pid_ns = namespace_of(fd, "pid", &row.denied_sys);
	row.mnt_ns = namespace_of(fd, "mnt", &row.denied_sys);
	row.is_denied = row.denied_sys != 0;
	if (row.pid_ns == 0 && row.mnt_ns == 0 && !row.is_denied)
		return 0;
	rc = read_cgroup(&row, fd, err);
	if (rc < 0)
		return rc;
	if (row.pid_ns == t->pid_ns && row.mnt_ns == t->mnt_ns && row.cgroup == NULL)
		return 0;
	if (row.pid_ns != t->pid_ns || row.mnt_ns != t->mnt_ns)
		read_exe(&row, fd);
	rc = add(t, &row, err);
	return rc < 0 ? rc : add_spaces(t, fd, row.pid_ns, err);
}

static void read_machine(struct proctable *t, int proc_fd)
{
	AUTO_CLOSE int fd = process_open(proc_fd, 1, NULL);
	int sys = 0;

	/* who may not look at process 1 is told the same of himself, unless in a container */
	if (fd >= 0) {
		t->pid_ns = namespace_of(fd, "pid", &sys);
		t->mnt_ns = namespace_of(fd, "mnt", &sys);
	}
	if (t->mnt_ns == 0) {
		AUTO_CLOSE int self = process_open(proc_fd, (int64_t)getpid(), NULL);

		if (self < 0)
			return;
		t->pid_ns = namespace_of(self, "pid", &sys);
		t->mnt_ns = namespace_of(self, "mnt", &sys);
	}
}

static int read_engines(struct proctable *t, int root_fd, struct sl_error *err)
{
	t->engines = calloc(ARRAY_SIZE(programs), sizeof(*t->engines));
	if (t->engines == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		AUTO_CLOSE int fd = root_open_path(root_fd, programs[i], ROOT_FOLLOW_INSIDE, NULL);
		struct sl_object *o = &t->engines[t->engine_count];
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		o->path = strdup(programs[i]);
		if (o->path == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		o->dev = st.st_dev;
		o->ino = st.st_ino;
		t->engine_count++;
	}
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	const struct proctable_row *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int read_all(struct proctable *t, const struct place *place, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	int rc = root_list(place->proc_fd, &names, PROCESSES_MAX, err);

	if (rc < 0)
		return rc;
	read_machine(t, place->proc_fd);
	rc = read_engines(t, place->root_fd, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		if (names.names[i][0] >= '1' && names.names[i][0] <= '9')
			rc = read_row(t, place->proc_fd, names.names[i], err);
	if (t->count > 1)
		qsort(t->rows, t->count, sizeof(*t->rows), compare_pids);
	t->at_ns = clock_boot_ns();
	return rc;
}

int proctable_get(struct host *h, const struct proctable **out, struct sl_error *err)
{
	struct proctable *t = h->table;
	int rc;

	if (t == NULL)
		t = h->table = calloc(1, sizeof(*t));
	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	*out = t;
	if (t->at_ns != 0 && clock_boot_ns() - t->at_ns < PROCTABLE_OLD_NS)
		return 0;
	clear(t);
	rc = read_all(t, &h->place, err);
	if (rc < 0)
		clear(t);
	return rc < 0 ? sl_wrap(err, rc, "processes") : 0;
}

const struct proctable_row *proctable_by_pid(const struct proctable *t, int64_t pid)
{
	struct proctable_row key = {.pid = pid};

	if (t->count == 0)
		return NULL;
	return bsearch(&key, t->rows, t->count, sizeof(*t->rows), compare_pids);
}

const char *proctable_engine(const struct proctable *t, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < t->engine_count; i++)
		if (t->engines[i].dev == dev && t->engines[i].ino == ino)
			return t->engines[i].path;
	return NULL;
}

const char *proctable_program(size_t i)
{
	return i < ARRAY_SIZE(programs) ? programs[i] : NULL;
}
