/* SPDX-License-Identifier: Apache-2.0 */
/* Inode numbers of one file system. */
#ifndef SNAPSHOT_INODESET_H
#define SNAPSHOT_INODESET_H

#include <strandline/error.h>

struct inodeset {
	uint64_t *list; /* owned */
	size_t count, room;
	bool is_sorted;
};

/* 0; -SL_ENOMEM, -SL_ELIMIT with more than a layer of any use has. */
int inodeset_add(struct inodeset *s, uint64_t ino, struct sl_error *err);
/* Ask when all of them are in it: the first question sorts them. */
bool inodeset_has(struct inodeset *s, uint64_t ino);
void inodeset_clear(struct inodeset *s);

#endif
