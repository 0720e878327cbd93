/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's own files that findings are judged by, opened once a run. */
#ifndef JOB_ENRICHERS_H
#define JOB_ENRICHERS_H

#include "job/job.h"

struct policy;
struct hashlists;
struct yarascan;

/* Names of files, as they were given; lists may be empty. */
struct enricher_files {
	const char *const *policies;
	size_t policy_count;
	const char *const *hashes; /* FILE, bad:FILE, good:FILE */
	size_t hash_count;
	const char *yara; /* a file or directory; NULL: none */
};

struct enrichers {
	struct policy *policy;    /* each NULL: none was given */
	struct hashlists *hashes; /* */
	struct yarascan *yara;
};

/* Close @out also after a failure. */
int enrichers_open(struct enrichers *out, const struct job *job, const struct enricher_files *files,
		   struct sl_error *err);
void enrichers_close(struct enrichers *e);

#endif
