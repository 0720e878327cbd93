/* SPDX-License-Identifier: Apache-2.0 */
/* Baselines that travel: proven here, signed, and stored elsewhere without their images. */
#ifndef JOB_TRAVEL_H
#define JOB_TRAVEL_H

#include "core/ostream.h"
#include "job/job.h"
#include "job/signkey.h"
#include "snapshot/export.h"
#include "snapshot/import.h"

/* Files of keys, as the user gives them. */
struct travel_keys {
	const char *const *paths;
	size_t count;
};

/* Write the baselines of the images that @words name, signed with the private key in @key_file. */
int job_baseline_export(const struct job *job, char *const *words, size_t count,
			const struct signkey_file *key_file, struct ostream *out,
			struct export_result *result, struct sl_error *err);

/* Public keys that an import trusts, read before anything else. */
struct travel_trust {
	uint8_t (*keys)[SIGN_PUBLIC_SIZE]; /* owned */
	size_t count;
};
int travel_trust_read(struct travel_trust *out, const struct travel_keys *keys,
		      struct sl_error *err);
void travel_trust_clear(struct travel_trust *t);

/*
 * Store what a signed file holds; @path "-" is standard input. What makes the file itself unfit
 * is -SL_EUNTRUSTED, -SL_EFORMAT, -SL_ELIMIT or -SL_EUNSUPPORTED; then nothing of it is stored.
 */
int job_baseline_import(const struct job *job, const char *path, const struct travel_trust *trust,
			struct import_result *out, struct sl_error *err);

/* What a file holds, without storing it. */
struct travel_contents {
	uint8_t signer[SL_SHA256_SIZE]; /* who is said to have signed */
	uint64_t size;                  /* of the text that is signed */
	bool is_verified;               /* by one of the keys; false when there are none */
	const struct import *read;
};
int job_baseline_show(const char *path, const struct travel_trust *trust,
		      int (*show)(void *payload, const struct travel_contents *contents,
				  struct sl_error *err),
		      void *payload, struct sl_error *err);

#endif
