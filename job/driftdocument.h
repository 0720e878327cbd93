/* SPDX-License-Identifier: Apache-2.0 */
/* A drift document that was kept, read back (docs/schema/drift-1.schema.json). */
#ifndef JOB_DRIFTDOCUMENT_H
#define JOB_DRIFTDOCUMENT_H

#include <strandline/finding.h>

#include "diff/policy.h"

#define DRIFTDOCUMENT_BYTES ((size_t)64 << 20)
#define DRIFTDOCUMENT_VALUES ((size_t)8 << 20)

/* Everything borrowed for the length of the call. */
struct driftdocument_events {
	int (*container)(void *payload, const struct policy_subject *subject, uint64_t gaps,
			 struct sl_error *err);
	/* Kind, severity, change with both sides and signals, subject, cause: what was written. */
	int (*finding)(void *payload, struct sl_finding *f, struct sl_error *err);
	void *payload;
};

/* -SL_EFORMAT: it is no document of `diff --format json`; -SL_ELIMIT: it is too long. */
int driftdocument_read(const char *path, const struct driftdocument_events *events,
		       struct sl_error *err);

#endif
