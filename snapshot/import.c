/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/encode.h"
#include "snapshot/export.h"
#include "snapshot/exportnote.h"
#include "snapshot/ocidoc.h"
#include "snapshot/proof.h"
#include "snapshot/publish.h"
#include "snapshot/store.h"

struct import {
	struct sl_baselines *b;
	struct dumpread in;
	struct sl_image **images; /* owned, sorted by id */
	size_t image_count, image_cap;
	size_t config_bytes;
	/* Those of all images, by chain id; the one with index i is staged as i + 1. */
	struct dumpread_layer *layers;
	size_t layer_count, layer_cap;
};

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", what);
}

int import_new(struct import **out, struct sl_baselines *b, struct sl_error *err)
{
	struct import *im = calloc(1, sizeof(*im));

	if (im == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "import");
	im->b = b;
	*out = im;
	return 0;
}

void import_free(struct import *im)
{
	if (im == NULL)
		return;
	dumpread_clear(&im->in);
	(void)db_exec(im->b->db, "DROP TABLE IF EXISTS temp.staged", NULL);
	for (size_t i = 0; i < im->image_count; i++)
		sl_image_free(im->images[i]);
	free(im->images);
	free(im->layers);
	free(im);
}

/* ---- images ---- */

/* Its layers are those that its configuration names. */
static int add_layers(struct sl_image *image, struct sl_error *err)
{
	struct ocidoc_config config = {0};
	bool manifest_verified;
	int rc = ocidoc_parse_config(&config, image->config, image->config_size, err);

	for (size_t i = 0; rc == 0 && i < config.count; i++) {
		struct sl_layer layer = SL_LAYER_INIT;

		layer.has_diff_id = true;
		memcpy(layer.diff_id, config.diff_ids[i], SL_SHA256_SIZE);
		rc = sl_image_add_layer(image, &layer, err);
	}
	ocidoc_config_clear(&config);
	if (rc == 0)
		rc = sl_image_chain(image, err);
	return rc == 0 ? proof_of_identity(image, &manifest_verified, err) : rc;
}

/* Room for one more; the image is owned from here on. */
static int add_image(struct import *im, struct sl_image **image, struct sl_error *err)
{
	int rc;

	if (im->image_count == EXPORT_MAX_IMAGES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d images", EXPORT_MAX_IMAGES);
	if (im->image_count == im->image_cap) {
		size_t cap = 2 * im->image_cap + 16;
		struct sl_image **more = realloc(im->images, cap * sizeof(struct sl_image *));

		if (more == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "import");
		im->images = more;
		im->image_cap = cap;
	}
	rc = sl_image_new(image, "", err);
	if (rc == 0)
		im->images[im->image_count++] = *image;
	return rc;
}

/* The line is '#image'. Afterwards it is the line behind '#config'. */
static int read_image(struct import *im, struct sl_error *err)
{
	struct sl_image *image, *before;
	int rc = add_image(im, &image, err);

	if (rc == 0)
		rc = dumpread_image(&im->in, image, err);
	if (rc < 0)
		return rc;
	before = im->image_count > 1 ? im->images[im->image_count - 2] : NULL;
	if (before != NULL &&
	    memcmp(before->config_digest, image->config_digest, SL_SHA256_SIZE) >= 0)
		return bad("images stand in the order of their ids, each once", err);
	im->config_bytes += image->config_size;
	if (im->config_bytes > EXPORT_MAX_CONFIGS)
		return sl_fail(err, SL_ELIMIT, 0, "configurations of more than %zu bytes",
			       EXPORT_MAX_CONFIGS);
	rc = add_layers(image, err);
	return rc == 0 ? dumpread_next(&im->in, err) : rc;
}

/* ---- the layers that they have ---- */

static int by_chain(const void *a, const void *b)
{
	const struct dumpread_layer *x = a, *y = b;

	return memcmp(x->chain_id, y->chain_id, SL_SHA256_SIZE);
}

static int sort_layers(struct import *im, struct sl_error *err)
{
	size_t kept = 0;

	if (im->layer_count > 0)
		qsort(im->layers, im->layer_count, sizeof(*im->layers), by_chain);
	for (size_t i = 0; i < im->layer_count; i++)
		if (kept == 0 || by_chain(&im->layers[kept - 1], &im->layers[i]) != 0)
			im->layers[kept++] = im->layers[i];
	im->layer_count = kept;
	if (kept > EXPORT_MAX_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d layers", EXPORT_MAX_LAYERS);
	return 0;
}

/* Images share most of their layers: room is made by sorting before it is asked for. */
static int collect_layer(struct import *im, const struct sl_layer *layer, struct sl_error *err)
{
	struct dumpread_layer *at;

	if (im->layer_count == im->layer_cap) {
		int rc = sort_layers(im, err);
		size_t cap = 2 * im->layer_count + 64;

		if (rc < 0)
			return rc;
		at = realloc(im->layers, cap * sizeof(*at));
		if (at == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "import");
		im->layers = at;
		im->layer_cap = cap;
	}
	at = &im->layers[im->layer_count++];
	*at = (struct dumpread_layer){.entries = 0};
	memcpy(at->chain_id, layer->chain_id, SL_SHA256_SIZE);
	memcpy(at->diff_id, layer->diff_id, SL_SHA256_SIZE);
	return 0;
}

static int collect_layers(struct import *im, struct sl_error *err)
{
	for (size_t i = 0; i < im->image_count; i++)
		for (size_t k = 0; k < im->images[i]->layer_count; k++) {
			int rc = collect_layer(im, &im->images[i]->layers[k], err);

			if (rc < 0)
				return rc;
		}
	return sort_layers(im, err);
}

/* Exactly the images' layers stand there, in order. */
static int read_layer(struct import *im, size_t i, struct sl_error *err)
{
	struct dumpread_layer head, *expected = &im->layers[i];
	int rc = dumpread_is(&im->in, "#end") ? bad("a layer of its images is missing", err)
					      : dumpread_head(&im->in, &head, err);

	if (rc == 0 && memcmp(head.chain_id, expected->chain_id, SL_SHA256_SIZE) != 0)
		rc = bad("the layers are not those of its images, each once, by chain id", err);
	if (rc == 0 && memcmp(head.diff_id, expected->diff_id, SL_SHA256_SIZE) != 0)
		rc = bad("the diff_id of this layer is not what its images say", err);
	if (rc < 0)
		return rc;
	*expected = head;
	return dumpread_rows(&im->in, expected, (int64_t)i + 1, err);
}

/* ---- the text ---- */

static int read_header(struct import *im, struct sl_error *err)
{
	struct sl_bytes line;
	uint64_t version;
	int rc = lines_next(&im->in.lines, &line, err);

	if (rc == 1 || (rc == 0 && !dumpread_text(&line, "#strandline ")))
		return bad("these are no baselines", err);
	if (rc == 0 && (!dumpread_number(&line, "baselines ", &version) || line.len > 0))
		return bad("these are no baselines", err);
	if (rc == 0 && version != 1)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "baselines in the form of a later version");
	return rc == 0 ? dumpread_next(&im->in, err) : rc;
}

static int read_all(struct import *im, struct sl_error *err)
{
	struct sl_bytes rest;
	int rc = read_header(im, err);

	while (rc == 0 && im->in.line.len > 6 && memcmp(im->in.line.data, "#image", 6) == 0)
		rc = read_image(im, err);
	if (rc == 0)
		rc = collect_layers(im, err);
	for (size_t i = 0; rc == 0 && i < im->layer_count; i++)
		rc = read_layer(im, i, err);
	if (rc == 0 && !dumpread_is(&im->in, "#end"))
		rc = bad("this is not the line '#end'", err);
	if (rc == 0) {
		rc = lines_next(&im->in.lines, &rest, err);
		rc = rc == 0 ? bad("something follows '#end'", err) : rc;
	}
	return rc < 0 ? sl_wrap(err, rc, "line %" PRIu64, im->in.lines.number) : 0;
}

int import_read(struct import *im, struct istream *in, struct sl_error *err)
{
	int rc = dumpread_init(&im->in, im->b->db, in, im->b->stop, err);

	if (rc == 0)
		rc = db_exec(im->b->db, "BEGIN; DELETE FROM temp.staged", err);
	if (rc == 0)
		rc = read_all(im, err);
	if (rc == 0)
		rc = db_commit(im->b->db, err);
	if (rc < 0)
		db_rollback(im->b->db);
	dumpread_rows_end(&im->in);
	return rc;
}

size_t import_image_count(const struct import *im)
{
	return im->image_count;
}

const struct sl_image *import_image(const struct import *im, size_t i)
{
	return im->images[i];
}

size_t import_layer_count(const struct import *im)
{
	return im->layer_count;
}

const struct dumpread_layer *import_layer(const struct import *im, size_t i)
{
	return &im->layers[i];
}

/* ---- storing ---- */

/* Without a name in the file, an image keeps the one it has here, or is called by its id. */
static int take_name(struct import *im, struct sl_image *image, struct sl_error *err)
{
	struct sl_baseline_info info;
	char id[DIGEST_TEXT_SIZE];
	int rc = sl_baselines_find(im->b, image->config_digest, &info, err);

	if (rc < 0)
		return rc;
	digest_format(id, image->config_digest);
	free(image->reference);
	image->reference = strdup(rc == 0 ? info.name : id);
	return image->reference == NULL ? sl_fail(err, SL_ENOMEM, 0, "name of an image") : 0;
}

static int contradiction(const struct dumpread_layer *layer, enum sl_trust trust,
			 const uint8_t stored[SL_SHA256_SIZE], struct sl_error *err)
{
	char chain[DIGEST_TEXT_SIZE], told[DIGEST_TEXT_SIZE], here[DIGEST_TEXT_SIZE];

	digest_format(chain, layer->chain_id);
	digest_format(told, layer->tree);
	digest_format(here, stored);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "layer %s: its tree is %s in the file, but %s is %s here", chain, told, here,
		       sl_trust_name(trust));
}

/* What is proven or signed here already stays, and the file has to agree with it. */
static int find_stored(struct import *im, const struct dumpread_layer *layer, bool *is_known,
		       struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	uint8_t tree[SL_SHA256_SIZE];
	enum sl_trust trust = SL_TRUST_ON_DISK;
	int64_t id;
	int rc = store_find_layer(im->b, layer->chain_id, &id, &trust, err);

	*is_known = rc == 0 && trust <= SL_TRUST_SIGNED;
	if (rc < 0 || !*is_known)
		return rc < 0 ? rc : 0;
	rc = db_prepare(&s, im->b->db, "SELECT tree_digest FROM layer WHERE id=?1", err);
	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, id);
	rc = db_step(s, err);
	if (rc == 0 && store_read_digest(tree, s, 0) < 0)
		rc = sl_fail(err, SL_EFORMAT, 0, "baseline database: damaged row (layer)");
	if (rc == 0 && memcmp(tree, layer->tree, sizeof(tree)) != 0)
		rc = contradiction(layer, trust, tree, err);
	return rc < 0 ? rc : 0;
}

static int plan_layers(struct import *im, struct publish_layer *plan, struct import_result *out,
		       struct sl_error *err)
{
	struct sl_time now = clock_now();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < im->layer_count; i++) {
		const struct dumpread_layer *layer = &im->layers[i];

		plan[i] = (struct publish_layer){.trust = SL_TRUST_SIGNED,
						 .bytes = layer->bytes,
						 .proven_at = now,
						 .staged = (int64_t)i + 1,
						 .entries = layer->entries};
		memcpy(plan[i].tree_digest, layer->tree, SL_SHA256_SIZE);
		rc = find_stored(im, layer, &plan[i].is_known, err);
		out->layers_known += plan[i].is_known;
		out->entries += layer->entries;
	}
	return rc;
}

static int store_image(struct import *im, struct sl_image *image, const struct publish_layer *plan,
		       struct sl_error *err)
{
	AUTO_FREE struct publish_layer *layers = calloc(image->layer_count + 1, sizeof(*layers));
	struct sl_index_result result = {0};
	int rc = take_name(im, image, err);

	if (layers == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "import");
	for (size_t i = 0; i < image->layer_count; i++) {
		struct dumpread_layer want;
		const struct dumpread_layer *found;

		memcpy(want.chain_id, image->layers[i].chain_id, SL_SHA256_SIZE);
		found = bsearch(&want, im->layers, im->layer_count, sizeof(want), by_chain);
		if (found == NULL)
			return sl_fail(err, SL_EINVAL, 0, "a layer that was not read");
		layers[i] = plan[found - im->layers];
	}
	return rc < 0 ? rc : publish_staged(im->b, image, layers, false, &result, err);
}

/* Inside the transaction that stores it all: nothing changes between looking and writing. */
static int store_all(struct import *im, struct publish_layer *plan, struct import_result *out,
		     struct sl_error *err)
{
	struct sl_time now = clock_now();
	int rc = plan_layers(im, plan, out, err);

	for (size_t i = 0; rc == 0 && i < im->image_count; i++)
		rc = store_image(im, im->images[i], plan, err);
	for (size_t i = 0; rc == 0 && i < im->layer_count; i++)
		rc = store_sign(im->b, im->layers[i].chain_id, out->signer, now, err);
	return rc;
}

int import_store(struct import *im, struct import_result *out, struct sl_error *err)
{
	AUTO_FREE struct publish_layer *plan = calloc(im->layer_count + 1, sizeof(*plan));
	int rc = plan == NULL ? sl_fail(err, SL_ENOMEM, 0, "import") : db_begin(im->b->db, err);

	if (rc < 0)
		return rc;
	out->images = im->image_count;
	out->layers = im->layer_count;
	out->layers_known = 0;
	out->entries = 0;
	rc = store_all(im, plan, out, err);
	if (rc == 0)
		rc = db_commit(im->b->db, err);
	if (rc < 0)
		db_rollback(im->b->db);
	return rc;
}

/* ---- a signed file ---- */

/* The text that @note signs, read a second time: what is parsed has to be what was verified. */
static int read_signed(struct import *im, int fd, const struct exportnote *note,
		       struct sl_error *err)
{
	uint8_t found[SL_SHA256_SIZE];
	struct sha256 *hash = NULL;
	struct istream *in = NULL;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int rc = own < 0 ? sl_fail(err, SL_EIO, errno, "file")
			 : istream_from_range(&in, own, 0, note->size, err);

	if (rc == 0)
		rc = sha256_new(&hash, err);
	if (rc == 0)
		rc = istream_hash(&in, in, hash, NULL, err);
	if (rc == 0)
		rc = import_read(im, in, err);
	if (rc == 0)
		rc = sha256_final(hash, found, err);
	istream_close(in);
	sha256_free(hash);
	if (rc == 0 && memcmp(found, note->digest, sizeof(found)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "it was changed while it was read");
	return rc;
}

/* A first line that is none of ours says more than a missing signature. */
static int check_start(int fd, struct sl_error *err)
{
	static const char signed_start[] = "#strandline baselines ";
	static const char dump_start[] = "#strandline baseline ";
	char start[sizeof(signed_start) - 1];
	ssize_t n = pread(fd, start, sizeof(start), 0);

	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	if (n >= (ssize_t)sizeof(dump_start) - 1 &&
	    memcmp(start, dump_start, sizeof(dump_start) - 1) == 0)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "this is a dump, which nobody signed: 'strandline images load' "
			       "stores it as recorded");
	if (n != (ssize_t)sizeof(start) || memcmp(start, signed_start, sizeof(start)) != 0)
		return sl_fail(err, SL_EFORMAT, 0,
			       "this is no file of 'strandline baseline export'");
	return 0;
}

/* Signed by one of the keys, or, when there are none, by whomever. */
static int open_note(struct exportnote *note, int fd, const uint8_t (*keys)[SIGN_PUBLIC_SIZE],
		     size_t key_count, struct sl_error *err)
{
	int rc = check_start(fd, err);

	if (rc == 0)
		rc = exportnote_read(note, fd, err);
	if (rc == 0 && keys != NULL)
		rc = exportnote_verify(note, keys, key_count, err);
	return rc == 0 ? exportnote_check(note, fd, err) : rc;
}

int import_file(struct sl_baselines *b, int fd, const uint8_t (*keys)[SIGN_PUBLIC_SIZE],
		size_t key_count, struct import_result *out, struct sl_error *err)
{
	struct exportnote note;
	struct import *im = NULL;
	int rc = db_writable(b->db, err);

	*out = (struct import_result){.images = 0};
	if (rc == 0)
		rc = open_note(&note, fd, keys, key_count, err);
	if (rc == 0)
		rc = import_new(&im, b, err);
	if (rc == 0)
		rc = read_signed(im, fd, &note, err);
	if (rc == 0) {
		memcpy(out->signer, note.key, SL_SHA256_SIZE);
		rc = import_store(im, out, err);
	}
	import_free(im);
	return rc;
}

int import_look(struct import **out, struct sl_baselines *b, int fd,
		const uint8_t (*keys)[SIGN_PUBLIC_SIZE], size_t key_count, struct exportnote *note,
		struct sl_error *err)
{
	int rc = open_note(note, fd, key_count > 0 ? keys : NULL, key_count, err);

	if (rc == 0)
		rc = import_new(out, b, err);
	return rc == 0 ? read_signed(*out, fd, note, err) : rc;
}
