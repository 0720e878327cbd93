/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which package claims which path, with which digest: 32 bytes a path, so that the 100,000 files of
 * a large system are 4 MiB. Databases name a path once in a list and once with its digest: one of
 * them is kept.
 */
#ifndef DIFF_PACKAGECLAIMS_H
#define DIFF_PACKAGECLAIMS_H

#include <strandline/error.h>

#define PACKAGE_CLAIMS_MAX ((size_t)7 << 15) /* different paths */
#define PACKAGE_DIGEST_SIZE 20 /* longer ones are cut: no proof comes from here anyway */

enum package_digest {
	PACKAGE_DIGEST_NONE,
	PACKAGE_DIGEST_MD5,
	PACKAGE_DIGEST_SHA1,
	PACKAGE_DIGEST_SHA256,
};

struct package_claim {
	uint64_t path; /* hash of it */
	uint32_t package : 24;
	uint32_t kind : 7; /* enum package_digest */
	uint32_t is_used : 1;
	uint8_t digest[PACKAGE_DIGEST_SIZE];
};

struct packageclaims {
	struct package_claim *slots;
	size_t count, room; /* room: a power of two, or 0 */
	uint64_t seed;      /* nobody can write a database whose paths share their slots */
};

/* -SL_EIO: the system gives no random bytes. */
int packageclaims_init(struct packageclaims *c, struct sl_error *err);
void packageclaims_clear(struct packageclaims *c);

/*
 * @path without a slash at its beginning; @claim's own path is filled in. Of two claims of a path
 * the one with the longer digest is kept, then that of the smaller package.
 */
int packageclaims_add(struct packageclaims *c, struct sl_bytes path, struct package_claim claim,
		      struct sl_error *err);

/* Borrowed until the next claim; NULL: nobody claims it. */
const struct package_claim *packageclaims_find(const struct packageclaims *c, struct sl_bytes path);

#endif
