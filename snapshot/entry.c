/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/entry.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/error.h>

int sl_path_compare(struct sl_bytes a, struct sl_bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < common; i++) {
		unsigned char x = (unsigned char)a.data[i];
		unsigned char y = (unsigned char)b.data[i];

		if (x == y)
			continue;
		if (x == '/')
			return -1;
		if (y == '/')
			return 1;
		return x < y ? -1 : 1;
	}
	return (a.len > b.len) - (a.len < b.len);
}

bool sl_path_within(struct sl_bytes path, struct sl_bytes dir)
{
	if (dir.len == 0)
		return true;
	if (path.len < dir.len || memcmp(path.data, dir.data, dir.len) != 0)
		return false;
	return path.len == dir.len || path.data[dir.len] == '/';
}

const char *sl_type_name(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "unknown";
	}
}

const struct sl_xattr *sl_entry_xattr(const struct sl_entry *e, const char *name)
{
	size_t low = 0, high = e->xattr_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(e->xattrs[mid].name, name);

		if (order == 0)
			return &e->xattrs[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/*
 * linux/capability.h: the revision is the highest byte of a little-endian word, revision 3 has a
 * root id behind what revision 2 has.
 */
static bool is_global_capability(const struct sl_xattr *x)
{
	static const uint8_t root[4];
	const uint8_t *v = x->value;

	return (x->size == 20 && v[3] == 2) ||
	       (x->size == 24 && v[3] == 3 && memcmp(v + 20, root, sizeof(root)) == 0);
}

bool sl_xattr_same(const struct sl_xattr *a, const struct sl_xattr *b)
{
	const uint8_t *x = a->value, *y = b->value;

	if (strcmp(a->name, "security.capability") == 0 && is_global_capability(a) &&
	    is_global_capability(b))
		return memcmp(x, y, 3) == 0 && memcmp(x + 4, y + 4, 16) == 0;
	return a->size == b->size && (a->size == 0 || memcmp(x, y, a->size) == 0);
}

/* Hand out the next part of an allocation that was measured before; always NUL-terminated. */
static char *place(char **at, const void *bytes, size_t len)
{
	char *out = *at;

	if (len > 0)
		memcpy(out, bytes, len);
	out[len] = '\0';
	*at += len + 1;
	return out;
}

static struct sl_bytes place_bytes(char **at, struct sl_bytes b)
{
	if (b.data == NULL)
		return (struct sl_bytes){0};
	return (struct sl_bytes){place(at, b.data, b.len), b.len};
}

int sl_entry_copy(struct sl_entry **out, const struct sl_entry *e)
{
	size_t size = sizeof(*e) + e->xattr_count * sizeof(*e->xattrs);
	struct sl_xattr *xattrs;
	struct sl_entry *copy;
	char *at;

	size += e->path.len + e->target.len + e->redirect.len + 3;
	for (size_t i = 0; i < e->xattr_count; i++)
		size += strlen(e->xattrs[i].name) + e->xattrs[i].size + 2;
	copy = malloc(size);
	if (copy == NULL)
		return -SL_ENOMEM;
	*copy = *e;
	xattrs = (struct sl_xattr *)(copy + 1);
	at = (char *)(xattrs + e->xattr_count);
	copy->path = place_bytes(&at, e->path);
	copy->target = place_bytes(&at, e->target);
	copy->redirect = place_bytes(&at, e->redirect);
	copy->xattrs = e->xattr_count > 0 ? xattrs : NULL;
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct sl_xattr *x = &e->xattrs[i];

		xattrs[i].name = place(&at, x->name, strlen(x->name));
		xattrs[i].value = place(&at, x->value, x->size);
		xattrs[i].size = x->size;
	}
	*out = copy;
	return 0;
}

void sl_entry_free(struct sl_entry *e)
{
	free(e);
}

/*
 * The spool form: a head, then path, target and redirect (each with its NUL, nothing at all where
 * data is NULL), then per attribute its two lengths, name with NUL, value. Host byte order and
 * struct layout: it never leaves the process.
 */
struct head {
	uint64_t total; /* of the whole encoding, this field included */
	uint64_t path_len, target_len, redirect_len;
	uint64_t xattr_count;
	struct sl_entry fixed; /* its pointers are NULL */
};

/* In place of a length: there is no string. */
#define ABSENT UINT64_MAX

struct xattr_head {
	uint64_t name_len, size;
};

static uint64_t coded_len(struct sl_bytes b)
{
	return b.data == NULL ? ABSENT : b.len;
}

static uint64_t coded_size(struct sl_bytes b)
{
	return b.data == NULL ? 0 : (uint64_t)b.len + 1;
}

typedef int (*write_fn)(void *payload, const void *bytes, size_t len);

static int write_bytes(struct sl_bytes b, write_fn write, void *payload)
{
	int rc = 0;

	if (b.data == NULL)
		return 0;
	if (b.len > 0)
		rc = write(payload, b.data, b.len);
	return rc < 0 ? rc : write(payload, "", 1);
}

static int write_xattr(const struct sl_xattr *x, write_fn write, void *payload)
{
	struct xattr_head xh = {.name_len = strlen(x->name), .size = x->size};
	int rc = write(payload, &xh, sizeof(xh));

	if (rc >= 0)
		rc = write(payload, x->name, (size_t)xh.name_len + 1);
	if (rc >= 0 && x->size > 0)
		rc = write(payload, x->value, x->size);
	return rc;
}

int sl_entry_encode(const struct sl_entry *e,
		    int (*write)(void *payload, const void *bytes, size_t len), void *payload)
{
	struct head h;
	int rc;

	memset(&h, 0, sizeof(h));
	h.total = sizeof(h) + coded_size(e->path) + coded_size(e->target) + coded_size(e->redirect);
	for (size_t i = 0; i < e->xattr_count; i++)
		h.total += sizeof(struct xattr_head) + strlen(e->xattrs[i].name) + 1 +
			   e->xattrs[i].size;
	h.path_len = coded_len(e->path);
	h.target_len = coded_len(e->target);
	h.redirect_len = coded_len(e->redirect);
	h.xattr_count = e->xattr_count;
	memcpy(&h.fixed, e, sizeof(*e));
	h.fixed.path = h.fixed.target = h.fixed.redirect = (struct sl_bytes){0};
	h.fixed.xattrs = NULL;
	rc = write(payload, &h, sizeof(h));
	if (rc >= 0)
		rc = write_bytes(e->path, write, payload);
	if (rc >= 0)
		rc = write_bytes(e->target, write, payload);
	if (rc >= 0)
		rc = write_bytes(e->redirect, write, payload);
	for (size_t i = 0; rc >= 0 && i < e->xattr_count; i++)
		rc = write_xattr(&e->xattrs[i], write, payload);
	return rc < 0 ? rc : 0;
}

/* What is left of an encoding. */
struct rest {
	const char *at;
	size_t left;
};

static const char *take(struct rest *r, size_t len)
{
	const char *out = r->at;

	if (len > r->left)
		return NULL;
	r->at += len;
	r->left -= len;
	return out;
}

/* A string of @len bytes and its NUL. */
static const char *take_string(struct rest *r, uint64_t len)
{
	const char *out;

	if (len >= r->left)
		return NULL;
	out = take(r, (size_t)len + 1);
	return out != NULL && out[len] == '\0' ? out : NULL;
}

static bool take_bytes(struct rest *r, uint64_t len, struct sl_bytes *out)
{
	*out = (struct sl_bytes){0};
	if (len == ABSENT)
		return true;
	out->data = take_string(r, len);
	out->len = (size_t)len;
	return out->data != NULL;
}

static bool take_xattr(struct rest *r, struct sl_xattr *out)
{
	const char *head = take(r, sizeof(struct xattr_head));
	struct xattr_head xh;

	if (head == NULL)
		return false;
	memcpy(&xh, head, sizeof(xh));
	out->name = take_string(r, xh.name_len);
	if (out->name == NULL || strlen(out->name) != xh.name_len || xh.size > r->left)
		return false;
	out->size = (size_t)xh.size;
	out->value = take(r, out->size);
	return true;
}

size_t sl_entry_decode(struct sl_entry *out, const void *bytes, size_t len, struct sl_xattr *xattrs,
		       size_t xattr_max)
{
	struct rest r = {.at = bytes, .left = len};
	struct head h;

	if (len < sizeof(h))
		return 0;
	memcpy(&h, take(&r, sizeof(h)), sizeof(h));
	if (h.total > len || h.total < sizeof(h) || h.xattr_count > xattr_max)
		return 0;
	r.left = (size_t)h.total - sizeof(h);
	*out = h.fixed;
	if (!take_bytes(&r, h.path_len, &out->path) ||
	    !take_bytes(&r, h.target_len, &out->target) ||
	    !take_bytes(&r, h.redirect_len, &out->redirect))
		return 0;
	for (size_t i = 0; i < h.xattr_count; i++)
		if (!take_xattr(&r, &xattrs[i]))
			return 0;
	out->xattr_count = (size_t)h.xattr_count;
	out->xattrs = h.xattr_count > 0 ? xattrs : NULL;
	return r.left == 0 ? (size_t)h.total : 0;
}
