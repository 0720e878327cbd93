/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/rows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

/* Column "state": flags of entry.h that are stored as they are, and what only a row has. Chosen so
 * that a usual entry of a usual image fits the one byte of a small integer. */
#define STATE_FLAGS                                                                                \
	((uint32_t)SL_ENTRY_IMPLIED | (uint32_t)SL_ENTRY_COARSE_TIME |                             \
	 (uint32_t)SL_ENTRY_UNRESOLVED | (uint32_t)SL_ENTRY_AMBIGUOUS)
#define STATE_HIDES (1u << 0)
#define STATE_NO_MTIME (1u << 12)
#define STATE_NO_XATTRS (1u << 13)

#define ROW_VALUES "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"

struct rows {
	struct db *db; /* borrowed */
	struct db_stmt *get_stored, *get_staged, *put, *add, *remove;
	struct row_reader reader;
	struct buf key, end, packed;
};

/* ---- columns to entry ---- */

static int bad_row(struct sl_error *err, const char *what)
{
	return sl_fail(err, SL_EFORMAT, 0, "baseline database: damaged row (%s)", what);
}

/* Seven bits a byte, low first, high bit: more follow. Returns bytes used, 0 when malformed. */
static size_t varint_read(const uint8_t *p, size_t len, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len && i < 5; i++) {
		n |= (size_t)(p[i] & 0x7f) << (7 * i);
		if ((p[i] & 0x80) == 0) {
			*out = n;
			return i + 1;
		}
	}
	return 0;
}

static int varint_append(struct buf *b, size_t n)
{
	for (; n > 0x7f; n >>= 7)
		(void)buf_append_char(b, (char)(0x80 | (n & 0x7f)));
	return buf_append_char(b, (char)n);
}

static int xattrs_grow(struct row_reader *r)
{
	size_t cap = r->xattr_cap == 0 ? 8 : r->xattr_cap * 2;
	struct sl_xattr *list = realloc(r->xattrs, cap * sizeof(*list));

	if (list == NULL)
		return -SL_ENOMEM;
	r->xattrs = list;
	r->xattr_cap = cap;
	return 0;
}

int row_reader_add_xattr(struct row_reader *r, struct sl_entry *e, const struct sl_xattr *x)
{
	if (e->xattr_count == r->xattr_cap && xattrs_grow(r) < 0)
		return -SL_ENOMEM;
	r->xattrs[e->xattr_count++] = *x;
	e->xattrs = r->xattrs;
	return 0;
}

/* A piece: its length as varint, its bytes, a NUL. Returns its whole size, 0 when malformed. */
static size_t piece_read(const uint8_t *p, size_t len, const uint8_t **out, size_t *out_len)
{
	size_t used = varint_read(p, len, out_len);

	if (used == 0 || *out_len >= len - used || p[used + *out_len] != '\0')
		return 0;
	*out = p + used;
	return used + *out_len + 1;
}

/* Name and value of each attribute as two pieces. */
static int xattrs_unpack(struct row_reader *r, struct sl_entry *e, struct sl_error *err)
{
	const uint8_t *p = (const uint8_t *)r->packed.data;
	size_t left = r->packed.len;

	while (left > 0) {
		const uint8_t *name, *value;
		size_t name_len, value_len;
		struct sl_xattr x;
		size_t used = piece_read(p, left, &name, &name_len);
		size_t used2 =
			used == 0 ? 0 : piece_read(p + used, left - used, &value, &value_len);

		if (used2 == 0)
			return bad_row(err, "attributes");
		x = (struct sl_xattr){
			.name = (const char *)name, .value = value, .size = value_len};
		if (row_reader_add_xattr(r, e, &x) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "baseline row");
		p += used + used2;
		left -= used + used2;
	}
	return 0;
}

static int read_blob(struct buf *out, struct db_stmt *s, int column)
{
	size_t len;
	const void *bytes = db_column_blob(s, column, &len);

	buf_reset(out);
	return buf_append(out, bytes, len);
}

/* SHA-256, XXH3-128, or one after the other: the length tells. */
static int digests_read(struct sl_entry *e, struct db_stmt *s, int column)
{
	size_t len;
	const uint8_t *p = db_column_blob(s, column, &len);

	if (len == SL_SHA256_SIZE || len == SL_SHA256_SIZE + SL_XXH3_SIZE) {
		memcpy(e->sha256, p, SL_SHA256_SIZE);
		e->fields |= SL_ENTRY_SHA256;
		p += SL_SHA256_SIZE;
		len -= SL_SHA256_SIZE;
	}
	if (len == SL_XXH3_SIZE) {
		memcpy(e->xxh3, p, SL_XXH3_SIZE);
		e->fields |= SL_ENTRY_XXH3;
		len = 0;
	}
	return len == 0 ? 0 : -SL_EFORMAT;
}

/* What the state column and the kind of object say together, in the words of entry.h. */
static void state_read(struct row *out, uint32_t state)
{
	struct sl_entry *e = &out->entry;

	out->hides = (state & STATE_HIDES) != 0;
	e->flags = state & STATE_FLAGS;
	if (e->mode == 0)
		e->flags |= SL_ENTRY_WHITEOUT;
	if (S_ISDIR(e->mode) && out->hides)
		e->flags |= SL_ENTRY_OPAQUE;
	if ((state & STATE_NO_MTIME) == 0 && e->mode != 0)
		e->fields |= SL_ENTRY_MTIME;
	if ((state & STATE_NO_XATTRS) == 0 && e->mode != 0)
		e->fields |= SL_ENTRY_XATTRS;
}

int row_reader_read(struct row_reader *r, struct db_stmt *s, struct row *out, struct sl_error *err)
{
	struct sl_entry *e = &out->entry;
	int64_t mtime_ns = db_column_i64(s, 6);
	uint64_t rdev = (uint64_t)db_column_i64(s, 8);

	*out = (struct row){.hides = false};
	if (read_blob(&r->path, s, 0) < 0 || read_blob(&r->target, s, 7) < 0 ||
	    read_blob(&r->packed, s, 11) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "baseline row");
	if (r->path.len > 0 && memchr(r->path.data, '/', r->path.len) != NULL)
		return bad_row(err, "path");
	for (char *p = r->path.data;
	     (p = memchr(p, '\0', r->path.len - (size_t)(p - r->path.data)));)
		*p = '/';
	e->path = (struct sl_bytes){r->path.data, r->path.len};
	e->mode = (uint32_t)db_column_i64(s, 1);
	e->uid = (uint32_t)db_column_i64(s, 2);
	e->gid = (uint32_t)db_column_i64(s, 3);
	e->size = (uint64_t)db_column_i64(s, 4);
	if (mtime_ns < 0 || mtime_ns > 999999999)
		return bad_row(err, "time");
	e->mtime = (struct sl_time){.sec = db_column_i64(s, 5), .nsec = (uint32_t)mtime_ns};
	if (!db_column_is_null(s, 7))
		e->target = (struct sl_bytes){r->target.data, r->target.len};
	e->rdev_major = (uint32_t)(rdev >> 32);
	e->rdev_minor = (uint32_t)rdev;
	state_read(out, (uint32_t)db_column_i64(s, 9));
	if (digests_read(e, s, 10) < 0)
		return bad_row(err, "digests");
	return xattrs_unpack(r, e, err);
}

void row_reader_clear(struct row_reader *r)
{
	buf_clear(&r->path);
	buf_clear(&r->target);
	buf_clear(&r->packed);
	free(r->xattrs);
	*r = ROW_READER_INIT;
}

/* ---- entry to columns ---- */

static uint32_t state_of(const struct sl_entry *e, bool hides)
{
	uint32_t state = e->flags & STATE_FLAGS;

	if (hides)
		state |= STATE_HIDES;
	if ((e->fields & SL_ENTRY_MTIME) == 0 && e->mode != 0)
		state |= STATE_NO_MTIME;
	if ((e->fields & SL_ENTRY_XATTRS) == 0 && e->mode != 0)
		state |= STATE_NO_XATTRS;
	return state;
}

static int piece_append(struct buf *b, const void *bytes, size_t len)
{
	(void)varint_append(b, len);
	(void)buf_append(b, bytes, len);
	return buf_append_char(b, '\0');
}

static int xattrs_pack(struct buf *out, const struct sl_entry *e)
{
	buf_reset(out);
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct sl_xattr *x = &e->xattrs[i];

		(void)piece_append(out, x->name, strlen(x->name));
		(void)piece_append(out, x->value, x->size);
	}
	return out->status;
}

static size_t digests_pack(uint8_t out[SL_SHA256_SIZE + SL_XXH3_SIZE], const struct sl_entry *e)
{
	size_t len = 0;

	if ((e->fields & SL_ENTRY_SHA256) != 0) {
		memcpy(out, e->sha256, SL_SHA256_SIZE);
		len += SL_SHA256_SIZE;
	}
	if ((e->fields & SL_ENTRY_XXH3) != 0) {
		memcpy(out + len, e->xxh3, SL_XXH3_SIZE);
		len += SL_XXH3_SIZE;
	}
	return len;
}

int row_key(struct buf *out, struct sl_bytes path)
{
	buf_reset(out);
	if (buf_append(out, path.data, path.len) < 0)
		return out->status;
	for (char *p = out->data; (p = memchr(p, '/', out->len - (size_t)(p - out->data))) != NULL;)
		*p = '\0';
	return 0;
}

static int write_row(struct rows *r, struct db_stmt *s, int64_t layer, struct sl_bytes path,
		     const struct sl_entry *e, bool hides, struct sl_error *err)
{
	uint8_t digests[SL_SHA256_SIZE + SL_XXH3_SIZE];
	size_t digests_len = digests_pack(digests, e);
	int rc;

	if (row_key(&r->key, path) < 0 || xattrs_pack(&r->packed, e) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "baseline row");
	db_bind_i64(s, 1, layer);
	db_bind_blob(s, 2, r->key.data, r->key.len);
	db_bind_i64(s, 3, e->mode);
	db_bind_i64(s, 4, e->uid);
	db_bind_i64(s, 5, e->gid);
	db_bind_i64(s, 6, (int64_t)e->size);
	db_bind_i64(s, 7, e->mtime.sec);
	db_bind_i64(s, 8, e->mtime.nsec);
	db_bind_blob(s, 9, e->target.data, e->target.len);
	db_bind_i64(s, 10, (int64_t)((uint64_t)e->rdev_major << 32 | e->rdev_minor));
	db_bind_i64(s, 11, state_of(e, hides));
	db_bind_blob(s, 12, digests_len > 0 ? digests : NULL, digests_len);
	db_bind_blob(s, 13, r->packed.len > 0 ? r->packed.data : NULL, r->packed.len);
	rc = db_step(s, err);
	db_reset(s);
	return rc < 0 ? rc : 0;
}

int rows_put(struct rows *r, int64_t layer, struct sl_bytes path, const struct sl_entry *e,
	     bool hides, struct sl_error *err)
{
	return write_row(r, r->put, layer, path, e, hides, err);
}

int rows_add(struct rows *r, int64_t layer, struct sl_bytes path, const struct sl_entry *e,
	     struct sl_error *err)
{
	int rc = write_row(r, r->add, layer, path, e, false, err);

	return rc == 0 && db_changes(r->db) == 0 ? 1 : rc;
}

/* ---- point access ---- */

int rows_new(struct rows **out, struct db *db, struct sl_error *err)
{
	struct rows *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "baseline rows");
	r->db = db;
	r->reader = ROW_READER_INIT;
	r->key = r->end = r->packed = BUF_INIT(1 << 24);
	rc = db_exec(db, "CREATE TEMP TABLE IF NOT EXISTS staged " ROW_TABLE, err);
	if (rc == 0)
		rc = db_prepare(&r->get_stored, db,
				"SELECT " ROW_COLUMNS " FROM entry WHERE layer=?1 AND path=?2",
				err);
	if (rc == 0)
		rc = db_prepare(
			&r->get_staged, db,
			"SELECT " ROW_COLUMNS " FROM temp.staged WHERE layer=?1 AND path=?2", err);
	if (rc == 0)
		rc = db_prepare(&r->put, db,
				"INSERT OR REPLACE INTO temp.staged VALUES " ROW_VALUES, err);
	if (rc == 0)
		rc = db_prepare(&r->add, db, "INSERT OR IGNORE INTO temp.staged VALUES " ROW_VALUES,
				err);
	if (rc == 0)
		rc = db_prepare(&r->remove, db,
				"DELETE FROM temp.staged WHERE layer=?1 AND path>?2 AND path<?3",
				err);
	if (rc < 0) {
		rows_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void rows_free(struct rows *r)
{
	if (r == NULL)
		return;
	db_finalize(r->get_stored);
	db_finalize(r->get_staged);
	db_finalize(r->put);
	db_finalize(r->add);
	db_finalize(r->remove);
	row_reader_clear(&r->reader);
	buf_clear(&r->key);
	buf_clear(&r->end);
	buf_clear(&r->packed);
	free(r);
}

int rows_get(struct rows *r, struct row_at at, struct sl_bytes path, struct row *out,
	     struct sl_error *err)
{
	struct db_stmt *s = at.is_staged ? r->get_staged : r->get_stored;
	int rc;

	if (row_key(&r->key, path) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "baseline row");
	db_bind_i64(s, 1, at.layer);
	db_bind_blob(s, 2, r->key.data, r->key.len);
	rc = db_step(s, err);
	if (rc == 0)
		rc = row_reader_read(&r->reader, s, out, err);
	db_reset(s);
	return rc;
}

/* Beneath "a" is all that starts with "a\0": greater than that, less than "a\1". */
int rows_remove_below(struct rows *r, int64_t layer, struct sl_bytes path, struct sl_error *err)
{
	int rc;

	if (row_key(&r->key, path) < 0 || row_key(&r->end, path) < 0 ||
	    buf_append_char(&r->key, '\0') < 0 || buf_append_char(&r->end, '\1') < 0)
		return sl_fail(err, SL_ENOMEM, 0, "baseline row");
	db_bind_i64(r->remove, 1, layer);
	db_bind_blob(r->remove, 2, r->key.data, r->key.len);
	db_bind_blob(r->remove, 3, r->end.data, r->end.len);
	rc = db_step(r->remove, err);
	db_reset(r->remove);
	return rc < 0 ? rc : 0;
}
