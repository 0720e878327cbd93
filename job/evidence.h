/* SPDX-License-Identifier: Apache-2.0 */
/* Reading bundles: what is in them, single items out of them, their times. */
#ifndef JOB_EVIDENCE_H
#define JOB_EVIDENCE_H

#include <signal.h>

#include <strandline/bundle.h>
#include <strandline/event.h>

#include "core/age.h"
#include "core/buf.h"

/*
 * Call @each for every record of a bundle, or of the given types only. @line is the record for
 * people, quoted; borrowed for the call. A non-zero return ends the walk and is returned.
 * @identities (may be NULL) open an encrypted one. @stop (may be NULL): see struct rfile. @redact:
 * without what looks like a secret.
 * @param[out] unattested  records that no good checkpoint covers
 */
typedef int (*evidence_record_fn)(void *payload, const struct sl_bundle_record *record,
				  const char *line, struct sl_error *err);
int job_show(const char *bundle, const struct age_identities *identities,
	     const volatile sig_atomic_t *stop, const char *const *types, size_t type_count,
	     bool redact, evidence_record_fn each, void *payload, uint64_t *unattested,
	     struct sl_error *err);

struct extract_request {
	const char *bundle;
	const struct age_identities *identities; /* for encrypted bundles; or NULL */
	const volatile sig_atomic_t *stop;       /* or NULL */
	bool by_seq;
	uint64_t seq;
	const char *const *paths;
	size_t path_count;
	const char *target; /* of which container, by number, name or id; NULL: of any */
	const char *output; /* "-", a file to create, or, for several paths, a directory */
	bool prove;         /* write the proof of each item beside it, as NAME.tlog-proof */
	bool redact; /* text without what looks like a secret; nothing else. Not with prove */
	/* Called after each item. May be NULL. */
	void (*extracted)(void *payload, uint64_t seq, const char *file);
	void *payload;
};

/*
 * Write items out, each checked against its digest. Files are created (never overwritten) with mode
 * 0600; in a directory they are named by record number and escaped path. One whose bytes do not
 * match is removed again: -SL_EUNTRUSTED.
 */
int job_extract(const struct extract_request *request, struct sl_error *err);

/* Several bundles as one timeline. */
int job_timeline(const char *const *bundles, size_t count, const struct age_identities *identities,
		 const volatile sig_atomic_t *stop, struct sl_event_sink *sink,
		 struct sl_error *err);

#endif
