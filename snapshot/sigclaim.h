/* SPDX-License-Identifier: Apache-2.0 */
/* Which images a signed payload is about. Parsed from the bytes that were verified, and only then.
 */
#ifndef SNAPSHOT_SIGCLAIM_H
#define SNAPSHOT_SIGCLAIM_H

#include <strandline/error.h>

#include "core/buf.h"

#define SIGCLAIM_MAX 64 /* images that one statement may be about */

struct sigclaim {
	uint8_t digests[SIGCLAIM_MAX][SL_SHA256_SIZE];
	size_t count;
};

/*
 * cosign's simple signing payload: critical.type says what it is, critical.image which manifest.
 * The docker-reference in it is ignored, as its specification says. -SL_EFORMAT;
 * -SL_EUNSUPPORTED for a payload of another type.
 */
int sigclaim_simple(const void *text, size_t len, struct sigclaim *out, struct sl_error *err);

/*
 * The in-toto statement that cosign signs images with. Any other predicate says something else of
 * an image (what is in it, who built it) and is no signature of it: -SL_EUNSUPPORTED.
 */
int sigclaim_statement(const void *text, size_t len, struct sigclaim *out, struct sl_error *err);

/* A sigstore bundle that was signed with a plain key, taken apart. Clear it also on failure. */
struct sigbundle {
	struct buf payload; /* the statement */
	struct buf signed_bytes;
	struct buf signatures[16]; /* decoded; one of them has to be good */
	size_t count;
};
int sigbundle_parse(struct sigbundle *out, const char *text, size_t len, struct sl_error *err);
void sigbundle_clear(struct sigbundle *b);

#endif
