/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain tree as a baseline. Nobody but ourselves says what belongs to it, so the rules are
 * stricter than for an image: it is read whole or not at all.
 *
 * Its chain ID is no image's: rows that were recorded must never stand for a layer that was proven,
 * not even for one with the same tar, in which some names would be markers.
 */
#include <strandline/baseline.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "snapshot/apply.h"
#include "snapshot/layerread.h"
#include "snapshot/proof.h"
#include "snapshot/publish.h"
#include "snapshot/store.h"
#include "snapshot/treedigest.h"
#include "snapshot/treeread.h"

/* publish_image() takes the rows of layer 0 from there. */
#define STAGED 1

struct recording_job {
	struct sl_baselines *b;
	struct sl_image *image;
	struct sl_layer *layer; /* its only one */
	struct rows *rows;
	const struct sl_progress *progress;
	struct sl_progress wrapped;
	struct layer_result read; /* of a tar */
	struct publish_layer publish;
	struct sl_index_result result;
};

static void job_clear(struct recording_job *j)
{
	rows_free(j->rows);
}

/* ---- reading ---- */

/* The end is told once, when everything is stored. */
static void on_progress(void *payload, uint64_t done, uint64_t total, const char *what)
{
	struct recording_job *j = payload;

	(void)what;
	if (total == 0 || done < total)
		j->progress->report(j->progress->payload, done, total, "tree");
}

static int read_tar(struct recording_job *j, const struct sl_progress *progress,
		    struct sl_error *err)
{
	const struct row_at none = {0};
	struct layer_apply *apply = NULL;
	int rc = layer_apply_new(&apply, j->rows, STAGED, &none, 0, err);

	if (rc < 0)
		return rc;
	layer_apply_plain(apply);
	rc = layer_read(j->layer, &j->b->limits, layer_apply_item, apply, progress, &j->read, err);
	layer_apply_free(apply);
	if (rc < 0)
		return rc;
	j->result.bytes = j->read.tar_bytes;
	j->result.compressed = j->read.compressed_bytes;
	memcpy(j->layer->diff_id, j->read.diff_id, SL_SHA256_SIZE);
	return 0;
}

static int put_row(void *payload, const struct sl_entry *e, struct sl_error *err)
{
	struct recording_job *j = payload;

	return rows_put(j->rows, STAGED, e->path, e, false, err);
}

/* Of the rows as they are stored, so that whoever reads them can tell that they still are. */
static int tree_digest(struct recording_job *j, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	struct row_at at = {.layer = STAGED, .is_staged = true};

	return treedigest_rows(j->b->db, at, NULL, out, NULL, err);
}

static int read_directory(struct recording_job *j, const struct sl_progress *progress,
			  struct sl_error *err)
{
	int rc = treeread(j->layer->dir_fd, put_row, j, progress, &j->result.bytes, err);

	return rc < 0 ? rc : tree_digest(j, j->layer->diff_id, err);
}

/* Into a temporary table of this connection: whatever goes wrong, nothing of it was in the store.
 */
static int stage(struct recording_job *j, struct sl_error *err)
{
	const struct sl_progress *progress = j->progress != NULL ? &j->wrapped : NULL;
	int rc = rows_new(&j->rows, j->b->db, err);

	if (rc == 0)
		rc = db_exec(j->b->db, "BEGIN; DELETE FROM temp.staged", err);
	if (rc == 0)
		rc = j->layer->blob_fd >= 0 ? read_tar(j, progress, err)
					    : read_directory(j, progress, err);
	if (rc == 0)
		rc = db_commit(j->b->db, err);
	if (rc < 0)
		db_rollback(j->b->db);
	/* prepared statements that still stand on rows would hold on to an older view */
	rows_free(j->rows);
	j->rows = NULL;
	return rc;
}

/* ---- identity ---- */

static const char *kind_of(const struct sl_layer *layer)
{
	return layer->blob_fd >= 0 ? "rootfs-tar" : "rootfs";
}

/*
 * What stands in the place of an image's configuration: its SHA-256 is the id. It says nothing of
 * where and when, so that the same tree has the same id; and its type is no image's.
 */
static int write_config(struct sl_image *image, const struct sl_layer *layer, struct sl_error *err)
{
	struct buf text = BUF_INIT(4096);
	struct jout j;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", PROOF_TREE_SCHEMA);
	jout_key_str(&j, "source", kind_of(layer));
	jout_key(&j, "rootfs");
	jout_object(&j);
	jout_key_str(&j, "type", PROOF_TREE_TYPE);
	jout_key(&j, "diff_ids");
	jout_array(&j);
	jout_digest(&j, layer->diff_id);
	jout_array_end(&j);
	jout_object_end(&j);
	jout_object_end(&j);
	free(image->config);
	image->config_size = text.len;
	image->config = jout_end(&j) == 0 ? buf_take(&text) : NULL;
	buf_clear(&text);
	if (image->config == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	return sha256_once(image->config, image->config_size, image->config_digest, err);
}

static int identify(struct sl_image *image, struct sl_layer *layer, struct sl_error *err)
{
	int rc = write_config(image, layer, err);

	layer->has_diff_id = rc == 0;
	return rc < 0 ? rc : proof_tree_chain(layer->chain_id, image->config_digest, err);
}

static bool is_one_of(const uint8_t *want, const struct recording_job *j)
{
	return memcmp(want, j->image->config_digest, SL_SHA256_SIZE) == 0 ||
	       memcmp(want, j->layer->diff_id, SL_SHA256_SIZE) == 0 ||
	       (j->read.has_blob_digest && memcmp(want, j->read.blob_digest, SL_SHA256_SIZE) == 0);
}

static int check_expected(const struct recording_job *j, const uint8_t *expect,
			  struct sl_error *err)
{
	char want[DIGEST_TEXT_SIZE], got[DIGEST_TEXT_SIZE];

	if (expect == NULL || is_one_of(expect, j))
		return 0;
	digest_format(want, expect);
	digest_format(got, j->layer->diff_id);
	return sl_fail(err, SL_EUNTRUSTED, 0, "the tree has digest %s, expected %s", got, want);
}

/* ---- the whole ---- */

/*
 * Is the same tree stored, with the same rows? Under its id may stand what somebody told with a
 * dump (or wrote into the database), which gives way to what was read now.
 */
static int find_same(struct recording_job *j, struct sl_error *err)
{
	uint8_t stored[SL_SHA256_SIZE], read[SL_SHA256_SIZE];
	struct row_at at;
	int rc = store_find_layer(j->b, j->layer->chain_id, &at.layer, NULL, err);

	if (rc != 0)
		return rc;
	at.is_staged = false;
	rc = treedigest_rows(j->b->db, at, NULL, stored, NULL, err);
	if (rc == -SL_EFORMAT) {
		sl_error_clear(err);
		return 1;
	}
	if (rc == 0)
		rc = tree_digest(j, read, err);
	return rc < 0 ? rc : memcmp(stored, read, sizeof(read)) != 0;
}

static int publish(struct recording_job *j, struct sl_error *err)
{
	int rc = find_same(j, err);

	if (rc < 0)
		return rc;
	j->publish.is_known = rc == 0;
	j->publish.replaces = true;
	j->publish.bytes = j->result.bytes;
	j->result.layers = 1;
	j->result.layers_known = j->publish.is_known;
	return publish_image(j->b, j->image, &j->publish, false, &j->result, err);
}

static int record(struct recording_job *j, const uint8_t *expect, struct sl_error *err)
{
	int rc = stage(j, err);

	if (rc == 0)
		rc = identify(j->image, j->layer, err);
	if (rc == 0)
		rc = check_expected(j, expect, err);
	return rc < 0 ? rc : publish(j, err);
}

int sl_baselines_record(struct sl_baselines *b, struct sl_image *image, const uint8_t *expect,
			const struct sl_progress *progress, struct sl_index_result *out,
			struct sl_error *err)
{
	struct recording_job j CLEANUP(job_clear) = {.b = b, .image = image, .progress = progress};
	int rc;

	if (image->layer_count != 1 || image->layers[0].has_diff_id)
		return sl_fail(err, SL_EINVAL, 0, "only one layer without diff_id can be recorded");
	j.layer = &image->layers[0];
	j.wrapped = (struct sl_progress){on_progress, &j, progress != NULL ? progress->stop : NULL};
	j.publish.proven_at = clock_now();
	j.publish.trust = SL_TRUST_RECORDED;
	image->trust = SL_TRUST_RECORDED;
	rc = record(&j, expect, err);
	(void)db_exec(b->db, "DROP TABLE IF EXISTS temp.staged", NULL);
	if (rc < 0) {
		AUTO_FREE char *shown = quote_dup(image->reference, strlen(image->reference));

		return sl_wrap(err, rc, "record '%s'", shown != NULL ? shown : "?");
	}
	if (progress != NULL)
		progress->report(progress->payload, j.result.bytes, j.result.bytes, "done");
	if (out != NULL)
		*out = j.result;
	return 0;
}
