/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dumpread.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/baseline.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/halt.h"
#include "snapshot/dump.h"

int dumpread_init(struct dumpread *r, struct db *db, struct istream *in, const volatile int *stop,
		  struct sl_error *err)
{
	int rc;

	*r = (struct dumpread){
		.lines = LINES_INIT(in, DUMPLINE_MAX),
		.parsed = DUMPLINE_INIT,
		.dir = BUF_INIT(1 << 24),
		.path = BUF_INIT(1 << 24),
		.stop = stop,
	};
	rc = sha256_new(&r->hash, err);
	return rc == 0 ? rows_new(&r->rows, db, err) : rc;
}

void dumpread_rows_end(struct dumpread *r)
{
	rows_free(r->rows);
	r->rows = NULL;
}

void dumpread_clear(struct dumpread *r)
{
	lines_clear(&r->lines);
	dumpline_clear(&r->parsed);
	rows_free(r->rows);
	sha256_free(r->hash);
	buf_clear(&r->dir);
	buf_clear(&r->path);
}

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", what);
}

int dumpread_next(struct dumpread *r, struct sl_error *err)
{
	int rc = halted(r->stop, err);

	if (rc == 0)
		rc = lines_next(&r->lines, &r->line, err);
	return rc == 1 ? bad("it is cut off: it has no '#end'", err) : rc;
}

bool dumpread_is(const struct dumpread *r, const char *line)
{
	return r->line.len == strlen(line) && memcmp(r->line.data, line, r->line.len) == 0;
}

/* ---- words of the lines that start with '#' ---- */

bool dumpread_text(struct sl_bytes *line, const char *text)
{
	size_t len = strlen(text);

	if (line->len < len || memcmp(line->data, text, len) != 0)
		return false;
	*line = (struct sl_bytes){line->data + len, line->len - len};
	return true;
}

static bool take_digest(struct sl_bytes *line, const char *before, uint8_t out[SL_SHA256_SIZE])
{
	const size_t len = DIGEST_TEXT_SIZE - 1;

	if (!dumpread_text(line, before) || line->len < len ||
	    digest_parse(out, line->data, len) < 0)
		return false;
	*line = (struct sl_bytes){line->data + len, line->len - len};
	return true;
}

bool dumpread_number(struct sl_bytes *line, const char *before, uint64_t *out)
{
	size_t digits = 0;

	*out = 0;
	if (!dumpread_text(line, before))
		return false;
	while (digits < line->len && line->data[digits] >= '0' && line->data[digits] <= '9' &&
	       digits < 18) {
		*out = *out * 10 + (uint64_t)(line->data[digits] - '0');
		digits++;
	}
	/* one spelling a number, or a dump would not come back as it was */
	if (digits == 0 || (digits > 1 && line->data[0] == '0'))
		return false;
	*line = (struct sl_bytes){line->data + digits, line->len - digits};
	return true;
}

static int read_config(struct dumpread *r, struct sl_image *image, struct sl_error *err)
{
	struct buf text CLEANUP(buf_clear) = BUF_INIT(DUMP_MAX_CONFIG);
	int rc = dumpread_next(r, err);

	if (rc < 0)
		return rc;
	if (!dumpread_text(&r->line, "#config "))
		return bad("this is not the line '#config'", err);
	rc = base64_decode(&text, r->line.data, r->line.len);
	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "a configuration of more than %zu bytes",
			       text.max);
	if (rc < 0)
		return bad("the configuration is not base64", err);
	image->config_size = text.len;
	image->config = buf_take(&text);
	return image->config == NULL ? sl_fail(err, SL_ENOMEM, 0, "configuration") : 0;
}

int dumpread_image(struct dumpread *r, struct sl_image *image, struct sl_error *err)
{
	if (!take_digest(&r->line, "#image ", image->config_digest) || r->line.len > 0)
		return bad("this is not the line '#image'", err);
	return read_config(r, image, err);
}

/* ---- rows ---- */

/* What no tar, and so no row of ours, can say. */
static bool is_possible(const struct sl_entry *e)
{
	bool is_device = S_ISCHR(e->mode) || S_ISBLK(e->mode);

	return S_ISLNK(e->mode) == (e->target.data != NULL) &&
	       (S_ISREG(e->mode) ||
		(e->size == 0 && (e->fields & (SL_ENTRY_SHA256 | SL_ENTRY_XXH3)) == 0)) &&
	       (is_device || (e->rdev_major == 0 && e->rdev_minor == 0));
}

/* Canonical order, the root first, and directories above everything. */
static int check_place(struct dumpread *r, const struct row *row, bool is_first,
		       struct sl_error *err)
{
	struct sl_bytes path = row->entry.path;
	struct sl_bytes before = {r->path.data, r->path.len}, dir = {r->dir.data, r->dir.len};
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
	struct sl_bytes parent = {path.data, slash != NULL ? (size_t)(slash - path.data) : 0};

	if (is_first)
		return path.len == 0 && S_ISDIR(row->entry.mode)
			       ? 0
			       : bad("a layer starts with its root, a directory", err);
	if (sl_path_compare(before, path) >= 0)
		return bad("the entry is out of order", err);
	/* the directory met last lies in the parent:
	 * NOLINTNEXTLINE(readability-suspicious-call-argument) */
	if (!sl_path_within(dir, parent))
		return bad("the entry lies in no directory of its layer", err);
	return 0;
}

static int remember(struct buf *at, struct sl_bytes path, struct sl_error *err)
{
	buf_reset(at);
	return buf_append(at, path.data, path.len) < 0 ? sl_fail(err, SL_ENOMEM, 0, "dump") : 0;
}

static int read_row(struct dumpread *r, int64_t staged, bool is_first, struct sl_error *err)
{
	struct row row;
	int rc = dumpline_parse(&r->parsed, r->line.data, r->line.len, &row, err);

	if (rc == 0 && !is_possible(&row.entry))
		rc = bad("an entry of contradictory kind", err);
	if (rc == 0)
		rc = check_place(r, &row, is_first, err);
	if (rc == 0)
		rc = remember(&r->path, row.entry.path, err);
	if (rc == 0 && S_ISDIR(row.entry.mode))
		rc = remember(&r->dir, row.entry.path, err);
	if (rc < 0)
		return rc;
	sha256_update(r->hash, r->line.data, r->line.len);
	sha256_update(r->hash, "\n", 1);
	return staged == 0 ? 0
			   : rows_put(r->rows, staged, row.entry.path, &row.entry, row.hides, err);
}

/* ---- layers ---- */

int dumpread_head(const struct dumpread *r, struct dumpread_layer *out, struct sl_error *err)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	struct sl_bytes line = r->line;

	if (!take_digest(&line, "#layer ", out->chain_id) ||
	    !take_digest(&line, " diff=", out->diff_id) ||
	    !take_digest(&line, " tree=", out->tree) ||
	    !dumpread_number(&line, " entries=", &out->entries) ||
	    !dumpread_number(&line, " bytes=", &out->bytes) || line.len > 0)
		return bad("this is neither the line '#layer' nor '#end'", err);
	if (out->entries == 0)
		return bad("a layer without its root", err);
	if (out->entries > limits.entries)
		return sl_fail(err, SL_ELIMIT, 0, "a layer of more than %" PRIu64 " entries",
			       limits.entries);
	return 0;
}

int dumpread_rows(struct dumpread *r, const struct dumpread_layer *layer, int64_t staged,
		  struct sl_error *err)
{
	uint8_t found[SL_SHA256_SIZE];
	int rc = 0;

	sha256_reset(r->hash);
	for (uint64_t n = 0; rc == 0 && n < layer->entries; n++) {
		rc = dumpread_next(r, err);
		if (rc == 0)
			rc = read_row(r, staged, n == 0, err);
	}
	if (rc == 0)
		rc = sha256_final(r->hash, found, err);
	if (rc == 0 && memcmp(found, layer->tree, sizeof(found)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "the lines of this layer do not hash to its tree digest");
	return rc == 0 ? dumpread_next(r, err) : rc;
}
