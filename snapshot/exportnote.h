/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind the last line of a signed file of baselines (snapshot/export.h): a signed note
 * (core/note.h) over
 *
 *	strandline.baselines/1
 *	key sha256:KEY
 *	size BYTES
 *	sha256 DIGEST
 *
 * KEY is SHA-256 of the public key's DER form, BYTES and DIGEST are of everything in front of the
 * note. There is exactly one signature, so one list of baselines and one key give one file.
 */
#ifndef SNAPSHOT_EXPORTNOTE_H
#define SNAPSHOT_EXPORTNOTE_H

#include "core/note.h"
#include "core/sign.h"

/* A note is looked for in this many last bytes. */
#define EXPORTNOTE_MAX 8192

/* What a note says. Whether it is true is for the two functions below. */
struct exportnote {
	char bytes[EXPORTNOTE_MAX];
	struct note note;            /* borrows bytes */
	uint8_t key[SL_SHA256_SIZE]; /* who is said to have signed */
	uint64_t size;               /* of what was signed: also where the note begins */
	uint8_t digest[SL_SHA256_SIZE];
};

/* Append the note. */
int exportnote_write(struct buf *out, uint64_t size, const uint8_t digest[SL_SHA256_SIZE],
		     const struct sign_key *key, struct sl_error *err);

/*
 * Read the note at the end of a regular file. -SL_EFORMAT, -SL_EUNTRUSTED saying what is wrong;
 * nothing is verified.
 */
int exportnote_read(struct exportnote *out, int fd, struct sl_error *err);

/* 0 when one of the keys signed the note; else -SL_EUNTRUSTED. */
int exportnote_verify(const struct exportnote *n, const uint8_t (*keys)[SIGN_PUBLIC_SIZE],
		      size_t count, struct sl_error *err);

/* 0 when the bytes in front of the note are those that it tells; else -SL_EUNTRUSTED. */
int exportnote_check(const struct exportnote *n, int fd, struct sl_error *err);

#endif
