/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of one image's layers, each compared with what is known of its layer
 * (checklayer.h).
 */
#include <strandline/check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "snapshot/checklayer.h"
#include "snapshot/layercheck.h"
#include "snapshot/layertree.h"
#include "snapshot/merged.h"
#include "snapshot/store.h"

struct sl_checker {
	struct checklayers layers;
	unsigned int jobs;
};

int sl_checker_new(struct sl_checker **out, struct sl_baselines *b, const struct sl_image *image,
		   unsigned int jobs, const struct sl_progress *progress, struct sl_error *err)
{
	struct sl_checker *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer check");
	c->jobs = jobs;
	rc = checklayers_init(&c->layers, b, image, progress, err);
	if (rc < 0)
		sl_checker_free(c);
	else
		*out = c;
	return rc;
}

void sl_checker_free(struct sl_checker *c)
{
	if (c == NULL)
		return;
	checklayers_clear(&c->layers);
	free(c);
}

/* ---- the directory ---- */

struct target {
	struct sl_checker *c;
	size_t layer;
	const struct sl_check_place *place;
};

static int open_rows(const struct sl_checker *c, size_t layer, struct sl_source **out,
		     struct sl_error *err)
{
	struct row_at at = c->layers.at[layer];

	return at.is_staged ? store_open_staged(c->layers.b, at.layer, out, err)
			    : store_open_layer(c->layers.b, at.layer, out, err);
}

/* What the layers up to this one show together. */
static int open_shown(const struct target *t, struct sl_source **out, struct sl_error *err)
{
	size_t count = 0, layers = t->layer + 1;
	AUTO_FREE struct sl_source **sources = calloc(layers, sizeof(struct sl_source *));
	int rc = sources != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer check");

	for (; rc == 0 && count < layers; count += rc == 0)
		rc = open_rows(t->c, t->layer - count, &sources[count], err);
	if (rc == 0)
		return merged_open(out, sources, count, err);
	while (count > 0)
		sl_source_close(sources[--count]);
	return rc;
}

static int open_side(void *payload, enum layer_side side, struct sl_source **out,
		     struct sl_error *err)
{
	const struct target *t = payload;
	const struct sl_check_place *place = t->place;

	if (side == LAYER_ON_DISK)
		return layertree_open(out, place->dir_fd,
				      place->is_whole ? SL_MARKER_NONE : place->marker,
				      place->idmap, err);
	return place->is_whole ? open_shown(t, out, err) : open_rows(t->c, t->layer, out, err);
}

/* tar-split notes one name of a file; its others are the same file, or should be. */
static enum layer_file single_file(void *payload, const struct sl_entry *disk)
{
	const struct target *t = payload;
	struct checklayer *k = &t->c->layers.known[t->layer];

	if (!checklayer_is_of(k, t->place->dir_fd))
		return LAYER_FILE_AS_ALL;
	if (nameset_has(&k->damage, disk->path))
		return LAYER_FILE_OTHER;
	if ((disk->fields & SL_ENTRY_INODE) == 0)
		return LAYER_FILE_AS_ALL;
	if (disk->nlink > 1 && inodeset_has(&k->inodes, disk->ino))
		return LAYER_FILE_OTHER;
	return inodeset_has(&k->severed, disk->ino) ? LAYER_FILE_UNREAD : LAYER_FILE_AS_ALL;
}

static enum layer_contents contents_of(const struct target *t)
{
	const struct checklayer *k = &t->c->layers.known[t->layer];

	/* one layer's tar proves nothing of what the layers below show here */
	if (t->place->is_whole)
		return LAYER_CONTENTS_HASH;
	if (k->is_damaged)
		return LAYER_CONTENTS_NAMED;
	if (t->place->proven_by == SL_CHECK_TAR_SPLIT || checklayer_is_of(k, t->place->dir_fd))
		return LAYER_CONTENTS_PROVEN;
	return LAYER_CONTENTS_HASH;
}

static int compare(struct target *t, const struct sl_check_events *events,
		   struct sl_layer_check *out, struct sl_error *err)
{
	struct sl_checker *c = t->c;
	const struct checklayer *k = &c->layers.known[t->layer];
	struct layer_check check = {.open = open_side,
				    .single = single_file,
				    .payload = t,
				    .contents = contents_of(t),
				    .dir_fd = t->place->dir_fd,
				    .jobs = c->jobs,
				    .progress = c->layers.progress,
				    .total = k->bytes,
				    .events = events};
	int rc = 0;

	if (!t->place->is_whole)
		rc = lowertree_new(&check.lower, c->layers.rows, c->layers.at, t->layer, err);
	for (size_t i = 0; t->place->is_whole && i < t->layer; i++)
		check.total += c->layers.known[i].bytes;
	if (rc == 0)
		rc = layer_check(&check, &out->counts, err);
	if (rc == 0 && check.contents != LAYER_CONTENTS_HASH)
		out->counts.bytes += k->bytes;
	lowertree_free(check.lower);
	return rc;
}

/* ---- what follows ---- */

static uint64_t tampered(const struct sl_check_counts *n)
{
	uint64_t sum = 0;

	for (int i = 0; i < SL_DIFFERENCE_KINDS; i++)
		sum += n->by_kind[i];
	return sum;
}

static enum sl_check_verdict judge(const struct sl_layer_check *out, const struct checklayer *k)
{
	if (tampered(&out->counts) > 0 || out->contradiction != NULL || k->is_damaged)
		return SL_CHECK_TAMPERED;
	if (out->counts.gaps > 0 || (k->method == SL_CHECK_NONE && k->is_unread))
		return SL_CHECK_UNREAD;
	return out->counts.doubtful > 0 || out->trust > SL_TRUST_SIGNED ? SL_CHECK_UNPROVEN
									: SL_CHECK_INTACT;
}

/* What people need to know beside the verdict. */
static const char *reason(const struct sl_layer_check *out, const struct checklayer *k)
{
	if (k->is_damaged && tampered(&out->counts) == 0)
		return "the layer's tar does not come out of its directory, yet no file differs "
		       "from what tar-split notes: tar-split itself was altered, and what else "
		       "cannot be told";
	if (k->is_damaged)
		return "known by what tar-split notes, which is not proven: a file that was "
		       "changed together with its note is not named";
	if (k->method == SL_CHECK_NONE && k->why == NULL)
		return "neither blob nor tar-split nor baseline: nothing to prove it with";
	if (k->method == SL_CHECK_BASELINE && out->trust > SL_TRUST_SIGNED)
		return "equal to a recording, which nothing proves";
	return k->method == SL_CHECK_NONE ? k->why : NULL;
}

static int copy_text(char **out, const char *text, struct sl_error *err)
{
	if (text == NULL || *out != NULL)
		return 0;
	*out = strdup(text);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer check");
}

/* Rows that were stored just now are known as they were then. */
static int settle(const struct checklayer *k, enum sl_check_method just_now,
		  struct sl_layer_check *out, struct sl_error *err)
{
	int rc = copy_text(&out->contradiction, k->contradiction, err);

	out->method =
		k->method == SL_CHECK_BASELINE && just_now != SL_CHECK_NONE ? just_now : k->method;
	out->trust = k->trust;
	out->verdict = judge(out, k);
	return rc < 0 ? rc : copy_text(&out->why, reason(out, k), err);
}

static int check_gone(struct sl_layer_check *out, const struct sl_check_events *events,
		      struct sl_error *err)
{
	static const struct sl_gap gone = {.what = {"", 0},
					   .why = "the layer's directory is not there",
					   .is_path = true,
					   .below = true};
	int rc = copy_text(&out->why, gone.why, err);

	out->trust = SL_TRUST_ON_DISK;
	out->verdict = SL_CHECK_UNREAD;
	out->counts.gaps = 1;
	return rc == 0 ? events->gap(events->payload, &gone) : rc;
}

static void worsen(struct sl_layer_check *out, enum sl_check_verdict verdict)
{
	if (out->verdict < verdict)
		out->verdict = verdict;
}

/* A whole tree is no better known than the worst of the layers that it shows. */
static int settle_whole(struct sl_checker *c, size_t layer, struct sl_layer_check *out,
			struct sl_error *err)
{
	for (size_t i = 0; i < layer; i++) {
		const struct checklayer *k = &c->layers.known[i];

		if (checklayer_is_known(k)) {
			out->trust = k->trust > out->trust ? k->trust : out->trust;
			continue;
		}
		out->trust = SL_TRUST_ON_DISK;
		out->counts.gaps++;
		worsen(out, SL_CHECK_UNREAD);
		free(out->why);
		if (asprintf(&out->why, "layer %zu, which it shows as well, is not known", i + 1) <
		    0) {
			out->why = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "layer check");
		}
		return 0;
	}
	if (out->trust <= SL_TRUST_SIGNED)
		return 0;
	worsen(out, SL_CHECK_UNPROVEN);
	return copy_text(&out->why,
			 "a layer that it shows as well was recorded, which nothing proves", err);
}

/* Are all the rows there that a comparison needs? */
static bool is_comparable(const struct sl_checker *c, size_t layer, bool is_whole)
{
	bool known = c->layers.known[layer].state == CHECKLAYER_KNOWN;

	for (size_t i = 0; is_whole && known && i < layer; i++)
		known = checklayer_is_known(&c->layers.known[i]);
	return known;
}

static int run(struct sl_checker *c, size_t layer, const struct sl_check_place *place,
	       const struct sl_check_events *events, struct sl_layer_check *out,
	       struct sl_error *err)
{
	struct target target = {c, layer, place};
	int rc = 0;

	if (place->dir_fd < 0)
		return check_gone(out, events, err);
	for (size_t i = 0; rc == 0 && i < layer; i++)
		rc = checklayers_learn(&c->layers, i, c->layers.image->layers[i].dir_fd,
				       place->is_whole ? CHECKLAYER_DIGESTS : CHECKLAYER_NAMES,
				       err);
	if (rc == 0)
		rc = checklayers_learn(&c->layers, layer, place->dir_fd,
				       place->is_whole ? CHECKLAYER_DIGESTS : CHECKLAYER_DIRECTORY,
				       err);
	if (rc == 0 && is_comparable(c, layer, place->is_whole))
		rc = compare(&target, events, out, err);
	if (rc == 0)
		rc = settle(&c->layers.known[layer], place->proven_by, out, err);
	return rc == 0 && place->is_whole ? settle_whole(c, layer, out, err) : rc;
}

int sl_checker_layer(struct sl_checker *c, size_t layer, const struct sl_check_place *place,
		     const struct sl_check_events *events, struct sl_layer_check *out,
		     struct sl_error *err)
{
	int rc;

	*out = (struct sl_layer_check){.at = clock_now()};
	if (layer >= c->layers.image->layer_count)
		return sl_fail(err, SL_EINVAL, 0, "the image has no layer %zu", layer);
	rc = run(c, layer, place, events, out, err);
	if (rc != 0)
		sl_layer_check_clear(out);
	return rc;
}
