/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/baseline.h>

#include <string.h>

#include "core/cleanup.h"
#include "snapshot/store.h"

/* The image's checked_at is that of its layer checked longest ago, if all of them were. */
#define INFO_SQL                                                                                   \
	"SELECT config_digest, manifest_digest, manifest_verified, "                               \
	"max(i.trust, coalesce(max(l.trust), 0)), name, indexed_at, "                              \
	"indexed_at_ns, count(l.id), total(l.entries), total(l.bytes), "                           \
	"count(l.checked_at)=count(l.id) AND count(l.id)>0, "                                      \
	"(SELECT c.checked_at FROM image_layer cl JOIN layer c ON c.id=cl.layer WHERE "            \
	"cl.image=i.id ORDER BY c.checked_at, c.checked_at_ns LIMIT 1), "                          \
	"(SELECT c.checked_at_ns FROM image_layer cl JOIN layer c ON c.id=cl.layer WHERE "         \
	"cl.image=i.id ORDER BY c.checked_at, c.checked_at_ns LIMIT 1), "                          \
	"anchor, signer, anchored_at, anchored_at_ns, "                                            \
	"EXISTS (SELECT 1 FROM image_name n WHERE n.name=i.name AND "                              \
	"n.config_digest<>i.config_digest) "                                                       \
	"FROM image i LEFT JOIN image_layer il ON il.image=i.id LEFT JOIN layer l ON "             \
	"l.id=il.layer "

static int read_time(struct sl_time *out, struct db_stmt *s, int sec, int nsec)
{
	int64_t ns = db_column_i64(s, nsec);

	if (ns < 0 || ns > 999999999)
		return -SL_EFORMAT;
	*out = (struct sl_time){.sec = db_column_i64(s, sec), .nsec = (uint32_t)ns};
	return 0;
}

static int read_text(const char **out, struct db_stmt *s, int column, struct buf *keep)
{
	const char *text = db_column_text(s, column);

	buf_reset(keep);
	*out = NULL;
	if (text == NULL)
		return 0;
	*out = buf_append_str(keep, text) == 0 ? keep->data : NULL;
	return *out != NULL ? 0 : -SL_ENOMEM;
}

static int read_anchor(struct sl_baseline_info *out, struct db_stmt *s)
{
	int64_t anchor = db_column_i64(s, 13);

	if (anchor < SL_ANCHOR_HOST || anchor > SL_ANCHOR_SIGNATURE ||
	    (out->signer != NULL) != (anchor == SL_ANCHOR_SIGNATURE))
		return -SL_EFORMAT;
	out->anchor = (enum sl_anchor)anchor;
	out->has_anchored_at = !db_column_is_null(s, 15);
	return out->has_anchored_at ? read_time(&out->anchored_at, s, 15, 16) : 0;
}

/* The row of INFO_SQL that @s stands on; @name and @signer keep the texts. */
static int read_info(struct sl_baseline_info *out, struct db_stmt *s, struct buf *name,
		     struct buf *signer, struct sl_error *err)
{
	int64_t trust = db_column_i64(s, 3);
	int rc;

	*out = (struct sl_baseline_info){
		.has_manifest_digest = !db_column_is_null(s, 1),
		.manifest_verified = db_column_i64(s, 2) != 0,
		.layers = (size_t)db_column_i64(s, 7),
		.entries = (uint64_t)db_column_i64(s, 8),
		.bytes = (uint64_t)db_column_i64(s, 9),
		.has_checked_at = db_column_i64(s, 10) != 0,
		.has_moved = db_column_i64(s, 17) != 0,
	};
	rc = read_text(&out->name, s, 4, name);
	if (rc == 0)
		rc = read_text(&out->signer, s, 14, signer);
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "baseline store");
	if (out->name == NULL)
		out->name = "";
	out->trust = (enum sl_trust)trust;
	if (trust < SL_TRUST_PROVEN || trust > SL_TRUST_ON_DISK)
		rc = -SL_EFORMAT;
	if (rc == 0)
		rc = store_read_digest(out->config_digest, s, 0);
	if (rc == 0 && out->has_manifest_digest)
		rc = store_read_digest(out->manifest_digest, s, 1);
	if (rc == 0)
		rc = read_time(&out->indexed_at, s, 5, 6);
	if (rc == 0 && out->has_checked_at)
		rc = read_time(&out->checked_at, s, 11, 12);
	if (rc == 0)
		rc = read_anchor(out, s);
	if (rc < 0)
		return sl_fail(err, SL_EFORMAT, 0, "baseline database: damaged row (image)");
	return 0;
}

int sl_baselines_find(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		      struct sl_baseline_info *out, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db, INFO_SQL "WHERE i.config_digest=?1 GROUP BY i.id", err);

	if (rc == 0) {
		db_bind_blob(s, 1, config_digest, SL_SHA256_SIZE);
		rc = db_step(s, err);
	}
	if (rc == 0)
		rc = read_info(out, s, &b->name, &b->signer, err);
	db_finalize(s);
	return rc;
}

int sl_baselines_named(struct sl_baselines *b, const char *name,
		       uint8_t config_digest[SL_SHA256_SIZE], struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db, "SELECT config_digest FROM image_name WHERE name=?1", err);

	if (rc == 0) {
		db_bind_text(s, 1, name);
		rc = db_step(s, err);
	}
	if (rc == 0 && store_read_digest(config_digest, s, 0) < 0)
		rc = sl_fail(err, SL_EFORMAT, 0, "baseline database: damaged row (name)");
	db_finalize(s);
	return rc;
}

int sl_baselines_list(struct sl_baselines *b,
		      int (*each)(void *payload, const struct sl_baseline_info *info),
		      void *payload, struct sl_error *err)
{
	struct buf name CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct buf signer CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_baseline_info info;
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db, INFO_SQL "GROUP BY i.id ORDER BY i.name, i.config_digest",
			    err);

	while (rc == 0) {
		rc = db_step(s, err);
		if (rc == 0)
			rc = read_info(&info, s, &name, &signer, err);
		if (rc == 0 && each(payload, &info) != 0)
			break;
	}
	db_finalize(s);
	return rc < 0 ? rc : 0;
}

/* Run one statement with one number; no rows expected. */
static int run_with(struct sl_baselines *b, const char *sql, int64_t n, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db, sql, err);

	if (rc == 0) {
		db_bind_i64(s, 1, n);
		rc = db_step(s, err);
	}
	db_finalize(s);
	return rc < 0 ? rc : 0;
}

/* Layers of @image that no other image has, and those that others have too. */
static int count_layers(struct sl_baselines *b, int64_t image, struct sl_remove_result *out,
			struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db,
			    "SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM image_layer o "
			    "WHERE o.layer=m.layer AND o.image<>?1)), 0) FROM (SELECT DISTINCT "
			    "layer FROM image_layer WHERE image=?1) m",
			    err);

	if (rc == 0) {
		db_bind_i64(s, 1, image);
		rc = db_step(s, err);
	}
	if (rc == 0) {
		out->layers_kept = (size_t)db_column_i64(s, 1);
		out->layers_freed = (size_t)db_column_i64(s, 0) - out->layers_kept;
	}
	db_finalize(s);
	return rc;
}

/* Inside a transaction. 0, 1 when the image is unknown. */
static int remove_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			struct sl_remove_result *out, struct sl_error *err)
{
	int64_t image;
	int rc = store_find_image(b, config_digest, &image, err);

	if (rc == 0)
		rc = count_layers(b, image, out, err);
	if (rc == 0)
		rc = run_with(b, "DELETE FROM image_layer WHERE image=?1", image, err);
	if (rc == 0)
		rc = run_with(b,
			      "DELETE FROM image_name WHERE config_digest=(SELECT config_digest "
			      "FROM image WHERE id=?1)",
			      image, err);
	if (rc == 0)
		rc = run_with(b, "DELETE FROM image WHERE id=?1", image, err);
	if (rc == 0)
		rc = db_exec(b->db,
			     "DELETE FROM entry WHERE layer IN (SELECT id FROM layer WHERE id NOT "
			     "IN (SELECT layer FROM image_layer));"
			     "DELETE FROM layer_signer WHERE layer NOT IN (SELECT layer FROM "
			     "image_layer);"
			     "DELETE FROM layer WHERE id NOT IN (SELECT layer FROM image_layer)",
			     err);
	return rc;
}

int sl_baselines_remove(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			struct sl_remove_result *out, struct sl_error *err)
{
	struct sl_remove_result result;
	int rc = db_writable(b->db, err);

	if (rc == 0)
		rc = db_begin(b->db, err);
	if (rc == 0)
		rc = remove_image(b, config_digest, out != NULL ? out : &result, err);
	if (rc == 0)
		rc = db_commit(b->db, err);
	if (rc != 0) {
		db_rollback(b->db);
		return rc;
	}
	/* give the space back; that it may be too busy to do so now is no failure of the removal */
	(void)db_exec(b->db, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(PASSIVE)", NULL);
	return 0;
}

int sl_baselines_checked(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
			 struct sl_time when, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db,
			    "UPDATE layer SET checked_at=?2, checked_at_ns=?3 WHERE chain_id=?1 "
			    "RETURNING id",
			    err);

	if (rc == 0) {
		db_bind_blob(s, 1, chain_id, SL_SHA256_SIZE);
		db_bind_i64(s, 2, when.sec);
		db_bind_i64(s, 3, when.nsec);
		rc = db_step(s, err);
	}
	db_finalize(s);
	return rc;
}
