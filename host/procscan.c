/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes belong to a container; what each is, procread.c reads. */
#include "host/procscan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/kernel.h"
#include "host/procdump.h"
#include "host/procread.h"

#define SECOND_NS (UINT64_C(1000) * 1000 * 1000)

/* Names of groups are chosen by who makes them: only one that bears the container's id is its. */
static bool has_own_cgroup(const struct sl_container *c)
{
	return c->cgroup != NULL && c->id != NULL && c->id[0] != '\0' &&
	       strstr(c->cgroup, c->id) != NULL;
}

static bool is_in_cgroup(const struct sl_container *c, const struct proctable_row *row)
{
	return row->cgroup != NULL && has_own_cgroup(c) &&
	       procmounts_behind(row->cgroup, c->cgroup) != NULL;
}

/* What the process shares with the container, as enum sl_process_place. */
static uint32_t place_of(const struct proctable *t, const struct sl_container *c,
			 const struct proctable_row *row)
{
	bool own_pid_ns = c->namespaces.pid != 0 && c->namespaces.pid != t->pid_ns;
	bool own_mounts = c->namespaces.mnt != 0 && c->namespaces.mnt != t->mnt_ns;
	uint32_t place = 0;

	if (is_in_cgroup(c, row))
		place |= SL_PLACE_CGROUP;
	else if (has_own_cgroup(c))
		place |= SL_PLACE_NO_CGROUP;
	if (own_pid_ns && proctable_is_within(t, row->pid_ns, c->namespaces.pid))
		place |= SL_PLACE_PID;
	if (own_pid_ns && row->pid_ns == t->pid_ns)
		place |= SL_PLACE_HOST_PID;
	if (own_pid_ns && (place & (SL_PLACE_PID | SL_PLACE_HOST_PID)) == 0)
		place |= SL_PLACE_OTHER_PID;
	if (own_mounts && row->mnt_ns == c->namespaces.mnt)
		place |= SL_PLACE_MOUNTS;
	if (own_mounts && row->mnt_ns == t->mnt_ns)
		place |= SL_PLACE_HOST_MOUNT;
	return place;
}

/* Another container of the pod has the same pid namespace, and its own group and mounts. */
static bool is_member(const struct proctable_row *row, uint32_t place)
{
	if ((place & (SL_PLACE_CGROUP | SL_PLACE_MOUNTS)) != 0)
		return true;
	return (place & SL_PLACE_PID) != 0 && !(row->is_named && (place & SL_PLACE_NO_CGROUP));
}

bool procscan_is_member(const struct proctable *t, const struct sl_container *c,
			const struct proctable_row *row, uint32_t *place)
{
	*place = place_of(t, c, row);
	return row->is_denied ? (*place & SL_PLACE_CGROUP) != 0 : is_member(row, *place);
}

static int look_at_all(struct procread *r, struct sl_error *err)
{
	const struct proctable *t = r->objects.table;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < t->count; i++) {
		const struct proctable_row *row = &t->rows[i];
		const struct sl_container *c = r->objects.container;
		uint32_t place = place_of(t, c, row);

		if (row->is_covered)
			rc = procread_gap(r, row->pid,
					  "something is mounted over its entry of /proc", 0, err);
		else if (row->is_denied && (place & SL_PLACE_CGROUP) != 0)
			rc = procread_gap(r, row->pid, "it cannot be looked at: run as root",
					  EACCES, err);
		else if (!row->is_denied && is_member(row, place))
			rc = procread_process(r, row, place, err);
	}
	return rc;
}

/* Before there was a second look, age is all that can be told. */
static void judge_age(struct sl_processes *p)
{
	long ticks = sysconf(_SC_CLK_TCK);
	uint64_t tick_ns = SECOND_NS / (uint64_t)(ticks > 0 ? ticks : 100);

	for (size_t i = 0; i < p->count; i++)
		p->items[i].is_steady =
			p->looked_ns / tick_ns >= p->items[i].start + SECOND_NS / tick_ns;
}

/* Whose memory cannot be read without waiting is found out where waiting costs a deadline. */
static int find_hung(const struct host *h, struct host_members *members,
		     const volatile sig_atomic_t *stop, struct sl_error *err)
{
	struct procdump_options options = {.proc_fd = h->place.proc_fd,
					   .members = members->items,
					   .count = members->count,
					   .is_probe = true,
					   .stop = stop};
	struct procdump *dump = NULL;
	struct procdump_item item;
	int rc = procdump_new(&dump, &options, err);

	while (rc == 0 && (rc = procdump_next(dump, &item, err)) == 0)
		if (item.kind == PROCDUMP_HUNG)
			members->items[item.member].is_hung = true;
	procdump_free(dump);
	return rc < 0 ? rc : 0;
}

int host_processes(struct host *h, const struct sl_container *c, const volatile sig_atomic_t *stop,
		   struct sl_processes *out, struct sl_error *err)
{
	CLEANUP(host_members_clear) struct host_members members = {0};
	int rc = host_members(h, c, &members, err);

	*out = (struct sl_processes){0};
	if (rc == 0)
		rc = find_hung(h, &members, stop, err);
	return rc == 0 ? host_processes_of(h, c, &members, out, err) : rc;
}

int host_processes_of(struct host *h, const struct sl_container *c,
		      const struct host_members *members, struct sl_processes *out,
		      struct sl_error *err)
{
	CLEANUP(procread_clear) struct procread r = {0};
	const struct proctable *t;
	int rc;

	*out = (struct sl_processes){0};
	if (h->place.proc_fd < 0 || c->pid <= 0)
		return 1;
	rc = proctable_get(h, &t, err);
	if (rc < 0)
		return rc;
	out->looked_ns = clock_boot_ns();
	rc = procread_init(&r, h, t, c, out, err);
	r.members = members;
	if (rc == 0)
		rc = look_at_all(&r, err);
	if (rc < 0)
		return rc;
	judge_age(out);
	return 0;
}

void host_processes_prepare(struct host *h, const struct sl_container *c)
{
	const struct proctable *t;

	if (h->place.proc_fd >= 0 && c->pid > 0)
		(void)proctable_get(h, &t, NULL);
}

/* ---- only who they are ---- */

/* This program, as the examined /proc numbers it; 0: it does not see it. */
static int64_t own_pid(int proc_fd)
{
	char number[24] = {0};

	return readlinkat(proc_fd, "self", number, sizeof(number) - 1) > 0
		       ? strtoll(number, NULL, 10)
		       : 0;
}

/* 0; 1: it is none that counts. */
static int identify(const struct host *h, const struct proctable_row *row, int64_t self,
		    struct host_process_id *out)
{
	struct process_stat status;
	AUTO_CLOSE int fd = -1;

	*out = (struct host_process_id){.pid = row->pid};
	if (row->is_covered)
		out->problem = "something is mounted over its entry of /proc";
	else if (row->is_denied)
		*out = (struct host_process_id){row->pid, 0, "it cannot be looked at: run as root",
						EACCES};
	if (out->problem != NULL)
		return 0;
	fd = process_open_living(h->place.proc_fd, row->pid, &status, NULL);
	if (fd < 0 || status.is_kernel || (row->has_exe && status.start != row->start))
		return 1;
	/* a capture of itself would keep its keys */
	if (self != 0 && (row->pid == self || status.parent == self))
		return 1;
	out->start = status.start;
	return 0;
}

int host_process_ids(struct host *h, const struct sl_container *c, bool anew,
		     struct host_process_id **out, size_t *count, struct sl_error *err)
{
	AUTO_FREE struct host_process_id *all = NULL;
	int64_t self = own_pid(h->place.proc_fd);
	const struct proctable *t;
	int rc;

	*count = 0;
	if (h->place.proc_fd < 0 || c->pid <= 0)
		return 1;
	if (anew && h->table != NULL)
		h->table->at_ns = 0;
	rc = proctable_get(h, &t, err);
	if (rc < 0)
		return rc;
	all = calloc(t->count + 1, sizeof(*all));
	if (all == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; i < t->count; i++) {
		const struct proctable_row *row = &t->rows[i];
		uint32_t place = place_of(t, c, row);
		bool wanted = row->is_denied ? (place & SL_PLACE_CGROUP) != 0
					     : row->is_covered || is_member(row, place);

		if (wanted && identify(h, row, self, &all[*count]) == 0)
			++*count;
	}
	*out = take_ptr(&all);
	return 0;
}

/* ---- the second look ---- */

static bool runs_the_same(int proc_fd, const struct sl_process *p, const struct sl_object *exe)
{
	struct process_stat status;
	AUTO_CLOSE int fd = process_open_living(proc_fd, p->pid, &status, NULL);
	struct statx st;

	if (fd < 0 || status.start != p->start)
		return false;
	if (exe == NULL)
		return true;
	return kernel_statx(fd, "exe", AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, &st) == 0 &&
	       makedev(st.stx_dev_major, st.stx_dev_minor) == exe->dev && st.stx_ino == exe->ino;
}

/* The pass over /proc was a first look, when it saw the same. */
static bool was_there_before(const struct proctable *t, const struct sl_process *p,
			     const struct sl_object *exe)
{
	const struct proctable_row *row = t != NULL ? proctable_by_pid(t, p->pid) : NULL;

	return row != NULL && row->has_exe && row->start == p->start && exe != NULL &&
	       row->exe_dev == exe->dev && row->exe_ino == exe->ino;
}

static void sleep_until(uint64_t boot_ns, const volatile sig_atomic_t *stop)
{
	struct timespec until = {(time_t)(boot_ns / SECOND_NS), (long)(boot_ns % SECOND_NS)};

	while ((stop == NULL || *stop == 0) &&
	       clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

void host_processes_again(struct host *h, struct sl_processes *p, bool keep,
			  const volatile sig_atomic_t *stop)
{
	const struct proctable *t = h->table;
	uint64_t first = p->looked_ns;
	bool all_known = t != NULL && t->at_ns != 0;
	bool all_steady = keep;

	for (size_t i = 0; i < p->count && all_steady; i++)
		all_steady = p->items[i].is_steady;
	if (all_steady)
		return;
	for (size_t i = 0; i < p->count && all_known; i++)
		all_known = was_there_before(
			t, &p->items[i],
			p->items[i].exe != SL_OBJECT_NONE ? &p->objects[p->items[i].exe] : NULL);
	if (all_known && t->at_ns < first)
		first = t->at_ns;
	sleep_until(first + SECOND_NS, stop);
	for (size_t i = 0; i < p->count; i++) {
		struct sl_process *process = &p->items[i];
		const struct sl_object *exe =
			process->exe != SL_OBJECT_NONE ? &p->objects[process->exe] : NULL;

		if (keep && process->is_steady)
			continue;
		process->is_steady = runs_the_same(h->place.proc_fd, process, exe);
	}
}
