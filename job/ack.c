/* SPDX-License-Identifier: Apache-2.0 */
#include "job/ack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
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

#define SHOWN_MAX 5

static int fail_several(struct db_stmt *s, const char *text, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf said = BUF_INIT(4096);
	size_t shown = 0, size = 0;
	int rc = 0;

	for (; rc == 0 && shown < SHOWN_MAX; shown++) {
		char hex[2 * SL_SHA256_SIZE + 1];
		const void *id = db_column_blob(s, 0, &size);

		if (id == NULL || size != SL_SHA256_SIZE)
			return sl_fail(err, SL_EFORMAT, 0, "list of findings");
		hex_encode(hex, id, SL_SHA256_SIZE);
		(void)buf_printf(&said, "%s %.*s", shown > 0 ? "," : "", PREFIX_DIGITS + 16, hex);
		rc = db_step(s, err);
	}
	return rc < 0 ? rc
		      : sl_fail(err, SL_EAMBIGUOUS, 0, "several findings begin with '%s':%s%s",
				text, said.data, rc == 0 ? ", ..." : "");
}

/* Those known that begin like this. */
static int ask_prefix(struct db_stmt **s, struct db *db, const char *text, const char *what,
		      struct sl_error *err)
{
	AUTO_FREE char *sql = NULL;
	int rc;

	if (asprintf(&sql,
		     "SELECT %s FROM (SELECT finding FROM seen UNION SELECT finding FROM ack) "
		     "WHERE substr(lower(hex(finding)), 1, length(?1))=?1 ORDER BY finding",
		     what) < 0) {
		sql = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "list of findings");
	}
	rc = db_prepare(s, db, sql, err);
	if (rc == 0)
		db_bind_text(*s, 1, text);
	return rc == 0 ? db_step(*s, err) : rc;
}

/* The only id among those that begin like this. */
static int find_prefix(struct db *db, const char *text, uint8_t id[SL_SHA256_SIZE],
		       struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *count = NULL, *s = NULL;
	const void *found;
	size_t size = 0;
	int rc = ask_prefix(&count, db, text, "count(*)", err);

	if (rc == 0)
		rc = ask_prefix(&s, db, text, "finding", err);
	if (rc > 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no finding that is known begins with '%s'",
			       text);
	if (rc < 0)
		return rc;
	if (db_column_i64(count, 0) > 1)
		return fail_several(s, text, err);
	found = db_column_blob(s, 0, &size);
	if (found == NULL || size != SL_SHA256_SIZE)
		return sl_fail(err, SL_EFORMAT, 0, "list of findings");
	memcpy(id, found, SL_SHA256_SIZE);
	return 0;
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

int job_ack(const struct job *job, const struct ack_request *request, struct ack *made,
	    struct sl_error *err)
{
	struct db *db = NULL;
	int rc;

	*made = (struct ack){
		.is_revoked = request->revoke, .by = request->by, .reason = request->reason};
	rc = read_until(request->until, made, err);

	if (rc == 0)
		rc = records_open(job, &db, err);
	if (rc == 0)
		rc = find_id(db, request->finding, made->finding, err);
	if (rc == 0 && request->revoke) {
		struct ackledger_look *look = NULL;
		struct ack last;

		rc = ackledger_find(&look, db, made->finding, clock_now(), &last, err);
		if (rc > 0)
			rc = sl_fail(err, SL_ENOTFOUND, 0, "'%s' is not acknowledged",
				     request->finding);
		ackledger_look_free(look);
	}
	if (rc == 0)
		rc = ackledger_add(db, made, err);
	db_close(db);
	return rc;
}

struct anchor {
	uint8_t hash[SL_SHA256_SIZE];
	bool found;
};

static int look_for(void *payload, const struct ack *row)
{
	struct anchor *a = payload;

	a->found = a->found || memcmp(a->hash, row->hash, SL_SHA256_SIZE) == 0;
	return 0;
}

int job_ack_anchor(const struct job *job, const char *hash, struct sl_error *err)
{
	struct anchor a = {0};
	int rc = hex_decode(a.hash, SL_SHA256_SIZE, hash, strlen(hash));

	if (rc < 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' is no hash of a row: %zu hexadecimal digits", hash, ID_DIGITS);
	rc = job_acks(job, look_for, &a, err);
	if (rc == 0 && !a.found)
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "no row of the record has the hash %s: rows were taken out, or it was "
			     "written anew",
			     hash);
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
