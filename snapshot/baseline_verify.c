/* SPDX-License-Identifier: Apache-2.0 */
/* The store held against itself: what was edited, lost or left behind. */
#include <strandline/baseline.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/halt.h"
#include "core/quote.h"
#include "snapshot/proof.h"
#include "snapshot/store.h"
#include "snapshot/treedigest.h"

struct check {
	struct sl_baselines *b;
	int64_t only; /* image; 0: all */
	int (*problem)(void *payload, const struct sl_baseline_problem *problem);
	void *payload;
	struct sl_baseline_check *result;
};

static int tell(struct check *c, struct sl_baseline_problem p)
{
	c->result->problems++;
	return c->problem(c->payload, &p);
}

/* A failure that says something of the content is a problem; any other ends the check. */
static bool is_content(int rc)
{
	return rc == -SL_EFORMAT || rc == -SL_EUNTRUSTED || rc == -SL_EINVAL || rc == -SL_ELIMIT;
}

/* ---- SQLite's own view, and rows that belong to nobody ---- */

static int check_file(struct check *c, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, c->b->db, "PRAGMA integrity_check(20)", err);

	while (rc == 0 && (rc = db_step(s, err)) == 0) {
		const char *text = db_column_text(s, 0);
		AUTO_FREE char *quoted =
			quote_dup(text != NULL ? text : "", text != NULL ? strlen(text) : 0);

		if (text != NULL && strcmp(text, "ok") == 0)
			continue;
		rc = tell(c, (struct sl_baseline_problem){
				     .what = quoted != NULL ? quoted : "damaged database"});
	}
	return rc == 1 ? 0 : rc;
}

static const struct {
	const char *sql, *what;
} orphans[] = {
	{"SELECT count(*) FROM entry WHERE layer NOT IN (SELECT id FROM layer)",
	 "entries that belong to no layer"},
	{"SELECT count(*) FROM layer WHERE id NOT IN (SELECT layer FROM image_layer)",
	 "layers that belong to no image"},
	{"SELECT count(*) FROM layer_signer WHERE layer NOT IN (SELECT id FROM layer WHERE "
	 "trust=1)",
	 "signers of layers that are not signed"},
	{"SELECT count(*) FROM image_layer WHERE image NOT IN (SELECT id FROM image) OR layer NOT "
	 "IN (SELECT id FROM layer)",
	 "uses of a layer that name no image or no layer"},
};

static int check_orphans(struct check *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(orphans); i++) {
		struct db_stmt *s AUTO_FINALIZE = NULL;
		char what[128];

		rc = db_prepare(&s, c->b->db, orphans[i].sql, err);
		if (rc == 0)
			rc = db_step(s, err);
		if (rc != 0 || db_column_i64(s, 0) == 0)
			continue;
		(void)snprintf(what, sizeof(what), "%" PRId64 " %s", db_column_i64(s, 0),
			       orphans[i].what);
		rc = tell(c, (struct sl_baseline_problem){.what = what});
	}
	return rc;
}

/* ---- layers ---- */

/* Once for each image that shows the layer: that is whom it concerns. */
static int tell_layer(struct check *c, int64_t layer, const char *what, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, c->b->db,
			    "SELECT name, config_digest, position FROM image_layer JOIN image ON "
			    "id=image WHERE layer=?1 AND (?2=0 OR image=?2) ORDER BY name, id",
			    err);
	bool told = false;

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, layer);
	db_bind_i64(s, 2, c->only);
	while (rc == 0 && (rc = db_step(s, err)) == 0) {
		uint8_t id[SL_SHA256_SIZE];
		bool has_id = store_read_digest(id, s, 1) == 0;

		rc = tell(c, (struct sl_baseline_problem){.image = db_column_text(s, 0),
							  .config_digest = has_id ? id : NULL,
							  .layer = (size_t)db_column_i64(s, 2) + 1,
							  .what = what});
		told = true;
	}
	if (rc == 1 && !told)
		return tell(c, (struct sl_baseline_problem){.what = what});
	return rc == 1 ? 0 : rc;
}

/* @s stands on a layer: id, entries, tree_digest. */
static int check_layer(struct check *c, struct db_stmt *s, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	struct row_at at = {.layer = db_column_i64(s, 0)};
	uint8_t stored[SL_SHA256_SIZE], found[SL_SHA256_SIZE];
	uint64_t entries = 0, expected = (uint64_t)db_column_i64(s, 1);
	struct halt_tap halt;
	char what[128];
	int rc;

	halt_tap_init(&halt, c->b->stop);
	c->result->layers++;
	if (store_read_digest(stored, s, 2) < 0)
		return tell_layer(c, at.layer, "no tree digest is stored", err);
	rc = treedigest_rows(c->b->db, at, &halt.tap, found, &entries, &why);
	if (is_content(rc))
		return tell_layer(c, at.layer, sl_error_text(&why), err);
	if (rc < 0)
		return sl_fail(err, why.code, why.sys, "read a layer's rows%s",
			       rc == -SL_ECANCELLED ? ": stopped by a signal" : "");
	c->result->entries += entries;
	if (entries != expected) {
		(void)snprintf(what, sizeof(what),
			       "%" PRIu64 " entries were stored, there are %" PRIu64, expected,
			       entries);
		return tell_layer(c, at.layer, what, err);
	}
	if (memcmp(stored, found, sizeof(found)) != 0)
		return tell_layer(c, at.layer, "the rows do not hash to the stored tree digest",
				  err);
	return 0;
}

static int check_layers(struct check *c, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, c->b->db,
			    "SELECT id, entries, tree_digest FROM layer WHERE ?1=0 OR id IN "
			    "(SELECT layer FROM image_layer WHERE image=?1) ORDER BY id",
			    err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, c->only);
	while (rc == 0 && (rc = db_step(s, err)) == 0)
		rc = check_layer(c, s, err);
	return rc == 1 ? 0 : rc;
}

/* ---- what is said of images and layers beside their rows ---- */

#define IS_TIME(sec, ns)                                                                           \
	"(typeof(" sec ")='integer' AND typeof(" ns ")='integer' AND " ns                          \
	" BETWEEN 0 AND 999999999)"
#define IS_WORD(column, most) "(typeof(" column ")='integer' AND " column " BETWEEN 0 AND " most ")"
#define OF_IMAGES "SELECT i.name, i.config_digest, -1 FROM image i WHERE (?1=0 OR i.id=?1) AND NOT "
#define OF_LAYERS                                                                                  \
	"SELECT i.name, i.config_digest, u.position FROM image_layer u JOIN image i ON "           \
	"i.id=u.image JOIN layer l ON l.id=u.layer WHERE (?1=0 OR i.id=?1) AND NOT "
#define IN_ORDER " ORDER BY i.name, i.id"

/* No program writes such values: one that reads them may take them for anything. */
static const struct {
	const char *sql, *what;
} statements[] = {
	{OF_IMAGES "(typeof(i.name)='text')" IN_ORDER, "its name is damaged"},
	{OF_IMAGES IS_WORD("i.trust", "3") IN_ORDER, "its trust is damaged"},
	{OF_IMAGES IS_TIME("i.indexed_at", "i.indexed_at_ns") IN_ORDER,
	 "the time when it was indexed is damaged"},
	{OF_IMAGES
	 "(" IS_WORD("i.anchor", "2") " AND (i.anchor=2)=(i.signer IS NOT NULL) AND "
				      "(i.signer IS NULL OR typeof(i.signer)='text') AND "
				      "(i.anchor>0)=(i.anchored_at IS NOT "
				      "NULL) AND (i.anchored_at IS NULL OR " IS_TIME(
					      "i.anchored_at", "i.anchored_at_ns") "))" IN_ORDER,
	 "its anchor is damaged"},
	{OF_LAYERS IS_WORD("l.trust", "3") IN_ORDER, "its trust is damaged"},
	{OF_LAYERS "(typeof(l.bytes)='integer' AND l.bytes>=0)" IN_ORDER, "its size is damaged"},
	{OF_LAYERS "(typeof(l.proven_at)='integer' AND (l.checked_at IS NULL OR " IS_TIME(
		 "l.checked_at", "l.checked_at_ns") "))" IN_ORDER,
	 "the time when it was read or checked is damaged"},
	{OF_LAYERS "(l.trust<>1 OR EXISTS (SELECT 1 FROM layer_signer g WHERE g.layer=l.id AND "
		   "typeof(g.key)='blob' AND length(g.key)=32 AND " IS_TIME(
			   "g.imported_at", "g.imported_at_ns") "))" IN_ORDER,
	 "it is called signed, and nobody is known who signed it"},
};

static int check_statements(struct check *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(statements); i++) {
		struct db_stmt *s AUTO_FINALIZE = NULL;

		rc = db_prepare(&s, c->b->db, statements[i].sql, err);
		if (rc < 0)
			return rc;
		db_bind_i64(s, 1, c->only);
		while (rc == 0 && (rc = db_step(s, err)) == 0) {
			const char *name = db_column_text(s, 0);
			uint8_t id[SL_SHA256_SIZE];
			bool has_id = store_read_digest(id, s, 1) == 0;

			rc = tell(c, (struct sl_baseline_problem){
					     .image = name != NULL ? name : "",
					     .config_digest = has_id ? id : NULL,
					     .layer = (size_t)(db_column_i64(s, 2) + 1),
					     .what = statements[i].what});
		}
		rc = rc == 1 ? 0 : rc;
	}
	return rc;
}

/* ---- images ---- */

/* @s stands on an image: id, name, config_digest, manifest_verified. */
static int check_image(struct check *c, struct db_stmt *s, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	uint8_t id[SL_SHA256_SIZE];
	struct sl_baseline_problem p = {.image = db_column_text(s, 1)};
	struct sl_image *image = NULL;
	bool manifest_verified = false;
	int rc;

	c->result->images++;
	if (store_read_digest(id, s, 2) == 0)
		p.config_digest = id;
	rc = store_read_image(c->b, db_column_i64(s, 0), &image, &why);
	if (rc == 0)
		rc = proof_of_identity(image, &manifest_verified, &why);
	sl_image_free(image);
	if (rc == 0 && !manifest_verified && db_column_i64(s, 3) != 0)
		rc = sl_fail(
			&why, SL_EUNTRUSTED, 0,
			"its manifest digest is called verified, but no stored manifest has it");
	if (rc == 0)
		return 0;
	if (!is_content(rc))
		return sl_fail(err, why.code, why.sys, "read an image");
	p.what = sl_error_text(&why);
	return tell(c, p);
}

static int check_images(struct check *c, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, c->b->db,
			    "SELECT id, name, config_digest, manifest_verified FROM image WHERE "
			    "?1=0 OR id=?1 ORDER BY "
			    "name, id",
			    err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, c->only);
	while (rc == 0 && (rc = db_step(s, err)) == 0)
		rc = check_image(c, s, err);
	return rc == 1 ? 0 : rc;
}

/* One look: all of it sees the same moment of the database. */
static int check_all(struct check *c, const uint8_t *config_digest, struct sl_error *err)
{
	int rc = 0;

	if (config_digest != NULL)
		rc = store_find_image(c->b, config_digest, &c->only, err);
	if (rc == 0)
		rc = check_file(c, err);
	if (rc == 0 && config_digest == NULL)
		rc = check_orphans(c, err);
	if (rc == 0)
		rc = check_statements(c, err);
	if (rc == 0)
		rc = check_images(c, err);
	if (rc == 0)
		rc = check_layers(c, err);
	return rc;
}

int sl_baselines_verify(struct sl_baselines *b, const uint8_t *config_digest,
			int (*problem)(void *payload, const struct sl_baseline_problem *problem),
			void *payload, struct sl_baseline_check *out, struct sl_error *err)
{
	struct check c = {.b = b, .problem = problem, .payload = payload, .result = out};
	int rc = db_exec(b->db, "BEGIN", err);

	*out = (struct sl_baseline_check){0};
	if (rc == 0)
		rc = check_all(&c, config_digest, err);
	db_rollback(b->db);
	return rc;
}
