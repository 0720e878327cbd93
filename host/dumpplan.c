/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dumpplan.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/smaps.h"

/* What a small dump has of a stack, of the heap and of anything else that is writable. */
#define MINI_STACK ((uint64_t)1 << 20)
#define MINI_HEAP ((uint64_t)1 << 20)
#define MINI_HEAD ((uint64_t)64 << 10)
/* Code may keep this much beneath the stack pointer (System V ABI of x86-64). */
#define RED_ZONE 128

const char *dump_kind_name(enum dump_kind kind)
{
	static const char *const names[] = {
		[DUMP_KIND_FILE] = "file",     [DUMP_KIND_DELETED] = "deleted_file",
		[DUMP_KIND_SHARED] = "shared", [DUMP_KIND_ANONYMOUS] = "anonymous",
		[DUMP_KIND_HEAP] = "heap",     [DUMP_KIND_STACK] = "stack",
		[DUMP_KIND_DEVICE] = "device", [DUMP_KIND_KERNEL] = "kernel",
	};

	return (size_t)kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}

void dump_plan_clear(struct dump_plan *p)
{
	free(p->threads);
	free(p->rows);
	free(p->runs);
	buf_clear(&p->names);
	buf_clear(&p->auxv);
	*p = DUMP_PLAN_INIT;
}

/* Room for one more of @size bytes in *@items. */
static int grow(void **items, size_t count, size_t *cap, size_t max, size_t size,
		struct sl_error *err)
{
	size_t wanted = *cap == 0 ? 64 : *cap * 2;
	void *grown;

	if (count >= max)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu of them", max);
	if (count < *cap)
		return 0;
	grown = reallocarray(*items, wanted, size);
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "memory dump");
	*items = grown;
	*cap = wanted;
	return 0;
}

int dump_plan_thread(struct dump_plan *p, const struct dump_thread *t, struct sl_error *err)
{
	int rc = grow((void **)&p->threads, p->thread_count, &p->thread_cap, DUMP_THREADS_MAX,
		      sizeof(*t), err);

	if (rc == 0)
		p->threads[p->thread_count++] = *t;
	return rc < 0 ? sl_wrap(err, rc, "threads") : 0;
}

int dump_plan_row(struct dump_plan *p, const struct dump_row *row, struct sl_bytes name,
		  struct sl_error *err)
{
	int rc = grow((void **)&p->rows, p->row_count, &p->row_cap, DUMP_ROWS_MAX, sizeof(*row),
		      err);
	struct dump_row *new;

	if (rc < 0)
		return sl_wrap(err, rc, "mappings");
	new = &p->rows[p->row_count++];
	*new = *row;
	new->name = p->names.len;
	/* without its name it is no less of a mapping */
	if (row->is_file && (name.len + 1 > p->names.max - p->names.len ||
			     memchr(name.data, '\0', name.len) != NULL))
		new->is_file = false;
	if (new->is_file && (buf_append(&p->names, name.data, name.len) < 0 ||
			     buf_append_char(&p->names, '\0') < 0))
		return sl_fail(err, SL_ENOMEM, 0, "memory dump");
	return 0;
}

int dump_plan_run(struct dump_plan *p, const struct dump_run *run, struct sl_error *err)
{
	int rc = grow((void **)&p->runs, p->run_count, &p->run_cap, DUMP_RUNS_MAX, sizeof(*run),
		      err);

	if (rc == 0)
		p->runs[p->run_count++] = *run;
	return rc < 0 ? sl_wrap(err, rc, "ranges") : 0;
}

uint64_t dump_plan_bytes(const struct dump_plan *p)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < p->run_count; i++)
		bytes += p->runs[i].end - p->runs[i].start;
	return bytes;
}

void dump_plan_limit(struct dump_plan *p, uint64_t limit, uint64_t *left)
{
	uint64_t budget = limit / p->page * p->page;
	size_t kept = 0;

	if (dump_plan_bytes(p) <= limit)
		return;
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < p->run_count; i++) {
			struct dump_run *run = &p->runs[i];
			uint64_t bytes = run->end - run->start;
			uint64_t fits = bytes < budget ? bytes : budget;

			if (run->is_first != (turn == 0))
				continue;
			budget -= fits;
			*left += bytes - fits;
			run->end = run->start + fits;
		}
	}
	for (size_t i = 0; i < p->run_count; i++)
		if (p->runs[i].end > p->runs[i].start)
			p->runs[kept++] = p->runs[i];
	p->run_count = kept;
}

/* ---- what is wanted of a mapping ---- */

static bool starts_with(struct sl_bytes text, const char *prefix)
{
	return text.len >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

static bool ends_with(struct sl_bytes text, const char *suffix)
{
	size_t len = strlen(suffix);

	return text.len >= len && memcmp(text.data + text.len - len, suffix, len) == 0;
}

enum dump_kind dump_kind_of(const struct smaps_row *row)
{
	struct sl_bytes path = row->map.path;

	if (starts_with(path, "[v"))
		return DUMP_KIND_KERNEL;
	if (row->is_device)
		return DUMP_KIND_DEVICE;
	if (starts_with(path, "[heap]"))
		return DUMP_KIND_HEAP;
	if (starts_with(path, "[stack]"))
		return DUMP_KIND_STACK;
	if (row->map.inode == 0)
		return DUMP_KIND_ANONYMOUS;
	if (starts_with(path, "/memfd:") || starts_with(path, "/SYSV") ||
	    starts_with(path, "/dev/zero (deleted)") || starts_with(path, "[anon_shmem:"))
		return DUMP_KIND_SHARED;
	return ends_with(path, " (deleted)") ? DUMP_KIND_DELETED : DUMP_KIND_FILE;
}

/* From beneath the lowest stack pointer in it on; false when there is none. */
static bool stack_part(const struct dump_plan *p, const struct dump_row *row, uint64_t *start,
		       uint64_t *end)
{
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < p->thread_count; i++) {
		uint64_t at = p->threads[i].stack;

		if (at >= row->start && at < row->end && at < lowest)
			lowest = at;
	}
	if (lowest == UINT64_MAX)
		return false;
	lowest = lowest - row->start > RED_ZONE ? lowest - RED_ZONE : row->start;
	*start = lowest / p->page * p->page;
	*end = row->end - *start > MINI_STACK ? *start + MINI_STACK : row->end;
	return true;
}

static uint64_t head_bytes(const struct dump_row *row, uint64_t most)
{
	return row->end - row->start > most ? most : row->end - row->start;
}

static void mini(const struct dump_plan *p, const struct dump_row *row, bool has_own_pages,
		 uint64_t *start, uint64_t *end)
{
	bool is_plain_file = row->kind == DUMP_KIND_FILE;

	if (row->is_executable && (!is_plain_file || row->is_writable)) {
		*end = row->end;
	} else if (row->kind == DUMP_KIND_STACK) {
		*start = row->end - head_bytes(row, MINI_STACK);
		*end = row->end;
		(void)stack_part(p, row, start, end);
	} else if (stack_part(p, row, start, end)) {
		return;
	} else if (row->kind == DUMP_KIND_HEAP) {
		*end = row->start + head_bytes(row, MINI_HEAP);
	} else if (row->is_writable || !is_plain_file || has_own_pages) {
		*end = row->start + head_bytes(row, MINI_HEAD);
	} else if (row->offset == 0) {
		*end = row->start + head_bytes(row, p->page);
	}
}

void dump_wanted(const struct dump_plan *p, const struct dump_row *row, bool has_own_pages,
		 enum dump_mode mode, uint64_t *start, uint64_t *end)
{
	*start = *end = row->start;
	if (row->kind == DUMP_KIND_DEVICE ||
	    (row->kind == DUMP_KIND_KERNEL && !row->is_executable) ||
	    (row->start >> 63) != 0 /* [vsyscall] */)
		return;
	if (mode == DUMP_FULL)
		*end = row->end;
	else
		mini(p, row, has_own_pages, start, end);
}
