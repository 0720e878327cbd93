/* SPDX-License-Identifier: Apache-2.0 */
/* What an image's digest is held against before anything of it is stored. */
#ifndef JOB_TRUST_H
#define JOB_TRUST_H

#include <strandline/image.h>

/* Names of files and directories that the operator gave; lists may be empty. */
struct trust_names {
	const char *const *items;
	size_t count;
};

struct trust_request {
	const char *expect;                     /* "sha256:...", or a file that lists digests */
	struct trust_names keys;                /* public keys: any one of them */
	struct trust_names trust_stores;        /* certificates: files, or directories of them */
	struct trust_names signing_authorities; /* the same, for that signing scheme */
	struct trust_names signatures;          /* files, beside what lies in the layout */
	const char *payload;                    /* what a bare signature among them signs */
	struct trust_names manifests;           /* kept elsewhere; an index behind its manifest */
};

bool trust_asks_for_signature(const struct trust_request *request);

/*
 * Hold the image against what was asked for, and set its anchor and signer. Nothing asked for is
 * fine: the host vouches. -SL_EUNTRUSTED when the image is not the expected one, or no signature
 * counts: each is named with the reason. -SL_EINVAL for requests that cannot be meant.
 */
int trust_image(const struct trust_request *request, struct sl_image *image, struct sl_error *err);

#endif
