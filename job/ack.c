/* SPDX-License-Identifier: Apache-2.0 */
#include "job/ack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "job/records.h"

#define ID_DIGITS ((size_t)2 * SL_SHA256_SIZE)
#define PREFIX_DIGITS 8

static int fail_id(const char *text, struct sl_error *err)
{
	return sl_fail(err, SL_EINVAL, 0,
		       "'%s' is no id of a finding: %zu hexadecimal digits, or the first %d and "
		       "more of one that the last run with --fail-on-new found",
		       text, ID_DIGITS, PREFIX_DIGITS);
}

/* The only id among those that begin like this. */
static int find_prefix(struct db *db, const char *text, uint8_t id[SL_SHA256_SIZE],
		       struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	const void *found = NULL;
	size_t size = 0;
	int rc = db_prepare(&s, db,
			    "SELECT DISTINCT finding FROM (SELECT finding FROM seen UNION SELECT "
			    "finding FROM ack) WHERE substr(lower(hex(finding)), 1, length(?1))=?1 "
			    "LIMIT 2",
			    err);

	if (rc < 0)
		return rc;
	db_bind_text(s, 1, text);
	rc = db_step(s, err);
	if (rc > 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no finding that is known begins with '%s'",
			       text);
	if (rc == 0) {
		found = db_column_blob(s, 0, &size);
		if (found == NULL || size != SL_SHA256_SIZE)
			return sl_fail(err, SL_EFORMAT, 0, "list of findings");
		memcpy(id, found, SL_SHA256_SIZE);
		rc = db_step(s, err);
	}
	if (rc == 0)
		return sl_fail(err, SL_EINVAL, 0, "several findings begin with '%s'", text);
	return rc < 0 ? rc : 0;
}

static int find_id(struct db *db, const char *text, uint8_t id[SL_SHA256_SIZE],
		   struct sl_error *err)
{
	size_t len = strlen(text);

	if (len == ID_DIGITS && hex_decode(id, SL_SHA256_SIZE, text, len) == 0)
		return 0;
	if (len < PREFIX_DIGITS || len > ID_DIGITS || strspn(text, "0123456789abcdef") != len)
		return fail_id(text, err);
	return find_prefix(db, text, id, err);
}

static int read_until(const char *text, struct ack *row, struct sl_error *err)
{
	AUTO_FREE char *whole = NULL;
	size_t len = text != NULL ? strlen(text) : 0;

	if (text == NULL)
		return 0;
	/* a date is its first moment */
	if (asprintf(&whole, "%s%s", text, len == 10 ? "T00:00:00Z" : "") < 0) {
		whole = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "date");
	}
	if (clock_parse(&row->until, whole, strlen(whole)) < 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' is no date: 2027-01-31, or 2027-01-31T12:00:00Z", text);
	if (clock_compare(row->until, clock_now()) <= 0)
		return sl_fail(err, SL_EINVAL, 0, "'%s' has passed", text);
	row->has_until = true;
	return 0;
}

int job_ack(const struct job *job, const struct ack_request *request, uint8_t id[SL_SHA256_SIZE],
	    struct sl_error *err)
{
	struct ack row = {
		.is_revoked = request->revoke, .by = request->by, .reason = request->reason};
	struct db *db = NULL;
	int rc = read_until(request->until, &row, err);

	if (rc == 0)
		rc = records_open(job, &db, err);
	if (rc == 0)
		rc = find_id(db, request->finding, id, err);
	memcpy(row.finding, id, SL_SHA256_SIZE);
	if (rc == 0 && request->revoke) {
		struct ackledger_look *look = NULL;
		struct ack last;

		rc = ackledger_find(&look, db, id, clock_now(), &last, err);
		if (rc > 0)
			rc = sl_fail(err, SL_ENOTFOUND, 0, "'%s' is not acknowledged",
				     request->finding);
		ackledger_look_free(look);
	}
	if (rc == 0)
		rc = ackledger_add(db, &row, err);
	db_close(db);
	return rc;
}

int job_acks(const struct job *job, int (*fn)(void *payload, const struct ack *row), void *payload,
	     struct sl_error *err)
{
	struct db *db = NULL;
	int rc = records_read(job, "ack", &db, err);

	if (rc == 0)
		rc = ackledger_each(db, fn, payload, err);
	db_close(db);
	return rc < 0 ? rc : 0;
}
