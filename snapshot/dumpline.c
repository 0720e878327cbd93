/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dumpline.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"

static const struct {
	const char *word;
	uint32_t type;
} types[] = {
	{"file", S_IFREG},  {"dir", S_IFDIR},  {"link", S_IFLNK},    {"char", S_IFCHR},
	{"block", S_IFBLK}, {"fifo", S_IFIFO}, {"socket", S_IFSOCK}, {"whiteout", 0},
};

static const struct {
	const char *word;
	uint32_t flag;
} states[] = {
	{"implied", SL_ENTRY_IMPLIED},
	{"coarse", SL_ENTRY_COARSE_TIME},
	{"unresolved", SL_ENTRY_UNRESOLVED},
	{"ambiguous", SL_ENTRY_AMBIGUOUS},
};

static int bad_line(struct sl_error *err, const char *what)
{
	return sl_fail(err, SL_EFORMAT, 0, "damaged row (%s)", what);
}

/* ---- row to line ---- */

/* Printable ASCII but for space # * = ? [ and the backslash. */
static const bool is_plain[256] = {
	['!' ... '"'] = true, ['$' ... ')'] = true, ['+' ... '<'] = true,
	['>'] = true,         ['@' ... 'Z'] = true, [']' ... '~'] = true,
};

/* Append bytes as a name in a line. */
static int escape(struct buf *out, const char *bytes, size_t len)
{
	size_t plain = 0;

	for (size_t i = 0; i < len; i++) {
		if (is_plain[(uint8_t)bytes[i]])
			continue;
		(void)buf_append(out, bytes + plain, i - plain);
		(void)buf_printf(out, "\\%03o", (uint8_t)bytes[i]);
		plain = i + 1;
	}
	return buf_append(out, bytes + plain, len - plain);
}

/* There are millions of lines: printf would take most of the time. */
static void add_number(struct buf *out, const char *before, uint64_t n, unsigned int base,
		       size_t least_digits)
{
	char digits[24];
	size_t at = sizeof(digits);

	while (n > 0 || sizeof(digits) - at < least_digits) {
		digits[--at] = (char)('0' + n % base);
		n /= base;
	}
	(void)buf_append_str(out, before);
	(void)buf_append(out, digits + at, sizeof(digits) - at);
}

static void add_path(struct buf *out, struct sl_bytes path)
{
	(void)buf_append_char(out, '.');
	if (path.len > 0)
		(void)buf_append_char(out, '/');
	(void)escape(out, path.data, path.len);
}

static void add_hex(struct buf *out, const char *word, const uint8_t *bytes, size_t len)
{
	char text[2 * SL_SHA256_SIZE + 1];

	hex_encode(text, bytes, len);
	(void)buf_append_str(out, word);
	(void)buf_append_str(out, text);
}

static void add_object(struct buf *out, const struct sl_entry *e)
{
	bool is_device = S_ISCHR(e->mode) || S_ISBLK(e->mode);

	add_number(out, " mode=", e->mode & ~(uint32_t)S_IFMT, 8, 4);
	add_number(out, " uid=", e->uid, 10, 1);
	add_number(out, " gid=", e->gid, 10, 1);
	if (S_ISREG(e->mode) || e->size != 0)
		add_number(out, " size=", e->size, 10, 1);
	if ((e->fields & SL_ENTRY_MTIME) != 0) {
		uint64_t sec = (uint64_t)e->mtime.sec;

		add_number(out, e->mtime.sec < 0 ? " time=-" : " time=",
			   e->mtime.sec < 0 ? 0 - sec : sec, 10, 1);
		add_number(out, ".", e->mtime.nsec, 10, 9);
	}
	if (e->target.data != NULL) {
		(void)buf_append_str(out, " link=");
		(void)escape(out, e->target.data, e->target.len);
	}
	if (is_device || e->rdev_major != 0 || e->rdev_minor != 0)
		(void)buf_printf(out, " device=linux,%" PRIu32 ",%" PRIu32, e->rdev_major,
				 e->rdev_minor);
	if ((e->fields & SL_ENTRY_SHA256) != 0)
		add_hex(out, " sha256=", e->sha256, sizeof(e->sha256));
	if ((e->fields & SL_ENTRY_XXH3) != 0)
		add_hex(out, " xxh3=", e->xxh3, sizeof(e->xxh3));
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct sl_xattr *x = &e->xattrs[i];

		(void)buf_append_str(out, " xattr.");
		(void)escape(out, x->name, strlen(x->name));
		(void)buf_append_char(out, '=');
		(void)base64_encode(out, x->value, x->size);
	}
}

static void add_state(struct buf *out, const struct row *row)
{
	const struct sl_entry *e = &row->entry;
	const char *before = " state=";

	if (row->hides) {
		(void)buf_printf(out, "%shides", before);
		before = ",";
	}
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		if ((e->flags & states[i].flag) == 0)
			continue;
		(void)buf_printf(out, "%s%s", before, states[i].word);
		before = ",";
	}
	if (e->mode != 0 && (e->fields & SL_ENTRY_XATTRS) == 0)
		(void)buf_printf(out, "%sxattrs-unknown", before);
}

/* A name that is only deleted has no metadata. */
static bool is_bare(const struct sl_entry *e)
{
	return e->uid == 0 && e->gid == 0 && e->size == 0 && e->target.data == NULL &&
	       e->rdev_major == 0 && e->rdev_minor == 0 && e->xattr_count == 0 &&
	       e->mtime.sec == 0 && e->mtime.nsec == 0 &&
	       (e->fields & (SL_ENTRY_SHA256 | SL_ENTRY_XXH3 | SL_ENTRY_MTIME)) == 0;
}

int dumpline_format(struct buf *out, const struct row *row, struct sl_error *err)
{
	const struct sl_entry *e = &row->entry;
	const char *type = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((e->mode & S_IFMT) == types[i].type)
			type = types[i].word;
	if (type == NULL || (e->mode & ~(uint32_t)(S_IFMT | 07777)) != 0)
		return bad_line(err, "type");
	if ((e->mode & S_IFMT) == 0 && (e->mode != 0 || !row->hides || !is_bare(e)))
		return bad_line(err, "a whiteout that is more or less than one");
	add_path(out, e->path);
	(void)buf_append_str(out, " type=");
	(void)buf_append_str(out, type);
	if (e->mode != 0)
		add_object(out, e);
	add_state(out, row);
	(void)buf_append_char(out, '\n');
	if (out->status == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "a row of more than %zu bytes", out->max);
	return out->status < 0 ? sl_fail(err, SL_ENOMEM, 0, "dump line") : 0;
}

/* ---- line to row: loose, for whatever is not as it would be written is refused at the end ---- */

/* Append what an escaped name stands for. */
static int unescape(struct buf *out, struct sl_bytes text)
{
	const char *p;

	while (text.len > 0 && (p = memchr(text.data, '\\', text.len)) != NULL) {
		size_t plain = (size_t)(p - text.data);

		(void)buf_append(out, text.data, plain);
		if (text.len - plain < 4 || p[1] < '0' || p[1] > '3' || p[2] < '0' || p[2] > '7' ||
		    p[3] < '0' || p[3] > '7')
			return -SL_EFORMAT;
		(void)buf_append_char(out,
				      (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0')));
		text = (struct sl_bytes){p + 4, text.len - plain - 4};
	}
	return buf_append(out, text.data, text.len);
}

/* Digits of @base and nothing else. */
static int read_number(struct sl_bytes text, unsigned int base, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (text.len == 0)
		return -SL_EFORMAT;
	for (size_t i = 0; i < text.len; i++) {
		unsigned int digit = (unsigned int)(uint8_t)text.data[i] - '0';

		if (digit >= base || n > (max - digit) / base)
			return -SL_EFORMAT;
		n = n * base + digit;
	}
	*out = n;
	return 0;
}

static int read_u32(struct sl_bytes text, uint32_t *out)
{
	uint64_t n;

	if (read_number(text, 10, UINT32_MAX, &n) < 0)
		return -SL_EFORMAT;
	*out = (uint32_t)n;
	return 0;
}

/* Cut off what is in front of the first @by; all of it when there is none. */
static struct sl_bytes cut(struct sl_bytes *rest, char by)
{
	const char *end = rest->len > 0 ? memchr(rest->data, by, rest->len) : NULL;
	struct sl_bytes head = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len};
	size_t used = head.len + (end != NULL);

	*rest = (struct sl_bytes){rest->data + used, rest->len - used};
	return head;
}

static bool is_word(struct sl_bytes b, const char *word)
{
	return b.len == strlen(word) && memcmp(b.data, word, b.len) == 0;
}

static int take_type(struct row *row, struct sl_bytes value)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!is_word(value, types[i].word))
			continue;
		row->entry.mode = types[i].type;
		if (types[i].type == 0)
			row->entry.flags |= SL_ENTRY_WHITEOUT;
		else
			row->entry.fields |= SL_ENTRY_XATTRS;
		return 0;
	}
	return -SL_EFORMAT;
}

static int take_mode(struct row *row, struct sl_bytes value)
{
	uint64_t n;

	if (read_number(value, 8, 07777, &n) < 0)
		return -SL_EFORMAT;
	row->entry.mode |= (uint32_t)n;
	return 0;
}

static int take_uid(struct row *row, struct sl_bytes value)
{
	return read_u32(value, &row->entry.uid);
}

static int take_gid(struct row *row, struct sl_bytes value)
{
	return read_u32(value, &row->entry.gid);
}

static int take_size(struct row *row, struct sl_bytes value)
{
	return read_number(value, 10, INT64_MAX, &row->entry.size);
}

static int take_time(struct row *row, struct sl_bytes value)
{
	bool negative = value.len > 0 && value.data[0] == '-';
	struct sl_bytes rest = {value.data + negative, value.len - negative};
	struct sl_bytes sec = cut(&rest, '.');
	uint64_t n, ns;

	if (read_number(sec, 10, (uint64_t)INT64_MAX + negative, &n) < 0 ||
	    read_number(rest, 10, 999999999, &ns) < 0)
		return -SL_EFORMAT;
	row->entry.mtime =
		(struct sl_time){.sec = (int64_t)(negative ? 0 - n : n), .nsec = (uint32_t)ns};
	row->entry.fields |= SL_ENTRY_MTIME;
	return 0;
}

static int take_device(struct row *row, struct sl_bytes value)
{
	struct sl_bytes format = cut(&value, ','), major = cut(&value, ',');

	if (!is_word(format, "linux") || read_u32(major, &row->entry.rdev_major) < 0)
		return -SL_EFORMAT;
	return read_u32(value, &row->entry.rdev_minor);
}

static int take_sha256(struct row *row, struct sl_bytes value)
{
	row->entry.fields |= SL_ENTRY_SHA256;
	return hex_decode(row->entry.sha256, SL_SHA256_SIZE, value.data, value.len);
}

static int take_xxh3(struct row *row, struct sl_bytes value)
{
	row->entry.fields |= SL_ENTRY_XXH3;
	return hex_decode(row->entry.xxh3, SL_XXH3_SIZE, value.data, value.len);
}

static int take_state(struct row *row, struct sl_bytes value)
{
	while (value.len > 0) {
		struct sl_bytes word = cut(&value, ',');
		uint32_t flag = 0;

		for (size_t i = 0; i < ARRAY_SIZE(states); i++)
			if (is_word(word, states[i].word))
				flag = states[i].flag;
		if (is_word(word, "hides"))
			row->hides = true;
		else if (is_word(word, "xattrs-unknown"))
			row->entry.fields &= ~(uint32_t)SL_ENTRY_XATTRS;
		else if (flag == 0)
			return -SL_EFORMAT;
		row->entry.flags |= flag;
	}
	return 0;
}

static const struct {
	const char *word;
	int (*take)(struct row *row, struct sl_bytes value);
} takers[] = {
	{"type", take_type},     {"mode", take_mode}, {"uid", take_uid},
	{"gid", take_gid},       {"size", take_size}, {"time", take_time},
	{"sha256", take_sha256}, {"xxh3", take_xxh3}, {"device", take_device},
	{"state", take_state},
};

static int take_link(struct dumpline *d, struct row *row, struct sl_bytes value)
{
	int rc = unescape(&d->row.target, value);

	row->entry.target = (struct sl_bytes){d->row.target.data, d->row.target.len};
	return rc;
}

/* The line is longer than all its names and values, so packed never moves (dumpline_parse). */
static int take_xattr(struct dumpline *d, struct row *row, struct sl_bytes name,
		      struct sl_bytes value)
{
	struct buf *packed = &d->row.packed;
	struct sl_xattr x;
	size_t at = packed->len;
	int rc = unescape(packed, name);

	if (rc == 0 && memchr(packed->data + at, '\0', packed->len - at) != NULL)
		rc = -SL_EFORMAT;
	x.name = packed->data + at;
	if (rc == 0)
		rc = buf_append_char(packed, '\0');
	at = packed->len;
	if (rc == 0)
		rc = base64_decode(packed, value.data, value.len);
	x.value = packed->data + at;
	x.size = packed->len - at;
	if (rc == 0)
		rc = buf_append_char(packed, '\0');
	if (rc == 0 && row->entry.xattr_count > 0 &&
	    strcmp(d->row.xattrs[row->entry.xattr_count - 1].name, x.name) >= 0)
		rc = -SL_EFORMAT;
	return rc < 0 ? rc : row_reader_add_xattr(&d->row, &row->entry, &x);
}

static int take_word(struct dumpline *d, struct row *row, struct sl_bytes word)
{
	struct sl_bytes value = word;
	struct sl_bytes name = cut(&value, '=');

	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		if (is_word(name, takers[i].word))
			return takers[i].take(row, value);
	if (is_word(name, "link"))
		return take_link(d, row, value);
	if (name.len > 6 && memcmp(name.data, "xattr.", 6) == 0)
		return take_xattr(d, row, (struct sl_bytes){name.data + 6, name.len - 6}, value);
	return -SL_EFORMAT;
}

/* No empty, "." or ".." part, no NUL. */
static bool is_canonical(struct sl_bytes path)
{
	struct sl_bytes rest = path;

	if (path.len == 0)
		return true;
	if (memchr(path.data, '\0', path.len) != NULL || path.data[path.len - 1] == '/')
		return false;
	while (rest.len > 0) {
		struct sl_bytes part = cut(&rest, '/');

		if (part.len == 0 || is_word(part, ".") || is_word(part, ".."))
			return false;
	}
	return true;
}

static int take_path(struct dumpline *d, struct row *row, struct sl_bytes word)
{
	size_t skip = word.len > 1 ? 2 : 1;

	if (word.len == 0 ||
	    unescape(&d->row.path, (struct sl_bytes){word.data + skip, word.len - skip}) < 0)
		return -SL_EFORMAT;
	row->entry.path = (struct sl_bytes){d->row.path.data, d->row.path.len};
	return is_canonical(row->entry.path) ? 0 : -SL_EFORMAT;
}

static int parse(struct dumpline *d, struct sl_bytes line, struct row *out)
{
	struct sl_bytes rest = line;
	int rc;

	*out = (struct row){.hides = false};
	buf_reset(&d->row.path);
	buf_reset(&d->row.target);
	buf_reset(&d->row.packed);
	rc = buf_reserve(&d->row.packed, line.len + 1);
	if (rc == 0)
		rc = take_path(d, out, cut(&rest, ' '));
	while (rc == 0 && rest.len > 0)
		rc = take_word(d, out, cut(&rest, ' '));
	return rc;
}

int dumpline_parse(struct dumpline *d, const char *line, size_t len, struct row *out,
		   struct sl_error *err)
{
	int rc;

	if (len >= DUMPLINE_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "a line of more than %zu bytes", DUMPLINE_MAX);
	rc = parse(d, (struct sl_bytes){line, len}, out);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "dump line");
	buf_reset(&d->again);
	if (rc == 0)
		rc = dumpline_format(&d->again, out, NULL);
	if (rc == 0 && (d->again.len != len + 1 || memcmp(d->again.data, line, len) != 0))
		rc = -SL_EFORMAT;
	return rc < 0 ? sl_fail(err, SL_EFORMAT, 0, "no line that describes an entry") : 0;
}

void dumpline_clear(struct dumpline *d)
{
	row_reader_clear(&d->row);
	buf_clear(&d->again);
}
