/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/baseline.h>

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "snapshot/merged.h"
#include "snapshot/store.h"

/* Sources that are closed unless somebody takes them over. */
struct pile {
	struct sl_source **list; /* topmost first */
	size_t count;
};

static void pile_clear(struct pile *p)
{
	for (size_t i = 0; i < p->count; i++)
		sl_source_close(p->list[i]);
	free(p->list);
}

/* Append the image's layers, topmost first. */
static int pile_image(struct pile *p, struct sl_baselines *b, int64_t image, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db,
			    "SELECT layer FROM image_layer WHERE image=?1 ORDER BY position DESC",
			    err);

	if (rc == 0)
		db_bind_i64(s, 1, image);
	while (rc == 0) {
		rc = db_step(s, err);
		if (rc == 0)
			rc = store_open_layer(b, db_column_i64(s, 0), &p->list[p->count], err);
		p->count += rc == 0;
	}
	db_finalize(s);
	return rc < 0 ? rc : 0;
}

static int count_layers(struct sl_baselines *b, int64_t image, size_t *out, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db, "SELECT count(*) FROM image_layer WHERE image=?1", err);

	if (rc == 0) {
		db_bind_i64(s, 1, image);
		rc = db_step(s, err);
	}
	if (rc == 0)
		*out = (size_t)db_column_i64(s, 0);
	db_finalize(s);
	return rc;
}

static int fill(struct pile *p, struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		struct sl_error *err)
{
	char text[DIGEST_TEXT_SIZE];
	struct sl_source **list;
	size_t layers = 0;
	int64_t image;
	int rc = store_find_image(b, config_digest, &image, err);

	digest_format(text, config_digest);
	if (rc == 1)
		return sl_fail(err, SL_ENOTFOUND, 0, "no baseline of image %s", text);
	if (rc == 0)
		rc = count_layers(b, image, &layers, err);
	if (rc < 0)
		return rc;
	list = realloc(p->list, (p->count + layers + 1) * sizeof(struct sl_source *));
	if (list == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "baseline view");
	p->list = list;
	return pile_image(p, b, image, err);
}

int sl_baselines_view(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		      struct sl_source *const tops[], size_t top_count, struct sl_source **out,
		      struct sl_error *err)
{
	struct pile p CLEANUP(pile_clear) = {.count = 0};
	int rc;

	p.list = calloc(top_count + 1, sizeof(struct sl_source *));
	if (p.list == NULL) {
		for (size_t i = 0; i < top_count; i++)
			sl_source_close(tops[i]);
		return sl_fail(err, SL_ENOMEM, 0, "baseline view");
	}
	for (; p.count < top_count; p.count++)
		p.list[p.count] = tops[p.count];
	/* the sources that are opened inside hold on to this moment of the database */
	rc = db_exec(b->db, "BEGIN", err);
	if (rc == 0)
		rc = fill(&p, b, config_digest, err);
	if (rc == 0)
		rc = db_commit(b->db, err);
	if (rc < 0) {
		db_rollback(b->db);
		return rc;
	}
	rc = merged_open(out, p.list, p.count, err);
	p.count = 0; /* taken over, also on failure */
	return rc;
}
