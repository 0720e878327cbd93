/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dumpread.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "core/cleanup.h"
#include "host/pagemap.h"
#include "host/process.h"

#define ENTRIES_MAX (DUMP_CHUNK / 4096)

struct reading {
	const struct dump_plan *plan;
	struct worker_out *out;
	int memory_fd, pagemap_fd;
	uint8_t bytes[DUMP_CHUNK];
};

static int say(struct reading *r, enum dump_read_kind kind, uint64_t bytes, int sys)
{
	uint64_t message[2] = {bytes, (uint64_t)sys};

	return worker_send(r->out, kind, message, sizeof(message));
}

/* Pages that are there, one after the other: those that cannot be read cost themselves alone. */
static int read_pages(struct reading *r, uint64_t at, uint64_t bytes, struct sl_error *err)
{
	while (bytes > 0) {
		ssize_t n = pread(r->memory_fd, r->bytes, bytes, (off_t)at);
		uint64_t whole = n > 0 ? (uint64_t)n / r->plan->page * r->plan->page : 0;
		int sys = n < 0 ? errno : EIO, rc;

		/* the memory has gone with its process */
		if (n == 0)
			return sl_fail(err, SL_ENOTFOUND, ESRCH, "the process has ended");
		if (whole > 0) {
			rc = worker_send(r->out, DUMP_READ_DATA, r->bytes, whole);
		} else {
			whole = r->plan->page;
			rc = say(r, DUMP_READ_BAD, whole, sys);
		}
		if (rc < 0)
			return sl_fail(err, SL_EIO, 0, "nobody listens");
		at += whole;
		bytes -= whole;
	}
	return 0;
}

static int read_chunk(struct reading *r, const struct dump_row *row, uint64_t at, uint64_t end,
		      struct sl_error *err)
{
	uint64_t entries[ENTRIES_MAX], page = r->plan->page;
	size_t count = (size_t)((end - at) / page);
	ssize_t n = pread(r->pagemap_fd, entries, count * 8, (off_t)(at / page * 8));
	int rc = 0;

	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read 'pagemap'");
	if (n == 0)
		return sl_fail(err, SL_ENOTFOUND, ESRCH, "the process has ended");
	memset((uint8_t *)entries + n, 0, count * 8 - (size_t)n);
	if (row->is_always_there)
		memset(entries, 0xff, count * 8);
	for (size_t i = 0, same; rc == 0 && i < count; i += same) {
		for (same = 1; i + same < count &&
			       pagemap_is_there(entries[i + same]) == pagemap_is_there(entries[i]);)
			same++;
		if (pagemap_is_there(entries[i]))
			rc = read_pages(r, at + i * page, same * page, err);
		else if (say(r, row->is_zero_between ? DUMP_READ_ZERO : DUMP_READ_GONE, same * page,
			     0) < 0)
			rc = sl_fail(err, SL_EIO, 0, "nobody listens");
	}
	return rc;
}

/* Its memory is that of the program that was looked at: another one has another auxv. */
static int check_program(const struct dump_read *read, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf auxv = BUF_INIT(DUMP_AUXV_MAX);
	int rc = process_read_whole(read->pid_fd, "auxv", &auxv, err);

	if (rc == 0 && auxv.len == 0)
		return sl_fail(err, SL_ENOTFOUND, ESRCH, "the process has ended");
	if (rc == 0 && (auxv.len != read->plan->auxv.len ||
			memcmp(auxv.data, read->plan->auxv.data, auxv.len) != 0))
		rc = sl_fail(err, SL_ENOTFOUND, ESTALE, "it runs another program now");
	return rc;
}

static int read_all(const struct dump_read *read, struct worker_out *out, struct sl_error *err)
{
	AUTO_CLOSE int memory_fd = process_open_file(read->pid_fd, "mem", err);
	AUTO_CLOSE int pagemap_fd =
		memory_fd < 0 ? -1 : process_open_file(read->pid_fd, "pagemap", err);
	const struct dump_plan *p = read->plan;
	struct reading r = {p, out, memory_fd, pagemap_fd, {0}};
	int rc = memory_fd < 0 ? memory_fd : pagemap_fd < 0 ? pagemap_fd : check_program(read, err);

	for (size_t i = read->from.run; rc == 0 && i < p->run_count; i++) {
		const struct dump_run *run = &p->runs[i];
		uint64_t at = i == read->from.run ? read->from.at : run->start;

		while (rc == 0 && at < run->end) {
			uint64_t end =
				run->start + ((at - run->start) / DUMP_CHUNK + 1) * DUMP_CHUNK;

			end = end < run->end ? end : run->end;
			rc = read_chunk(&r, &p->rows[run->row], at, end, err);
			at = end;
		}
	}
	return rc;
}

int dump_read(struct worker_out *out, void *payload)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc = read_all(payload, out, &why);

	return rc < 0 ? worker_send_error(out, rc, &why) : 0;
}
