/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a process's memory is taken: its mappings, threads and the ranges that are there. Plain
 * data, made by one worker (dumplook.c), cut to the limit (dumpplan.c), written as an ELF core
 * (dumpelf.c) and filled by another worker (dumpread.c).
 */
#ifndef HOST_DUMPPLAN_H
#define HOST_DUMPPLAN_H

#include <strandline/error.h>

#include "core/buf.h"
#include "host/dump.h"

/* Names of mapped files in all, as the kernel has it for its own core files. */
#define DUMP_NAMES_MAX ((size_t)4 << 20)
#define DUMP_ROWS_MAX ((size_t)1 << 20)
#define DUMP_RUNS_MAX ((size_t)1 << 18)
#define DUMP_THREADS_MAX ((size_t)1 << 16)
#define DUMP_AUXV_MAX ((size_t)8 << 10)
/* Most registers of an architecture that is known here: aarch64 has 34. */
#define DUMP_REGISTERS_MAX 34

/* /proc/PID/stat, status, cmdline */
struct dump_facts {
	uint64_t start; /* clock ticks after boot */
	int32_t pid, parent, group, session;
	uint32_t uid, gid;
	uint64_t flags;
	char state;
	int8_t nice;
	char name[16];      /* as it calls itself; not terminated when that long */
	char arguments[80]; /* joined by blanks, cut off */
};

enum dump_registers { DUMP_REGISTERS_NONE, DUMP_REGISTERS_CALL, DUMP_REGISTERS_ALL };

struct dump_thread {
	int32_t id;
	int32_t inner; /* in its own pid namespace: what it and debuggers know it by; 0: as id */
	enum dump_registers known;
	uint64_t stack; /* where its stack pointer points; 0: not known */
	uint64_t registers[DUMP_REGISTERS_MAX];
};

struct dump_row {
	uint64_t start, end, offset;
	enum dump_kind kind;
	bool is_readable, is_writable, is_executable, is_file;
	bool is_zero_between; /* pages that are not there are zeros, and nobody supplies them */
	bool is_always_there; /* [vdso]: whatever the page tables say */
	size_t name;          /* where it stands in names, when is_file */
};

/* Pages that are there, in the row @row. Ranges stand in the order of their addresses. */
struct dump_run {
	uint64_t start, end;
	uint32_t row;
	bool is_first; /* of those that are taken first when not all can be */
};

struct dump_plan {
	struct dump_facts facts;
	struct dump_thread *threads; /* owned; the first thread first */
	size_t thread_count, thread_cap;
	struct dump_row *rows; /* owned; by address */
	size_t row_count, row_cap;
	struct dump_run *runs; /* owned */
	size_t run_count, run_cap;
	struct buf names; /* of files, each with its NUL */
	struct buf auxv;
	uint64_t page;
};

#define DUMP_PLAN_INIT                                                                             \
	((struct dump_plan){.names = BUF_INIT(DUMP_NAMES_MAX), .auxv = BUF_INIT(DUMP_AUXV_MAX)})

void dump_plan_clear(struct dump_plan *p);
/* Each copies. -SL_ELIMIT when there are too many. */
int dump_plan_thread(struct dump_plan *p, const struct dump_thread *t, struct sl_error *err);
int dump_plan_row(struct dump_plan *p, const struct dump_row *row, struct sl_bytes name,
		  struct sl_error *err);
int dump_plan_run(struct dump_plan *p, const struct dump_run *run, struct sl_error *err);

uint64_t dump_plan_bytes(const struct dump_plan *p);

/*
 * Keep at most @limit bytes of runs: first those that are marked, then the others, in their order.
 * What is left out is added to *left.
 */
void dump_plan_limit(struct dump_plan *p, uint64_t limit, uint64_t *left);

/* ---- what is wanted of a mapping ---- */

struct smaps_row;

enum dump_kind dump_kind_of(const struct smaps_row *row);

/*
 * The part of a mapping that a memory dump of @mode has: start == end for none. Of the
 * threads in @p the stack pointers that point into it count.
 */
void dump_wanted(const struct dump_plan *p, const struct dump_row *row, bool has_own_pages,
		 enum dump_mode mode, uint64_t *start, uint64_t *end);

#endif
