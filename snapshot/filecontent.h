/* SPDX-License-Identifier: Apache-2.0 */
/* A regular file on disk as content: read once, in large pieces, holes skipped. */
#ifndef SNAPSHOT_FILECONTENT_H
#define SNAPSHOT_FILECONTENT_H

#include <strandline/source.h>

/*
 * Take over @fd, open for reading and known to be a regular file. What @e said of it (size, mtime,
 * ctime) is remembered: a file that has moved on since counts as changed, and so it does when it is
 * read again and has moved on since the last read.
 */
int filecontent_new(struct sl_content **out, int fd, const struct sl_entry *e,
		    struct sl_error *err);

#endif
