/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/checklayer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "snapshot/apply.h"
#include "snapshot/layerread.h"
#include "snapshot/store.h"
#include "snapshot/tarsplit.h"

/* Of names of files that do not fit their tar-split. */
#define NAMES_MAX ((size_t)16 << 20)

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

bool checklayer_is_known(const struct checklayer *k)
{
	return k->state == CHECKLAYER_KNOWN && !k->is_damaged;
}

bool checklayer_is_of(const struct checklayer *k, int dir_fd)
{
	struct stat st;

	return k->method == SL_CHECK_TAR_SPLIT && dir_fd >= 0 && fstat(dir_fd, &st) == 0 &&
	       st.st_dev == k->dev && st.st_ino == k->ino;
}

static void forget(struct checklayer *k)
{
	nameset_clear(&k->damage);
	inodeset_clear(&k->inodes);
	inodeset_clear(&k->severed);
	free(k->why);
	free(k->contradiction);
	*k = (struct checklayer){0};
}

int checklayers_init(struct checklayers *c, struct sl_baselines *b, const struct sl_image *image,
		     const struct sl_progress *progress, struct sl_error *err)
{
	int rc;

	*c = (struct checklayers){.b = b, .image = image, .progress = progress};
	c->at = calloc(image->layer_count + 1, sizeof(*c->at));
	c->known = calloc(image->layer_count + 1, sizeof(*c->known));
	rc = c->at == NULL || c->known == NULL ? sl_fail(err, SL_ENOMEM, 0, "layer check")
					       : rows_new(&c->rows, b->db, err);
	if (rc == 0)
		rc = db_exec(b->db, "DELETE FROM temp.staged", err);
	for (size_t i = 0; rc == 0 && i < image->layer_count; i++)
		c->at[i] = (struct row_at){.layer = (int64_t)i + 1, .is_staged = true};
	return rc;
}

void checklayers_clear(struct checklayers *c)
{
	rows_free(c->rows);
	if (c->b != NULL)
		(void)db_exec(c->b->db, "DROP TABLE IF EXISTS temp.staged", NULL);
	for (size_t i = 0; c->known != NULL && i < c->image->layer_count; i++)
		forget(&c->known[i]);
	free(c->known);
	free(c->at);
	*c = (struct checklayers){0};
}

/* ---- rows ---- */

static int unstage(struct checklayers *c, size_t i, struct sl_error *err)
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

/* Read the layer into the temporary table; from tar-split and directory where @how says so. */
static int stage(struct checklayers *c, size_t i, const struct sl_layer *layer,
		 const struct layer_rebuild *how, struct layer_result *read, struct sl_error *err)
{
	struct layer_apply *apply = NULL;
	int rc = unstage(c, i, err);

	if (rc == 0)
		rc = db_exec(c->b->db, "BEGIN", err);
	if (rc < 0)
		return rc;
	rc = layer_apply_new(&apply, c->rows, (int64_t)i + 1, c->at, i, err);
	if (rc == 0)
		rc = how != NULL ? layer_rebuild(layer, &c->b->limits, how, layer_apply_item, apply,
						 c->progress, read, err)
				 : layer_read(layer, &c->b->limits, layer_apply_item, apply,
					      c->progress, read, err);
	layer_apply_free(apply);
	if (db_commit(c->b->db, rc == 0 ? err : NULL) < 0 && rc == 0)
		rc = -SL_EIO;
	return rc;
}

/* This source does not do, and that is remembered. */
static int cannot(struct checklayer *k, int rc, struct sl_error *why, struct sl_error *err)
{
	k->is_unread = k->is_unread || rc == -SL_EIO || rc == -SL_ELIMIT;
	return keep(rc == -SL_EUNTRUSTED ? &k->contradiction : &k->why, why, err);
}

static int try_blob(struct checklayers *c, size_t i, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	struct checklayer *k = &c->known[i];
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
	k->state = CHECKLAYER_KNOWN;
	k->method = SL_CHECK_BLOB;
	k->trust = SL_TRUST_PROVEN;
	k->bytes = read.tar_bytes;
	return 0;
}

/* ---- tar-split ---- */

/* Of the named files in a directory, those that have further names. */
static int find_inodes(struct inodeset *out, const struct nameset *names, int dir_fd,
		       struct sl_error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		AUTO_FREE char *path = strndup(names->paths[i].data, names->paths[i].len);
		AUTO_CLOSE int fd =
			path != NULL ? root_open_path(dir_fd, path, ROOT_NO_LINKS, NULL) : -1;
		struct stat st;
		int rc = 0;

		if (path == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "layer check");
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 1)
			rc = inodeset_add(out, st.st_ino, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The digest does not come out: the rows are what tar-split says, unproven. */
static int take_damaged(struct checklayer *k, struct tarsplit_damage *damage, int dir_fd,
			struct sl_error *why, struct sl_error *err)
{
	int rc;

	k->trust = SL_TRUST_ON_DISK;
	k->is_damaged = true;
	free(take_ptr(&k->why));
	if (keep(&k->why, why, err) < 0)
		return -SL_ENOMEM;
	rc = nameset_take(&k->damage, &damage->names, err);
	return rc < 0 ? rc : find_inodes(&k->inodes, &k->damage, dir_fd, err);
}

static void damage_clear(struct tarsplit_damage *damage)
{
	buf_clear(&damage->names);
}

static int rebuild(struct checklayers *c, size_t i, int dir_fd, bool is_bare, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	CLEANUP(damage_clear) struct tarsplit_damage damage = {.names = BUF_INIT(NAMES_MAX)};
	struct checklayer *k = &c->known[i];
	const struct layer_rebuild how = {
		.damage = &damage, .severed = &k->severed, .no_digests = is_bare};
	struct sl_layer layer = c->image->layers[i];
	struct layer_result read = {0};
	struct stat st;
	int rc;

	layer.dir_fd = dir_fd;
	if (!layer.has_diff_id || dir_fd < 0 || layer.tar_split_fd < 0 || fstat(dir_fd, &st) < 0)
		return 0;
	inodeset_clear(&k->severed);
	rc = stage(c, i, &layer, &how, &read, &why);
	if (is_fatal(rc))
		return give(err, &why);
	if (rc < 0 && (rc != -SL_EUNTRUSTED || !read.is_parsed))
		return cannot(k, rc, &why, err);
	k->state = CHECKLAYER_KNOWN;
	k->method = SL_CHECK_TAR_SPLIT;
	k->trust = SL_TRUST_PROVEN;
	k->is_bare = is_bare;
	k->dev = st.st_dev;
	k->ino = st.st_ino;
	k->bytes = read.tar_bytes;
	return rc < 0 ? take_damaged(k, &damage, dir_fd, &why, err) : 0;
}

/*
 * The stream alone proves the directory it came out of, at the price of one hash. Digests of files
 * are there for whoever needs them: those that are no longer the hard links that they were, too.
 */
static int try_tar_split(struct checklayers *c, size_t i, int dir_fd, enum checklayer_use use,
			 struct sl_error *err)
{
	struct checklayer *k = &c->known[i];
	bool is_bare = use != CHECKLAYER_DIGESTS;
	int rc = rebuild(c, i, dir_fd, is_bare, err);

	if (rc < 0 || !is_bare || !checklayer_is_known(k) || k->severed.count == 0)
		return rc;
	k->state = CHECKLAYER_UNTRIED;
	k->is_bare = false;
	return rebuild(c, i, dir_fd, false, err);
}

/* ---- stored rows ---- */

/* How long the tar of a stored layer was. */
static int stored_bytes(struct checklayers *c, int64_t layer, uint64_t *out, struct sl_error *err)
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
static int try_stored(struct checklayers *c, size_t i, enum sl_trust worst, struct sl_error *err)
{
	struct checklayer *k = &c->known[i];
	enum sl_trust trust = SL_TRUST_ON_DISK;
	int64_t layer = 0;
	int rc = store_find_layer(c->b, c->image->layers[i].chain_id, &layer, &trust, err);

	if (rc != 0 || trust > worst)
		return rc < 0 ? rc : 0;
	if (c->at[i].is_staged && (rc = unstage(c, i, err)) < 0)
		return rc;
	c->at[i] = (struct row_at){.layer = layer};
	k->state = CHECKLAYER_KNOWN;
	k->method = SL_CHECK_BASELINE;
	k->trust = trust;
	return stored_bytes(c, layer, &k->bytes, err);
}

/* ---- whatever there is ---- */

static int learn(struct checklayers *c, size_t i, int dir_fd, enum checklayer_use use,
		 struct sl_error *err)
{
	struct checklayer *k = &c->known[i];
	int rc = try_stored(c, i, SL_TRUST_SIGNED, err);

	if (rc == 0 && k->state != CHECKLAYER_KNOWN)
		rc = try_blob(c, i, err);
	if (rc == 0 && k->state != CHECKLAYER_KNOWN)
		rc = try_tar_split(c, i, dir_fd, use, err);
	if (rc == 0 && k->state != CHECKLAYER_KNOWN)
		rc = try_stored(c, i, SL_TRUST_RECORDED, err);
	if (rc < 0 || k->state == CHECKLAYER_KNOWN)
		return rc;
	k->state = CHECKLAYER_UNKNOWN;
	k->method = SL_CHECK_NONE;
	k->trust = SL_TRUST_ON_DISK;
	return unstage(c, i, err);
}

int checklayers_learn(struct checklayers *c, size_t i, int dir_fd, enum checklayer_use use,
		      struct sl_error *err)
{
	struct checklayer *k = &c->known[i];
	bool is_elsewhere =
		k->method == SL_CHECK_TAR_SPLIT && dir_fd >= 0 && !checklayer_is_of(k, dir_fd);

	/* the tar of another directory says nothing when it did not come out */
	if (k->is_damaged && is_elsewhere)
		forget(k);
	/* when it did, it says what each file is to be: read it there once more */
	if (k->is_bare && !k->is_damaged && is_elsewhere && use == CHECKLAYER_DIRECTORY) {
		use = CHECKLAYER_DIGESTS;
		dir_fd = c->image->layers[i].dir_fd;
	}
	if (k->is_bare && !k->is_damaged && use == CHECKLAYER_DIGESTS)
		forget(k);
	return k->state != CHECKLAYER_UNTRIED ? 0 : learn(c, i, dir_fd, use, err);
}
