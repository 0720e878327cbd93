/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/lines.h"
#include "snapshot/dump.h"
#include "snapshot/dumpline.h"
#include "snapshot/layerread.h"
#include "snapshot/proof.h"
#include "snapshot/publish.h"
#include "snapshot/store.h"

struct load {
	struct sl_baselines *b;
	struct lines lines;
	struct sl_bytes line; /* read last, not used yet */
	struct dumpline parsed;
	struct rows *rows;
	struct sha256 *hash;
	struct sl_image *image;
	struct publish_layer *layers; /* one each of the image's */
	struct buf dir;  /* the directory row met last: every row's parent is it or above it */
	struct buf path; /* of the row before */
	struct sl_index_result result;
};

static void load_clear(struct load *l)
{
	lines_clear(&l->lines);
	dumpline_clear(&l->parsed);
	rows_free(l->rows);
	sha256_free(l->hash);
	sl_image_free(l->image);
	free(l->layers);
	buf_clear(&l->dir);
	buf_clear(&l->path);
}

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", what);
}

static int next_line(struct load *l, struct sl_error *err)
{
	int rc = lines_next(&l->lines, &l->line, err);

	return rc == 1 ? bad("the dump is cut off: it has no '#end'", err) : rc;
}

/* ---- words of the lines that start with '#' ---- */

/* Cut @text off the front of the line. */
static bool take_text(struct sl_bytes *line, const char *text)
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

	if (!take_text(line, before) || line->len < len || digest_parse(out, line->data, len) < 0)
		return false;
	*line = (struct sl_bytes){line->data + len, line->len - len};
	return true;
}

static bool take_number(struct sl_bytes *line, const char *before, uint64_t *out)
{
	size_t digits = 0;

	*out = 0;
	if (!take_text(line, before))
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

static int read_config(struct load *l, struct sl_error *err)
{
	struct buf text CLEANUP(buf_clear) = BUF_INIT(DUMP_MAX_CONFIG);
	int rc = next_line(l, err);

	if (rc < 0)
		return rc;
	if (!take_text(&l->line, "#config "))
		return bad("this is not the line '#config'", err);
	rc = base64_decode(&text, l->line.data, l->line.len);
	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "a configuration of more than %zu bytes",
			       text.max);
	if (rc < 0)
		return bad("the configuration is not base64", err);
	l->image->config_size = text.len;
	l->image->config = buf_take(&text);
	return l->image->config == NULL ? sl_fail(err, SL_ENOMEM, 0, "configuration") : 0;
}

static int read_header(struct load *l, struct sl_error *err)
{
	uint64_t version;
	int rc = lines_next(&l->lines, &l->line, err);

	if (rc == 1 || (rc == 0 && !take_text(&l->line, "#strandline ")))
		return bad("this is no dump of a baseline", err);
	if (rc == 0 && take_text(&l->line, "view "))
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "a merged view does not say which layer holds what: only a dump "
			       "without --merged can be loaded");
	if (rc == 0 && (!take_number(&l->line, "baseline ", &version) || l->line.len > 0))
		return bad("this is no dump of a baseline", err);
	if (rc == 0 && version != 1)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "a dump in the form of a later version");
	if (rc == 0)
		rc = next_line(l, err);
	if (rc == 0 &&
	    (!take_digest(&l->line, "#image ", l->image->config_digest) || l->line.len > 0))
		return bad("this is not the line '#image'", err);
	return rc == 0 ? read_config(l, err) : rc;
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
static int check_place(struct load *l, const struct row *row, bool is_first, struct sl_error *err)
{
	struct sl_bytes path = row->entry.path;
	struct sl_bytes before = {l->path.data, l->path.len}, dir = {l->dir.data, l->dir.len};
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

static int load_row(struct load *l, size_t layer, bool is_first, struct sl_error *err)
{
	struct row row;
	int rc = dumpline_parse(&l->parsed, l->line.data, l->line.len, &row, err);

	if (rc == 0 && !is_possible(&row.entry))
		rc = bad("an entry of contradictory kind", err);
	if (rc == 0)
		rc = check_place(l, &row, is_first, err);
	if (rc == 0)
		rc = remember(&l->path, row.entry.path, err);
	if (rc == 0 && S_ISDIR(row.entry.mode))
		rc = remember(&l->dir, row.entry.path, err);
	if (rc < 0)
		return rc;
	sha256_update(l->hash, l->line.data, l->line.len);
	sha256_update(l->hash, "\n", 1);
	if (l->layers[layer].is_known)
		return 0;
	return rows_put(l->rows, (int64_t)layer + 1, row.entry.path, &row.entry, row.hides, err);
}

/* ---- layers ---- */

/* A layer that is stored stays as it is: the dump has to agree. */
static int find_stored(struct load *l, const uint8_t chain_id[SL_SHA256_SIZE],
		       const uint8_t tree[SL_SHA256_SIZE], bool *is_known, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	uint8_t stored[SL_SHA256_SIZE];
	int rc = db_prepare(&s, l->b->db, "SELECT tree_digest FROM layer WHERE chain_id=?1", err);

	if (rc == 0) {
		db_bind_blob(s, 1, chain_id, SL_SHA256_SIZE);
		rc = db_step(s, err);
	}
	*is_known = rc == 0;
	if (rc == 0 &&
	    (store_read_digest(stored, s, 0) < 0 || memcmp(stored, tree, sizeof(stored)) != 0))
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "the dump contradicts what is stored of this layer");
	db_finalize(s);
	return rc < 0 ? rc : 0;
}

/* Room for the layer that was just added to the image. */
static int add_layer(struct load *l, struct sl_layer *layer, struct sl_error *err)
{
	struct publish_layer *more;
	int rc = sl_image_add_layer(l->image, layer, err);

	if (rc < 0)
		return rc;
	more = realloc(l->layers, l->image->layer_count * sizeof(*more));
	if (more == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "dump");
	l->layers = more;
	l->layers[l->image->layer_count - 1] =
		(struct publish_layer){.trust = SL_TRUST_RECORDED, .proven_at = clock_now()};
	return 0;
}

static int end_layer(struct load *l, const uint8_t tree[SL_SHA256_SIZE], struct sl_error *err)
{
	uint8_t found[SL_SHA256_SIZE];
	int rc = sha256_final(l->hash, found, err);

	if (rc == 0 && memcmp(found, tree, sizeof(found)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "the lines of layer %zu do not hash to its tree digest",
			     l->image->layer_count);
	return rc;
}

/* l->line is its header. Afterwards it is the line behind its rows. */
static int load_layer(struct load *l, struct sl_error *err)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	struct sl_layer layer = SL_LAYER_INIT;
	size_t index = l->image->layer_count;
	uint8_t tree[SL_SHA256_SIZE];
	uint64_t entries, bytes;
	int rc;

	layer.has_diff_id = true;
	if (!take_digest(&l->line, "#layer ", layer.chain_id) ||
	    !take_digest(&l->line, " diff=", layer.diff_id) ||
	    !take_digest(&l->line, " tree=", tree) ||
	    !take_number(&l->line, " entries=", &entries) ||
	    !take_number(&l->line, " bytes=", &bytes) || l->line.len > 0)
		return bad("this is neither the line '#layer' nor '#end'", err);
	if (entries == 0)
		return bad("a layer without its root", err);
	if (entries > limits.entries)
		return sl_fail(err, SL_ELIMIT, 0, "a layer of more than %" PRIu64 " entries",
			       limits.entries);
	rc = add_layer(l, &layer, err);
	if (rc == 0)
		rc = find_stored(l, l->image->layers[index].chain_id, tree,
				 &l->layers[index].is_known, err);
	if (rc < 0)
		return rc;
	l->layers[index].bytes = bytes;
	l->result.layers_known += l->layers[index].is_known;
	sha256_reset(l->hash);
	for (uint64_t n = 0; rc == 0 && n < entries; n++) {
		rc = next_line(l, err);
		if (rc == 0)
			rc = load_row(l, index, n == 0, err);
	}
	if (rc == 0)
		rc = end_layer(l, tree, err);
	return rc == 0 ? next_line(l, err) : rc;
}

/* Its layers are only told, whatever the image itself is: so it may be a recorded tree, too. */
static int check_identity(const struct load *l, struct sl_error *err)
{
	struct sl_image told = *l->image;
	bool manifest_verified;
	int rc;

	told.trust = SL_TRUST_RECORDED;
	rc = proof_of_identity(&told, &manifest_verified, err);
	/* a chain id that does not follow from its diff_ids: here, it is the file that says so */
	if (rc == -SL_EINVAL && err != NULL)
		err->code = SL_EUNTRUSTED;
	return rc == -SL_EINVAL ? -SL_EUNTRUSTED : rc;
}

static int read_all(struct load *l, struct sl_error *err)
{
	struct sl_bytes rest;
	int rc = read_header(l, err);

	if (rc == 0)
		rc = next_line(l, err);
	while (rc == 0 && !(l->line.len == 4 && memcmp(l->line.data, "#end", 4) == 0))
		rc = load_layer(l, err);
	if (rc == 0) {
		rc = lines_next(&l->lines, &rest, err);
		rc = rc == 0 ? bad("something follows '#end'", err) : rc;
	}
	if (rc < 0)
		return sl_wrap(err, rc, "line %" PRIu64, l->lines.number);
	return check_identity(l, err);
}

static int take_name(struct load *l, const char *name, struct sl_error *err)
{
	struct sl_baseline_info info;
	char id[DIGEST_TEXT_SIZE];
	int rc = 1;

	if (name == NULL)
		rc = sl_baselines_find(l->b, l->image->config_digest, &info, err);
	if (rc < 0)
		return rc;
	digest_format(id, l->image->config_digest);
	if (name == NULL)
		name = rc == 0 ? info.name : id;
	free(l->image->reference);
	l->image->reference = strdup(name);
	return l->image->reference == NULL ? sl_fail(err, SL_ENOMEM, 0, "name of an image") : 0;
}

static int stage(struct load *l, struct sl_error *err)
{
	int rc = db_exec(l->b->db, "BEGIN; DELETE FROM temp.staged", err);

	if (rc == 0)
		rc = read_all(l, err);
	if (rc == 0)
		rc = db_commit(l->b->db, err);
	if (rc < 0)
		db_rollback(l->b->db);
	return rc;
}

static int run(struct load *l, const char *name, struct sl_error *err)
{
	int rc = db_writable(l->b->db, err);

	if (rc == 0)
		rc = sl_image_new(&l->image, "", err);
	if (rc == 0)
		rc = sha256_new(&l->hash, err);
	if (rc == 0)
		rc = rows_new(&l->rows, l->b->db, err);
	if (rc == 0)
		rc = stage(l, err);
	if (rc == 0)
		rc = take_name(l, name, err);
	if (rc != 0)
		return rc;
	/* prepared statements that still stand on rows would hold on to an older view */
	rows_free(l->rows);
	l->rows = NULL;
	l->result.layers = l->image->layer_count;
	return publish_image(l->b, l->image, l->layers, false, &l->result, err);
}

int dump_load(struct sl_baselines *b, struct istream *in, const char *name,
	      uint8_t config_digest[SL_SHA256_SIZE], struct sl_index_result *out,
	      struct sl_error *err)
{
	struct load l CLEANUP(load_clear) = {
		.b = b,
		.lines = LINES_INIT(in, DUMPLINE_MAX),
		.parsed = DUMPLINE_INIT,
		.dir = BUF_INIT(1 << 24),
		.path = BUF_INIT(1 << 24),
	};
	int rc = run(&l, name, err);

	(void)db_exec(b->db, "DROP TABLE IF EXISTS temp.staged", NULL);
	if (rc != 0)
		return sl_wrap(err, rc, "dump");
	memcpy(config_digest, l.image->config_digest, SL_SHA256_SIZE);
	*out = l.result;
	return 0;
}
