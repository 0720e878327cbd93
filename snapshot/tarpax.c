/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarpax.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "snapshot/limits.h"

#define SCHILY "SCHILY.xattr."
#define LIBARCHIVE "LIBARCHIVE.xattr."
#define ACL "SCHILY.acl."

/* One record; key and value end with NUL, in the place of '=' and line feed. */
struct record {
	char *key;
	char *value;
	size_t key_len, value_len;
};

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "pax header: %s", what);
}

static bool is_key(const struct record *r, const char *key)
{
	return strcmp(r->key, key) == 0;
}

/* The only character of a value, 0 where it is empty, '?' where it is longer. */
static char one_digit(const struct record *r)
{
	return (char)(r->value_len <= 1 ? r->value[0] : '?');
}

/* All digits, nothing else; at most 19 of them, so that it fits. */
static int decimal(uint64_t *out, const char *text, size_t len)
{
	uint64_t n = 0;

	if (len == 0 || len > 19)
		return -SL_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -SL_EFORMAT;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	if (n > INT64_MAX)
		return -SL_EFORMAT;
	*out = n;
	return 0;
}

static int signed_decimal(int64_t *out, const char *text, size_t len)
{
	bool negative = len > 0 && text[0] == '-';
	uint64_t n;

	if (decimal(&n, text + negative, len - negative) < 0)
		return -SL_EFORMAT;
	*out = negative ? -(int64_t)n : (int64_t)n;
	return 0;
}

/* "[-]SECONDS[.FRACTION]"; the sign belongs to the whole, digits past nine are cut off. */
static int pax_time(struct sl_time *out, const char *text, size_t len)
{
	bool negative = len > 0 && text[0] == '-';
	const char *dot = memchr(text, '.', len);
	size_t whole = dot != NULL ? (size_t)(dot - text) : len;
	uint32_t nsec = 0, scale = 100000000;
	int64_t sec;

	if (signed_decimal(&sec, text, whole) < 0)
		return -SL_EFORMAT;
	for (size_t i = whole + 1; i < len; i++, scale /= 10) {
		if (text[i] < '0' || text[i] > '9')
			return -SL_EFORMAT;
		nsec += (uint32_t)(text[i] - '0') * scale;
	}
	if (negative && nsec > 0) {
		sec--;
		nsec = 1000000000 - nsec;
	}
	*out = (struct sl_time){.sec = sec, .nsec = nsec};
	return 0;
}

/* "LENGTH KEY=VALUE\n", LENGTH counting all of it. */
static int next_record(struct record *r, char **at, size_t *left, struct sl_error *err)
{
	char *space = memchr(*at, ' ', *left < 20 ? *left : 20), *equals;
	uint64_t len;
	size_t head;

	if (space == NULL || decimal(&len, *at, (size_t)(space - *at)) < 0)
		return bad("record has no length", err);
	head = (size_t)(space - *at) + 1;
	if (len > *left || len < head + 2 || (*at)[len - 1] != '\n')
		return bad("record length is wrong", err);
	r->key = space + 1;
	equals = memchr(r->key, '=', (size_t)len - head - 1);
	if (equals == NULL || equals == r->key)
		return bad("record has no key", err);
	r->key_len = (size_t)(equals - r->key);
	r->value = equals + 1;
	r->value_len = (size_t)len - head - r->key_len - 2;
	*equals = '\0';
	(*at)[len - 1] = '\0';
	if (strlen(r->key) != r->key_len)
		return bad("NUL in a key", err);
	*at += len;
	*left -= (size_t)len;
	return 0;
}

/* With @value NULL a place is only kept, until an attribute of that name takes it. */
static int add_xattr(struct tarpax *p, const char *name, const void *value, size_t size,
		     struct sl_error *err)
{
	size_t low = 0, high = p->xattr_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(p->xattrs[mid].name, name);

		if (order == 0) {
			if (value != NULL)
				p->xattrs[mid] = (struct sl_xattr){name, value, size};
			return 0;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (p->xattr_count == p->xattr_cap) {
		size_t cap = p->xattr_cap == 0 ? 8 : p->xattr_cap * 2;
		struct sl_xattr *grown = realloc(p->xattrs, cap * sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "attribute list");
		p->xattrs = grown;
		p->xattr_cap = cap;
	}
	memmove(p->xattrs + low + 1, p->xattrs + low, (p->xattr_count - low) * sizeof(*p->xattrs));
	p->xattrs[low] = (struct sl_xattr){name, value, size};
	p->xattr_count++;
	return 0;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *hit = c != '\0' ? strchr(digits, c) : NULL;

	return hit != NULL ? (int)(hit - digits) % 16 : -1;
}

/* Undo %XX in place. */
static int percent_decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		if (*in == '%') {
			int high = hex_digit(in[1]), low = high < 0 ? -1 : hex_digit(in[2]);

			if (low < 0 || (high | low) == 0)
				return -SL_EFORMAT;
			*out++ = (char)(high << 4 | low);
			in += 2;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return 0;
}

static int xattr_record(struct tarpax *p, struct record *r, struct sl_error *err)
{
	char *name;

	if (strncmp(r->key, SCHILY, strlen(SCHILY)) == 0) {
		name = r->key + strlen(SCHILY);
		if (*name == '\0')
			return bad("attribute without a name", err);
		/* older readers in Go take an empty record for none, newer ones set it */
		if (r->value_len == 0)
			p->has_foreign = true;
		return add_xattr(p, name, r->value, r->value_len, err);
	}
	if (strncmp(r->key, LIBARCHIVE, strlen(LIBARCHIVE)) != 0)
		return 0;
	name = r->key + strlen(LIBARCHIVE);
	if (percent_decode(name) == 0 && *name != '\0')
		return add_xattr(p, name, NULL, 0, err);
	p->has_foreign = true;
	return 0;
}

/* Places that were kept and not taken are attributes that no engine sets. */
static void drop_untaken(struct tarpax *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->xattr_count; i++)
		if (p->xattrs[i].value != NULL)
			p->xattrs[kept++] = p->xattrs[i];
	p->has_foreign = p->has_foreign || kept < p->xattr_count;
	p->xattr_count = kept;
}

static int number_value(struct tarpax *p, enum tarpax_field field, const char *v, size_t n)
{
	switch (field) {
	case TARPAX_SIZE:
		return decimal(&p->size, v, n);
	case TARPAX_SPARSE_SIZE:
		return decimal(&p->sparse_size, v, n);
	case TARPAX_SPARSE_REALSIZE:
		return decimal(&p->sparse_realsize, v, n);
	case TARPAX_UID:
		return signed_decimal(&p->uid, v, n);
	case TARPAX_GID:
		return signed_decimal(&p->gid, v, n);
	case TARPAX_MTIME:
		return pax_time(&p->mtime, v, n);
	case TARPAX_ATIME:
		return pax_time(&p->atime, v, n);
	case TARPAX_CTIME:
		return pax_time(&p->ctime, v, n);
	}
	return -SL_EFORMAT;
}

/* Keys with a number or a time. Returns 1 when it is none of them. */
static int number_record(struct tarpax *p, const struct record *r, struct sl_error *err)
{
	static const struct {
		const char *key;
		enum tarpax_field field;
	} keys[] = {
		{"size", TARPAX_SIZE},
		{"uid", TARPAX_UID},
		{"gid", TARPAX_GID},
		{"mtime", TARPAX_MTIME},
		{"atime", TARPAX_ATIME},
		{"ctime", TARPAX_CTIME},
		{"GNU.sparse.size", TARPAX_SPARSE_SIZE},
		{"GNU.sparse.realsize", TARPAX_SPARSE_REALSIZE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!is_key(r, keys[i].key))
			continue;
		if (r->value_len == 0) { /* back to what the plain header says */
			p->fields &= ~(uint32_t)keys[i].field;
			return 0;
		}
		p->fields |= (uint32_t)keys[i].field;
		if (number_value(p, keys[i].field, r->value, r->value_len) < 0)
			return bad("value is no number", err);
		return 0;
	}
	return 1;
}

static int name_record(struct tarpax *p, const struct record *r, struct sl_error *err)
{
	struct sl_bytes *to = is_key(r, "path")              ? &p->path
			      : is_key(r, "linkpath")        ? &p->link
			      : is_key(r, "GNU.sparse.name") ? &p->sparse_name
							     : NULL;

	if (to == NULL)
		return 1;
	if (strlen(r->value) != r->value_len)
		return bad("NUL in a name", err);
	*to = r->value_len > 0 ? (struct sl_bytes){r->value, r->value_len} : (struct sl_bytes){0};
	return 0;
}

/* Version 0.0 says offset, numbytes, offset, numbytes... in records of their own. */
static int sparse_pair(struct tarpax *p, const struct record *r, bool is_offset, struct buf *pairs,
		       struct sl_error *err)
{
	if (is_offset != (p->sparse_values % 2 == 0))
		return bad("sparse map is malformed", err);
	if (p->sparse_values++ > 0)
		(void)buf_append_char(pairs, ',');
	if (buf_append(pairs, r->value, r->value_len) < 0)
		return sl_fail(err, (enum sl_code)(-pairs->status), 0, "sparse map");
	return 0;
}

/* Returns 1 when the record is not about sparse files. */
static int sparse_record(struct tarpax *p, const struct record *r, struct buf *pairs,
			 struct sl_error *err)
{
	if (is_key(r, "GNU.sparse.offset"))
		return sparse_pair(p, r, true, pairs, err);
	if (is_key(r, "GNU.sparse.numbytes"))
		return sparse_pair(p, r, false, pairs, err);
	if (is_key(r, "GNU.sparse.major"))
		p->sparse_major = one_digit(r);
	else if (is_key(r, "GNU.sparse.minor"))
		p->sparse_minor = one_digit(r);
	else if (is_key(r, "GNU.sparse.map"))
		p->sparse_map = (struct sl_bytes){r->value, r->value_len};
	else
		return 1;
	return 0;
}

/* One record in the order of what it may be. */
static int take_record(struct tarpax *p, struct record *r, struct buf *pairs,
		       const struct sl_limits *limits, size_t *xattr_bytes, struct sl_error *err)
{
	int rc = name_record(p, r, err);

	if (rc == 1)
		rc = number_record(p, r, err);
	if (rc == 1)
		rc = sparse_record(p, r, pairs, err);
	if (rc == 1 && strncmp(r->key, ACL, strlen(ACL)) == 0 && r->value_len > 0)
		p->has_foreign = true;
	if (rc != 1 || strstr(r->key, ".xattr.") == NULL)
		return rc < 0 ? rc : 0;
	*xattr_bytes += r->key_len + r->value_len;
	if (*xattr_bytes > limits->xattrs)
		return limit_hit(limits, LIMIT_XATTRS, err);
	return xattr_record(p, r, err);
}

/* Forget everything, keep the memory. */
static void reset(struct tarpax *p)
{
	struct sl_xattr *xattrs = p->xattrs;
	size_t cap = p->xattr_cap;

	*p = (struct tarpax){.xattrs = xattrs, .xattr_cap = cap};
}

int tarpax_parse(struct tarpax *p, struct buf *body, struct buf *pairs,
		 const struct sl_limits *limits, struct sl_error *err)
{
	char *at = body->data;
	size_t left = body->len, xattr_bytes = 0;

	reset(p);
	buf_reset(pairs);
	while (left > 0) {
		struct record r;
		int rc = next_record(&r, &at, &left, err);

		if (rc == 0)
			rc = take_record(p, &r, pairs, limits, &xattr_bytes, err);
		if (rc < 0)
			return rc;
	}
	if (p->sparse_values % 2 != 0)
		return bad("sparse map is malformed", err);
	if (p->sparse_values > 0)
		p->sparse_map = (struct sl_bytes){pairs->data, pairs->len};
	drop_untaken(p);
	return 0;
}

void tarpax_clear(struct tarpax *p)
{
	free(p->xattrs);
	*p = (struct tarpax){0};
}
