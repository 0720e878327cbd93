/* SPDX-License-Identifier: Apache-2.0 */
/* Preserve a container as a bundle. */
#ifndef JOB_CAPTURE_H
#define JOB_CAPTURE_H

#include <strandline/bundle.h>
#include <strandline/sink.h>

#include "job/enrichers.h"
#include "job/job.h"

/* How much of a container is taken: seconds, what an incident asks for, or everything. */
enum capture_profile { CAPTURE_TRIAGE, CAPTURE_STANDARD, CAPTURE_FULL };

/* The name of the step that compares; --no-findings leaves it out. */
#define CAPTURE_FINDINGS "findings"
/* The contents of what is mounted; --volumes adds it to any profile. */
#define CAPTURE_VOLUMES "volumes"

struct capture_request {
	const char *container;
	const char *upper;     /* instead: this upper directory, of @image */
	enum sl_marker marker; /* dialect of upper */
	const char *image;
	const char *output;   /* file to create, or "-" */
	const char *sidecar;  /* directory for checkpoints, or NULL */
	const char *key_file; /* long-term key (PKCS#8 PEM), or NULL */
	enum capture_profile profile;
	uint64_t before_bytes; /* most bytes of one image object kept */
	uint64_t before_total; /* and of all of them */
	/* declared, not observed; each may be NULL */
	const char *case_name, *exhibit, *operator_name, *authority, *reason;
	bool no_findings; /* collect only, compare nothing */
	bool volumes;     /* take the contents of what is mounted, and look through it */
	bool check;       /* hold the layer directories against their layers first */
	struct enricher_files enrich; /* what findings are judged by */
};

struct capture_outcome {
	char bundle_id[33];
	char fingerprint[64];
	uint64_t records_files, payload_bytes, gaps;
	bool contradicted; /* the source contradicts its digests */
	bool has_findings;
	uint64_t by_severity[SL_SEVERITY_CRITICAL + 1]; /* when has_findings */
	enum sl_bundle_status closed_as;
};

/* @param[out] status  exit status of DESIGN 4.3, capture column */
int job_capture(const struct job *job, const struct capture_request *request,
		struct capture_outcome *out, int *status, struct sl_error *err);

#endif
