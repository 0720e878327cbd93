/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/export.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/quote.h"
#include "snapshot/dump.h"
#include "snapshot/exportnote.h"
#include "snapshot/proof.h"
#include "snapshot/store.h"

struct export_layer {
	int64_t id;
	struct sl_layer_info info;
};

struct export
{
	struct ostream stream; /* hashes and counts what passes */
	struct ostream *out;
	struct sha256 *hash;
	struct sl_baselines *b;
	struct export_layer *layers;
	size_t layer_count, layer_cap;
	size_t config_bytes;
	struct export_result result;
	struct sl_error *err;
};

static void export_clear(struct export *e)
{
	sha256_free(e->hash);
	free(e->layers);
}

static int hash_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	struct export *e = container_of(s, struct export, stream);

	sha256_update(e->hash, bytes, len);
	e->result.bytes += len;
	return ostream_write(e->out, bytes, len, err);
}

static const struct ostream_ops hash_ops = {.write = hash_write};

/* ---- what belongs to the images ---- */

static int not_proven(const uint8_t id[SL_SHA256_SIZE], const struct sl_baseline_info *info,
		      struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(info->name, strlen(info->name));
	char text[DIGEST_TEXT_SIZE];

	digest_format(text, id);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "image '%s' (%s) is only %s: what is not proven here is not signed",
		       shown != NULL ? shown : "?", text, sl_trust_name(info->trust));
}

static int unknown(const uint8_t id[SL_SHA256_SIZE], struct sl_error *err)
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(text, id);
	return sl_fail(err, SL_ENOTFOUND, 0, "image %s is not indexed", text);
}

static int by_chain(const void *a, const void *b)
{
	const struct export_layer *x = a, *y = b;

	return memcmp(x->info.chain_id, y->info.chain_id, SL_SHA256_SIZE);
}

/* Sort, and keep each once. */
static int sort_layers(struct export *e, struct sl_error *err)
{
	size_t kept = 0;

	if (e->layer_count > 0)
		qsort(e->layers, e->layer_count, sizeof(*e->layers), by_chain);
	for (size_t i = 0; i < e->layer_count; i++)
		if (kept == 0 || by_chain(&e->layers[kept - 1], &e->layers[i]) != 0)
			e->layers[kept++] = e->layers[i];
	e->layer_count = kept;
	if (kept > EXPORT_MAX_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0,
			       "more than %d layers: split the images over several files",
			       EXPORT_MAX_LAYERS);
	return 0;
}

/* Images share most of their layers: room is made by sorting before it is asked for. */
static int collect_layer(void *payload, int64_t id, const struct sl_layer_info *info)
{
	struct export *e = payload;

	if (e->layer_count == e->layer_cap) {
		int rc = sort_layers(e, e->err);
		size_t cap = 2 * e->layer_count + 64;
		struct export_layer *more;

		if (rc < 0)
			return rc;
		more = realloc(e->layers, cap * sizeof(*more));
		if (more == NULL)
			return sl_fail(e->err, SL_ENOMEM, 0, "export");
		e->layers = more;
		e->layer_cap = cap;
	}
	e->layers[e->layer_count++] = (struct export_layer){id, *info};
	return 0;
}

/* ---- writing ---- */

static int put_config(struct export *e, int64_t row, struct sl_error *err)
{
	struct sl_image *image = NULL;
	bool manifest_verified;
	int rc = store_read_image(e->b, row, &image, err);

	if (rc == 0)
		rc = proof_of_identity(image, &manifest_verified, err);
	if (rc == 0 && image->config_size > EXPORT_MAX_CONFIGS - e->config_bytes)
		rc = sl_fail(err, SL_ELIMIT, 0,
			     "configurations of more than %zu bytes: split the images over several "
			     "files",
			     EXPORT_MAX_CONFIGS);
	if (rc == 0) {
		e->config_bytes += image->config_size;
		rc = dump_put_image(&e->stream, image, err);
	}
	sl_image_free(image);
	return rc;
}

static int put_image(struct export *e, const uint8_t id[SL_SHA256_SIZE], struct sl_error *err)
{
	struct sl_baseline_info info;
	int64_t row = 0;
	int rc = sl_baselines_find(e->b, id, &info, err);

	if (rc == 0)
		rc = store_find_image(e->b, id, &row, err);
	if (rc == 1)
		return unknown(id, err);
	if (rc == 0 && info.trust != SL_TRUST_PROVEN)
		return not_proven(id, &info, err);
	if (rc == 0)
		rc = put_config(e, row, err);
	if (rc == 0)
		rc = store_layers(e->b, row, collect_layer, e, err);
	e->result.images++;
	return rc;
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, SL_SHA256_SIZE);
}

/* @ids are sorted. */
static int put_all(struct export *e, const uint8_t (*ids)[SL_SHA256_SIZE], size_t count,
		   struct sl_error *err)
{
	static const char header[] = "#strandline baselines 1\n";
	int rc = ostream_write(&e->stream, header, sizeof(header) - 1, err);

	for (size_t i = 0; rc == 0 && i < count; i++)
		if (i == 0 || compare_ids(ids[i - 1], ids[i]) != 0)
			rc = put_image(e, ids[i], err);
	if (rc == 0)
		rc = sort_layers(e, err);
	for (size_t i = 0; rc == 0 && i < e->layer_count; i++) {
		rc = dump_put_layer(e->b, e->layers[i].id, &e->layers[i].info, &e->stream, err);
		e->result.entries += e->layers[i].info.entries;
	}
	e->result.layers = e->layer_count;
	return rc == 0 ? ostream_write(&e->stream, "#end\n", 5, err) : rc;
}

static int put_note(struct export *e, const struct sign_key *key, struct sl_error *err)
{
	struct buf note CLEANUP(buf_clear) = BUF_INIT(EXPORTNOTE_MAX);
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size = e->result.bytes;
	int rc = sha256_final(e->hash, digest, err);

	if (rc == 0)
		rc = exportnote_write(&note, size, digest, key, err);
	e->result.bytes += note.len;
	return rc == 0 ? ostream_write(e->out, note.data, note.len, err) : rc;
}

int export_images(struct sl_baselines *b, const uint8_t (*ids)[SL_SHA256_SIZE], size_t count,
		  const struct sign_key *key, struct ostream *out, struct export_result *result,
		  struct sl_error *err)
{
	struct export e CLEANUP(export_clear) = {
		.stream.ops = &hash_ops, .out = out, .b = b, .err = err};
	AUTO_FREE uint8_t(*sorted)[SL_SHA256_SIZE] = calloc(count + 1, sizeof(*sorted));
	int rc = sha256_new(&e.hash, err);

	if (rc < 0)
		return rc;
	if (sorted == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "export");
	if (count > EXPORT_MAX_IMAGES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d images", EXPORT_MAX_IMAGES);
	if (count > 0)
		memcpy(sorted, ids, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_ids);
	rc = db_exec(b->db, "BEGIN", err); /* all of it shows the same moment */
	if (rc == 0)
		rc = put_all(&e, (const uint8_t(*)[SL_SHA256_SIZE])sorted, count, err);
	db_rollback(b->db);
	if (rc == 0)
		rc = put_note(&e, key, err);
	*result = e.result;
	return rc;
}
