/* SPDX-License-Identifier: Apache-2.0 */
/* Preserve a container as a bundle. */
#ifndef JOB_CAPTURE_H
#define JOB_CAPTURE_H

#include <strandline/bundle.h>
#include <strandline/sink.h>

#include "job/capture_scope.h"
#include "job/encryption.h"
#include "job/enrichers.h"
#include "job/job.h"

/* How much of a container is taken: seconds, what an incident asks for, or everything. */
enum capture_profile { CAPTURE_TRIAGE, CAPTURE_STANDARD, CAPTURE_FULL };

/* "triage", "standard", "full". Static. */
const char *capture_profile_name(enum capture_profile profile);

/* What of the memory of processes is taken. */
enum capture_memory {
	CAPTURE_MEMORY_BY_PROFILE, /* full in the full profile, else none */
	CAPTURE_MEMORY_NONE,
	CAPTURE_MEMORY_MINI,
	CAPTURE_MEMORY_FULL,
};

/* Longest standstill: an unsigned int of seconds, and what is usual. */
#define CAPTURE_FREEZE_DEFAULT 10
#define CAPTURE_FREEZE_MAX 600
#define CAPTURE_MEMORY_LIMIT ((uint64_t)4 << 30)

/* The names of steps that are taken only when that is asked for, or left out so. */
#define CAPTURE_FREEZE "freeze"
#define CAPTURE_MEMORY "memory"
#define CAPTURE_THAW "thaw"
#define CAPTURE_FINDINGS "findings"
/* The contents of what is mounted; --volumes adds it to any profile. */
#define CAPTURE_VOLUMES "volumes"

struct capture_request {
	const char *const *containers; /* as people refer to them; a pod is all of its own */
	size_t container_count;
	const char *upper;      /* instead: this upper directory, of @image */
	enum sl_marker marker;  /* dialect of upper */
	const char *rootfs;     /* or: this whole tree */
	const char *image;      /* of upper, which needs it, or of rootfs */
	const char *output;     /* file to create, or "-" */
	const char *sidecar;    /* directory for checkpoints, or NULL */
	const char *key_file;   /* long-term key (PKCS#8 PEM), or NULL */
	const char *passphrase; /* of that key, or NULL */
	enum capture_profile profile;
	struct capture_scope scope;
	unsigned int deadline; /* seconds, then it closes; 0: however long it takes */
	uint64_t before_bytes; /* most bytes of one image object kept */
	uint64_t before_total; /* and of all of them */
	/* declared, not observed; each may be NULL */
	const char *case_name, *exhibit, *operator_name, *authority, *reason;
	bool asked;       /* the operator and the reason were asked for at a terminal */
	bool estimate;    /* walk trees beforehand, so that progress can say how much is left */
	bool no_findings; /* collect only, compare nothing */
	const struct encryption *encryption; /* of the bundle, or NULL */
	enum capture_memory memory;
	uint64_t memory_limit;       /* most bytes of each process, 0: no limit */
	bool memory_registers;       /* stop its threads for a moment to read them */
	unsigned int freeze_seconds; /* 0: processes go on while they are looked at */
	bool volumes;                /* take the contents of what is mounted, and look through it */
	bool check;                  /* hold the layer directories against their layers first */
	struct enricher_files enrich; /* what findings are judged by */
};

struct capture_outcome {
	char bundle_id[33];
	char fingerprint[64];
	uint64_t records_files, payload_bytes;
	uint64_t gaps;     /* not taken, and it was to be */
	uint64_t left_out; /* gaps, too, of what was not to be taken */
	size_t targets;
	bool contradicted; /* the source contradicts its digests */
	bool has_findings;
	uint64_t by_severity[SL_SEVERITY_CRITICAL + 1]; /* when has_findings */
	bool was_frozen;
	uint64_t frozen_ns; /* the longest that a container stood still */
	enum sl_bundle_status closed_as;
};

/* @param[out] status  exit status, as man strandline has it for capture */
int job_capture(const struct job *job, const struct capture_request *request,
		struct capture_outcome *out, int *status, struct sl_error *err);

#endif
