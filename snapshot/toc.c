/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/toc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/zstream.h"
#include "snapshot/tarhead.h"
#include "snapshot/tocread.h"

#define INDEX_NAME "stargz.index.json"
/* Some 20 times the table of the largest images. */
#define TOC_MAX_BYTES (1ull << 30)
#define ENTRY_OVERHEAD 65536

struct toc {
	enum sl_toc_kind kind;
	struct sl_toc_claim claim;
	struct istream *in;
	struct sha256 *hash; /* of what the claim's digest is of; NULL when there is no claim */
	struct toc_reader reader;
	struct toc_entry head;  /* stands for the item that comes next */
	bool has_head;          /* head was fetched; its type is NULL behind the last entry */
	bool has_index;         /* the table itself went past, as an entry of the tar */
	const char *wrong;      /* what differs in the content that went past, or NULL */
	struct sha256 *content; /* of the chunk at hand */
	uint64_t done;          /* bytes of the file that went past */
	uint64_t chunk_left;
	bool has_chunks; /* the file is in more than one */
	bool has_chunk_digest;
	uint8_t chunk_digest[SL_SHA256_SIZE];
	struct buf value; /* of an attribute */
};

/* ---- opening ---- */

/* The table is the content of the one entry of a tar. */
static int enter_tar(struct istream *in, uint64_t *size, struct sl_error *err)
{
	uint8_t block[TAR_BLOCK];
	struct tarhead head;
	size_t len = 0;
	int rc = istream_read(in, block, sizeof(block), &len, err);

	if (rc < 0)
		return rc;
	if (rc == 1 || len < sizeof(block) || tarhead_parse(&head, block, NULL) != 0 ||
	    strcmp(head.name, INDEX_NAME) != 0 || (head.type != '0' && head.type != '\0'))
		return sl_fail(err, SL_EFORMAT, 0,
			       "table of contents: no '" INDEX_NAME "' where the footer says");
	*size = head.size;
	return 0;
}

static int open_text(struct toc *t, const struct toc_blob *blob, const struct toc_place *place,
		     const struct sl_limits *limits, uint64_t *size, struct sl_error *err)
{
	AUTO_CLOSE int fd = root_reopen(blob->fd, err);
	int rc;

	if (fd < 0)
		return fd;
	rc = istream_from_range(&t->in, take_fd(&fd), blob->offset + place->offset, place->size,
				err);
	if (rc < 0)
		return rc;
	*size = place->plain_size;
	if (place->kind == SL_TOC_ZSTD_CHUNKED) {
		if (t->hash != NULL)
			rc = istream_hash(&t->in, t->in, t->hash, NULL, err);
		return rc < 0 ? rc : istream_zstd(&t->in, t->in, limits->window, err);
	}
	rc = istream_gzip(&t->in, t->in, err);
	return rc < 0 ? rc : enter_tar(t->in, size, err);
}

int toc_open(struct toc **out, const struct toc_blob *blob, const struct sl_toc_claim *claim,
	     const struct sl_limits *limits, struct sl_error *err)
{
	struct toc_place place;
	uint64_t size = 0;
	struct toc *t;
	int rc = toc_find(&place, blob, claim, err);

	*out = NULL;
	if (rc != 0)
		return rc;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "table of contents");
	t->kind = place.kind;
	t->claim = *claim;
	t->value = BUF_INIT(limits->xattrs);
	rc = sha256_new(&t->content, err);
	if (rc == 0 && claim->kind != SL_TOC_NONE)
		rc = sha256_new(&t->hash, err);
	if (rc == 0)
		rc = open_text(t, blob, &place, limits, &size, err);
	if (rc == 0 && size > TOC_MAX_BYTES)
		rc = sl_fail(err, SL_ELIMIT, 0, "table of contents: more than %llu bytes",
			     TOC_MAX_BYTES);
	toc_reader_init(&t->reader, t->in, place.kind == SL_TOC_ESTARGZ ? t->hash : NULL, size,
			ENTRY_OVERHEAD + 2 * (limits->path + limits->xattrs));
	if (rc < 0) {
		toc_close(t);
		return sl_wrap(err, rc, "table of contents");
	}
	*out = t;
	return 0;
}

void toc_close(struct toc *t)
{
	if (t == NULL)
		return;
	toc_entry_clear(&t->head);
	toc_reader_clear(&t->reader);
	istream_close(t->in);
	sha256_free(t->hash);
	sha256_free(t->content);
	buf_clear(&t->value);
	free(t);
}

/* ---- the content of a file ---- */

static bool has_text(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool is_type(const struct toc_entry *e, const char *type)
{
	return e->type != NULL && strcmp(e->type, type) == 0;
}

/* The entry for the item that comes next. */
static int fetch(struct toc *t, struct sl_error *err)
{
	int rc;

	if (t->has_head)
		return 0;
	toc_entry_clear(&t->head);
	rc = toc_reader_next(&t->reader, &t->head, err);
	t->has_head = rc >= 0;
	return rc < 0 ? rc : 0;
}

static void begin_chunk(struct toc *t, const struct toc_entry *e)
{
	uint64_t rest = (uint64_t)t->head.size - t->done;

	t->chunk_left = e->chunk_size > 0 ? (uint64_t)e->chunk_size : rest;
	t->has_chunk_digest = has_text(e->chunk_digest);
	if (!t->has_chunk_digest && !has_text(t->head.digest))
		t->wrong = "digest, which is missing";
	if (e->chunk_offset < 0 || (uint64_t)e->chunk_offset != t->done || e->chunk_size < 0 ||
	    t->chunk_left > rest || t->chunk_left == 0 ||
	    (t->has_chunk_digest &&
	     digest_parse(t->chunk_digest, e->chunk_digest, strlen(e->chunk_digest)) < 0))
		t->wrong = "chunks";
	sha256_reset(t->content);
}

static int end_chunk(struct toc *t, struct sl_error *err)
{
	uint8_t got[SL_SHA256_SIZE];
	int rc = sha256_final(t->content, got, err);

	if (rc == 0 && t->has_chunk_digest && memcmp(got, t->chunk_digest, sizeof(got)) != 0)
		t->wrong = "chunks";
	return rc;
}

static int next_chunk(struct toc *t, struct sl_error *err)
{
	struct toc_entry e;
	int rc;

	if (!t->has_chunks || t->done >= (uint64_t)t->head.size) {
		t->wrong = "size";
		return 0;
	}
	rc = toc_reader_next(&t->reader, &e, err);
	if (rc < 0)
		return rc;
	if (is_type(&e, "chunk"))
		begin_chunk(t, &e);
	else
		t->wrong = "chunks";
	toc_entry_clear(&e);
	return 0;
}

/* The first piece of a file. */
static int begin_file(struct toc *t, struct sl_error *err)
{
	int rc = fetch(t, err);

	if (rc < 0)
		return rc;
	if (!is_type(&t->head, "reg") || t->head.size <= 0) {
		t->wrong = "size";
		return 0;
	}
	begin_chunk(t, &t->head);
	t->has_chunks = t->chunk_left < (uint64_t)t->head.size;
	return 0;
}

int toc_content(struct toc *t, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	int rc = t->done == 0 && t->wrong == NULL ? begin_file(t, err) : 0;

	while (rc == 0 && len > 0 && t->wrong == NULL) {
		size_t n = len < t->chunk_left ? len : (size_t)t->chunk_left;

		/* a single chunk is the file, which is hashed anyway */
		if (t->has_chunks && t->has_chunk_digest)
			sha256_update(t->content, bytes, n);
		bytes += n;
		len -= n;
		t->done += n;
		t->chunk_left -= n;
		if (t->chunk_left == 0 && t->has_chunks)
			rc = end_chunk(t, err);
		if (rc == 0 && t->chunk_left == 0 && t->wrong == NULL &&
		    (len > 0 || t->done < (uint64_t)t->head.size))
			rc = next_chunk(t, err);
	}
	return rc;
}

/* ---- one entry against the other ---- */

/* Without leading "/" and "./" and trailing "/"; "." is the root, as the tar's reader has it. */
static struct sl_bytes stripped(const char *name)
{
	size_t len;

	while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
		name += name[0] == '/' ? 1 : 2;
	len = strlen(name);
	while (len > 0 && name[len - 1] == '/')
		len--;
	if (len == 1 && name[0] == '.')
		len = 0;
	return (struct sl_bytes){name, len};
}

/* JSON has no way to say a byte that is no UTF-8: it stands there as U+FFFD. */
static bool same_text(struct sl_bytes table, struct sl_bytes tar)
{
	size_t at = 0;

	for (size_t i = 0; i < tar.len;) {
		uint32_t code;
		size_t n = utf8_next(tar.data + i, tar.len - i, &code);
		const char *want = n > 0 ? tar.data + i : "\xef\xbf\xbd";
		size_t want_len = n > 0 ? n : 3;

		if (table.len - at < want_len || memcmp(table.data + at, want, want_len) != 0)
			return false;
		at += want_len;
		i += n > 0 ? n : 1;
	}
	return at == table.len;
}

static const char *type_of(const struct layer_item *item)
{
	if (item->hardlink.data != NULL)
		return "hardlink";
	switch (item->entry.mode & S_IFMT) {
	case S_IFREG:
		return "reg";
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	default:
		return "fifo";
	}
}

static bool same_link(const struct toc_entry *e, const struct layer_item *item)
{
	const char *link = e->link != NULL ? e->link : "";

	if (item->hardlink.data != NULL)
		return same_text(stripped(link), stripped(item->hardlink.data));
	if (!S_ISLNK(item->entry.mode))
		return true;
	return same_text((struct sl_bytes){link, strlen(link)}, item->entry.target);
}

static bool same_device(const struct toc_entry *e, const struct sl_entry *tar)
{
	if (!S_ISCHR(tar->mode) && !S_ISBLK(tar->mode))
		return true;
	return e->major == (int64_t)tar->rdev_major && e->minor == (int64_t)tar->rdev_minor;
}

struct xattr_check {
	const struct sl_entry *tar;
	struct buf *value;
};

/* Non-zero ends the look at the attributes: this one differs. */
static int check_xattr(void *payload, const char *name, const struct jval *v)
{
	const struct xattr_check *c = payload;
	const struct sl_xattr *have = sl_entry_xattr(c->tar, name);
	const char *text = jval_str(v);

	buf_reset(c->value);
	return have == NULL || text == NULL ||
	       (text[0] != '\0' && base64_decode(c->value, text, strlen(text)) < 0) ||
	       c->value->len != have->size ||
	       (have->size > 0 && memcmp(c->value->data, have->value, have->size) != 0);
}

/* Builders in Go read an empty PAX record as none: what has no value may be missing here. */
static bool same_xattrs(struct toc *t, const struct sl_entry *tar)
{
	struct xattr_check check = {tar, &t->value};
	size_t listed = jval_len(t->head.xattrs);

	if (jval_each(t->head.xattrs, check_xattr, &check) != 0)
		return false;
	for (size_t i = 0; i < tar->xattr_count; i++) {
		const struct sl_xattr *x = &tar->xattrs[i];

		if (jval_get(t->head.xattrs, x->name) != NULL)
			listed--;
		else if (x->size > 0)
			return false;
	}
	return listed == 0;
}

/* Absent is fine where nothing needs it. */
static bool same_digest(const char *text, const struct sl_entry *tar)
{
	uint8_t digest[SL_SHA256_SIZE];

	return !has_text(text) || (digest_parse(digest, text, strlen(text)) == 0 &&
				   memcmp(digest, tar->sha256, sizeof(digest)) == 0);
}

static const char *content_differs(const struct toc *t, const struct sl_entry *tar)
{
	const struct toc_entry *e = &t->head;

	if (e->size < 0 || (uint64_t)e->size != tar->size)
		return "size";
	if (t->wrong != NULL)
		return t->wrong;
	if (!same_digest(e->digest, tar))
		return "digest";
	if (tar->size > 0 && !t->has_chunks && !same_digest(e->chunk_digest, tar))
		return "chunks";
	return NULL;
}

/* The first thing in which they differ, or NULL. */
static const char *differs(struct toc *t, const struct layer_item *item)
{
	const struct toc_entry *e = &t->head;
	const struct sl_entry *tar = &item->entry;

	if (!is_type(e, type_of(item)))
		return "type";
	/* type bits may stand beside the permissions; above them there is nothing to say */
	if (e->mode < 0 || e->mode > 0177777 || (e->mode & 07777) != (int64_t)(tar->mode & 07777))
		return "mode";
	if (e->uid != (int64_t)tar->uid || e->gid != (int64_t)tar->gid)
		return "owner";
	if (!same_link(e, item))
		return "link target";
	if (!same_device(e, tar))
		return "device number";
	if (!same_xattrs(t, tar))
		return "attributes";
	if (S_ISREG(tar->mode) && item->hardlink.data == NULL)
		return content_differs(t, tar);
	return NULL;
}

static int compare(struct toc *t, const struct layer_item *item, struct sl_error *err)
{
	struct sl_bytes path = item->entry.path;
	AUTO_FREE char *shown = quote_short(path.data, path.len);
	AUTO_FREE char *other = NULL;
	const char *what;

	if (t->head.type == NULL && t->kind == SL_TOC_ESTARGZ && !t->has_index &&
	    strcmp(path.data, INDEX_NAME) == 0) {
		t->has_index = true;
		return 0;
	}
	if (t->head.type == NULL)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "'%s' is in the tar, but not in the layer's table of contents",
			       shown != NULL ? shown : "?");
	if (!same_text(stripped(t->head.name), path) || is_type(&t->head, "chunk")) {
		other = quote_short(t->head.name, strlen(t->head.name));
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "the layer's table of contents lists '%s' where the tar has '%s'",
			       other != NULL ? other : "?", shown != NULL ? shown : "?");
	}
	what = differs(t, item);
	return what == NULL
		       ? 0
		       : sl_fail(err, SL_EUNTRUSTED, 0,
				 "'%s': the layer's table of contents and its tar differ in: %s",
				 shown != NULL ? shown : "?", what);
}

int toc_item(struct toc *t, const struct layer_item *item, struct sl_error *err)
{
	int rc = fetch(t, err);

	if (rc == 0)
		rc = compare(t, item, err);
	t->has_head = t->has_chunks = false;
	t->done = t->chunk_left = 0;
	t->wrong = NULL;
	return rc;
}

/* ---- the end ---- */

static int check_digest(struct toc *t, struct sl_error *err)
{
	char want[DIGEST_TEXT_SIZE], have[DIGEST_TEXT_SIZE];
	uint8_t got[SL_SHA256_SIZE];
	int rc;

	if (t->hash == NULL)
		return 0;
	rc = sha256_final(t->hash, got, err);
	if (rc < 0 || memcmp(got, t->claim.digest, sizeof(got)) == 0)
		return rc;
	digest_format(want, t->claim.digest);
	digest_format(have, got);
	return sl_fail(err, SL_EUNTRUSTED, 0, "table of contents %s: its bytes have digest %s",
		       want, have);
}

int toc_end(struct toc *t, struct sl_error *err)
{
	AUTO_FREE char *shown = NULL;
	const uint8_t *bytes;
	size_t len;
	int rc = fetch(t, err);

	if (rc < 0)
		return rc;
	if (t->head.type != NULL) {
		shown = quote_short(t->head.name, strlen(t->head.name));
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "'%s' is in the layer's table of contents, but not in its tar",
			       shown != NULL ? shown : "?");
	}
	rc = t->reader.has_more ? 0 : istream_next(t->in, &bytes, &len, err);
	if (rc == 0 && t->kind == SL_TOC_ZSTD_CHUNKED)
		return sl_fail(err, SL_EFORMAT, 0, "table of contents: longer than it says");
	return rc < 0 ? rc : check_digest(t, err);
}
