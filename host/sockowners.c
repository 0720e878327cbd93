/* SPDX-License-Identifier: Apache-2.0 */
#include "host/sockowners.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/process.h"
#include "host/procfds.h"

void sockowners_clear(struct sockowners *o)
{
	free(o->wanted);
	free(o->rows);
	*o = (struct sockowners){0};
}

/* Room for one more of @size bytes each. 1: there may be no more. */
static int grow(void **items, size_t count, size_t *cap, size_t size, struct sl_error *err)
{
	size_t wanted = *cap == 0 ? 64 : *cap * 2;
	void *grown;

	if (count < *cap)
		return 0;
	if (count >= SOCKOWNERS_MAX)
		return 1;
	grown = reallocarray(*items, wanted, size);
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "sockets");
	*items = grown;
	*cap = wanted;
	return 0;
}

int sockowners_want(struct sockowners *o, uint64_t inode, struct sl_error *err)
{
	void *items = o->wanted;
	int rc = inode == 0
			 ? 1
			 : grow(&items, o->wanted_count, &o->wanted_cap, sizeof(*o->wanted), err);

	o->wanted = items;
	if (rc == 0)
		o->wanted[o->wanted_count++] = inode;
	return rc < 0 ? rc : 0;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void sockowners_settle(struct sockowners *o)
{
	if (o->wanted_count > 1)
		qsort(o->wanted, o->wanted_count, sizeof(*o->wanted), compare_numbers);
}

struct scan {
	struct sockowners *owners;
	int64_t pid;
	struct sl_error *err;
};

static int take(void *payload, int64_t fd, struct sl_bytes link)
{
	struct scan *s = payload;
	struct sockowners *o = s->owners;
	uint64_t inode = procfds_socket(link);
	void *items = o->rows;
	int rc;

	if (inode == 0 || o->wanted_count == 0 ||
	    bsearch(&inode, o->wanted, o->wanted_count, sizeof(inode), compare_numbers) == NULL)
		return 0;
	rc = grow(&items, o->count, &o->cap, sizeof(*o->rows), s->err);
	o->rows = items;
	if (rc == 0)
		o->rows[o->count++] = (struct sockowner){inode, s->pid, fd};
	o->is_cut = o->is_cut || rc == 1;
	return rc;
}

int sockowners_scan(struct sockowners *o, int proc_fd, int64_t pid, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = process_open(proc_fd, pid, NULL);
	struct scan scan = {o, pid, &why};
	int rc = fd < 0 ? 0 : procfds_links(fd, take, &scan, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "sockets");
	o->unread += rc < 0 && why.sys != ESRCH && why.sys != ENOENT && rc != -SL_ENOTFOUND;
	return 0;
}

static int compare_rows(const void *a, const void *b)
{
	const struct sockowner *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

void sockowners_order(struct sockowners *o)
{
	if (o->count > 1)
		qsort(o->rows, o->count, sizeof(*o->rows), compare_rows);
}

size_t sockowners_find(const struct sockowners *o, uint64_t inode, const struct sockowner **first)
{
	size_t low = 0, high = o->count, n = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (o->rows[mid].inode < inode)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + n < o->count && o->rows[low + n].inode == inode)
		n++;
	*first = o->rows + low;
	return n;
}

size_t sockowners_missing(const struct sockowners *o)
{
	const struct sockowner *first;
	size_t missing = 0;

	for (size_t i = 0; i < o->wanted_count; i++)
		missing += sockowners_find(o, o->wanted[i], &first) == 0;
	return missing;
}
