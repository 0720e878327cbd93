/* SPDX-License-Identifier: Apache-2.0 */
/* The worker that reads the memory that a plan has. */
#ifndef HOST_DUMPREAD_H
#define HOST_DUMPREAD_H

#include "host/dumpplan.h"
#include "host/worker.h"

/* What is read at a time, and what one read that hangs costs. */
#define DUMP_CHUNK ((uint64_t)256 << 10)

/* A place in the memory of a plan. */
struct dump_place {
	size_t run;
	uint64_t at; /* address */
};

struct dump_read {
	int pid_fd; /* its directory in /proc */
	const struct dump_plan *plan;
	struct dump_place from;
};

/*
 * What it sends, in the order of addresses, without a hole; each within a chunk (counted from the
 * start of its range).
 */
enum dump_read_kind {
	DUMP_READ_DATA, /* the bytes */
	DUMP_READ_ZERO, /* uint64_t: so many bytes that are no pages */
	DUMP_READ_GONE, /* uint64_t: so many bytes that are there no more */
	DUMP_READ_BAD,  /* uint64_t[2]: so many bytes could not be read, errno */
};

/* A worker_fn; the payload is a struct dump_read. */
int dump_read(struct worker_out *out, void *payload);

#endif
