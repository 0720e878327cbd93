/* SPDX-License-Identifier: Apache-2.0 */
/* Make or renew the baseline of an image. */
#ifndef JOB_INDEX_H
#define JOB_INDEX_H

#include <strandline/image.h>

#include "job/job.h"
#include "job/trust.h"

struct index_request {
	const char *reference;
	const char *platform; /* NULL: this host's */
	struct trust_request trust;
};

struct index_outcome {
	char *reference; /* owned */
	uint8_t config_digest[SL_SHA256_SIZE];
	bool has_manifest_digest;
	uint8_t manifest_digest[SL_SHA256_SIZE];
	enum sl_trust trust;
	uint8_t tree[SL_SHA256_SIZE]; /* trust recorded: the tar's digest, or the directory's */
	enum sl_anchor anchor;        /* as stored: what was established once is kept */
	char *signer;                 /* owned; NULL without a signature */
	struct sl_index_result result;
	uint64_t elapsed_ns;
};

int job_index(const struct job *job, const struct index_request *request, struct index_outcome *out,
	      struct sl_error *err);
void index_outcome_clear(struct index_outcome *o);

#endif
