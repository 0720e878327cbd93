/* SPDX-License-Identifier: Apache-2.0 */
/* Preserve a container as a bundle. */
#ifndef JOB_CAPTURE_H
#define JOB_CAPTURE_H

#include <strandline/bundle.h>
#include <strandline/sink.h>

#include "job/job.h"

struct capture_request {
	const char *container;
	const char *upper;     /* instead: this upper directory, of @image */
	enum sl_marker marker; /* dialect of upper */
	const char *image;
	const char *output;     /* file to create, or "-" */
	const char *sidecar;    /* directory for checkpoints, or NULL */
	const char *key_file;   /* long-term key (PKCS#8 PEM), or NULL */
	const char *passphrase; /* of that key, or NULL */
	uint64_t before_bytes;  /* most bytes of one image object kept */
	uint64_t before_total;  /* and of all of them */
	/* declared, not observed; each may be NULL */
	const char *case_name, *exhibit, *operator_name, *authority, *reason;
	bool no_findings; /* collect only, compare nothing */
};

struct capture_outcome {
	char bundle_id[33];
	char fingerprint[64];
	uint64_t records_files, payload_bytes, gaps;
	bool contradicted; /* the source contradicts its digests */
	bool has_summary;
	struct sl_counts counts; /* of the findings, when has_summary */
	enum sl_bundle_status closed_as;
};

/* @param[out] status  exit status of DESIGN 4.3, capture column */
int job_capture(const struct job *job, const struct capture_request *request,
		struct capture_outcome *out, int *status, struct sl_error *err);

#endif
