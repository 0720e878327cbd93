/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files of a container its processes held open for writing, as the lists of their open files
 * say: what was read of such a file may be half of what was being written.
 */
#ifndef JOB_CAPTURE_WRITERS_H
#define JOB_CAPTURE_WRITERS_H

#include <strandline/error.h>

#include "core/buf.h"

struct procmounts;

/* Files that are remembered of one container. */
#define CAPTURE_WRITERS_MAX ((size_t)65536)

struct capture_writer {
	char *path;   /* in the container, absolute; owned */
	bool is_root; /* opened on the mount of the root, not on one within */
	int64_t pid;
};

struct capture_writers {
	struct capture_writer *items;
	size_t count, cap;
	bool is_sorted;
};

/*
 * Remember what @fds, a document of procfds_list(), has open for writing. @mounts are those of the
 * process, @root its root directory as the links in its directory show it. What cannot be
 * understood is passed over. -SL_ELIMIT when there is no more room.
 */
int capture_writers_add(struct capture_writers *w, int64_t pid, struct sl_bytes fds,
			const struct procmounts *mounts, const char *root, struct sl_error *err);
/*
 * Append the member "open_for_writing" of a file's record; nothing when nobody had it open. @path
 * has no slash in front.
 */
void capture_writers_member(struct capture_writers *w, struct sl_bytes path, bool is_root,
			    struct buf *out);
void capture_writers_clear(struct capture_writers *w);

#endif
