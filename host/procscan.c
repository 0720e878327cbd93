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
#include "host/procread.h"
#include "host/proctexts.h"

#define SECOND_NS (UINT64_C(1000) * 1000 * 1000)

/* Names of groups are chosen by who makes them: only one that bears the container's id is its. */
static bool has_own_cgroup(const struct sl_container *c)
{
	return c->cgroup != NULL && c->id != NULL && c->id[0] != '\0' &&
	       strstr(c->cgroup, c->id) != NULL;
}

/*
 * The group of the first process may be a part of the container's: systemd moves itself into one
 * beside those of its services. The container's own is the one that bears its id.
 */
static size_t own_cgroup_length(const struct sl_container *c)
{
	const char *behind = strstr(c->cgroup, c->id) + strlen(c->id);

	return (size_t)(behind - c->cgroup) + strcspn(behind, "/");
}

static bool is_in_cgroup(const struct sl_container *c, const struct proctable_row *row)
{
	size_t len;

	if (row->cgroup == NULL || !has_own_cgroup(c))
		return false;
	len = own_cgroup_length(c);
	return strncmp(row->cgroup, c->cgroup, len) == 0 &&
	       (row->cgroup[len] == '\0' || row->cgroup[len] == '/');
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
	const struct host_members *m = r->members;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->refused_count; i++)
		rc = procread_gap(r, m->refused[i].pid, m->refused[i].why, m->refused[i].sys, err);
	for (size_t i = 0; rc == 0 && i < m->count; i++) {
		const struct proctable_row *row = proctable_by_pid(t, m->items[i].pid);

		rc = row != NULL ? procread_process(r, row, i, err) : 0;
	}
	return rc == 0 ? procread_peers(r, err) : rc;
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

static struct host_member *same_member(struct host_members *m, const struct host_member *as)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].pid == as->pid && m->items[i].start == as->start)
			return &m->items[i];
	return NULL;
}

/* What is known of who hangs, from one list to the other. */
static void tell_hung(struct host_members *to, const struct host_members *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct host_member *known = &from->items[i];
		struct host_member *member = known->is_hung ? same_member(to, known) : NULL;

		if (member != NULL) {
			member->is_hung = true;
			member->is_abandoned = known->is_abandoned;
		}
	}
}

static int look(struct host *h, const struct sl_container *c, struct host_members *members,
		const volatile sig_atomic_t *stop, struct sl_processes *out, struct sl_error *err)
{
	CLEANUP(procread_clear) struct procread r = {0};
	const struct proctable *t;
	int rc = proctable_get(h, &t, err);

	if (rc < 0)
		return rc;
	out->looked_ns = clock_boot_ns();
	rc = procread_init(&r, h, t, c, out, err);
	r.members = members;
	if (rc == 0)
		rc = proctexts_new(&r.texts, h->place.proc_fd, members, stop, err);
	if (rc == 0)
		rc = look_at_all(&r, err);
	if (rc == 0)
		judge_age(out);
	return rc;
}

int host_processes_of(struct host *h, const struct sl_container *c, struct host_members *members,
		      const volatile sig_atomic_t *stop, struct sl_processes *out,
		      struct sl_error *err)
{
	CLEANUP(host_members_clear) struct host_members now = {0};
	unsigned int flags = members != NULL && members->self != 0 ? HOST_MEMBERS_OTHERS : 0;
	int rc;

	*out = (struct sl_processes){0};
	rc = host_members(h, c, flags, &now, err);
	if (rc == 0 && members != NULL)
		tell_hung(&now, members);
	if (rc == 0)
		rc = look(h, c, &now, stop, out, err);
	if (members != NULL)
		tell_hung(members, &now);
	return rc;
}

int host_processes(struct host *h, const struct sl_container *c, const volatile sig_atomic_t *stop,
		   struct sl_processes *out, struct sl_error *err)
{
	return host_processes_of(h, c, NULL, stop, out, err);
}

void host_processes_prepare(struct host *h, const struct sl_container *c)
{
	const struct proctable *t;

	if (h->place.proc_fd >= 0 && c->pid > 0)
		(void)proctable_get(h, &t, NULL);
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
