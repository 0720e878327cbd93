/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict on a bundle file, and the exit status that follows from it. */
#ifndef JOB_VERIFY_H
#define JOB_VERIFY_H

#include <strandline/bundle.h>

#include "core/age.h"
#include "core/rfile.h"
#include "job/beside.h"

enum verify_require { REQUIRE_NOTHING, REQUIRE_SIGNED, REQUIRE_ANCHORED };

struct verify_request {
	const char *bundle;
	const char *fingerprint; /* or NULL */
	const char *key_file;    /* long-term public key, or NULL */
	const char *note_file;   /* a checkpoint kept elsewhere, or NULL */
	const char *ca_file;     /* whom to believe about the time, PEM, or NULL */
	const char *sidecars;    /* folder of the files beside it; NULL: the bundle's own */
	enum verify_require require;
	bool allow_unanchored;
	unsigned int threads;
	const struct age_identities *identities; /* for encrypted bundles; or NULL */
	const volatile sig_atomic_t *stop;       /* or NULL */
};

/*
 * @param[out] beside  what was found beside the bundle; NULL: nothing is looked for there. Clear it
 *                     also on failure
 * @param[out] status  exit status, as man strandline has it for verify
 */
int job_verify(const struct verify_request *request, struct sl_verify_result *out,
	       struct beside *beside, int *status, struct sl_error *err);

/* The status that a verdict has, given what was asked for. */
int verify_status(const struct verify_request *request, enum sl_verdict verdict, bool is_anchored);

/*
 * Open a bundle for reading: a regular file or a pipe; "-" is standard input. @identities (may be
 * NULL) open an encrypted one. @stop may be NULL: see struct rfile.
 */
int bundle_file_open(struct rfile **out, const char *path, const struct age_identities *identities,
		     const volatile sig_atomic_t *stop, struct sl_error *err);

#endif
