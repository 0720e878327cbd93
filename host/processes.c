/* SPDX-License-Identifier: Apache-2.0 */
#include "host/processes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "host/cgroup.h"

/* The kernel's number of the first pid namespace: include/linux/proc_ns.h. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCu

/* What a process says of itself before views are numbered. */
struct look {
	struct process process;
	struct process_view view;
	bool has_view;
};

struct table {
	struct look *rows;
	size_t count, cap;
};

static bool is_refusal(const struct sl_error *why)
{
	return why->sys == EACCES || why->sys == EPERM;
}

static int64_t pid_of_name(const char *name)
{
	int64_t pid = 0;

	if (name[0] < '1' || name[0] > '9' || strlen(name) > 10)
		return 0;
	for (; *name >= '0' && *name <= '9'; name++)
		pid = pid * 10 + (*name - '0');
	return *name == '\0' ? pid : 0;
}

static int look_at_cgroup(struct process *out, int pid_fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CGROUP_FILE_MAX);
	struct cgroup group;

	if (process_read(pid_fd, "cgroup", &text, NULL) < 0 || text.len == 0 ||
	    cgroup_parse(&group, text.data, text.len, NULL) < 0 || group.id.len == 0)
		return 0;
	out->engine = group.engine;
	out->id_is_guess = group.is_guess;
	out->id = strndup(group.id.data, group.id.len);
	return out->id != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "processes");
}

static bool look_at_view(struct process_view *out, int pid_fd, struct sl_error *why)
{
	struct statx st;

	if (process_namespace(pid_fd, "mnt", &out->namespace, why) < 0 ||
	    process_root_stat(pid_fd, &st, why) < 0)
		return false;
	out->mount = (st.stx_mask & STATX_MNT_ID) != 0 ? st.stx_mnt_id : 0;
	out->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	out->inode = st.stx_ino;
	return true;
}

/* 0; 1: nothing to keep of it. */
static int look_at(struct look *out, int proc_fd, int64_t pid, size_t *denied)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct process_stat st;
	AUTO_CLOSE int pid_fd = process_open_living(proc_fd, pid, &st, &why);

	*out = (struct look){.process = {.pid = pid, .view = PROCESSES_NO_VIEW}};
	if (pid_fd < 0) {
		*denied += is_refusal(&why);
		return 1;
	}
	if (st.is_kernel)
		return 1;
	out->process.parent = st.parent;
	out->process.start = st.start;
	out->has_view = look_at_view(&out->view, pid_fd, &why);
	/* the machine's own first process is in no container, and lets few look at it */
	*denied += !out->has_view && is_refusal(&why) && pid != 1;
	return 0;
}

static int add(struct table *t, const struct look *row, struct sl_error *err)
{
	if (t->count == t->cap) {
		size_t cap = t->cap == 0 ? 256 : t->cap * 2;
		struct look *grown = reallocarray(t->rows, cap, sizeof(*grown));

		if (grown == NULL) {
			free(row->process.id);
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		}
		t->rows = grown;
		t->cap = cap;
	}
	t->rows[t->count++] = *row;
	return 0;
}

static void table_clear(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->rows[i].process.id);
	free(t->rows);
}

static int compare_pids(const void *a, const void *b)
{
	const struct look *x = a, *y = b;

	return (x->process.pid > y->process.pid) - (x->process.pid < y->process.pid);
}

static int compare_ids(const void *a, const void *b, void *context)
{
	const struct process *all = context;

	return strcmp(all[*(const size_t *)a].id, all[*(const size_t *)b].id);
}

static int compare_views(const struct look *x, const struct look *y)
{
	if (x->view.namespace != y->view.namespace)
		return x->view.namespace < y->view.namespace ? -1 : 1;
	if (x->view.mount != y->view.mount)
		return x->view.mount < y->view.mount ? -1 : 1;
	if (x->view.dev != y->view.dev)
		return x->view.dev < y->view.dev ? -1 : 1;
	return (x->view.inode > y->view.inode) - (x->view.inode < y->view.inode);
}

static int compare_places(const void *a, const void *b, void *context)
{
	const struct look *rows = context;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = compare_views(&rows[x], &rows[y]);

	return order != 0 ? order : (x > y) - (x < y);
}

/* The places of by_view are rows in the order of pids. */
static int compare_first(const void *a, const void *b, void *context)
{
	const struct process_view *x = a, *y = b;
	const size_t *by_view = context;

	return (by_view[x->first] > by_view[y->first]) - (by_view[x->first] < by_view[y->first]);
}

static int number_views(struct processes *out, const struct table *t, struct sl_error *err)
{
	size_t n = 0;

	out->by_view = calloc(t->count + 1, sizeof(*out->by_view));
	out->views = calloc(t->count + 1, sizeof(*out->views));
	if (out->by_view == NULL || out->views == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].has_view)
			out->by_view[n++] = i;
	qsort_r(out->by_view, n, sizeof(*out->by_view), compare_places, t->rows);
	for (size_t i = 0; i < n; i++) {
		const struct look *row = &t->rows[out->by_view[i]];

		if (i == 0 || compare_views(row, &t->rows[out->by_view[i - 1]]) != 0) {
			out->views[out->view_count] = row->view;
			out->views[out->view_count++].first = i;
		}
		out->views[out->view_count - 1].count++;
	}
	qsort_r(out->views, out->view_count, sizeof(*out->views), compare_first, out->by_view);
	return 0;
}

static void mark_machine(struct processes *out, int root_fd)
{
	struct stat st;

	if (fstat(root_fd, &st) < 0)
		return;
	for (size_t v = 0; v < out->view_count; v++)
		out->views[v].is_machine =
			out->views[v].dev == st.st_dev && out->views[v].inode == st.st_ino;
}

static int read_ids(struct processes *out, int proc_fd, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < out->count; i++) {
		struct process *process = &out->all[i];
		const struct process_view *view =
			process->view != PROCESSES_NO_VIEW ? &out->views[process->view] : NULL;
		AUTO_CLOSE int fd = -1;

		if (view != NULL && !view->is_machine && out->by_view[view->first] != i)
			continue;
		fd = processes_open(process, proc_fd, NULL);
		if (fd >= 0)
			rc = look_at_cgroup(process, fd, err);
	}
	return rc;
}

static int index_ids(struct processes *out, struct sl_error *err)
{
	out->by_id = calloc(out->count + 1, sizeof(*out->by_id));
	if (out->by_id == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; i < out->count; i++)
		if (out->all[i].id != NULL)
			out->by_id[out->named++] = i;
	qsort_r(out->by_id, out->named, sizeof(*out->by_id), compare_ids, out->all);
	return 0;
}

/* Takes the processes out of the table. */
static int fill(struct processes *out, struct table *t, struct sl_error *err)
{
	int rc = number_views(out, t, err);

	out->all = calloc(t->count + 1, sizeof(*out->all));
	if (rc < 0 || out->all == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; i < t->count; i++)
		out->all[i] = t->rows[i].process;
	out->count = t->count;
	t->count = 0;
	for (size_t v = 0; v < out->view_count; v++)
		for (size_t i = 0; i < out->views[v].count; i++)
			out->all[out->by_view[out->views[v].first + i]].view = v;
	return 0;
}

/* Process 2 of the first pid namespace makes the kernel's threads; anyone may ask that. */
static bool has_kernel_threads(int proc_fd)
{
	AUTO_CLOSE int fd = process_open(proc_fd, 2, NULL);
	struct process_stat st;

	return fd >= 0 && process_stat(fd, &st, NULL) == 0 && st.is_kernel;
}

bool processes_is_inner(int proc_fd)
{
	AUTO_CLOSE int first = process_open(proc_fd, 1, NULL);
	uint64_t number;

	if (first >= 0 && process_namespace(first, "pid", &number, NULL) == 0)
		return number != FIRST_PID_NAMESPACE;
	return !has_kernel_threads(proc_fd);
}

int processes_read(struct processes *out, int proc_fd, int root_fd, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(processes_clear) struct processes own = {0};
	CLEANUP(table_clear) struct table table = {0};
	int rc = root_list(proc_fd, &names, PROCESSES_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		int64_t pid = pid_of_name(names.names[i]);
		struct look row;

		if (pid == 0)
			continue;
		rc = look_at(&row, proc_fd, pid, &own.denied);
		if (rc == 0)
			rc = add(&table, &row, err);
		rc = rc == 1 ? 0 : rc;
	}
	if (rc < 0)
		return sl_wrap(err, rc, "processes");
	if (table.count > 1)
		qsort(table.rows, table.count, sizeof(*table.rows), compare_pids);
	rc = fill(&own, &table, err);
	mark_machine(&own, root_fd);
	if (rc == 0)
		rc = read_ids(&own, proc_fd, err);
	if (rc == 0)
		rc = index_ids(&own, err);
	if (rc < 0)
		return rc;
	own.is_inner = processes_is_inner(proc_fd);
	own.is_hidden = processes_by_pid(&own, 1) == NULL;
	*out = own;
	own = (struct processes){0};
	return 0;
}

void processes_clear(struct processes *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->all[i].id);
	free(p->all);
	free(p->by_id);
	free(p->by_view);
	free(p->views);
	*p = (struct processes){0};
}

const struct process *processes_by_pid(const struct processes *p, int64_t pid)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->all[mid].pid == pid)
			return &p->all[mid];
		if (p->all[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* The first place in by_id whose id is not below @id, or with @past the first one above it. */
static size_t id_place(const struct processes *p, const char *id, bool past)
{
	size_t low = 0, high = p->named;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(p->all[p->by_id[mid]].id, id);

		if (order < 0 || (past && order == 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

size_t processes_by_id(const struct processes *p, const char *id, size_t *first)
{
	*first = id_place(p, id, false);
	return id_place(p, id, true) - *first;
}

int processes_open(const struct process *process, int proc_fd, struct sl_error *err)
{
	struct process_stat st;
	AUTO_CLOSE int fd = process_open_living(proc_fd, process->pid, &st, err);

	if (fd < 0)
		return fd;
	if (st.start != process->start)
		return sl_fail(err, SL_ENOTFOUND, 0, "another process has its number now");
	return take_fd(&fd);
}

int processes_open_view(const struct processes *p, size_t view, int proc_fd, int64_t *pid,
			struct sl_error *err)
{
	const struct process_view *v = &p->views[view];

	for (size_t i = 0; i < v->count; i++) {
		const struct process *process = &p->all[p->by_view[v->first + i]];
		int fd = processes_open(process, proc_fd, NULL);

		if (fd < 0)
			continue;
		*pid = process->pid;
		return fd;
	}
	return sl_fail(err, SL_ENOTFOUND, 0, "its processes are gone");
}

static int compare_starts(const void *a, const void *b, void *context)
{
	const struct process *all = context;
	const struct process *x = &all[*(const size_t *)a], *y = &all[*(const size_t *)b];

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

const struct process *processes_first(const struct processes *p, size_t *some, size_t count,
				      int proc_fd)
{
	const struct process *first = NULL;

	if (count > 1)
		qsort_r(some, count, sizeof(*some), compare_starts, p->all);
	for (size_t i = 0; i < count; i++) {
		const struct process *process = &p->all[some[i]];
		AUTO_CLOSE int fd = processes_open(process, proc_fd, NULL);
		int64_t inner;
		size_t depth;

		if (fd < 0)
			continue;
		/* nothing in a namespace was started before its first process */
		if (process_inner_pid(fd, &inner, &depth, NULL) == 0 && inner == 1)
			return process;
		first = first != NULL ? first : process;
	}
	return first;
}
