/* SPDX-License-Identifier: Apache-2.0 */
#include "host/members.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/machine.h"
#include "host/process.h"
#include "host/procscan.h"
#include "host/proctable.h"

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "processes");
}

static int add(struct host_members *m, const struct host_member *member, struct sl_error *err)
{
	if ((m->count & (m->count - 1)) == 0) { /* grow at powers of two */
		struct host_member *grown =
			reallocarray(m->items, m->count == 0 ? 1 : m->count * 2, sizeof(*grown));

		if (grown == NULL)
			return fail_memory(err);
		m->items = grown;
	}
	m->items[m->count++] = *member;
	return 0;
}

static int add_refused(struct host_members *m, int64_t pid, const char *why, int sys,
		       struct sl_error *err)
{
	struct host_refused *grown = reallocarray(m->refused, m->refused_count + 1, sizeof(*grown));

	if (grown == NULL)
		return fail_memory(err);
	m->refused = grown;
	grown[m->refused_count++] = (struct host_refused){pid, why, sys};
	return 0;
}

/* This program, as the examined /proc numbers it; 0: it does not see it. */
static int64_t own_pid(int proc_fd)
{
	char number[24] = {0};

	return readlinkat(proc_fd, "self", number, sizeof(number) - 1) > 0
		       ? strtoll(number, NULL, 10)
		       : 0;
}

/* The search under way. */
struct search {
	const struct host *host;
	struct host_members *out;
	int64_t self;
	bool others;
};

static int refuse(struct search *s, int64_t pid, int sys, struct sl_error *err)
{
	bool may_help = (sys == EACCES || sys == EPERM) && geteuid() != 0;

	return add_refused(s->out, pid,
			   may_help ? "it cannot be looked at: run as root"
				    : "it cannot be looked at",
			   sys, err);
}

/* One that is gone, or a thread of the kernel, is none. */
static int look(struct search *s, const struct proctable_row *row, uint32_t place,
		struct sl_error *err)
{
	struct host_member member = {.pid = row->pid, .place = place};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = process_open(s->host->place.proc_fd, row->pid, &why);
	struct process_stat status;
	int rc = fd < 0 ? fd : process_stat(fd, &status, &why);

	if (rc == -SL_ENOTFOUND || why.sys == ESRCH || why.sys == ENOENT)
		return 0;
	if (rc < 0)
		return refuse(s, row->pid, why.sys, err);
	if (status.is_kernel || (row->has_exe && status.start != row->start))
		return 0;
	if (s->others && s->self != 0 && (row->pid == s->self || status.parent == s->self)) {
		s->out->self = s->self;
		return 0;
	}
	member.start = status.start;
	if (process_namespace(fd, "net", &member.net_ns, NULL) < 0)
		member.net_ns = 0;
	return add(s->out, &member, err);
}

static int consider(struct search *s, const struct proctable *t, const struct sl_container *c,
		    const struct proctable_row *row, struct sl_error *err)
{
	uint32_t place;

	if (row->is_covered)
		return add_refused(s->out, row->pid, "something is mounted over its entry of /proc",
				   0, err);
	if (!procscan_is_member(t, c, row, &place))
		return 0;
	return row->is_denied ? refuse(s, row->pid, row->denied_sys, err)
			      : look(s, row, place, err);
}

int host_members(struct host *h, const struct sl_container *c, unsigned int flags,
		 struct host_members *out, struct sl_error *err)
{
	struct search s = {.host = h, .out = out, .others = (flags & HOST_MEMBERS_OTHERS) != 0};
	const struct proctable *t;
	int rc;

	*out = (struct host_members){0};
	if (h->place.proc_fd < 0 || c->pid <= 0)
		return 1;
	if ((flags & HOST_MEMBERS_ANEW) != 0 && h->table != NULL)
		h->table->at_ns = 0;
	s.self = own_pid(h->place.proc_fd);
	rc = proctable_get(h, &t, err);
	for (size_t i = 0; rc == 0 && i < t->count; i++)
		rc = consider(&s, t, c, &t->rows[i], err);
	return rc;
}

void host_members_clear(struct host_members *m)
{
	free(m->items);
	free(m->refused);
	*m = (struct host_members){0};
}

int host_member_open(const struct host *h, const struct host_member *member, struct sl_error *err)
{
	return host_member_open_at(h->place.proc_fd, member, err);
}

int host_member_open_at(int proc_fd, const struct host_member *member, struct sl_error *err)
{
	AUTO_CLOSE int fd = process_open(proc_fd, member->pid, err);
	struct process_stat status;
	int rc = fd < 0 ? fd : process_stat(fd, &status, err);

	if (rc < 0)
		return rc;
	if (status.start != member->start)
		return sl_fail(err, SL_ENOTFOUND, 0, "another process has its number now");
	return take_fd(&fd);
}

int host_proc_fd(const struct host *h)
{
	return h->place.proc_fd;
}
