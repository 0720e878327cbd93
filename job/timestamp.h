/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time stamp over a bundle's last checkpoint, kept beside it: NAME.note (the checkpoint),
 * NAME.tsq (the question, when the answer comes later), NAME.tsr (the answer; NAME.2.tsr the next
 * one). The bundle itself is never changed.
 */
#ifndef JOB_TIMESTAMP_H
#define JOB_TIMESTAMP_H

#include <strandline/error.h>

#include "core/age.h"

struct timestamp_request {
	const char *bundle;
	const char *sidecars; /* folder, or NULL: the bundle's own */
	/* exactly one of these three */
	const char *tsa;      /* address to ask now */
	bool offline;         /* write the question only */
	const char *response; /* file with the answer to it */
	const char *ca_file;  /* whom to believe, PEM, or NULL */
	unsigned int seconds; /* for the TSA's answer */
	unsigned int threads;
	const struct age_identities *identities; /* for encrypted bundles; or NULL */
	const volatile sig_atomic_t *stop;       /* or NULL */
};

struct timestamp_outcome {
	char *note, *written; /* names of the files, quoted; owned */
	bool made_note;
	bool has_time;
	struct sl_time time;
	char *tsa;    /* owned */
	bool trusted; /* by ca_file */
};

/*
 * -SL_EUNTRUSTED: the bundle is broken, what lies beside it is another's, or the answer is not one
 * to the question or not believed; then no token is stored.
 */
int job_timestamp(const struct timestamp_request *request, struct timestamp_outcome *out,
		  struct sl_error *err);
void timestamp_outcome_clear(struct timestamp_outcome *o);

#endif
