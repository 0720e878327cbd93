/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/treedigest.h"

#include "core/cleanup.h"
#include "core/digest.h"
#include "snapshot/dumpline.h"

/* The hash is fed in pieces of about this size. */
#define PIECE ((size_t)32 << 10)

#define SCAN(table) "SELECT " ROW_COLUMNS " FROM " table " WHERE layer=?1 ORDER BY path"

struct digesting {
	struct db_stmt *scan;
	struct row_reader reader;
	struct buf lines;
	struct sha256 *hash;
	struct sl_tap *also; /* borrowed */
};

static void digesting_clear(struct digesting *d)
{
	db_finalize(d->scan);
	row_reader_clear(&d->reader);
	buf_clear(&d->lines);
	sha256_free(d->hash);
}

static int flush(struct digesting *d, struct sl_error *err)
{
	int rc = 0;

	sha256_update(d->hash, d->lines.data, d->lines.len);
	if (d->also != NULL && d->lines.len > 0)
		rc = d->also->data(d->also, d->lines.data, d->lines.len, err);
	buf_reset(&d->lines);
	return rc;
}

static int add_row(struct digesting *d, struct sl_error *err)
{
	struct row row;
	int rc = db_step(d->scan, err);

	if (rc == 0)
		rc = row_reader_read(&d->reader, d->scan, &row, err);
	if (rc == 0)
		rc = dumpline_format(&d->lines, &row, err);
	if (rc == 0 && d->lines.len >= PIECE)
		rc = flush(d, err);
	return rc;
}

int treedigest_rows(struct db *db, struct row_at at, struct sl_tap *also,
		    uint8_t out[SL_SHA256_SIZE], uint64_t *count, struct sl_error *err)
{
	struct digesting d CLEANUP(digesting_clear) = {
		.reader = ROW_READER_INIT, .lines = BUF_INIT(PIECE + DUMPLINE_MAX), .also = also};
	uint64_t n = 0;
	int rc = sha256_new(&d.hash, err);

	if (rc == 0)
		rc = db_prepare(&d.scan, db, at.is_staged ? SCAN("temp.staged") : SCAN("entry"),
				err);
	if (rc < 0)
		return rc;
	db_bind_i64(d.scan, 1, at.layer);
	while ((rc = add_row(&d, err)) == 0)
		n++;
	if (rc == 1)
		rc = flush(&d, err);
	if (rc < 0)
		return rc;
	if (count != NULL)
		*count = n;
	return sha256_final(d.hash, out, err);
}
