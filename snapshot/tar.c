/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tar.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/quote.h"
#include "snapshot/limits.h"
#include "snapshot/tarentry.h"
#include "snapshot/tarsparse.h"

static const uint8_t zeros[16384];

struct tar {
	struct istream *in;
	const uint8_t *chunk; /* lent by in, not yet consumed */
	size_t chunk_len;
	uint64_t read;     /* bytes consumed */
	uint64_t expanded; /* bytes of holes hashed beside them */
	const struct tar_options *options;
	const struct sl_limits *limits; /* of the options */
	struct sha256 *sha256;
	struct xxh3 *xxh3;
	struct tarspecial special;
	/* the entry at hand */
	struct tarhead head;
	uint8_t block[TAR_BLOCK];
	struct buf path;
	struct tarsparse sparse;
	bool is_sparse;
	uint64_t stored; /* bytes of its body in the archive, not yet consumed */
};

/* ---- bytes ---- */

/* Lend at most @want bytes. 0; 1 at the end. */
static int lend(struct tar *t, uint64_t want, const uint8_t **bytes, size_t *len,
		struct sl_error *err)
{
	if (t->chunk_len == 0) {
		int rc = istream_next(t->in, &t->chunk, &t->chunk_len, err);

		if (rc != 0) {
			t->chunk_len = 0;
			return rc < 0 ? rc : 1; /* compilers see that all else lends */
		}
	}
	*bytes = t->chunk;
	*len = want < t->chunk_len ? (size_t)want : t->chunk_len;
	t->chunk += *len;
	t->chunk_len -= *len;
	t->read += *len;
	return 0;
}

static int cut_off(struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "tar is cut off");
}

/* Lend exactly what is asked for, in pieces: the end is an error. */
static int lend_more(struct tar *t, uint64_t want, const uint8_t **bytes, size_t *len,
		     struct sl_error *err)
{
	int rc = lend(t, want, bytes, len, err);

	if (rc != 1)
		return rc;
	(void)cut_off(err);
	return -SL_EFORMAT; /* spelled out: compilers see that nothing was lent */
}

/* A whole block. 0; 1 when the stream ends before it. */
static int next_block(struct tar *t, struct sl_error *err)
{
	size_t have = 0;

	while (have < TAR_BLOCK) {
		const uint8_t *bytes;
		size_t n;
		int rc = lend(t, TAR_BLOCK - have, &bytes, &n, err);

		if (rc == 1 && have > 0)
			return cut_off(err);
		if (rc != 0)
			return rc;
		memcpy(t->block + have, bytes, n);
		have += n;
	}
	return 0;
}

static int skip(struct tar *t, uint64_t count, struct sl_error *err)
{
	while (count > 0) {
		const uint8_t *bytes;
		size_t n;
		int rc = lend_more(t, count, &bytes, &n, err);

		if (rc < 0)
			return rc;
		count -= n;
	}
	return 0;
}

/* Up to the next block; an archive may end without it, as umoci's do and Go's reader allows. */
static int skip_padding(struct tar *t, uint64_t size, struct sl_error *err)
{
	uint64_t left = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;

	while (left > 0) {
		const uint8_t *bytes;
		size_t n;
		int rc = lend(t, left, &bytes, &n, err);

		if (rc != 0)
			return rc < 0 ? rc : 0;
		left -= n;
	}
	return 0;
}

/* The body of a special entry, as one piece. */
static int read_special(struct tar *t, struct buf *out, enum limit which, struct sl_error *err)
{
	uint64_t left = t->head.size;

	buf_reset(out);
	if (left > out->max)
		return limit_hit(t->limits, which, err);
	while (left > 0) {
		const uint8_t *bytes;
		size_t n;
		int rc = lend_more(t, left, &bytes, &n, err);

		if (rc < 0)
			return rc;
		if (buf_append(out, bytes, n) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "tar header");
		left -= n;
	}
	return skip_padding(t, t->head.size, err);
}

/* ---- headers ---- */

/* Consume what describes the next entry: PAX and long-name headers. 0 when it was one; 1 if not. */
static int take_special(struct tar *t, struct sl_error *err)
{
	struct buf *body = tarspecial_body(&t->special, t->head.type);
	int rc;

	if (t->head.type == 'g') {
		/* engines read over it as over an entry: what stood before it is used up */
		tarspecial_reset(&t->special);
		rc = skip(t, t->head.size, err);
		return rc < 0 ? rc : skip_padding(t, t->head.size, err);
	}
	if (body == NULL)
		return 1;
	rc = read_special(t, body, t->head.type == 'x' ? LIMIT_PAX : LIMIT_PATH, err);
	return rc < 0 ? rc : tarspecial_take(&t->special, t->head.type, t->limits, err);
}

static const char no_tar[] = "neither a tar nor compressed with gzip, zstd, xz or bzip2";

/* Up to the header of the next real entry. 0; 1 at the end of the archive. */
static int next_head(struct tar *t, struct sl_error *err)
{
	tarspecial_reset(&t->special);
	for (;;) {
		int rc = next_block(t, err);

		if (rc == 1 && t->options->must_close)
			return cut_off(err);
		if (rc != 0)
			return rc;
		rc = tarhead_parse(&t->head, t->block, err);
		if (rc < 0)
			return t->read == TAR_BLOCK ? sl_wrap(err, rc, "%s", no_tar) : rc;
		if (rc == 1) { /* two blocks of zeros end the archive */
			rc = next_block(t, err);
			if (rc == 0 && tarhead_parse(&t->head, t->block, err) != 1)
				return sl_fail(err, SL_EFORMAT, 0, "tar: data behind a zero block");
			return rc < 0 ? rc : 1;
		}
		rc = take_special(t, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
}

/* A sparse file's header has a name that its writer made up. */
static struct sl_bytes raw_name(const struct tar *t)
{
	const struct tarspecial *s = &t->special;

	if (t->is_sparse && s->has_pax && s->pax.sparse_name.len > 0)
		return s->pax.sparse_name;
	return tarspecial_name(s, &t->head);
}

/* Without leading "/" and "./" and trailing "/"; "." is the root, "". */
static int strip_path(struct tar *t, struct sl_bytes raw, struct sl_error *err)
{
	const char *at = raw.data;
	size_t len = raw.len;

	for (;;) {
		if (len > 0 && at[0] == '/') {
			at++;
			len--;
		} else if (len > 1 && at[0] == '.' && at[1] == '/') {
			at += 2;
			len -= 2;
		} else {
			break;
		}
	}
	while (len > 0 && at[len - 1] == '/')
		len--;
	if (len == 1 && at[0] == '.')
		len = 0;
	buf_reset(&t->path);
	if (buf_append(&t->path, at, len) < 0)
		return t->path.status == -SL_ELIMIT ? limit_hit(t->limits, LIMIT_PATH, err)
						    : sl_fail(err, SL_ENOMEM, 0, "path");
	return 0;
}

/* How deep the path is, and how long its names are; "a//b" counts as it stands there. */
static int check_names(const struct tar *t, struct sl_error *err)
{
	const char *at = t->path.data, *end = at + t->path.len;
	uint64_t depth = 0;

	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		const char *stop = slash != NULL ? slash : end;

		if ((uint64_t)(stop - at) > t->limits->name)
			return limit_hit(t->limits, LIMIT_NAME, err);
		if (++depth > t->limits->depth)
			return limit_hit(t->limits, LIMIT_DEPTH, err);
		at = stop + 1;
	}
	return 0;
}

/* ---- sparse files ---- */

/* Version 1.0: the map stands in front of the data, a decimal a line, padded to a block. */
static int read_map_1_0(struct tar *t, struct sl_error *err)
{
	uint64_t numbers[2] = {0}, values = 0, count = UINT64_MAX, digits = 0;

	for (;;) {
		int rc;

		if (t->stored < TAR_BLOCK)
			return sl_fail(err, SL_EFORMAT, 0, "sparse map is cut off");
		rc = next_block(t, err);
		if (rc != 0)
			return rc == 1 ? cut_off(err) : rc;
		t->stored -= TAR_BLOCK;
		for (size_t i = 0; i < TAR_BLOCK && values < 1 + 2 * (uint64_t)TARSPARSE_MAX; i++) {
			uint64_t *n = &numbers[values % 2];
			uint8_t c = t->block[i];

			if (c >= '0' && c <= '9' && ++digits <= 18) {
				*n = *n * 10 + (uint64_t)(c - '0');
				continue;
			}
			if (c != '\n' || digits == 0 || digits > 18)
				return sl_fail(err, SL_EFORMAT, 0, "sparse map is malformed");
			if (values == 0)
				count = *n;
			else if (values % 2 == 0 &&
				 (rc = tarsparse_add(&t->sparse, numbers[1], numbers[0], err)) < 0)
				return rc;
			values++;
			numbers[values % 2] = 0;
			digits = 0;
			if (count <= TARSPARSE_MAX && values == 1 + 2 * count)
				return 0;
		}
		if (count > TARSPARSE_MAX)
			return sl_fail(err, SL_ELIMIT, 0, "sparse file with more than %d extents",
				       TARSPARSE_MAX);
	}
}

/* The size of an old sparse file stands in its header, further extents in blocks behind it. */
static int read_map_old(struct tar *t, uint64_t *size, struct sl_error *err)
{
	int64_t real;
	bool more;
	int rc;

	if (t->head.format != TAR_GNU || tarhead_number(&real, t->block + 483, 12) < 0 || real < 0)
		return sl_fail(err, SL_EFORMAT, 0, "sparse header is malformed");
	*size = (uint64_t)real;
	rc = tarsparse_parse_old(&t->sparse, t->block, true, &more, err);
	while (rc == 0 && more) {
		rc = next_block(t, err);
		if (rc == 1)
			return cut_off(err);
		if (rc == 0)
			rc = tarsparse_parse_old(&t->sparse, t->block, false, &more, err);
	}
	return rc;
}

enum sparse_form { SPARSE_NOT, SPARSE_OLD, SPARSE_MAP, SPARSE_1_0 };

/* Versions nobody knows are plain files to Go; without a version a map says that it is 0.x. */
static enum sparse_form sparse_form(const struct tar *t)
{
	const struct tarpax *p = &t->special.pax;

	if (t->head.type == 'S')
		return SPARSE_OLD;
	if (!t->special.has_pax)
		return SPARSE_NOT;
	if (p->sparse_major == 0 && p->sparse_minor == 0)
		return p->sparse_map.len > 0 ? SPARSE_MAP : SPARSE_NOT;
	if (p->sparse_major == '0' && (p->sparse_minor == '0' || p->sparse_minor == '1'))
		return SPARSE_MAP;
	return p->sparse_major == '1' && p->sparse_minor == '0' ? SPARSE_1_0 : SPARSE_NOT;
}

static int pax_sparse_size(const struct tarpax *p, uint64_t *size, struct sl_error *err)
{
	if ((p->fields & (TARPAX_SPARSE_SIZE | TARPAX_SPARSE_REALSIZE)) == 0)
		return sl_fail(err, SL_EFORMAT, 0, "sparse file without a size");
	*size = (p->fields & TARPAX_SPARSE_SIZE) != 0 ? p->sparse_size : p->sparse_realsize;
	return 0;
}

/* Find out whether the file is sparse, and its logical size. */
static int read_sparse(struct tar *t, uint64_t *size, struct sl_error *err)
{
	const struct tarpax *p = &t->special.pax;
	enum sparse_form form = sparse_form(t);
	int rc = 0;

	t->is_sparse = form != SPARSE_NOT;
	tarsparse_reset(&t->sparse);
	if (form == SPARSE_NOT)
		return 0;
	if (t->options->is_rebuilt)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "a sparse file: its layer cannot be rebuilt from a directory");
	if (form == SPARSE_OLD)
		rc = read_map_old(t, size, err);
	else
		rc = pax_sparse_size(p, size, err);
	if (rc == 0 && form == SPARSE_1_0)
		rc = read_map_1_0(t, err);
	else if (rc == 0 && form == SPARSE_MAP && p->sparse_map.len > 0)
		rc = tarsparse_parse_map(&t->sparse, p->sparse_map.data, p->sparse_map.len, err);
	return rc < 0 ? rc : tarsparse_check(&t->sparse, *size, t->stored, err);
}

/* ---- contents ---- */

static int hash(struct tar *t, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	if (!t->options->no_digests) {
		sha256_update(t->sha256, bytes, len);
		xxh3_update(t->xxh3, bytes, len);
	}
	return t->options->content != NULL
		       ? t->options->content(t->options->payload, bytes, len, err)
		       : 0;
}

static int hash_stored(struct tar *t, uint64_t count, struct sl_error *err)
{
	while (count > 0) {
		const uint8_t *bytes;
		size_t n;
		int rc = lend_more(t, count, &bytes, &n, err);

		if (rc == 0)
			rc = hash(t, bytes, n, err);
		if (rc < 0)
			return rc;
		count -= n;
	}
	return 0;
}

/* Holes cost no bytes of the archive: they are bounded by themselves. */
static int hash_hole(struct tar *t, uint64_t count, struct sl_error *err)
{
	uint64_t total = t->expanded + count;

	if (total < count || total > t->limits->bytes)
		return limit_hit(t->limits, LIMIT_BYTES, err);
	if (total > LIMIT_RATIO_FROM && total / t->limits->ratio > t->read)
		return limit_hit(t->limits, LIMIT_RATIO, err);
	t->expanded = total;
	while (count > 0) {
		size_t n = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);
		int rc = hash(t, zeros, n, err);

		if (rc < 0)
			return rc;
		count -= n;
	}
	return 0;
}

static int hash_sparse(struct tar *t, uint64_t size, struct sl_error *err)
{
	uint64_t at = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < t->sparse.count; i++) {
		const struct tarsparse_extent *e = &t->sparse.extents[i];

		rc = hash_hole(t, e->offset - at, err);
		if (rc == 0)
			rc = hash_stored(t, e->len, err);
		at = e->offset + e->len;
	}
	return rc < 0 ? rc : hash_hole(t, size - at, err);
}

static int hash_content(struct tar *t, struct sl_entry *e, struct sl_error *err)
{
	int rc;

	sha256_reset(t->sha256);
	xxh3_reset(t->xxh3);
	rc = t->is_sparse ? hash_sparse(t, e->size, err) : hash_stored(t, t->stored, err);
	if (rc == 0)
		rc = skip_padding(t, t->stored, err);
	if (rc < 0 || t->options->no_digests)
		return rc;
	rc = sha256_final(t->sha256, e->sha256, err);
	if (rc < 0)
		return rc;
	xxh3_final(t->xxh3, e->xxh3);
	e->fields |= SL_ENTRY_SHA256 | SL_ENTRY_XXH3;
	return 0;
}

/* ---- entries ---- */

/* Everything but path and content. */
static int describe(struct tar *t, struct layer_item *item, struct sl_error *err)
{
	struct sl_bytes link = tarspecial_link(&t->special, &t->head);

	if (link.len > t->limits->path)
		return limit_hit(t->limits, LIMIT_PATH, err);
	if (t->head.type == '1')
		item->hardlink = link;
	else if (S_ISLNK(item->entry.mode))
		item->entry.target = link;
	return tarentry_describe(&item->entry, &t->head, &t->special, err);
}

/* The name in front of an error that is about this entry. */
static int at_entry(const struct tar *t, int rc, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_short(t->path.data != NULL ? t->path.data : "", t->path.len);

	return sl_wrap(err, rc, "'%s'", shown != NULL ? shown : "?");
}

static int read_entry(struct tar *t, struct layer_item *item, struct sl_error *err)
{
	struct sl_entry *e = &item->entry;
	struct sl_bytes name;
	uint64_t size;
	int rc;

	size = tarspecial_size(&t->special, &t->head);
	t->is_sparse = false;
	name = raw_name(t);
	rc = strip_path(t, name, err);
	if (rc < 0)
		return rc;
	if (tarentry_type(&t->head, name, &e->mode) < 0)
		return at_entry(t,
				sl_fail(err, SL_EUNSUPPORTED, 0, "tar entry of type 0x%02x",
					(unsigned char)t->head.type),
				err);
	t->stored = S_ISREG(e->mode) ? size : 0; /* others have no body, whatever they say */
	if (S_ISREG(e->mode)) {
		rc = read_sparse(t, &size, err);
		if (rc == 0 && t->is_sparse)
			rc = strip_path(t, raw_name(t), err);
		e->size = size;
	}
	if (rc == 0)
		rc = check_names(t, err);
	if (rc == 0)
		rc = describe(t, item, err);
	if (rc == 0 && S_ISREG(e->mode))
		rc = hash_content(t, e, err);
	if (rc < 0)
		return at_entry(t, rc, err);
	e->path = (struct sl_bytes){t->path.data, t->path.len};
	if (e->path.len == 0 && !S_ISDIR(e->mode))
		return sl_fail(err, SL_EFORMAT, 0, "tar entry without a name");
	return 0;
}

static int read_all(struct tar *t, uint64_t *entries, struct sl_error *err)
{
	const uint8_t *bytes;
	size_t len;
	int rc;

	while ((rc = next_head(t, err)) == 0) {
		struct layer_item item = {0};

		rc = read_entry(t, &item, err);
		if (rc < 0)
			return rc;
		if (*entries == t->limits->entries)
			return limit_hit(t->limits, LIMIT_ENTRIES, err);
		++*entries;
		rc = t->options->item(t->options->payload, &item, err);
		if (rc < 0)
			return rc;
	}
	while (rc == 1 && (rc = lend(t, UINT64_MAX, &bytes, &len, err)) == 0)
		rc = 1; /* what stands behind the archive is part of the stream */
	return rc < 0 ? rc : 0;
}

int tar_read(struct istream *in, const struct tar_options *options, uint64_t *entries,
	     struct sl_error *err)
{
	struct tar t = {.in = in, .options = options, .limits = options->limits};
	int rc;

	*entries = 0;
	tarspecial_init(&t.special, t.limits->pax, t.limits->path);
	t.path = BUF_INIT(t.limits->path);
	rc = sha256_new(&t.sha256, err);
	if (rc == 0)
		rc = xxh3_new(&t.xxh3, err);
	if (rc == 0)
		rc = read_all(&t, entries, err);
	sha256_free(t.sha256);
	xxh3_free(t.xxh3);
	tarspecial_clear(&t.special);
	buf_clear(&t.path);
	tarsparse_clear(&t.sparse);
	return rc;
}
