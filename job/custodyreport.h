/* SPDX-License-Identifier: Apache-2.0 */
/* A custody record that is read: line by line, and what may be said of all of it. */
#ifndef JOB_CUSTODYREPORT_H
#define JOB_CUSTODYREPORT_H

#include <signal.h>

#include <strandline/bundle.h>

#include "forensics/custodychain.h"
#include "job/sidecar.h"

struct custody_question {
	const char *file;             /* the bundle */
	const char *sidecars;         /* folder, or NULL: the file's own */
	const char *const *key_files; /* public keys of who may act */
	size_t key_count;
	const char *head;                  /* SHA-256 of a line, kept elsewhere; or NULL */
	bool no_file;                      /* the record alone */
	const volatile sig_atomic_t *stop; /* or NULL */
};

/* What became of the evidence itself. */
enum custody_state {
	CUSTODY_NOT_COMPARED,
	CUSTODY_MATCHES,
	CUSTODY_DIFFERS,
	CUSTODY_ABSENT,
};

/*
 * @verdict in the words of bundles: broken; incomplete (a cut line, a transfer that nobody
 * answered, no file); self-consistent; signed (every line by a key that was given); anchored (a
 * line that was kept elsewhere is there, and those behind it are by keys that were given).
 */
struct custody_report {
	enum sl_verdict verdict;
	char *problem; /* what keeps it from more, one line; owned, or NULL */
	struct custody_chain chain;
	enum custody_state state;
	size_t torn_bytes;
	uint64_t strangers; /* lines by keys that were not given */
	bool head_met;
};

/* Called with every line that follows. A negative return ends it. */
typedef int (*custody_line_fn)(void *payload, const struct custody_line *line,
			       struct sl_error *err);

/* @each may be NULL. 1 when there is no record. Clear @out also on failure. */
int job_custody_report(const struct custody_question *q, custody_line_fn each, void *payload,
		       struct custody_report *out, struct sl_error *err);
/* The same without the question's files: @sidecars is open, the file's digest is known or NULL. */
struct filedigest;
int custody_report_read(struct custody_report *out, const struct sidecars *at,
			const struct filedigest *now, struct sl_error *err);
void custody_report_clear(struct custody_report *r);

#endif
