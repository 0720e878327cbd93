/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room on the disk, taken before it is needed, so that a full disk is met between two members and
 * never inside one. Where a file system cannot reserve, its free space is asked instead, which is
 * only a good guess; a pipe has no room to ask for.
 */
#ifndef FORENSICS_SPACE_H
#define FORENSICS_SPACE_H

#include <strandline/error.h>

enum space_kind { SPACE_UNKNOWN, SPACE_RESERVED, SPACE_GUESSED };

struct space {
	int fd; /* borrowed */
	enum space_kind kind;
	uint64_t base;      /* where in the file our first byte goes */
	uint64_t available; /* bytes behind base that are ours, or are thought to be free */
};

void space_init(struct space *s, int fd);

/*
 * Make sure that the output can grow to @end bytes, of which @written are there.
 * -SL_EIO with err->sys ENOSPC (also for a quota or a size limit) when it cannot.
 */
int space_need(struct space *s, uint64_t end, uint64_t written, struct sl_error *err);

/* Give back what was not used. */
void space_release(struct space *s, uint64_t written);

#endif
