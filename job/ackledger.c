/* SPDX-License-Identifier: Apache-2.0 */
#include "job/ackledger.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"

#define COLUMNS "seq, revoked, finding, by, reason, until_s, until_ns, at_s, at_ns, hash"
#define TEXT_MAX 4096

struct ackledger_look {
	struct db_stmt *stmt;
};

/* ---- one row ---- */

static void put_number(struct buf *b, uint64_t n)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(n >> (56 - 8 * i));
	(void)buf_append(b, bytes, sizeof(bytes));
}

static void put_text(struct buf *b, const char *text)
{
	put_number(b, strlen(text));
	(void)buf_append_str(b, text);
}

/* Everything a row says, with lengths in front, behind the hash of the row before. */
static int hash_row(const uint8_t prev[SL_SHA256_SIZE], const struct ack *a,
		    uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf b = BUF_INIT((size_t)4 * TEXT_MAX);

	(void)buf_append(&b, prev, SL_SHA256_SIZE);
	put_number(&b, a->seq);
	put_number(&b, a->is_revoked);
	(void)buf_append(&b, a->finding, SL_SHA256_SIZE);
	put_text(&b, a->by);
	put_text(&b, a->reason);
	put_number(&b, a->has_until);
	put_number(&b, (uint64_t)a->until.sec);
	put_number(&b, a->until.nsec);
	put_number(&b, (uint64_t)a->at.sec);
	put_number(&b, a->at.nsec);
	if (b.status < 0)
		return sl_fail(err, SL_ELIMIT, 0, "acknowledgement is too long");
	return sha256_once(b.data, b.len, out, err);
}

static struct sl_time read_time(struct db_stmt *s, int column)
{
	return (struct sl_time){db_column_i64(s, column), (uint32_t)db_column_i64(s, column + 1)};
}

static int fail_row(struct sl_error *err, uint64_t seq)
{
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "the ledger of acknowledgements does not follow from itself at row %llu: it "
		       "was edited",
		       (unsigned long long)seq);
}

static int read_row(struct db_stmt *s, struct ack *out, struct sl_error *err)
{
	size_t id_len = 0, hash_len = 0;
	const void *id = db_column_blob(s, 2, &id_len), *hash = db_column_blob(s, 9, &hash_len);

	*out = (struct ack){.seq = (uint64_t)db_column_i64(s, 0),
			    .is_revoked = db_column_i64(s, 1) != 0,
			    .by = db_column_text(s, 3),
			    .reason = db_column_text(s, 4),
			    .has_until = !db_column_is_null(s, 5),
			    .at = read_time(s, 7)};
	if (out->has_until)
		out->until = read_time(s, 5);
	if (id == NULL || id_len != SL_SHA256_SIZE || hash == NULL || hash_len != SL_SHA256_SIZE ||
	    out->by == NULL || out->reason == NULL)
		return fail_row(err, out->seq);
	memcpy(out->finding, id, SL_SHA256_SIZE);
	memcpy(out->hash, hash, SL_SHA256_SIZE);
	return 0;
}

/* ---- all of it ---- */

int ackledger_each(struct db *db, int (*fn)(void *payload, const struct ack *row), void *payload,
		   struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	uint8_t prev[SL_SHA256_SIZE] = {0}, hash[SL_SHA256_SIZE];
	uint64_t seq = 0;
	int rc = db_prepare(&s, db, "SELECT " COLUMNS " FROM ack ORDER BY seq", err);

	while (rc == 0 && (rc = db_step(s, err)) == 0) {
		struct ack row;

		rc = read_row(s, &row, err);
		if (rc == 0)
			rc = hash_row(prev, &row, hash, err);
		if (rc == 0 && (row.seq != ++seq || memcmp(hash, row.hash, SL_SHA256_SIZE) != 0))
			rc = fail_row(err, seq);
		memcpy(prev, hash, sizeof(prev));
		if (rc == 0 && fn != NULL)
			rc = fn(payload, &row);
	}
	return rc < 0 ? rc : 0;
}

static int keep_last(void *payload, const struct ack *row)
{
	struct ack *last = payload;

	*last = *row; /* numbers and hash only: the texts go */
	return 0;
}

static int insert(struct db *db, const struct ack *a, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, db,
			    "INSERT INTO ack (" COLUMNS ") VALUES "
			    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
			    err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, (int64_t)a->seq);
	db_bind_i64(s, 2, a->is_revoked);
	db_bind_blob(s, 3, a->finding, SL_SHA256_SIZE);
	db_bind_text(s, 4, a->by);
	db_bind_text(s, 5, a->reason);
	if (a->has_until) {
		db_bind_i64(s, 6, a->until.sec);
		db_bind_i64(s, 7, a->until.nsec);
	}
	db_bind_i64(s, 8, a->at.sec);
	db_bind_i64(s, 9, a->at.nsec);
	db_bind_blob(s, 10, a->hash, SL_SHA256_SIZE);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

int ackledger_add(struct db *db, struct ack *row, struct sl_error *err)
{
	struct ack last = {0};
	int rc;

	if (strlen(row->by) > TEXT_MAX || strlen(row->reason) > TEXT_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "a text is longer than %d bytes", TEXT_MAX);
	rc = db_begin(db, err);
	if (rc < 0)
		return rc;
	rc = ackledger_each(db, keep_last, &last, err);
	row->seq = last.seq + 1;
	row->at = clock_now();
	if (rc == 0)
		rc = hash_row(last.hash, row, row->hash, err);
	if (rc == 0)
		rc = insert(db, row, err);
	if (rc == 0)
		rc = db_commit(db, err);
	if (rc < 0)
		db_rollback(db);
	return rc;
}

/* ---- one finding ---- */

static int make_look(struct ackledger_look **out, struct db *db, struct sl_error *err)
{
	struct ackledger_look *look = calloc(1, sizeof(*look));
	int rc;

	if (look == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "acknowledgements");
	rc = db_prepare(&look->stmt, db,
			"SELECT " COLUMNS " FROM ack WHERE finding=?1 ORDER BY seq DESC LIMIT 1",
			err);
	if (rc < 0)
		ackledger_look_free(look);
	else
		*out = look;
	return rc;
}

int ackledger_find(struct ackledger_look **look, struct db *db,
		   const uint8_t finding[SL_SHA256_SIZE], struct sl_time now, struct ack *out,
		   struct sl_error *err)
{
	int rc = *look != NULL ? 0 : make_look(look, db, err);

	if (rc < 0)
		return rc;
	db_reset((*look)->stmt);
	db_bind_blob((*look)->stmt, 1, finding, SL_SHA256_SIZE);
	rc = db_step((*look)->stmt, err);
	if (rc == 0)
		rc = read_row((*look)->stmt, out, err);
	if (rc != 0)
		return rc;
	return out->is_revoked || (out->has_until && clock_compare(now, out->until) >= 0);
}

void ackledger_look_free(struct ackledger_look *look)
{
	if (look == NULL)
		return;
	db_finalize(look->stmt);
	free(look);
}
