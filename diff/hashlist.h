/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of digests, as feeds and programs write them: "DIGEST", "DIGEST  name" (sha256sum),
 * "DIGEST,label", or values between commas with the digest in any of them, in quotes or not, under
 * a heading (NSRL). Only SHA-256 counts.
 */
#ifndef DIFF_HASHLIST_H
#define DIFF_HASHLIST_H

#include <strandline/base.h>

#define HASHLIST_LINE_MAX ((size_t)64 << 10)

enum hashlist_line {
	HASHLIST_SHA256,
	HASHLIST_WEAK,  /* a digest of another kind, and none that counts */
	HASHLIST_EMPTY, /* nothing, or a remark (#) */
	HASHLIST_ODD,   /* anything else: a heading, or no list at all */
};

/* @label: what the line says beside its digests; borrowed from it, may be empty. */
enum hashlist_line hashlist_parse(struct sl_bytes line, uint8_t sha256[SL_SHA256_SIZE],
				  struct sl_bytes *label);

#endif
