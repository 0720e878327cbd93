/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that say the same of different paths, counted so that thousands become one line. Bounded:
 * when there are too many kinds, further kinds are simply not folded.
 */
#ifndef REPORT_FOLD_H
#define REPORT_FOLD_H

#include <strandline/error.h>

#define FOLD_TYPES 4
#define FOLD_DIRECTORY 1 /* the type whose members may be the directory that holds the others */

struct fold;

struct fold_group {
	char *key;
	char *dir; /* bytes: directory that holds all members, without slashes around it */
	size_t dir_len;
	uint64_t count;
	uint64_t by_type[FOLD_TYPES]; /* the same, told apart by whoever adds */
	uint64_t bytes;               /* of all members */
	bool shown;                   /* for whoever prints */
};

int fold_new(struct fold **out, struct sl_error *err);
/* As new: cheaper than another one. */
void fold_reset(struct fold *f);
/*
 * Count one path under a key. 0 and its group; 1 when it is not counted (too many kinds);
 * -SL_ENOMEM.
 */
int fold_add(struct fold *f, const char *key, struct sl_bytes path, unsigned int type,
	     uint64_t bytes, struct fold_group **out);
/* NULL when the key was never counted. */
struct fold_group *fold_find(struct fold *f, const char *key);
void fold_unshow(struct fold *f);
void fold_free(struct fold *f);

#endif
