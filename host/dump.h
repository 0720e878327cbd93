/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a running process as an ELF core file, which gdb and others open.
 *
 * Only pages that the kernel has for the process are read (its page tables say which), so that
 * reading makes no page, asks no file server and waits for no process that answers page faults. It
 * is done by workers nevertheless (host/worker.h), because a page may go between the two. Nothing
 * of the process is stopped, unless its registers are asked for.
 */
#ifndef HOST_DUMP_H
#define HOST_DUMP_H

#include <signal.h>

#include <strandline/source.h>

struct host;

enum dump_mode {
	DUMP_NONE,
	/* stacks, the beginning of what is writable, what is executable and no file, ELF headers */
	DUMP_MINI,
	DUMP_FULL, /* every page that is there */
};

/* What a mapping is of. */
enum dump_kind {
	DUMP_KIND_FILE,
	DUMP_KIND_DELETED,   /* a file that has no name any more */
	DUMP_KIND_SHARED,    /* memory that can be shared: memfd, System V, /dev/zero */
	DUMP_KIND_ANONYMOUS, /* private memory */
	DUMP_KIND_HEAP,
	DUMP_KIND_STACK,  /* of the first thread */
	DUMP_KIND_DEVICE, /* a device's memory: never read */
	DUMP_KIND_KERNEL, /* what the kernel shows every process: [vdso] is read, others are not */
	DUMP_KINDS,
};
const char *dump_kind_name(enum dump_kind kind);

struct dump_request {
	int64_t pid;
	uint64_t start; /* in clock ticks after boot: it is this process and no later one */
	enum dump_mode mode;
	uint64_t limit;      /* most bytes of memory, 0: no limit */
	bool with_registers; /* stop each thread for a moment (ptrace) */
	unsigned int silence_ms;
	unsigned int *hangs; /* how many more times something may hang */
	const volatile sig_atomic_t *stop;
};

/* Ranges that were to be read and could not be. */
struct dump_hole {
	uint64_t start, end;
	int sys; /* errno; ETIMEDOUT: it hung */
};
#define DUMP_HOLES_MAX 64

/* What was taken. */
struct dump_report {
	char name[17];                     /* as it calls itself: evidence bytes */
	uint64_t file_bytes, memory_bytes; /* of the core; of memory in it */
	struct dump_share {
		uint64_t mappings, bytes, taken;
	} kinds[DUMP_KINDS]; /* taken: what is to be, before anything is read */
	uint64_t threads, threads_all, threads_call; /* with all registers; with some */
	uint64_t left;                               /* bytes beyond the limit */
	uint64_t gone; /* bytes that were there at first, and not when they were read */
	struct dump_hole holes[DUMP_HOLES_MAX];
	size_t hole_count;
	uint64_t holes_more, holes_bytes; /* behind those that are named; bytes of all */
	uint64_t user_fault;     /* bytes that a process supplies when they are first touched */
	uint64_t swapped_shared; /* bytes in the swap that no page table tells of */
	bool is_abandoned;       /* a worker could not be ended */
	bool has_ended;          /* the process did, while it was read */
};

/*
 * Look at a process, and give its core as a content of report->file_bytes, which is exact. @report
 * is filled while it is read, and has to outlive it. What cannot be read are zeros.
 * -SL_ENOTFOUND: it has ended; else why it cannot be read at all.
 */
int host_dump(const struct host *h, const struct dump_request *request, struct dump_report *report,
	      struct sl_content **out, struct sl_error *err);
/* The same beneath a name of the host, for tests: its /proc. */
int dump_process(int proc_fd, const struct dump_request *request, struct dump_report *report,
		 struct sl_content **out, struct sl_error *err);

#endif
