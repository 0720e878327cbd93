/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel tells of a process's memory: the input as smaps, and as a thread's call; and the
 * core file that is planned of it, whose head is as long as it was said to be.
 */
#include <stdint.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "host/dumparch.h"
#include "host/dumpelf.h"
#include "host/dumplook.h"
#include "host/smaps.h"

#define PAGE 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* As the kernel has them: whole pages, one behind the other. */
static bool can_be(const struct dump_plan *p, const struct smaps_row *row)
{
	uint64_t last = p->row_count > 0 ? p->rows[p->row_count - 1].end : 0;

	return row->map.start % PAGE == 0 && row->map.end % PAGE == 0 && row->map.start >= last &&
	       row->map.end > row->map.start;
}

static void plan_row(struct dump_plan *p, const struct smaps_row *row, enum dump_mode mode)
{
	struct dump_row new = {.start = row->map.start,
			       .end = row->map.end,
			       .offset = row->map.offset,
			       .kind = dump_kind_of(row),
			       .is_writable = row->map.is_writable,
			       .is_executable = row->map.is_executable,
			       .is_file = row->map.path.len > 0};
	struct dump_run run = {.row = (uint32_t)p->row_count, .is_first = row->map.is_writable};

	if (!can_be(p, row) || dump_plan_row(p, &new, row->map.path, NULL) < 0)
		return;
	dump_wanted(p, &new, row->anonymous > 0, mode, &run.start, &run.end);
	must(run.start >= new.start &&run.end >= run.start &&run.end <= new.end);
	if (run.end > run.start)
		must(dump_plan_run(p, &run, NULL) == 0);
}

static int count_bytes(void *payload, const void *bytes, size_t len, struct sl_error *err)
{
	(void)bytes;
	(void)err;
	*(uint64_t *)payload += len;
	return 0;
}

static void finish(struct dump_plan *p, uint64_t limit)
{
	static const struct dump_arch archs[] = {DUMP_ARCH_X86_64, DUMP_ARCH_AARCH64};
	uint64_t before = dump_plan_bytes(p), left = 0;

	dump_plan_limit(p, limit, &left);
	must(dump_plan_bytes(p) + left == before);
	must(dump_plan_bytes(p) <= limit);
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		uint64_t bytes = 0;
		const struct dump_out out = {count_bytes, &bytes};

		if (dump_elf_head(p, &archs[i], &out, NULL) == 0)
			must(bytes == dump_elf_head_bytes(p, &archs[i]));
	}
}

static void read_rows(struct dump_plan *p, struct sl_bytes rest, enum dump_mode mode)
{
	struct smaps_row row;
	size_t left = rest.len + 1;
	int rc;

	while ((rc = smaps_next(&rest, &row, NULL)) != 1) {
		must(rest.len < left); /* it comes nearer to the end */
		left = rest.len;
		if (rc < 0)
			continue;
		must(row.map.end >= row.map.start && dump_kind_of(&row) < DUMP_KINDS);
		plan_row(p, &row, mode);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sl_bytes text = {(const char *)data, size};

	if (size == 0)
		return 0;
	must(smaps_whole(text.data, size) <= size);
	for (int mode = DUMP_MINI; mode <= DUMP_FULL; mode++) {
		CLEANUP(dump_plan_clear) struct dump_plan plan = DUMP_PLAN_INIT;
		struct dump_thread thread = {.id = 1};

		plan.page = PAGE;
		dump_thread_parse(&thread, text.data, size);
		must(dump_plan_thread(&plan, &thread, NULL) == 0);
		read_rows(&plan, text, (enum dump_mode)mode);
		finish(&plan, (uint64_t)data[size - 1] * PAGE);
	}
	return 0;
}
