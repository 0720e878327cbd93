/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/recordentry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/bundle.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "forensics/record.h"

void recordentry_init(struct recordentry *e)
{
	*e = (struct recordentry){.bytes = BUF_INIT((size_t)2 * SL_BUNDLE_LINE_BYTES)};
}

void recordentry_clear(struct recordentry *e)
{
	buf_clear(&e->bytes);
	free(e->xattrs);
	recordentry_init(e);
}

static int fail_member(struct sl_error *err, const char *key)
{
	return sl_fail(err, SL_EFORMAT, 0, "entry: '%s' is not what it should be", key);
}

static int read_type(struct sl_entry *e, const struct jval *o, struct sl_error *err)
{
	static const struct {
		const char *name;
		uint32_t mode, flags;
	} types[] = {
		{"file", S_IFREG, 0},    {"directory", S_IFDIR, 0},
		{"symlink", S_IFLNK, 0}, {"char", S_IFCHR, 0},
		{"block", S_IFBLK, 0},   {"fifo", S_IFIFO, 0},
		{"socket", S_IFSOCK, 0}, {"whiteout", 0, SL_ENTRY_WHITEOUT},
	};
	const char *name = jval_str(jval_get(o, "type"));

	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		e->mode = types[i].mode;
		e->flags = types[i].flags;
		return 0;
	}
	return fail_member(err, "type");
}

/* Octal text, as both documents write it. */
static int read_mode(struct sl_entry *e, const struct jval *o, struct sl_error *err)
{
	const char *text = jval_str(jval_get(o, "mode"));
	char *end = NULL;
	unsigned long mode;

	if (text == NULL)
		return 0;
	mode = strtoul(text, &end, 8);
	if (text[0] < '0' || text[0] > '7' || *end != '\0' || mode > 07777)
		return fail_member(err, "mode");
	e->mode |= (uint32_t)mode;
	return 0;
}

static int read_u32(const struct jval *o, const char *key, uint32_t *out, struct sl_error *err)
{
	const struct jval *v = jval_get(o, key);
	uint64_t n;

	if (v == NULL)
		return 0;
	if (record_u64(v, &n) < 0 || n > UINT32_MAX)
		return fail_member(err, key);
	*out = (uint32_t)n;
	return 0;
}

static int read_numbers(struct sl_entry *e, const struct jval *o, struct sl_error *err)
{
	const struct jval *size = jval_get(o, "size"), *rdev = jval_get(o, "rdev");
	int rc = read_u32(o, "uid", &e->uid, err);

	if (rc == 0)
		rc = read_u32(o, "gid", &e->gid, err);
	if (rc == 0)
		rc = read_u32(rdev, "major", &e->rdev_major, err);
	if (rc == 0)
		rc = read_u32(rdev, "minor", &e->rdev_minor, err);
	if (rc == 0 && size != NULL && record_u64(size, &e->size) < 0)
		rc = fail_member(err, "size");
	return rc;
}

static int read_times(struct sl_entry *e, const struct jval *o, struct sl_error *err)
{
	const struct {
		const char *key;
		uint32_t field;
		struct sl_time *to;
	} times[] = {
		{"mtime", SL_ENTRY_MTIME, &e->mtime},
		{"atime", SL_ENTRY_ATIME, &e->atime},
		{"ctime", SL_ENTRY_CTIME, &e->ctime},
		{"btime", SL_ENTRY_BTIME, &e->btime},
	};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		const char *text = jval_str(jval_get(o, times[i].key));

		if (text == NULL)
			continue;
		if (clock_parse(times[i].to, text, strlen(text)) < 0)
			return fail_member(err, times[i].key);
		e->fields |= times[i].field;
	}
	return 0;
}

static int read_flags(struct sl_entry *e, const struct jval *o, struct sl_error *err)
{
	static const struct {
		const char *key;
		uint32_t flag;
	} flags[] = {
		{"opaque", SL_ENTRY_OPAQUE},
		{"origin", SL_ENTRY_ORIGIN},
		{"metacopy", SL_ENTRY_METACOPY},
		{"implied", SL_ENTRY_IMPLIED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct jval *v = jval_get(o, flags[i].key);
		bool set = false;

		if (v != NULL && jval_bool(v, &set) < 0)
			return fail_member(err, flags[i].key);
		e->flags |= set ? flags[i].flag : 0;
	}
	return 0;
}

static int read_digest(struct sl_entry *e, const struct jval *o, struct sl_error *err)
{
	const char *text = jval_str(jval_get(o, "sha256"));

	if (text == NULL)
		return 0;
	if (hex_decode(e->sha256, sizeof(e->sha256), text, strlen(text)) < 0)
		return fail_member(err, "sha256");
	e->fields |= SL_ENTRY_SHA256;
	return 0;
}

/* ---- what needs room: offsets while the buffer grows, pointers at the end ---- */

struct stretch {
	size_t at, len;
	bool is_there;
};

static int read_stretch(struct recordentry *out, const struct jval *o, const char *key,
			struct stretch *to, struct sl_error *err)
{
	int rc;

	to->at = out->bytes.len;
	rc = record_bytes(o, key, &out->bytes);
	if (rc < 0 || (rc > 0 && jval_get(o, key) != NULL))
		return fail_member(err, key);
	to->is_there = rc == 0;
	to->len = out->bytes.len - to->at;
	(void)buf_append_char(&out->bytes, '\0');
	return 0;
}

static struct sl_bytes bytes_of(const struct recordentry *e, const struct stretch *s)
{
	return s->is_there ? (struct sl_bytes){e->bytes.data + s->at, s->len}
			   : (struct sl_bytes){0};
}

/* Lists of attributes: names are lent by the document, which the caller keeps; values are bytes. */
struct xattr_reader {
	struct recordentry *out;
	size_t count;
	struct sl_error *err;
};

static int add_value(struct xattr_reader *r, const char *value)
{
	if (value == NULL || base64_decode(&r->out->bytes, value, strlen(value)) == -SL_EFORMAT)
		return fail_member(r->err, "xattrs");
	if (r->out->bytes.status == -SL_ENOMEM)
		return sl_fail(r->err, SL_ENOMEM, 0, "attributes");
	return 0;
}

/* The name's and the value's places stand in the pointers until the buffer has stopped growing. */
static int add_xattr(struct xattr_reader *r, const char *name, bool is_base64, const char *value)
{
	struct recordentry *out = r->out;
	size_t name_at = out->bytes.len, value_at;
	int rc;

	if (r->count == out->xattr_room) {
		size_t room = out->xattr_room == 0 ? 16 : out->xattr_room * 2;
		struct sl_xattr *grown = reallocarray(out->xattrs, room, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(r->err, SL_ENOMEM, 0, "attributes");
		out->xattrs = grown;
		out->xattr_room = room;
	}
	rc = is_base64 ? base64_decode(&out->bytes, name, strlen(name))
		       : buf_append_str(&out->bytes, name);
	/* a name ends at its first NUL: one in the middle would make it another */
	if (rc < 0 || (out->bytes.len > name_at &&
		       memchr(out->bytes.data + name_at, '\0', out->bytes.len - name_at) != NULL))
		return fail_member(r->err, "xattrs");
	(void)buf_append_char(&out->bytes, '\0');
	value_at = out->bytes.len;
	rc = add_value(r, value);
	out->xattrs[r->count++] = (struct sl_xattr){.name = (const char *)name_at,
						    .value = (const void *)value_at,
						    .size = out->bytes.len - value_at};
	return rc;
}

static int on_xattr(void *payload, const char *key, const struct jval *value)
{
	bool is_base64 = strncmp(key, "b64:", 4) == 0;

	return add_xattr(payload, is_base64 ? key + 4 : key, is_base64, jval_str(value));
}

static int by_name(const void *a, const void *b)
{
	const struct sl_xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int read_xattrs(struct recordentry *out, const struct jval *o, struct sl_error *err)
{
	const struct jval *list = jval_get(o, "xattrs"), *odd = jval_get(o, "xattrs_b64");
	struct xattr_reader r = {.out = out, .err = err};
	int rc = jval_each(list, on_xattr, &r);

	for (size_t i = 0; rc == 0 && i < jval_len(odd); i++) {
		const struct jval *v = jval_at(odd, i);
		const char *name = jval_str(jval_get(v, "name_b64"));

		rc = name == NULL ? fail_member(err, "xattrs_b64")
				  : add_xattr(&r, name, true, jval_str(jval_get(v, "value")));
	}
	if (rc < 0)
		return rc;
	out->entry.xattr_count = r.count;
	if (list != NULL)
		out->entry.fields |= SL_ENTRY_XATTRS;
	return 0;
}

static void settle_xattrs(struct recordentry *out)
{
	for (size_t i = 0; i < out->entry.xattr_count; i++) {
		struct sl_xattr *x = &out->xattrs[i];

		x->name = out->bytes.data + (uintptr_t)x->name;
		x->value = (const uint8_t *)out->bytes.data + (uintptr_t)x->value;
	}
	if (out->entry.xattr_count > 1)
		qsort(out->xattrs, out->entry.xattr_count, sizeof(*out->xattrs), by_name);
	out->entry.xattrs = out->xattrs;
}

int recordentry_read(struct recordentry *out, const struct jval *object, struct sl_bytes path,
		     struct sl_error *err)
{
	static int (*const plain[])(struct sl_entry * e, const struct jval *o,
				    struct sl_error *err) = {
		read_type, read_mode, read_numbers, read_times, read_flags, read_digest,
	};
	struct stretch link = {0}, target = {0}, redirect = {0};
	int rc = 0;

	buf_reset(&out->bytes);
	out->entry = (struct sl_entry){.path = path};
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(plain); i++)
		rc = plain[i](&out->entry, object, err);
	if (rc == 0)
		rc = read_stretch(out, object, "link", &link, err);
	if (rc == 0)
		rc = read_stretch(out, object, "target", &target, err);
	if (rc == 0)
		rc = read_stretch(out, object, "redirect", &redirect, err);
	if (rc == 0)
		rc = read_xattrs(out, object, err);
	if (rc == 0 && out->bytes.status < 0)
		rc = sl_fail(err, (enum sl_code) - out->bytes.status, 0, "entry");
	if (rc < 0)
		return rc;
	settle_xattrs(out);
	out->entry.target = bytes_of(out, link.is_there ? &link : &target);
	out->entry.redirect = bytes_of(out, &redirect);
	return 0;
}
