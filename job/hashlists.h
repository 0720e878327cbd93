/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's lists of known digests: read once a run, asked for each changed file. */
#ifndef JOB_HASHLISTS_H
#define JOB_HASHLISTS_H

#include "core/buf.h"
#include "job/job.h"

#define HASHLISTS_MAX 64                           /* files */
#define HASHLISTS_DIGESTS_MAX (UINT64_C(16) << 20) /* in all; 40 bytes each in $TMPDIR */

struct hashlists;

struct hash_match {
	bool is_bad;
	const char *list;  /* the file's name as it was given, quoted; borrowed from the lists */
	const char *label; /* what its line says, quoted, or the name of the list; until the next */
};

/*
 * "FILE" and "bad:FILE" are of bad digests, "good:FILE" of good ones. A file without any SHA-256,
 * and a line that is neither a digest nor a remark, is -SL_EFORMAT with the line's number. Digests
 * of other kinds are counted, and said.
 */
int hashlists_open(struct hashlists **out, const struct job *job, const char *const *names,
		   size_t count, struct sl_error *err);
void hashlists_free(struct hashlists *h); /* NULL is fine */

/* 0 and @out; 1: no list has it. What is both good and bad is bad. */
int hashlists_find(struct hashlists *h, const uint8_t sha256[SL_SHA256_SIZE],
		   struct hash_match *out, struct sl_error *err);

#endif
