/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a damaged bundle, as a report beside it. */
#ifndef JOB_RECOVER_H
#define JOB_RECOVER_H

#include "core/age.h"
#include "forensics/recover.h"

struct recover_request {
	const char *bundle;
	const struct age_identities *identities; /* or NULL */
	const volatile sig_atomic_t *stop;       /* or NULL */
	struct ostream *report;                  /* borrowed */
	const char *directory;                   /* to be made, for the payloads; or NULL */
	uint64_t max_bytes;                      /* of payloads; 0: no bound */
	const char *key_file;                    /* who recovers; or NULL */
	const char *key_passphrase;              /* of an encrypted one; or NULL */
	struct buf *note;                        /* gets the signed note, with a key */
};

int job_recover(const struct recover_request *request, struct recover_summary *out,
		struct sl_error *err);

#endif
