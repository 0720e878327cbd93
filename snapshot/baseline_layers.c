/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/baseline.h>

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "snapshot/store.h"

static int damaged(struct sl_error *err, const char *what)
{
	return sl_fail(err, SL_EFORMAT, 0, "baseline database: damaged row (%s)", what);
}

/* ---- layers of an image ---- */

/* A layer that is gone leaves NULLs, which are no digests. */
static const char layers_sql[] =
	"SELECT l.id, il.position, l.chain_id, l.diff_id, l.tree_digest, l.trust, l.entries, "
	"l.bytes, (SELECT count(DISTINCT o.image) FROM image_layer o WHERE o.layer=l.id), "
	"l.proven_at, l.checked_at IS NOT NULL, l.checked_at, l.checked_at_ns, g.key, "
	"g.imported_at, g.imported_at_ns FROM image_layer il LEFT JOIN layer l ON l.id=il.layer "
	"LEFT JOIN layer_signer g ON g.layer=l.id WHERE il.image=?1 ORDER BY il.position";

/* Nothing is signed by nobody. */
static int read_signer(struct db_stmt *s, struct sl_layer_info *out)
{
	int64_t ns = db_column_i64(s, 15);

	if (out->trust != SL_TRUST_SIGNED)
		return 0;
	if (ns < 0 || ns > 999999999)
		return -SL_EFORMAT;
	out->signed_at = (struct sl_time){.sec = db_column_i64(s, 14), .nsec = (uint32_t)ns};
	return store_read_digest(out->signer, s, 13);
}

static int read_layer(struct db_stmt *s, size_t position, struct sl_layer_info *out)
{
	int64_t trust = db_column_i64(s, 5), ns = db_column_i64(s, 12);

	*out = (struct sl_layer_info){
		.trust = (enum sl_trust)trust,
		.entries = (uint64_t)db_column_i64(s, 6),
		.bytes = (uint64_t)db_column_i64(s, 7),
		.images = (size_t)db_column_i64(s, 8),
		.proven_at = {.sec = db_column_i64(s, 9)},
		.has_checked_at = db_column_i64(s, 10) != 0,
		.checked_at = {.sec = db_column_i64(s, 11), .nsec = (uint32_t)ns},
	};
	if (db_column_i64(s, 1) != (int64_t)position || ns < 0 || ns > 999999999 ||
	    trust < SL_TRUST_PROVEN || trust > SL_TRUST_ON_DISK ||
	    store_read_digest(out->chain_id, s, 2) < 0 ||
	    store_read_digest(out->diff_id, s, 3) < 0 ||
	    store_read_digest(out->tree_digest, s, 4) < 0)
		return -SL_EFORMAT;
	return read_signer(s, out);
}

int store_layers(struct sl_baselines *b, int64_t image,
		 int (*each)(void *payload, int64_t id, const struct sl_layer_info *info),
		 void *payload, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db, layers_sql, err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, image);
	for (size_t position = 0;; position++) {
		struct sl_layer_info info;

		rc = db_step(s, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		if (read_layer(s, position, &info) < 0)
			return sl_fail(
				err, SL_EFORMAT, 0,
				"baseline database: layer %zu of the image is missing or damaged",
				position + 1);
		rc = each(payload, db_column_i64(s, 0), &info);
		if (rc != 0)
			return rc;
	}
}

struct forward {
	int (*each)(void *payload, const struct sl_layer_info *info);
	void *payload;
};

static int forward_layer(void *payload, int64_t id, const struct sl_layer_info *info)
{
	struct forward *f = payload;

	(void)id;
	return f->each(f->payload, info);
}

int sl_baselines_layers(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			int (*each)(void *payload, const struct sl_layer_info *info), void *payload,
			struct sl_error *err)
{
	struct forward f = {each, payload};
	int64_t image;
	int rc = store_find_image(b, config_digest, &image, err);

	return rc != 0 ? rc : store_layers(b, image, forward_layer, &f, err);
}

/* ---- who signed for a layer ---- */

int store_sign(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
	       const uint8_t key[SL_SHA256_SIZE], struct sl_time when, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db,
			    "INSERT OR REPLACE INTO layer_signer SELECT id, ?2, ?3, ?4 FROM layer "
			    "WHERE chain_id=?1 AND trust=?5",
			    err);

	if (rc < 0)
		return rc;
	db_bind_blob(s, 1, chain_id, SL_SHA256_SIZE);
	db_bind_blob(s, 2, key, SL_SHA256_SIZE);
	db_bind_i64(s, 3, when.sec);
	db_bind_i64(s, 4, when.nsec);
	db_bind_i64(s, 5, SL_TRUST_SIGNED);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

int store_unsign(struct sl_baselines *b, int64_t layer, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db, "DELETE FROM layer_signer WHERE layer=?1", err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, layer);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

/* ---- an image with its layers ---- */

struct reading {
	struct sl_image *image;
	struct sl_error *err;
};

static int add_layer(void *payload, int64_t id, const struct sl_layer_info *info)
{
	struct reading *r = payload;
	struct sl_layer layer = SL_LAYER_INIT;

	(void)id;
	layer.has_diff_id = true;
	memcpy(layer.diff_id, info->diff_id, SL_SHA256_SIZE);
	memcpy(layer.chain_id, info->chain_id, SL_SHA256_SIZE);
	if (info->trust > r->image->trust)
		r->image->trust = info->trust;
	return sl_image_add_layer(r->image, &layer, r->err);
}

static int copy_blob(char **out, size_t *size, struct db_stmt *s, int column, struct sl_error *err)
{
	const void *bytes = db_column_blob(s, column, size);

	*out = malloc(*size + 1);
	if (*out == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "stored image");
	if (*size > 0)
		memcpy(*out, bytes, *size);
	(*out)[*size] = '\0';
	return 0;
}

static int read_columns(struct sl_image *image, struct db_stmt *s, struct sl_error *err)
{
	int rc = 0;

	if (store_read_digest(image->config_digest, s, 1) < 0)
		return damaged(err, "image");
	image->has_manifest_digest = !db_column_is_null(s, 2);
	if (image->has_manifest_digest && store_read_digest(image->manifest_digest, s, 2) < 0)
		return damaged(err, "image");
	rc = copy_blob(&image->config, &image->config_size, s, 3, err);
	if (rc == 0 && !db_column_is_null(s, 4))
		rc = copy_blob(&image->manifest, &image->manifest_size, s, 4, err);
	return rc;
}

int store_read_image(struct sl_baselines *b, int64_t image, struct sl_image **out,
		     struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	struct reading r = {.err = err};
	int rc = db_prepare(&s, b->db,
			    "SELECT name, config_digest, manifest_digest, config, manifest FROM "
			    "image WHERE id=?1",
			    err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, image);
	rc = db_step(s, err);
	if (rc == 1)
		return sl_fail(err, SL_ENOTFOUND, 0, "an image was removed meanwhile");
	if (rc == 0 && db_column_is_null(s, 0))
		return damaged(err, "image");
	if (rc == 0)
		rc = sl_image_new(&r.image, db_column_text(s, 0), err);
	if (rc == 0)
		rc = read_columns(r.image, s, err);
	if (rc == 0)
		rc = store_layers(b, image, add_layer, &r, err);
	if (rc < 0) {
		sl_image_free(r.image);
		return rc;
	}
	*out = r.image;
	return 0;
}
