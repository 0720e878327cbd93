/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/rpmheader.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/encode.h"

#define INTRO 8
#define ENTRY 16
#define PATH_LIMIT ((size_t)1 << 20)
#define DIRS_MAX (1u << 17)

enum tag {
	TAG_NAME = 1000,
	TAG_VERSION = 1001,
	TAG_RELEASE = 1002,
	TAG_EPOCH = 1003,
	TAG_FILEDIGESTS = 1035,
	TAG_DIRINDEXES = 1116,
	TAG_BASENAMES = 1117,
	TAG_DIRNAMES = 1118,
	TAG_FILEDIGESTALGO = 5011,
};
enum type { TYPE_INT32 = 4, TYPE_STRING = 6, TYPE_STRING_ARRAY = 8 };

struct header {
	const uint8_t *index, *values;
	uint32_t entries, size;
};

/* The values of one tag. Strings stand behind each other, each with its NUL. */
struct values {
	const uint8_t *at;
	size_t left;
	uint32_t count; /* 0: there is none */
};

static uint32_t number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int fail(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "rpm header: %s", what);
}

static int open_header(struct header *h, const uint8_t *bytes, size_t size, struct sl_error *err)
{
	if (size < INTRO)
		return fail("too short", err);
	h->entries = number(bytes);
	h->size = number(bytes + 4);
	if (h->entries > (size - INTRO) / ENTRY ||
	    size - INTRO - (size_t)h->entries * ENTRY != h->size)
		return fail("its lengths are not those of the record", err);
	h->index = bytes + INTRO;
	h->values = h->index + (size_t)h->entries * ENTRY;
	return 0;
}

/* The first entry of a tag; one of another type is as good as none. */
static int find(const struct header *h, enum tag tag, enum type type, struct values *out,
		struct sl_error *err)
{
	*out = (struct values){0};
	for (uint32_t i = 0; i < h->entries; i++) {
		const uint8_t *e = h->index + (size_t)i * ENTRY;
		uint32_t offset = number(e + 8);

		if (number(e) != tag || number(e + 4) != type)
			continue;
		if (offset >= h->size)
			return fail("a value lies behind its end", err);
		out->at = h->values + offset;
		out->left = h->size - offset;
		out->count = number(e + 12);
		if (type == TYPE_INT32 && out->count > out->left / 4)
			return fail("more numbers than it has room for", err);
		return 0;
	}
	return 0;
}

/* The next string. */
static int next_string(struct values *v, struct sl_bytes *out, struct sl_error *err)
{
	const uint8_t *end = v->count > 0 ? memchr(v->at, '\0', v->left) : NULL;

	if (end == NULL)
		return fail("a string has no end", err);
	*out = (struct sl_bytes){(const char *)v->at, (size_t)(end - v->at)};
	v->left -= out->len + 1;
	v->at = end + 1;
	v->count--;
	return 0;
}

/* A tag's only string; empty when there is none. */
static int text(const struct header *h, enum tag tag, struct sl_bytes *out, struct sl_error *err)
{
	struct values v;
	int rc = find(h, tag, TYPE_STRING, &v, err);

	*out = (struct sl_bytes){"", 0};
	return rc == 0 && v.count > 0 ? next_string(&v, out, err) : rc;
}

/* As rpm writes it: [EPOCH:]VERSION-RELEASE. */
static int add_package(struct packagetable *t, const struct header *h, uint32_t *package,
		       struct sl_error *err)
{
	char full[3 * PACKAGE_TEXT_MAX + 16], prefix[16] = "";
	struct sl_bytes name, version, release;
	struct values epoch;
	int n, rc = text(h, TAG_NAME, &name, err);

	if (rc == 0)
		rc = text(h, TAG_VERSION, &version, err);
	if (rc == 0)
		rc = text(h, TAG_RELEASE, &release, err);
	if (rc == 0)
		rc = find(h, TAG_EPOCH, TYPE_INT32, &epoch, err);
	if (rc < 0 || name.len == 0)
		return rc < 0 ? rc : 1;
	if (version.len > PACKAGE_TEXT_MAX || release.len > PACKAGE_TEXT_MAX)
		return fail("its version is too long", err);
	if (epoch.count > 0 && number(epoch.at) != 0)
		(void)snprintf(prefix, sizeof(prefix), "%u:", number(epoch.at));
	n = snprintf(full, sizeof(full), "%s%s%s%s", prefix, version.data,
		     release.len > 0 ? "-" : "", release.data);
	return packagetable_add(t, "rpm", name, (struct sl_bytes){full, (size_t)n}, package, err);
}

static enum package_digest algorithm(const struct header *h, size_t *size)
{
	static const struct {
		uint32_t pgp; /* its number in OpenPGP (RFC 4880, 9.4) */
		enum package_digest kind;
		size_t size;
	} known[] = {{1, PACKAGE_DIGEST_MD5, 16},
		     {2, PACKAGE_DIGEST_SHA1, 20},
		     {8, PACKAGE_DIGEST_SHA256, SL_SHA256_SIZE}};
	struct values v;
	uint32_t number_of = 1; /* where it is not said */

	if (find(h, TAG_FILEDIGESTALGO, TYPE_INT32, &v, NULL) == 0 && v.count > 0)
		number_of = number(v.at);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		*size = known[i].size;
		if (known[i].pgp == number_of)
			return known[i].kind;
	}
	return PACKAGE_DIGEST_NONE;
}

/* The directories of a package, by number: where each one's name begins. */
struct dirs {
	struct sl_bytes *names;
	uint32_t count;
};

static int read_dirs(struct dirs *d, const struct header *h, struct sl_error *err)
{
	struct values v;
	int rc = find(h, TAG_DIRNAMES, TYPE_STRING_ARRAY, &v, err);

	/* each takes a byte at least: a number beyond that is a lie, not an allocation */
	if (rc == 0 && (v.count > v.left || v.count > DIRS_MAX))
		rc = fail("more directories than it has room for", err);
	if (rc < 0 || v.count == 0)
		return rc;
	d->names = calloc(v.count, sizeof(*d->names));
	if (d->names == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "rpm header");
	while (rc == 0 && v.count > 0) {
		rc = next_string(&v, &d->names[d->count], err);
		d->count += rc == 0;
	}
	return rc;
}

struct files {
	struct values dirs, names, digests;
	enum package_digest kind;
	size_t digest_size;
};

static int open_files(struct files *f, const struct header *h, struct sl_error *err)
{
	int rc = find(h, TAG_BASENAMES, TYPE_STRING_ARRAY, &f->names, err);

	if (rc == 0)
		rc = find(h, TAG_DIRINDEXES, TYPE_INT32, &f->dirs, err);
	if (rc == 0)
		rc = find(h, TAG_FILEDIGESTS, TYPE_STRING_ARRAY, &f->digests, err);
	if (rc == 0 && f->dirs.count != f->names.count)
		rc = fail("its files and their directories differ in number", err);
	if (rc == 0 && f->digests.count != 0 && f->digests.count != f->names.count)
		rc = fail("its files and their digests differ in number", err);
	f->kind = algorithm(h, &f->digest_size);
	return rc;
}

static int add_file(struct packagetable *t, uint32_t package, struct files *f,
		    const struct dirs *dirs, struct buf *path, struct sl_error *err)
{
	uint32_t dir = number(f->dirs.at);
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_bytes name, hex = {"", 0};
	enum package_digest kind = PACKAGE_DIGEST_NONE;
	int rc = next_string(&f->names, &name, err);

	f->dirs.at += 4;
	if (rc == 0 && f->digests.count > 0)
		rc = next_string(&f->digests, &hex, err);
	if (rc < 0)
		return rc;
	if (dir >= dirs->count)
		return fail("a file is in a directory that is not there", err);
	buf_reset(path);
	(void)buf_append(path, dirs->names[dir].data, dirs->names[dir].len);
	if (buf_append(path, name.data, name.len) < 0)
		return path->status == -SL_ELIMIT ? fail("a path is too long", err)
						  : sl_fail(err, SL_ENOMEM, 0, "rpm header");
	/* directories, links and ghosts have an empty one */
	if (f->kind != PACKAGE_DIGEST_NONE &&
	    hex_decode(digest, f->digest_size, hex.data, hex.len) == 0)
		kind = f->kind;
	return packagetable_claim(t, package, (struct sl_bytes){path->data, path->len}, kind,
				  digest, f->digest_size, err);
}

int rpmheader_add(struct packagetable *t, const void *header, size_t size, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(PATH_LIMIT);
	AUTO_FREE struct sl_bytes *names = NULL;
	struct files files = {{0}};
	struct dirs dirs = {0};
	struct header h;
	uint32_t package;
	int rc = open_header(&h, header, size, err);

	if (rc == 0)
		rc = add_package(t, &h, &package, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = read_dirs(&dirs, &h, err);
	names = dirs.names;
	if (rc == 0)
		rc = open_files(&files, &h, err);
	while (rc == 0 && files.names.count > 0)
		rc = add_file(t, package, &files, &dirs, &path, err);
	return rc;
}
