/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dump.h"

#include <inttypes.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/halt.h"
#include "snapshot/dumpline.h"
#include "snapshot/store.h"
#include "snapshot/treedigest.h"

/* Lines are written in pieces of about this size. */
#define PIECE ((size_t)32 << 10)

/* Takes lines. */
struct line_tap {
	struct sl_tap tap;
	struct ostream *out;
	const volatile int *stop; /* borrowed, or NULL */
};

static int put(struct ostream *out, struct buf *text, struct sl_error *err)
{
	int rc = text->status < 0 ? sl_fail(err, SL_ENOMEM, 0, "dump")
				  : ostream_write(out, text->data, text->len, err);

	buf_reset(text);
	return rc;
}

static int put_lines(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	const struct line_tap *t = container_of(tap, struct line_tap, tap);
	int rc = halted(t->stop, err);

	return rc < 0 ? rc : ostream_write(t->out, bytes, len, err);
}

static void add_digest(struct buf *text, const char *before, const uint8_t digest[SL_SHA256_SIZE])
{
	char digits[DIGEST_TEXT_SIZE];

	digest_format(digits, digest);
	(void)buf_printf(text, "%s%s", before, digits);
}

int dump_put_image(struct ostream *out, const struct sl_image *image, struct sl_error *err)
{
	struct buf text CLEANUP(buf_clear) = BUF_INIT(2 * DUMP_MAX_CONFIG);

	add_digest(&text, "#image ", image->config_digest);
	(void)buf_append_str(&text, "\n#config ");
	(void)base64_encode(&text, image->config, image->config_size);
	(void)buf_append_char(&text, '\n');
	return put(out, &text, err);
}

int dump_put_layer(struct sl_baselines *b, int64_t id, const struct sl_layer_info *info,
		   struct ostream *out, struct sl_error *err)
{
	struct buf text CLEANUP(buf_clear) = BUF_INIT(4096);
	struct line_tap lines = {.tap.data = put_lines, .out = out, .stop = b->stop};
	uint8_t found[SL_SHA256_SIZE];
	int rc;

	add_digest(&text, "#layer ", info->chain_id);
	add_digest(&text, " diff=", info->diff_id);
	add_digest(&text, " tree=", info->tree_digest);
	(void)buf_printf(&text, " entries=%" PRIu64 " bytes=%" PRIu64 "\n", info->entries,
			 info->bytes);
	rc = put(out, &text, err);
	if (rc == 0)
		rc = treedigest_rows(b->db, (struct row_at){.layer = id}, &lines.tap, found, NULL,
				     err);
	if (rc == 0 && memcmp(found, info->tree_digest, sizeof(found)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "the rows of a layer do not hash to its stored tree digest: see "
			     "'strandline images verify'");
	return rc;
}

struct dump {
	struct sl_baselines *b;
	struct ostream *out;
	struct sl_error *err;
};

static int put_layer(void *payload, int64_t id, const struct sl_layer_info *info)
{
	struct dump *d = payload;

	return dump_put_layer(d->b, id, info, d->out, d->err);
}

static int put_image(struct dump *d, const uint8_t config_digest[SL_SHA256_SIZE])
{
	static const char header[] = "#strandline baseline 1\n";
	struct sl_image *image = NULL;
	int64_t id = 0;
	int rc = store_find_image(d->b, config_digest, &id, d->err);

	if (rc == 0)
		rc = store_read_image(d->b, id, &image, d->err);
	if (rc == 0)
		rc = ostream_write(d->out, header, sizeof(header) - 1, d->err);
	if (rc == 0)
		rc = dump_put_image(d->out, image, d->err);
	sl_image_free(image);
	if (rc == 0)
		rc = store_layers(d->b, id, put_layer, d, d->err);
	return rc == 0 ? ostream_write(d->out, "#end\n", 5, d->err) : rc;
}

int dump_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
	       struct ostream *out, struct sl_error *err)
{
	struct dump d = {.b = b, .out = out, .err = err};
	int rc = db_exec(b->db, "BEGIN", err); /* all of it shows the same moment */

	if (rc == 0)
		rc = put_image(&d, config_digest);
	db_rollback(b->db);
	return rc;
}

static int put_entries(struct ostream *out, struct sl_source *src, const volatile int *stop,
		       struct sl_error *err)
{
	struct buf lines CLEANUP(buf_clear) = BUF_INIT(PIECE + DUMPLINE_MAX);
	const struct sl_entry *e;
	int rc;

	while ((rc = sl_source_next(src, &e, err)) == 0) {
		struct row row = {.entry = *e};

		rc = halted(stop, err);
		if (rc == 0)
			rc = dumpline_format(&lines, &row, err);
		if (rc == 0 && lines.len >= PIECE)
			rc = put(out, &lines, err);
		if (rc < 0)
			return rc;
	}
	return rc == 1 ? put(out, &lines, err) : rc;
}

int dump_view(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
	      struct ostream *out, struct sl_error *err)
{
	struct buf text CLEANUP(buf_clear) = BUF_INIT(4096);
	struct sl_source *src = NULL;
	int rc = sl_baselines_view(b, config_digest, NULL, 0, &src, err);

	add_digest(&text, "#strandline view 1\n#image ", config_digest);
	(void)buf_append_char(&text, '\n');
	if (rc == 0)
		rc = put(out, &text, err);
	if (rc == 0)
		rc = put_entries(out, src, b->stop, err);
	sl_source_close(src);
	return rc == 0 ? ostream_write(out, "#end\n", 5, err) : rc;
}
