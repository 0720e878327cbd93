/* SPDX-License-Identifier: Apache-2.0 */
/* A whole tree on disk read once, every file hashed, nothing left out. */
#ifndef SNAPSHOT_TREEREAD_H
#define SNAPSHOT_TREEREAD_H

#include <strandline/baseline.h>
#include <strandline/entry.h>

/* Entries come in canonical order, regular files with both digests. Negative ends the read. */
typedef int (*treeread_fn)(void *payload, const struct sl_entry *e, struct sl_error *err);

/*
 * Read the tree at @dir_fd; *bytes counts contents. Nothing in it is a marker.
 * @progress may be NULL.
 *
 * Whatever cannot be read, or does not hold still, ends the read: a directory or file without
 * permission, a mount inside, a file that changes while it is hashed, a name that vanishes. What a
 * baseline lacks would be called added later on. -SL_EIO naming the first such path.
 */
int treeread(int dir_fd, treeread_fn fn, void *payload, const struct sl_progress *progress,
	     uint64_t *bytes, struct sl_error *err);

#endif
