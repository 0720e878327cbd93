/* SPDX-License-Identifier: Apache-2.0 */
/* Answering for findings: who looked at one, and why it may stay. */
#ifndef JOB_ACK_H
#define JOB_ACK_H

#include "job/ackledger.h"
#include "job/job.h"

struct ack_request {
	const char *finding; /* its id, or the beginning of one that the last run found */
	const char *by, *reason;
	const char *until; /* RFC 3339, a date, or NULL: without end */
	bool revoke;       /* take it back */
};

/*
 * @made: the row, its texts those of @request. -SL_ENOTFOUND; -SL_EAMBIGUOUS when several ids begin
 * like this
 */
int job_ack(const struct job *job, const struct ack_request *request, struct ack *made,
	    struct sl_error *err);

/* A row has this hash, and the ledger up to it is proven; else -SL_EUNTRUSTED. */
int job_ack_anchor(const struct job *job, const char *hash, struct sl_error *err);
/* Every row, proven one by one; -SL_EUNTRUSTED where the ledger was edited. */
int job_acks(const struct job *job, int (*fn)(void *payload, const struct ack *row), void *payload,
	     struct sl_error *err);

#endif
