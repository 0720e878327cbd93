/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes hold which sockets open: by the numbers that links in /proc/PID/fd show. */
#ifndef HOST_SOCKOWNERS_H
#define HOST_SOCKOWNERS_H

#include <strandline/error.h>

/* Sockets that are looked for, and holders that are remembered, of one network namespace. */
#define SOCKOWNERS_MAX ((size_t)1 << 20)

struct sockowner {
	uint64_t inode;
	int64_t pid, fd;
};

struct sockowners {
	uint64_t *wanted; /* sorted once sockowners_settle() was called */
	size_t wanted_count, wanted_cap;
	struct sockowner *rows; /* sorted once sockowners_order() was called */
	size_t count, cap;
	bool is_cut;   /* there are more than SOCKOWNERS_MAX of them: some stay without an owner */
	size_t unread; /* processes whose open files could not be listed */
};

void sockowners_clear(struct sockowners *o);

/* Look for the socket with this number; 0 is none and is not looked for. */
int sockowners_want(struct sockowners *o, uint64_t inode, struct sl_error *err);
/* All were named. */
void sockowners_settle(struct sockowners *o);

/* What this process holds of them. Who is gone holds nothing. */
int sockowners_scan(struct sockowners *o, int proc_fd, int64_t pid, struct sl_error *err);

/* After scans and before questions. */
void sockowners_order(struct sockowners *o);
/* How many processes and descriptors hold it; they stand at *first, by pid. */
size_t sockowners_find(const struct sockowners *o, uint64_t inode, const struct sockowner **first);
/* Those of the wanted that nobody was seen to hold. */
size_t sockowners_missing(const struct sockowners *o);

#endif
