/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adding to a custody record: the evidence is hashed again, its rules are asked, and one signed
 * line is appended. Nothing is ever done to the evidence itself.
 */
#ifndef JOB_CUSTODY_H
#define JOB_CUSTODY_H

#include <strandline/bundle.h>

#include "core/age.h"
#include "forensics/custody.h"
#include "job/signkey.h"

struct custody_request {
	const char *file;     /* the bundle */
	const char *sidecars; /* folder of the record, or NULL: the file's own */
	enum custody_action action;
	struct signkey_file key; /* of who acts */
	/* declared; each may be NULL. by: as this key's holder called himself last */
	const char *by, *from, *to, *purpose, *place, *seal, *matter;
	const char *to_key; /* file with the receiver's public key */
	const char *made;   /* the copy, or the redacted file */
	const char *until;  /* a date */
	bool despite;       /* record that the evidence changed, instead of refusing */
	bool drop_torn;     /* take a cut line away, and say so in the new one */
	/* what a verification that was just made said; NULL: made where the action asks for it */
	const struct sl_verify_result *verified;
	const struct age_identities *identities; /* for encrypted bundles; or NULL */
	const volatile sig_atomic_t *stop;       /* or NULL */
	unsigned int threads;
};

struct custody_added {
	uint64_t seq;
	uint8_t hash[SL_SHA256_SIZE]; /* of the line: keep it elsewhere */
	bool contradicts;             /* the evidence is not what it was */
};

/*
 * -SL_EUNTRUSTED: a rule forbids it, the evidence changed, or the record is broken; nothing was
 * written then. -SL_ENOTFOUND: there is no record, and this event cannot begin one.
 */
int job_custody_add(const struct custody_request *request, struct custody_added *out,
		    struct sl_error *err);

#endif
