/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "snapshot/dump.h"
#include "snapshot/dumpread.h"
#include "snapshot/proof.h"
#include "snapshot/publish.h"
#include "snapshot/store.h"

struct load {
	struct sl_baselines *b;
	struct dumpread in;
	struct sl_image *image;
	struct publish_layer *layers; /* one each of the image's */
	struct sl_index_result result;
};

static void load_clear(struct load *l)
{
	dumpread_clear(&l->in);
	sl_image_free(l->image);
	free(l->layers);
}

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", what);
}

static int read_header(struct load *l, struct sl_error *err)
{
	struct sl_bytes *line = &l->in.line;
	uint64_t version;
	int rc = lines_next(&l->in.lines, line, err);

	if (rc == 1 || (rc == 0 && !dumpread_text(line, "#strandline ")))
		return bad("this is no dump of a baseline", err);
	if (rc == 0 && dumpread_text(line, "view "))
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "a merged view does not say which layer holds what: only a dump "
			       "without --merged can be loaded");
	if (rc == 0 && dumpread_text(line, "baselines "))
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "this is a signed file of baselines: give it to 'strandline "
			       "baseline import', with the key of who signed it");
	if (rc == 0 && (!dumpread_number(line, "baseline ", &version) || line->len > 0))
		return bad("this is no dump of a baseline", err);
	if (rc == 0 && version != 1)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "a dump in the form of a later version");
	if (rc == 0)
		rc = dumpread_next(&l->in, err);
	return rc == 0 ? dumpread_image(&l->in, l->image, err) : rc;
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

/* l->in.line is its header. Afterwards it is the line behind its rows. */
static int load_layer(struct load *l, struct sl_error *err)
{
	struct sl_layer layer = SL_LAYER_INIT;
	size_t index = l->image->layer_count;
	struct dumpread_layer head;
	bool is_known = false;
	int rc = dumpread_head(&l->in, &head, err);

	if (rc < 0)
		return rc;
	layer.has_diff_id = true;
	memcpy(layer.chain_id, head.chain_id, SL_SHA256_SIZE);
	memcpy(layer.diff_id, head.diff_id, SL_SHA256_SIZE);
	rc = add_layer(l, &layer, err);
	if (rc == 0)
		rc = find_stored(l, head.chain_id, head.tree, &is_known, err);
	if (rc < 0)
		return rc;
	l->layers[index].bytes = head.bytes;
	l->layers[index].is_known = is_known;
	l->result.layers_known += is_known;
	return dumpread_rows(&l->in, &head, is_known ? 0 : (int64_t)index + 1, err);
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
		rc = dumpread_next(&l->in, err);
	while (rc == 0 && !dumpread_is(&l->in, "#end"))
		rc = load_layer(l, err);
	if (rc == 0) {
		rc = lines_next(&l->in.lines, &rest, err);
		rc = rc == 0 ? bad("something follows '#end'", err) : rc;
	}
	if (rc < 0)
		return sl_wrap(err, rc, "line %" PRIu64, l->in.lines.number);
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

static int run(struct load *l, struct istream *in, const char *name, struct sl_error *err)
{
	int rc = dumpread_init(&l->in, l->b->db, in, l->b->stop, err);

	if (rc == 0)
		rc = db_writable(l->b->db, err);
	if (rc == 0)
		rc = sl_image_new(&l->image, "", err);
	if (rc == 0)
		rc = stage(l, err);
	if (rc == 0)
		rc = take_name(l, name, err);
	if (rc != 0)
		return rc;
	dumpread_rows_end(&l->in);
	l->result.layers = l->image->layer_count;
	return publish_image(l->b, l->image, l->layers, false, &l->result, err);
}

int dump_load(struct sl_baselines *b, struct istream *in, const char *name,
	      uint8_t config_digest[SL_SHA256_SIZE], struct sl_index_result *out,
	      struct sl_error *err)
{
	struct load l CLEANUP(load_clear) = {.b = b};
	int rc = run(&l, in, name, err);

	(void)db_exec(b->db, "DROP TABLE IF EXISTS temp.staged", NULL);
	if (rc != 0)
		return sl_wrap(err, rc, "dump");
	memcpy(config_digest, l.image->config_digest, SL_SHA256_SIZE);
	*out = l.result;
	return 0;
}
