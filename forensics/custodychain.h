/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a custody record in a row, and what may follow what. The same rules judge a record
 * that is read and an event that is about to be added.
 */
#ifndef FORENSICS_CUSTODYCHAIN_H
#define FORENSICS_CUSTODYCHAIN_H

#include "forensics/custody.h"

#define CUSTODY_HOLDS_MAX ((size_t)64)

struct custody_chain {
	uint64_t count;
	uint8_t last[SL_SHA256_SIZE]; /* hash of the last line */
	struct sl_time last_time;
	uint64_t backwards;       /* lines dated before the one above them */
	struct custody_file file; /* as the first line recorded it; name NULL */
	uint8_t holder[SIGN_PUBLIC_SIZE];
	char *holder_name; /* owned, or NULL */
	bool is_disposed;
	/* a transfer that nobody answered */
	bool is_open;
	uint64_t open_seq;
	uint8_t open_line[SL_SHA256_SIZE], open_to[SL_SHA256_SIZE];
	char *holds[CUSTODY_HOLDS_MAX]; /* matters; owned */
	size_t hold_count;
	bool has_until;
	struct sl_time until;
	/* a line says that the file was not what the first recorded */
	bool contradicted;
	uint64_t contradicted_seq;
};

void custody_chain_clear(struct custody_chain *c);

/*
 * May @e come next? 0, or -SL_EUNTRUSTED with the rule. Its seq and prev are not looked at, nor
 * whether the file still matches.
 */
int custody_chain_allows(const struct custody_chain *c, const struct custody_event *e,
			 struct sl_error *err);

/* The next line that was read. -SL_EUNTRUSTED when it does not follow. */
int custody_chain_add(struct custody_chain *c, const struct custody_line *l, struct sl_error *err);

#endif
