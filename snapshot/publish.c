/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/publish.h"

#include <string.h>

#include <strandline/check.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "snapshot/treedigest.h"

/* A statement that gives no rows, or one that nobody wants. */
static int finish(struct db_stmt *s, struct sl_error *err)
{
	int rc = db_step(s, err);

	return rc < 0 ? rc : 0;
}

/* The rows of a chain that was stored with less trust: the proven ones take their place. */
static int remove_entries(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
			  struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(
		&s, b->db, "DELETE FROM entry WHERE layer=(SELECT id FROM layer WHERE chain_id=?1)",
		err);

	if (rc < 0)
		return rc;
	db_bind_blob(s, 1, chain_id, SL_SHA256_SIZE);
	return finish(s, err);
}

static const char upsert_layer[] =
	"INSERT INTO layer (chain_id, diff_id, entries, bytes, proven_at, trust, tree_digest) "
	"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (chain_id) DO UPDATE SET "
	"entries=excluded.entries, bytes=excluded.bytes, proven_at=excluded.proven_at, "
	"trust=excluded.trust, tree_digest=excluded.tree_digest RETURNING id";

static int put_layer(struct sl_baselines *b, const struct sl_layer *layer,
		     const struct publish_layer *p, int64_t *id, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db, upsert_layer, err);

	if (rc < 0)
		return rc;
	db_bind_blob(s, 1, layer->chain_id, SL_SHA256_SIZE);
	db_bind_blob(s, 2, layer->diff_id, SL_SHA256_SIZE);
	db_bind_i64(s, 3, (int64_t)p->entries);
	db_bind_i64(s, 4, (int64_t)p->bytes);
	db_bind_i64(s, 5, p->proven_at.sec);
	db_bind_i64(s, 6, p->trust);
	db_bind_blob(s, 7, p->tree_digest, SL_SHA256_SIZE);
	rc = db_step(s, err);
	if (rc == 0) {
		*id = db_column_i64(s, 0);
		rc = finish(s, err); /* RETURNING: the statement ends with its last step */
	}
	return rc < 0 ? rc : store_unsign(b, *id, err);
}

/* In order of the key, so that the pages of the table fill up and stay full. */
static int insert_entries(struct sl_baselines *b, int64_t staged, int64_t id, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db,
			    "INSERT INTO entry SELECT ?1, " ROW_COLUMNS
			    " FROM temp.staged WHERE layer=?2 ORDER BY path",
			    err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, id);
	db_bind_i64(s, 2, staged);
	return finish(s, err);
}

/* When the proof contradicts what somebody signed for, somebody who was trusted was wrong. */
static int note_contradiction(struct sl_baselines *b, int64_t layer, const struct publish_layer *p,
			      struct sl_index_result *result, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db, "SELECT 1 FROM layer WHERE id=?1 AND tree_digest IS NOT ?2",
			    err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, layer);
	db_bind_blob(s, 2, p->tree_digest, SL_SHA256_SIZE);
	rc = db_step(s, err);
	result->layers_contradicted += rc == 0;
	return rc < 0 ? rc : 0;
}

/* The layer's tar came out of its directory, and the directory has nothing more. */
static int keep_check(struct sl_baselines *b, const struct sl_layer *layer,
		      const struct publish_layer *p, struct sl_error *err)
{
	const struct sl_layer_check check = {.at = p->proven_at,
					     .method = SL_CHECK_TAR_SPLIT,
					     .trust = SL_TRUST_PROVEN,
					     .verdict = SL_CHECK_INTACT};

	if (layer->dir_path == NULL)
		return sl_baselines_checked(b, layer->chain_id, p->proven_at, err);
	return sl_baselines_keep_check(b, layer->chain_id, layer->dir_path, &check, err);
}

static int publish_layer(struct sl_baselines *b, const struct sl_layer *layer,
			 const struct publish_layer *p, int64_t *id, struct sl_index_result *result,
			 struct sl_error *err)
{
	enum sl_trust stored = SL_TRUST_PROVEN;
	int rc = store_find_layer(b, layer->chain_id, id, &stored, err);

	if (rc == 1 && p->is_known)
		return sl_fail(err, SL_EIO, 0,
			       "a layer was removed from the store meanwhile; try again");
	if (rc == 1 || (rc == 0 && !p->is_known && stored + (p->replaces ? 1u : 0u) > p->trust)) {
		if (rc == 0 && stored == SL_TRUST_SIGNED)
			rc = note_contradiction(b, *id, p, result, err);
		if (rc == 0)
			rc = remove_entries(b, layer->chain_id, err);
		if (rc >= 0)
			rc = put_layer(b, layer, p, id, err);
		if (rc == 0)
			rc = insert_entries(b, p->staged, *id, err);
	}
	return rc == 0 && p->is_checked ? keep_check(b, layer, p, err) : rc;
}

/*
 * Seen again, an image takes its newest name; a proven manifest is not given up for a claim, nor an
 * anchor for a weaker one. (An anchor binds the configuration's digest, so it holds for good.)
 */
static const char upsert_image[] =
	"INSERT INTO image (config_digest, manifest_digest, manifest_verified, trust, name, "
	"platform, config, manifest, indexed_at, indexed_at_ns, anchor, signer, anchored_at, "
	"anchored_at_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?13, ?14, ?15, ?16) ON "
	"CONFLICT (config_digest) DO UPDATE SET name=excluded.name, "
	"trust=excluded.trust, "
	"indexed_at=CASE WHEN ?11 THEN excluded.indexed_at ELSE indexed_at END, "
	"indexed_at_ns=CASE WHEN ?11 THEN excluded.indexed_at_ns ELSE indexed_at_ns END, "
	"manifest_digest=CASE WHEN ?12 OR (manifest_verified=0 AND ?2 IS NOT NULL) THEN ?2 ELSE "
	"manifest_digest END, "
	"manifest=CASE WHEN ?12 THEN excluded.manifest ELSE manifest END, "
	"manifest_verified=max(manifest_verified, excluded.manifest_verified), "
	"signer=CASE WHEN excluded.anchor>=anchor THEN excluded.signer ELSE signer END, "
	"anchored_at=CASE WHEN excluded.anchor>=anchor THEN excluded.anchored_at ELSE anchored_at "
	"END, "
	"anchored_at_ns=CASE WHEN excluded.anchor>=anchor THEN excluded.anchored_at_ns ELSE "
	"anchored_at_ns END, "
	"anchor=max(anchor, excluded.anchor) "
	"RETURNING id, indexed_at, indexed_at_ns";

static void bind_anchor(struct db_stmt *s, const struct sl_image *image, struct sl_time now)
{
	bool is_anchored = image->anchor != SL_ANCHOR_HOST;

	db_bind_i64(s, 13, image->anchor);
	db_bind_text(s, 14, image->signer);
	if (is_anchored) {
		db_bind_i64(s, 15, now.sec);
		db_bind_i64(s, 16, now.nsec);
	} else {
		db_bind_null(s, 15);
		db_bind_null(s, 16);
	}
}

/* @is_new: a layer was read for it, so its time is now. */
static int put_image(struct sl_baselines *b, const struct sl_image *image, bool manifest_verified,
		     bool is_new, int64_t *id, struct sl_time *indexed_at, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	struct sl_time now = clock_now();
	int rc = db_prepare(&s, b->db, upsert_image, err);

	if (rc < 0)
		return rc;
	db_bind_blob(s, 1, image->config_digest, SL_SHA256_SIZE);
	db_bind_blob(s, 2, image->has_manifest_digest ? image->manifest_digest : NULL,
		     SL_SHA256_SIZE);
	db_bind_i64(s, 3, manifest_verified);
	db_bind_i64(s, 4, image->trust);
	db_bind_text(s, 5, image->reference != NULL ? image->reference : "");
	db_bind_text(s, 6, image->platform);
	db_bind_blob(s, 7, image->config, image->config_size);
	db_bind_blob(s, 8, manifest_verified ? image->manifest : NULL, image->manifest_size);
	db_bind_i64(s, 9, now.sec);
	db_bind_i64(s, 10, now.nsec);
	db_bind_i64(s, 11, is_new);
	db_bind_i64(s, 12, manifest_verified);
	bind_anchor(s, image, now);
	rc = db_step(s, err);
	if (rc == 0) {
		*id = db_column_i64(s, 0);
		*indexed_at = (struct sl_time){.sec = db_column_i64(s, 1),
					       .nsec = (uint32_t)db_column_i64(s, 2)};
		rc = finish(s, err); /* RETURNING: the statement ends with its last step */
	}
	return rc < 0 ? rc : 0;
}

/* Note what the name means from now on, and what it meant until now. */
static int name_points_to(struct sl_baselines *b, const struct sl_image *image,
			  struct sl_index_result *result, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc;

	if (image->reference == NULL)
		return 0;
	rc = sl_baselines_named(b, image->reference, result->previous, err);
	result->has_previous =
		rc == 0 && memcmp(result->previous, image->config_digest, SL_SHA256_SIZE) != 0;
	if (rc >= 0)
		rc = db_prepare(&s, b->db, "INSERT OR REPLACE INTO image_name VALUES (?1, ?2)",
				err);
	if (rc < 0)
		return rc;
	db_bind_text(s, 1, image->reference);
	db_bind_blob(s, 2, image->config_digest, SL_SHA256_SIZE);
	return finish(s, err);
}

static int put_position(struct sl_baselines *b, int64_t image, size_t position, int64_t layer,
			struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc =
		db_prepare(&s, b->db, "INSERT OR IGNORE INTO image_layer VALUES (?1, ?2, ?3)", err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, image);
	db_bind_i64(s, 2, (int64_t)position);
	db_bind_i64(s, 3, layer);
	return finish(s, err);
}

static int count_entries(struct sl_baselines *b, int64_t image, uint64_t *out, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db,
			    "SELECT coalesce(sum(entries), 0) FROM layer JOIN image_layer ON "
			    "layer=id WHERE image=?1",
			    err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, image);
	rc = db_step(s, err);
	if (rc == 0)
		*out = (uint64_t)db_column_i64(s, 0);
	return rc < 0 ? rc : 0;
}

int publish_staged(struct sl_baselines *b, const struct sl_image *image,
		   const struct publish_layer *layers, bool manifest_verified,
		   struct sl_index_result *result, struct sl_error *err)
{
	bool is_new = false;
	int64_t image_id = 0, layer_id = 0;
	int rc;

	for (size_t i = 0; i < image->layer_count; i++)
		is_new = is_new || !layers[i].is_known;
	rc = put_image(b, image, manifest_verified, is_new, &image_id, &result->indexed_at, err);
	for (size_t i = 0; rc == 0 && i < image->layer_count; i++) {
		rc = publish_layer(b, &image->layers[i], &layers[i], &layer_id, result, err);
		if (rc == 0)
			rc = put_position(b, image_id, i, layer_id, err);
	}
	if (rc == 0)
		rc = count_entries(b, image_id, &result->entries, err);
	return rc < 0 ? rc : name_points_to(b, image, result, err);
}

/* Before the write lock is taken: it is a walk over all rows. */
static int digest_staged(struct sl_baselines *b, const struct sl_image *image,
			 struct publish_layer *layers, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < image->layer_count; i++) {
		struct row_at at = {.layer = (int64_t)i + 1, .is_staged = true};

		layers[i].staged = at.layer;
		if (!layers[i].is_known)
			rc = treedigest_rows(b->db, at, NULL, layers[i].tree_digest,
					     &layers[i].entries, err);
	}
	return rc;
}

int publish_image(struct sl_baselines *b, const struct sl_image *image,
		  struct publish_layer *layers, bool manifest_verified,
		  struct sl_index_result *result, struct sl_error *err)
{
	int rc = digest_staged(b, image, layers, err);

	if (rc == 0)
		rc = db_begin(b->db, err);
	if (rc == 0)
		rc = publish_staged(b, image, layers, manifest_verified, result, err);
	if (rc == 0)
		rc = db_commit(b->db, err);
	if (rc < 0)
		db_rollback(b->db);
	return rc;
}
