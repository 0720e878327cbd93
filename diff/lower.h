/* SPDX-License-Identifier: Apache-2.0 */
/* The lower object on disk that a before entry describes. */
#ifndef DIFF_LOWER_H
#define DIFF_LOWER_H

#include <strandline/entry.h>

#include "diff/drift.h"

/* Remembers the directory of the last look-up: neighbours cost one stat each. */
struct lower {
	const struct drift_disk *disk;
	int dir_fd;
	uint32_t layer;
	char *parent; /* owned; path of dir_fd in its layer */
	size_t parent_len;
	size_t name_at; /* of the last entry found: where its last component starts */
};

void lower_init(struct lower *l, const struct drift_disk *disk);
void lower_clear(struct lower *l);

/*
 * Find the lower object of @before: same type, same size. Only with proven layers.
 * On success *mtime is its modification time, in nanoseconds.
 */
bool lower_find(struct lower *l, const struct sl_entry *before, struct sl_time *mtime);

/* Of the entry that was found last: does the object carry this attribute? True when in doubt. */
bool lower_has_xattr(const struct lower *l, const struct sl_entry *before, const char *name);

#endif
