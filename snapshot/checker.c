/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks directories of one image's layers. Layers that are not stored, or only as somebody told
 * them, are read into a temporary table: what is found out of a damaged image must not be mistaken
 * for the image later.
 */
#include <strandline/check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/root.h"
#include "snapshot/apply.h"
#include "snapshot/layercheck.h"
#include "snapshot/layerread.h"
#include "snapshot/layertree.h"
#include "snapshot/merged.h"
#include "snapshot/nameset.h"
#include "snapshot/store.h"
#include "snapshot/tarsplit.h"

/* Of names of files that do not fit their tar-split. */
#define NAMES_MAX ((size_t)16 << 20)

enum known { KNOWN_UNTRIED, KNOWN_NOT, KNOWN };

/* Inode numbers, sorted. */
struct inodes {
	uint64_t *list; /* owned */
	size_t count;
};

static int compare_inodes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool inodes_have(const struct inodes *s, uint64_t ino)
{
	return s->count > 0 &&
	       bsearch(&ino, s->list, s->count, sizeof(*s->list), compare_inodes) != NULL;
}

/* Of the named files in a directory, those that have further names. */
static int inodes_find(struct inodes *out, const struct nameset *names, int dir_fd,
		       struct sl_error *err)
{
	out->list = calloc(names->count + 1, sizeof(*out->list));
	if (out->list == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer check");
	for (size_t i = 0; i < names->count; i++) {
		AUTO_FREE char *path = strndup(names->paths[i].data, names->paths[i].len);
		AUTO_CLOSE int fd =
			path != NULL ? root_open_path(dir_fd, path, ROOT_NO_LINKS, NULL) : -1;
		struct stat st;

		if (path == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "layer check");
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 1)
			out->list[out->count++] = st.st_ino;
	}
	qsort(out->list, out->count, sizeof(*out->list), compare_inodes);
	return 0;
}

/* What is known of one layer. */
struct knowledge {
	enum known state;
	enum sl_check_method method;
	enum sl_trust trust;
	bool is_unread;  /* a source, or a file that it needs, could not be read */
	bool is_damaged; /* tar-split: the digest does not come out; trust is on-disk */
	struct nameset damage;
	struct inodes inodes; /* of those files that have several names */
	dev_t dev;            /* tar-split: the directory it was read with */
	ino_t ino;
	uint64_t bytes;
	char *why;           /* no better source; owned, or NULL */
	char *contradiction; /* owned, or NULL */
};

struct sl_checker {
	struct sl_baselines *b;
	const struct sl_image *image;
	unsigned int jobs;
	const struct sl_progress *progress;
	struct rows *rows;
	struct row_at *at;           /* of each layer */
	struct knowledge *knowledge; /* the same */
};

/* Only these end a check; everything else says something about the layer. */
static bool is_fatal(int rc)
{
	return rc == -SL_ENOMEM || rc == -SL_ECANCELLED;
}

static int give(struct sl_error *err, struct sl_error *own)
{
	int rc = -(int)own->code;

	if (err != NULL) {
		sl_error_clear(err);
		*err = *own;
		*own = SL_ERROR_INIT;
	}
	return rc;
}

/* Move the message to @where, unless something stands there. */
static int keep(char **where, struct sl_error *own, struct sl_error *err)
{
	if (*where == NULL)
		*where = strdup(sl_error_text(own));
	sl_error_clear(own);
	return *where != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer check");
}

int sl_checker_new(struct sl_checker **out, struct sl_baselines *b, const struct sl_image *image,
		   unsigned int jobs, const struct sl_progress *progress, struct sl_error *err)
{
	struct sl_checker *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer check");
	c->b = b;
	c->image = image;
	c->jobs = jobs;
	c->progress = progress;
	c->at = calloc(image->layer_count + 1, sizeof(*c->at));
	c->knowledge = calloc(image->layer_count + 1, sizeof(*c->knowledge));
	rc = c->at == NULL || c->knowledge == NULL ? sl_fail(err, SL_ENOMEM, 0, "layer check")
						   : rows_new(&c->rows, b->db, err);
	if (rc == 0)
		rc = db_exec(b->db, "DELETE FROM temp.staged", err);
	if (rc < 0) {
		sl_checker_free(c);
		return rc;
	}
	for (size_t i = 0; i < image->layer_count; i++)
		c->at[i] = (struct row_at){.layer = (int64_t)i + 1, .is_staged = true};
	*out = c;
	return 0;
}

static void knowledge_clear(struct knowledge *k)
{
	nameset_clear(&k->damage);
	free(k->inodes.list);
	free(k->why);
	free(k->contradiction);
	*k = (struct knowledge){0};
}

void sl_checker_free(struct sl_checker *c)
{
	if (c == NULL)
		return;
	rows_free(c->rows);
	(void)db_exec(c->b->db, "DROP TABLE IF EXISTS temp.staged", NULL);
	for (size_t i = 0; c->knowledge != NULL && i < c->image->layer_count; i++)
		knowledge_clear(&c->knowledge[i]);
	free(c->knowledge);
	free(c->at);
	free(c);
}

/* ---- what a layer is ---- */

static int unstage(struct sl_checker *c, size_t i, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, c->b->db, "DELETE FROM temp.staged WHERE layer=?1", err);

	c->at[i] = (struct row_at){.layer = (int64_t)i + 1, .is_staged = true};
	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, (int64_t)i + 1);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

/* Read the layer into the temporary table; with @damage from tar-split, whatever differs. */
static int stage(struct sl_checker *c, size_t i, const struct sl_layer *layer,
		 struct tarsplit_damage *damage, struct layer_result *read, struct sl_error *err)
{
	struct layer_apply *apply = NULL;
	int rc = unstage(c, i, err);

	if (rc == 0)
		rc = db_exec(c->b->db, "BEGIN", err);
	if (rc < 0)
		return rc;
	rc = layer_apply_new(&apply, c->rows, (int64_t)i + 1, c->at, i, err);
	if (rc == 0)
		rc = damage != NULL ? layer_salvage(layer, &c->b->limits, layer_apply_item, apply,
						    c->progress, damage, read, err)
				    : layer_read(layer, &c->b->limits, layer_apply_item, apply,
						 c->progress, read, err);
	layer_apply_free(apply);
	if (db_commit(c->b->db, rc == 0 ? err : NULL) < 0 && rc == 0)
		rc = -SL_EIO;
	return rc;
}

/* This source does not do, and that is remembered. */
static int cannot(struct knowledge *k, int rc, struct sl_error *why, struct sl_error *err)
{
	k->is_unread = k->is_unread || rc == -SL_EIO || rc == -SL_ELIMIT;
	return keep(rc == -SL_EUNTRUSTED ? &k->contradiction : &k->why, why, err);
}

static int try_blob(struct sl_checker *c, size_t i, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	struct knowledge *k = &c->knowledge[i];
	struct sl_layer layer = c->image->layers[i];
	struct layer_result read = {0};
	struct stat st;
	int rc;

	/* a pipe is read once, and was */
	if (layer.blob_fd < 0 || fstat(layer.blob_fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	rc = stage(c, i, &layer, NULL, &read, &why);
	if (is_fatal(rc))
		return give(err, &why);
	if (rc < 0)
		return cannot(k, rc, &why, err);
	k->state = KNOWN;
	k->method = SL_CHECK_BLOB;
	k->trust = SL_TRUST_PROVEN;
	k->bytes = read.tar_bytes;
	return 0;
}

static bool same_directory(const struct knowledge *k, int dir_fd)
{
	struct stat st;

	return fstat(dir_fd, &st) == 0 && st.st_dev == k->dev && st.st_ino == k->ino;
}

/* The digest does not come out: the rows are what tar-split says, unproven. */
static int take_damaged(struct knowledge *k, struct tarsplit_damage *damage, int dir_fd,
			struct sl_error *why, struct sl_error *err)
{
	int rc;

	k->state = KNOWN;
	k->method = SL_CHECK_TAR_SPLIT;
	k->trust = SL_TRUST_ON_DISK;
	k->is_damaged = true;
	free(take_ptr(&k->why));
	if (keep(&k->why, why, err) < 0)
		return -SL_ENOMEM;
	rc = nameset_take(&k->damage, &damage->names, err);
	return rc < 0 ? rc : inodes_find(&k->inodes, &k->damage, dir_fd, err);
}

static void damage_clear(struct tarsplit_damage *damage)
{
	buf_clear(&damage->names);
}

static int try_tar_split(struct sl_checker *c, size_t i, int dir_fd, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	CLEANUP(damage_clear) struct tarsplit_damage damage = {.names = BUF_INIT(NAMES_MAX)};
	struct knowledge *k = &c->knowledge[i];
	struct sl_layer layer = c->image->layers[i];
	struct layer_result read = {0};
	struct stat st;
	int rc;

	layer.dir_fd = dir_fd;
	if (dir_fd < 0 || layer.tar_split_fd < 0 || fstat(dir_fd, &st) < 0)
		return 0;
	rc = stage(c, i, &layer, &damage, &read, &why);
	if (is_fatal(rc))
		return give(err, &why);
	k->dev = st.st_dev;
	k->ino = st.st_ino;
	k->bytes = read.tar_bytes;
	if (rc == -SL_EUNTRUSTED && read.is_parsed)
		return take_damaged(k, &damage, dir_fd, &why, err);
	if (rc < 0)
		return cannot(k, rc, &why, err);
	k->state = KNOWN;
	k->method = SL_CHECK_TAR_SPLIT;
	k->trust = SL_TRUST_PROVEN;
	return 0;
}

/* How long the tar of a stored layer was. */
static int stored_bytes(struct sl_checker *c, int64_t layer, uint64_t *out, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, c->b->db, "SELECT bytes FROM layer WHERE id=?1", err);

	if (rc < 0)
		return rc;
	db_bind_i64(s, 1, layer);
	rc = db_step(s, err);
	if (rc == 0)
		*out = (uint64_t)db_column_i64(s, 0);
	return rc < 0 ? rc : 0;
}

/* Rows that are stored, with trust up to @worst. */
static int try_stored(struct sl_checker *c, size_t i, enum sl_trust worst, struct sl_error *err)
{
	struct knowledge *k = &c->knowledge[i];
	enum sl_trust trust = SL_TRUST_ON_DISK;
	int64_t layer = 0;
	int rc = store_find_layer(c->b, c->image->layers[i].chain_id, &layer, &trust, err);

	if (rc != 0 || trust > worst)
		return rc < 0 ? rc : 0;
	if (c->at[i].is_staged && (rc = unstage(c, i, err)) < 0)
		return rc;
	c->at[i] = (struct row_at){.layer = layer};
	k->state = KNOWN;
	k->method = SL_CHECK_BASELINE;
	k->trust = trust;
	return stored_bytes(c, layer, &k->bytes, err);
}

/* Find out what layer @i is, once; @dir_fd is where it lies. */
static int learn(struct sl_checker *c, size_t i, int dir_fd, struct sl_error *err)
{
	struct knowledge *k = &c->knowledge[i];
	int rc = 0;

	/* the tar of another directory says nothing when it did not come out */
	if (k->state == KNOWN && k->is_damaged && dir_fd >= 0 && !same_directory(k, dir_fd))
		knowledge_clear(k);
	if (k->state != KNOWN_UNTRIED)
		return 0;
	rc = try_stored(c, i, SL_TRUST_SIGNED, err);
	if (rc == 0 && k->state != KNOWN)
		rc = try_blob(c, i, err);
	if (rc == 0 && k->state != KNOWN)
		rc = try_tar_split(c, i, dir_fd, err);
	if (rc == 0 && k->state != KNOWN)
		rc = try_stored(c, i, SL_TRUST_RECORDED, err);
	if (rc < 0 || k->state == KNOWN)
		return rc;
	k->state = KNOWN_NOT;
	k->method = SL_CHECK_NONE;
	k->trust = SL_TRUST_ON_DISK;
	return unstage(c, i, err);
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
	struct row_at at = c->at[layer];

	return at.is_staged ? store_open_staged(c->b, at.layer, out, err)
			    : store_open_layer(c->b, at.layer, out, err);
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

/* tar-split notes one name of a file; its others are the same file. */
static bool is_damaged_file(void *payload, const struct sl_entry *disk)
{
	const struct target *t = payload;
	const struct knowledge *k = &t->c->knowledge[t->layer];

	if (nameset_has(&k->damage, disk->path))
		return true;
	return (disk->fields & SL_ENTRY_INODE) != 0 && disk->nlink > 1 &&
	       inodes_have(&k->inodes, disk->ino);
}

static enum layer_contents contents_of(const struct target *t)
{
	const struct knowledge *k = &t->c->knowledge[t->layer];

	/* one layer's tar proves nothing of what the layers below show here */
	if (t->place->is_whole)
		return LAYER_CONTENTS_HASH;
	if (k->is_damaged)
		return LAYER_CONTENTS_NAMED;
	if (t->place->proven_by == SL_CHECK_TAR_SPLIT ||
	    (k->method == SL_CHECK_TAR_SPLIT && same_directory(k, t->place->dir_fd)))
		return LAYER_CONTENTS_PROVEN;
	return LAYER_CONTENTS_HASH;
}

static int compare(struct target *t, const struct sl_check_events *events,
		   struct sl_layer_check *out, struct sl_error *err)
{
	struct sl_checker *c = t->c;
	const struct knowledge *k = &c->knowledge[t->layer];
	struct layer_check check = {.open = open_side,
				    .differs = is_damaged_file,
				    .payload = t,
				    .contents = contents_of(t),
				    .dir_fd = t->place->dir_fd,
				    .jobs = c->jobs,
				    .progress = c->progress,
				    .total = k->bytes,
				    .events = events};
	int rc = 0;

	if (!t->place->is_whole)
		rc = lowertree_new(&check.lower, c->rows, c->at, t->layer, err);
	for (size_t i = 0; t->place->is_whole && i < t->layer; i++)
		check.total += c->knowledge[i].bytes;
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

static enum sl_check_verdict judge(const struct sl_layer_check *out, const struct knowledge *k)
{
	if (tampered(&out->counts) > 0 || out->contradiction != NULL || k->is_damaged)
		return SL_CHECK_TAMPERED;
	if (out->counts.gaps > 0 || (k->method == SL_CHECK_NONE && k->is_unread))
		return SL_CHECK_UNREAD;
	return out->counts.doubtful > 0 || out->trust > SL_TRUST_SIGNED ? SL_CHECK_UNPROVEN
									: SL_CHECK_INTACT;
}

/* What people need to know beside the verdict. */
static const char *reason(const struct sl_layer_check *out, const struct knowledge *k)
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
static int settle(const struct knowledge *k, enum sl_check_method just_now,
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

/* Can a comparison with the layer stand on this? */
static bool is_known(const struct knowledge *k)
{
	return k->state == KNOWN && !k->is_damaged;
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
		const struct knowledge *k = &c->knowledge[i];

		if (is_known(k)) {
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
	bool known = c->knowledge[layer].state == KNOWN;

	for (size_t i = 0; is_whole && known && i < layer; i++)
		known = is_known(&c->knowledge[i]);
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
	for (size_t i = 0; rc == 0 && i <= layer; i++)
		rc = learn(c, i, i == layer ? place->dir_fd : c->image->layers[i].dir_fd, err);
	if (rc == 0 && is_comparable(c, layer, place->is_whole))
		rc = compare(&target, events, out, err);
	if (rc == 0)
		rc = settle(&c->knowledge[layer], place->proven_by, out, err);
	return rc == 0 && place->is_whole ? settle_whole(c, layer, out, err) : rc;
}

int sl_checker_layer(struct sl_checker *c, size_t layer, const struct sl_check_place *place,
		     const struct sl_check_events *events, struct sl_layer_check *out,
		     struct sl_error *err)
{
	int rc;

	*out = (struct sl_layer_check){.at = clock_now()};
	if (layer >= c->image->layer_count)
		return sl_fail(err, SL_EINVAL, 0, "the image has no layer %zu", layer);
	rc = run(c, layer, place, events, out, err);
	if (rc != 0)
		sl_layer_check_clear(out);
	return rc;
}
