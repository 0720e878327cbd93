/* SPDX-License-Identifier: Apache-2.0 */
#include "host/members.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "host/machine.h"
#include "host/process.h"
#include "host/procscan.h"
#include "host/proctable.h"

static int add(struct host_members *m, const struct host_member *member, struct sl_error *err)
{
	if ((m->count & (m->count - 1)) == 0) { /* grow at powers of two */
		struct host_member *grown =
			reallocarray(m->items, m->count == 0 ? 1 : m->count * 2, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		m->items = grown;
	}
	m->items[m->count++] = *member;
	return 0;
}

/* 1: it is gone, or a thread of the kernel. */
static int look(const struct host *h, struct host_member *member, bool *is_denied)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = process_open(h->place.proc_fd, member->pid, &why);
	struct process_stat status;

	if (fd < 0 || process_stat(fd, &status, &why) < 0) {
		*is_denied = why.sys == EACCES || why.sys == EPERM;
		return 1;
	}
	if (status.is_kernel)
		return 1;
	member->start = status.start;
	if (process_namespace(fd, "net", &member->net_ns, NULL) < 0)
		member->net_ns = 0;
	return 0;
}

int host_members(struct host *h, const struct sl_container *c, struct host_members *out,
		 struct sl_error *err)
{
	const struct proctable *t;
	int rc;

	*out = (struct host_members){0};
	if (h->place.proc_fd < 0 || c->pid <= 0)
		return 1;
	rc = proctable_get(h, &t, err);
	for (size_t i = 0; rc == 0 && i < t->count; i++) {
		const struct proctable_row *row = &t->rows[i];
		struct host_member member = {.pid = row->pid};
		bool is_denied = false;

		if (!procscan_is_member(t, c, row, &member.place))
			continue;
		if (look(h, &member, &is_denied) == 0)
			rc = add(out, &member, err);
		out->denied += is_denied;
	}
	return rc;
}

void host_members_clear(struct host_members *m)
{
	free(m->items);
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
