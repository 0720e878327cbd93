/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/smalllayer.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "snapshot/recording.h"

#define MAX_ROWS 16
#define NUMBER(n) #n
#define TEXT(n) NUMBER(n)

struct small_layer {
	struct sl_source source;
	struct recording *rows;
	struct sl_source *replay;
};

static struct small_layer *layer_of(struct sl_source *src)
{
	return container_of(src, struct small_layer, source);
}

static int small_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	return sl_source_next(layer_of(src)->replay, out, err);
}

static int small_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	return sl_source_seek(layer_of(src)->replay, path, err);
}

static int small_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	return sl_source_open(layer_of(src)->replay, out, err);
}

static void small_close(struct sl_source *src)
{
	struct small_layer *s = layer_of(src);

	sl_source_close(s->replay);
	recording_free(s->rows);
	free(s);
}

/* 0, or 1 when there are more than may be kept. */
static int keep_rows(struct sl_baselines *b, int64_t layer, struct recording *rows,
		     struct sl_error *err)
{
	struct row_reader reader CLEANUP(row_reader_clear) = ROW_READER_INIT;
	struct row row;
	int rc = 0, count = 0;

	db_bind_i64(b->first_rows, 1, layer);
	while (rc == 0 && (rc = db_step(b->first_rows, err)) == 0 && count++ < MAX_ROWS) {
		rc = row_reader_read(&reader, b->first_rows, &row, err);
		if (rc == 0)
			rc = recording_add(rows, &row.entry, 0, err);
	}
	db_reset(b->first_rows);
	if (rc < 0)
		return rc;
	if (count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "a baseline layer was removed meanwhile");
	return rc == 0;
}

static int prepare(struct sl_baselines *b, struct sl_error *err)
{
	if (b->first_rows != NULL)
		return 0;
	return db_prepare(&b->first_rows, b->db,
			  "SELECT " ROW_COLUMNS
			  " FROM entry WHERE layer=?1 ORDER BY path LIMIT " TEXT(MAX_ROWS) "+1",
			  err);
}

int smalllayer_open(struct sl_baselines *b, int64_t layer, struct sl_source **out,
		    struct sl_error *err)
{
	static const struct sl_source_ops ops = {
		.next = small_next, .seek = small_seek, .open = small_open, .close = small_close};
	struct small_layer *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "baseline layer");
	s->source.ops = &ops;
	rc = recording_new(&s->rows, err);
	if (rc == 0)
		rc = prepare(b, err);
	if (rc == 0)
		rc = keep_rows(b, layer, s->rows, err);
	if (rc == 0)
		rc = recording_open(&s->replay, s->rows, err);
	if (rc != 0) {
		small_close(&s->source);
		return rc;
	}
	*out = &s->source;
	return 0;
}
