/* SPDX-License-Identifier: Apache-2.0 */
#include "host/privateproc.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/machine.h"
#include "host/mountinfo.h"
#include "host/process.h"

#define MOUNTS_MAX ((size_t)64 << 20)

static int open_self(int proc_fd)
{
	char number[24];
	ssize_t n = readlinkat(proc_fd, "self", number, sizeof(number) - 1);

	if (n <= 0)
		return -1;
	number[n] = '\0';
	return process_open(proc_fd, strtoll(number, NULL, 10), NULL);
}

/* Our numbers from its pid namespace inward: only that very namespace shows as many. */
static bool own_depth(int proc_fd, size_t *depth)
{
	AUTO_CLOSE int self = open_self(proc_fd);
	int64_t inner;

	return self >= 0 && process_inner_pid(self, &inner, depth, NULL) == 0;
}

static bool has_private_proc(const struct host *h)
{
	return h->place.proc_fd >= 0 && h->named_proc_fd >= 0;
}

int host_use_private_proc(struct host *h)
{
	AUTO_CLOSE int fd = -1;
	size_t named, own;

	if (has_private_proc(h))
		return 0;
	fd = h->place.proc_fd >= 0 ? kernel_private_proc() : -1;
	if (fd < 0 || !own_depth(h->place.proc_fd, &named) || !own_depth(fd, &own) || named != own)
		return 1;
	h->named_proc_fd = h->place.proc_fd;
	h->place.proc_fd = take_fd(&fd);
	return 0;
}

static int describe(const struct host *h, int64_t pid, struct buf *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MOUNTS_MAX);
	AUTO_CLOSE int self = open_self(h->place.proc_fd);
	struct mountinfo_row row;
	struct mountinfo m;
	char point[40];
	int rc = 1;

	(void)snprintf(point, sizeof(point), "/proc/%" PRId64, pid);
	if (self < 0 || process_read_mounts(self, &text, NULL) < 0)
		return 1;
	m = MOUNTINFO_INIT(text.data, text.len);
	for (int more = 0; more != 1 && more != -SL_ELIMIT;) {
		more = mountinfo_next(&m, &row, NULL);
		if (more != 0 || !mountinfo_is(row.point, point))
			continue;
		buf_reset(out);
		rc = buf_printf(out, "%.*s of %.*s (%.*s)", (int)row.root.len, row.root.data,
				(int)row.source.len, row.source.data, (int)row.type.len,
				row.type.data);
	}
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "mounts") : rc;
}

int host_proc_cover(const struct host *h, int64_t pid, struct buf *out, struct sl_error *err)
{
	AUTO_CLOSE int fd = -1;
	char name[24];
	int rc;

	if (!has_private_proc(h))
		return 1;
	(void)snprintf(name, sizeof(name), "%" PRId64, pid);
	fd = beneath_open(h->named_proc_fd, name, O_PATH | O_DIRECTORY,
			  BENEATH_NO_LINKS | RESOLVE_NO_XDEV);
	if (fd >= 0 || errno != EXDEV)
		return 1;
	rc = describe(h, pid, out, err);
	if (rc == 1) /* mounted where we do not see it by name */
		rc = buf_append_str(out, "something") < 0 ? sl_fail(err, SL_ENOMEM, 0, "mounts")
							  : 0;
	return rc;
}
