/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/baseline.h>

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "snapshot/smalllayer.h"

/* A seek this many rows ahead is reached by stepping: cheaper than going down the tree again. */
#define SEEK_STEPS 64

struct layer_source {
	struct sl_source source;
	struct db_stmt *scan; /* rows of the layer from a path on */
	int64_t layer;
	struct row_reader reader;
	struct row row; /* where the scan stands */
	bool has_row;   /* row is valid */
	bool is_due;    /* row was reached by seek and not returned yet */
	bool at_end;
	struct buf from; /* key the scan started at */
	int status;      /* a failure sticks */
};

/* Step the scan to its next row. 0, 1 at the end, negative. */
static int advance(struct layer_source *s, struct sl_error *err)
{
	int rc;

	s->has_row = s->is_due = false;
	if (s->at_end)
		return 1;
	rc = db_step(s->scan, err);
	if (rc == 0)
		rc = row_reader_read(&s->reader, s->scan, &s->row, err);
	s->has_row = rc == 0;
	s->at_end = rc == 1;
	if (rc < 0)
		s->status = rc;
	return rc;
}

static int layer_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct layer_source *s = container_of(src, struct layer_source, source);

	if (s->status < 0)
		return sl_fail(err, SL_EINVAL, 0, "a baseline layer that has failed before");
	if (!s->is_due) {
		int rc = advance(s, err);

		if (rc != 0)
			return rc;
	}
	s->is_due = false;
	*out = &s->row.entry;
	return 0;
}

static int restart(struct layer_source *s, struct sl_bytes path, struct sl_error *err)
{
	db_reset(s->scan);
	s->at_end = s->has_row = s->is_due = false;
	if (row_key(&s->from, path) < 0)
		return s->status = sl_fail(err, SL_ENOMEM, 0, "baseline layer");
	db_bind_i64(s->scan, 1, s->layer);
	db_bind_blob(s->scan, 2, s->from.data, s->from.len);
	return 0;
}

static int layer_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct layer_source *s = container_of(src, struct layer_source, source);

	if (s->status < 0)
		return sl_fail(err, SL_EINVAL, 0, "a baseline layer that has failed before");
	if (!s->has_row || sl_path_compare(s->row.entry.path, path) > 0)
		return restart(s, path, err);
	for (int steps = 0; steps < SEEK_STEPS; steps++) {
		int rc;

		if (sl_path_compare(s->row.entry.path, path) >= 0) {
			s->is_due = true;
			return 0;
		}
		rc = advance(s, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return restart(s, path, err);
}

static int layer_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	(void)src;
	(void)out;
	(void)err;
	return 1;
}

static const struct sl_gap *layer_gap(struct sl_source *src)
{
	(void)src;
	return NULL;
}

static void layer_close(struct sl_source *src)
{
	struct layer_source *s = container_of(src, struct layer_source, source);

	db_finalize(s->scan);
	row_reader_clear(&s->reader);
	buf_clear(&s->from);
	free(s);
}

static int open_rows(struct sl_baselines *b, const char *scan, int64_t layer,
		     struct sl_source **out, struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = layer_next,
						 .seek = layer_seek,
						 .open = layer_open,
						 .gap = layer_gap,
						 .close = layer_close};
	struct layer_source *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "baseline layer");
	s->source.ops = &ops;
	s->layer = layer;
	s->reader = ROW_READER_INIT;
	s->from = BUF_INIT(1 << 24);
	rc = db_prepare(&s->scan, b->db, scan, err);
	if (rc == 0)
		rc = restart(s, (struct sl_bytes){"", 0}, err);
	/* standing on the root, which every layer has, keeps this moment of the database in sight
	 */
	if (rc == 0)
		rc = advance(s, err);
	s->is_due = rc == 0;
	if (rc == 1)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "a baseline layer was removed meanwhile");
	if (rc < 0) {
		layer_close(&s->source);
		return rc;
	}
	*out = &s->source;
	return 0;
}

#define SCAN(table)                                                                                \
	"SELECT " ROW_COLUMNS " FROM " table " WHERE layer=?1 AND path>=?2 ORDER BY path"

int store_open_layer(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		     struct sl_error *err)
{
	int rc = smalllayer_open(b, layer, out, err);

	return rc == 1 ? open_rows(b, SCAN("entry"), layer, out, err) : rc;
}

int store_open_staged(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		      struct sl_error *err)
{
	return open_rows(b, SCAN("temp.staged"), layer, out, err);
}

int sl_baselines_layer(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
		       struct sl_source **out, struct sl_error *err)
{
	char text[DIGEST_TEXT_SIZE];
	int64_t layer;
	int rc = store_find_layer(b, chain_id, &layer, NULL, err);

	if (rc == 0)
		return store_open_layer(b, layer, out, err);
	digest_format(text, chain_id);
	return rc < 0 ? rc : sl_fail(err, SL_ENOTFOUND, 0, "no layer with chain id %s", text);
}
