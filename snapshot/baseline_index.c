/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/baseline.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "snapshot/apply.h"
#include "snapshot/inodeset.h"
#include "snapshot/layercheck.h"
#include "snapshot/layerread.h"
#include "snapshot/layertree.h"
#include "snapshot/proof.h"
#include "snapshot/publish.h"
#include "snapshot/store.h"

/* Indexing of one image under way. */
struct job {
	struct sl_baselines *b;
	const struct sl_image *image;
	struct rows *rows;
	struct publish_layer *layers; /* one each of the image's, bottom first */
	struct row_at *at;            /* where their rows are while the job runs */
	struct sl_index_result result;
	/* progress over all layers that are read */
	const struct sl_progress *progress;
	uint64_t before, total;
	char what[48];
};

static void job_clear(struct job *j)
{
	rows_free(j->rows);
	free(j->layers);
	free(j->at);
}

static void on_progress(void *payload, uint64_t done, uint64_t total, const char *what)
{
	struct job *j = payload;
	uint64_t now = j->before + done;

	(void)what;
	/* a layer rebuilt from a directory says only now how large it is */
	if (j->total < j->before + total)
		j->total = j->before + total;
	/* the end is told once, when everything is stored */
	if (now < j->total)
		j->progress->report(j->progress->payload, now, j->total, j->what);
}

static bool is_readable(const struct sl_layer *layer)
{
	return layer->blob_fd >= 0 || (layer->dir_fd >= 0 && layer->tar_split_fd >= 0);
}

static int find_known(struct job *j, struct sl_error *err)
{
	for (size_t i = 0; i < j->image->layer_count; i++) {
		enum sl_trust trust = SL_TRUST_PROVEN;
		int rc = store_find_layer(j->b, j->image->layers[i].chain_id, &j->at[i].layer,
					  &trust, err);

		if (rc < 0)
			return rc;
		/* one that was only recorded or signed for is proven now; what somebody trusted
		 * signed for is good enough where there is nothing to prove it by */
		j->layers[i].is_known =
			rc == 0 &&
			(trust <= j->image->trust ||
			 (trust == SL_TRUST_SIGNED && !is_readable(&j->image->layers[i])));
		if (j->layers[i].is_known) {
			j->result.layers_known++;
			continue;
		}
		j->at[i] = (struct row_at){.layer = (int64_t)i + 1, .is_staged = true};
		j->total += j->image->layers[i].blob_size;
	}
	return 0;
}

/* Both sides of a layer that was just read, for as often as they are asked for. */
struct sides {
	struct job *job;
	size_t layer;
	struct inodeset severed; /* files that the tar did not prove */
};

static int open_side(void *payload, enum layer_side side, struct sl_source **out,
		     struct sl_error *err)
{
	const struct sides *s = payload;
	const struct sl_layer *layer = &s->job->image->layers[s->layer];

	if (side == LAYER_AS_STORED)
		return store_open_staged(s->job->b, s->job->at[s->layer].layer, out, err);
	return layertree_open(out, layer->dir_fd, layer->marker, &layer->idmap, err);
}

static enum layer_file single_file(void *payload, const struct sl_entry *disk)
{
	struct sides *s = payload;

	return (disk->fields & SL_ENTRY_INODE) != 0 && inodeset_has(&s->severed, disk->ino)
		       ? LAYER_FILE_UNREAD
		       : LAYER_FILE_AS_ALL;
}

static void sides_clear(struct sides *s)
{
	inodeset_clear(&s->severed);
}

/*
 * The tar came out of the directory, so everything the tar names has its content there. Containers
 * show the directory, not the tar: names, modes, owners, attributes and markers are
 * to be the layer's, too.
 */
static int check_directory(struct sides *sides, struct sl_error *err)
{
	struct job *j = sides->job;
	size_t i = sides->layer;
	struct layer_check check = {.open = open_side,
				    .single = single_file,
				    .payload = sides,
				    .contents = LAYER_CONTENTS_PROVEN,
				    .dir_fd = j->image->layers[i].dir_fd};
	int rc = lowertree_new(&check.lower, j->rows, j->at, i, err);

	if (rc == 0)
		rc = layer_check_first(&check, err);
	lowertree_free(check.lower);
	return rc;
}

static int read_layer(struct job *j, size_t i, struct sl_error *err)
{
	const struct sl_layer *layer = &j->image->layers[i];
	struct sl_progress wrapped = {.report = on_progress, .payload = j};
	CLEANUP(sides_clear) struct sides sides = {.job = j, .layer = i};
	const struct layer_rebuild how = {.severed = &sides.severed};
	const struct sl_progress *progress = j->progress != NULL ? &wrapped : NULL;
	struct layer_apply *apply = NULL;
	struct layer_result read = {.entries = 0};
	struct sl_time started = clock_now();
	bool is_comparable;
	int rc;

	(void)snprintf(j->what, sizeof(j->what), "layer %zu of %zu", i + 1, j->image->layer_count);
	rc = layer_apply_new(&apply, j->rows, j->at[i].layer, j->at, i, err);
	if (rc < 0)
		return rc;
	if (j->progress != NULL)
		wrapped.stop = j->progress->stop;
	rc = layer->blob_fd >= 0 ? layer_read(layer, &j->b->limits, layer_apply_item, apply,
					      progress, &read, err)
				 : layer_rebuild(layer, &j->b->limits, &how, layer_apply_item,
						 apply, progress, &read, err);
	/* a whole tree shows what is below the layer, too: it is no copy of the layer */
	is_comparable = read.from_directory && !layer_apply_strays(apply) && !layer->dir_is_whole;
	layer_apply_free(apply);
	if (rc == 0 && is_comparable)
		rc = check_directory(&sides, err);
	if (rc < 0)
		return rc;
	j->layers[i].bytes = read.tar_bytes;
	j->layers[i].proven_at = started;
	j->layers[i].trust = j->image->trust;
	j->layers[i].is_checked = is_comparable;
	j->result.bytes += read.tar_bytes;
	j->result.compressed += read.compressed_bytes;
	j->before += layer->blob_size;
	if (j->before > j->total)
		j->total = j->before;
	return 0;
}

/*
 * Unproven rows go into a temporary table of this connection: other processes are not kept waiting,
 * and whatever goes wrong, nothing of it was ever in the store.
 */
static int stage(struct job *j, struct sl_error *err)
{
	int rc = db_exec(j->b->db, "BEGIN; DELETE FROM temp.staged", err);

	for (size_t i = 0; rc == 0 && i < j->image->layer_count; i++) {
		if (j->layers[i].is_known)
			continue;
		rc = read_layer(j, i, err);
		if (rc < 0)
			rc = sl_wrap(err, rc, "layer %zu of %zu", i + 1, j->image->layer_count);
	}
	if (rc == 0)
		rc = db_commit(j->b->db, err);
	if (rc < 0)
		db_rollback(j->b->db);
	return rc;
}

static int run(struct job *j, struct sl_error *err)
{
	bool manifest_verified = false;
	int rc = db_writable(j->b->db, err);

	if (rc == 0)
		rc = proof_of_identity(j->image, &manifest_verified, err);
	if (rc == 0)
		rc = rows_new(&j->rows, j->b->db, err);
	if (rc == 0)
		rc = find_known(j, err);
	if (rc == 0)
		rc = stage(j, err);
	if (rc < 0)
		return rc;
	/* prepared statements that still stand on rows would hold on to an older view */
	rows_free(j->rows);
	j->rows = NULL;
	rc = publish_image(j->b, j->image, j->layers, manifest_verified, &j->result, err);
	if (rc == 0)
		rc = sl_baselines_oddities(j->b, j->image->config_digest, &j->result.odd, err);
	return rc;
}

int sl_baselines_index(struct sl_baselines *b, const struct sl_image *image,
		       const struct sl_progress *progress, struct sl_index_result *out,
		       struct sl_error *err)
{
	struct job j CLEANUP(job_clear) = {.b = b, .image = image, .progress = progress};
	int rc;

	j.layers = calloc(image->layer_count + 1, sizeof(*j.layers));
	j.at = calloc(image->layer_count + 1, sizeof(*j.at));
	if (j.layers == NULL || j.at == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "index");
	j.result.layers = image->layer_count;
	rc = run(&j, err);
	/* what was staged is of no more use, whether it was published or not */
	(void)db_exec(b->db, "DROP TABLE IF EXISTS temp.staged", NULL);
	if (rc < 0)
		return sl_wrap(err, rc, "index '%s'",
			       image->reference != NULL ? image->reference : "image");
	if (progress != NULL)
		progress->report(progress->payload, j.total, j.total, "done");
	if (out != NULL)
		*out = j.result;
	return 0;
}
