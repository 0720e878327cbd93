/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who answered for which finding: a ledger that only grows. Each row carries the SHA-256 of the row
 * before it, so that a row which was edited, taken out or put in between is found. Whoever can
 * write the database can write the whole ledger anew: keep the last hash elsewhere.
 */
#ifndef JOB_ACKLEDGER_H
#define JOB_ACKLEDGER_H

#include "core/db.h"

struct ack {
	uint64_t seq;    /* from 1 */
	bool is_revoked; /* the row takes an acknowledgement back */
	uint8_t finding[SL_SHA256_SIZE];
	const char *by, *reason;
	bool has_until;
	struct sl_time until, at;
	uint8_t hash[SL_SHA256_SIZE]; /* of this row and, by it, of all before */
};

/* Append a row; seq, at and hash are worked out, and filled in. */
int ackledger_add(struct db *db, struct ack *row, struct sl_error *err);

/*
 * Call @fn for every row in order; texts are borrowed for the call. A row that does not follow from
 * the one before is -SL_EUNTRUSTED, and the message names it.
 */
int ackledger_each(struct db *db, int (*fn)(void *payload, const struct ack *row), void *payload,
		   struct sl_error *err);

/*
 * The last row about a finding, when it still stands at @now. 0; 1 when there is none. Texts are
 * borrowed until the next call with the same @look, which is made at the first and freed by
 * ackledger_look_free().
 */
struct ackledger_look;
int ackledger_find(struct ackledger_look **look, struct db *db,
		   const uint8_t finding[SL_SHA256_SIZE], struct sl_time now, struct ack *out,
		   struct sl_error *err);
void ackledger_look_free(struct ackledger_look *look);

#endif
