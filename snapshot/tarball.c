/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarball.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "snapshot/tarscan.h"

/* Names of all members together. */
#define MAX_NAMES (32u << 20)
/* As many links as the kernel follows. */
#define MAX_HOPS 40

/* Name and link begin at these places of the archive's names. */
struct member {
	size_t name, link;
	enum tarscan_kind kind;
	bool is_ambiguous;
	uint64_t offset, size;
};

struct tarball {
	int fd;
	struct member *members; /* sorted by name */
	size_t count, cap;
	struct buf names; /* each ends with NUL */
};

/* ---- names ---- */

/*
 * Append the parts of @path to what @out holds, "..", "." and empty ones resolved. -SL_EFORMAT when
 * it leads out.
 */
static int append_path(struct buf *out, const char *path, size_t len)
{
	const char *end = path + len;

	while (path < end) {
		const char *slash = memchr(path, '/', (size_t)(end - path));
		size_t part = (size_t)((slash != NULL ? slash : end) - path);

		if (part == 2 && path[0] == '.' && path[1] == '.') {
			const char *last;

			if (out->len == 0)
				return -SL_EFORMAT;
			last = memrchr(out->data, '/', out->len);
			out->len = last != NULL ? (size_t)(last - out->data) : 0;
			out->data[out->len] = '\0';
		} else if (part > 0 && !(part == 1 && path[0] == '.')) {
			if (out->len > 0)
				(void)buf_append_char(out, '/');
			(void)buf_append(out, path, part);
		}
		path += part + 1;
	}
	return out->status;
}

static int path_fail(int rc, const char *name, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(name, strlen(name));
	const char *s = shown != NULL ? shown : "?";

	if (rc == -SL_EFORMAT)
		return sl_fail(err, SL_EFORMAT, 0, "'%s' leads out of the archive", s);
	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "'%s' becomes longer than allowed", s);
	return sl_fail(err, SL_ENOMEM, 0, "name in the archive");
}

static const char *name_of(const struct tarball *a, const struct member *m)
{
	return a->names.data + m->name;
}

/* ---- the index ---- */

static int add_name(struct tarball *a, const char *bytes, size_t len, size_t *out,
		    struct sl_error *err)
{
	*out = a->names.len;
	(void)buf_append(&a->names, bytes, len);
	if (buf_append_char(&a->names, '\0') == 0)
		return 0;
	if (a->names.status == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "names longer than %u bytes together", MAX_NAMES);
	return sl_fail(err, SL_ENOMEM, 0, "archive index");
}

static int grow(struct tarball *a, struct sl_error *err)
{
	size_t cap = a->cap == 0 ? 256 : a->cap * 2;
	struct member *grown;

	if (a->count < a->cap)
		return 0;
	if (a->count == TARBALL_MAX_MEMBERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %u members", TARBALL_MAX_MEMBERS);
	grown = realloc(a->members, cap * sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "archive index");
	a->members = grown;
	a->cap = cap;
	return 0;
}

static int add_member(void *payload, const struct tarscan_member *in, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(TARSCAN_MAX_NAME);
	struct tarball *a = payload;
	struct member m = {.kind = in->kind, .offset = in->offset, .size = in->size};
	int rc = append_path(&name, in->name.data, in->name.len);

	if (rc == -SL_EFORMAT)
		return sl_fail(err, SL_EFORMAT, 0, "leads out of the archive");
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "archive index");
	if (in->kind == TARSCAN_DIRECTORY || name.len == 0)
		return 0;
	rc = grow(a, err);
	if (rc == 0)
		rc = add_name(a, name.data, name.len, &m.name, err);
	if (rc == 0)
		rc = add_name(a, in->link.data, in->link.len, &m.link, err);
	if (rc == 0)
		a->members[a->count++] = m;
	return rc;
}

static int compare_members(const void *x, const void *y, void *payload)
{
	const struct member *a = x, *b = y;
	int order = strcmp(name_of(payload, a), name_of(payload, b));

	return order != 0 ? order : (a->offset > b->offset) - (a->offset < b->offset);
}

static ssize_t read_at(int fd, void *dst, size_t len, uint64_t at)
{
	ssize_t n;

	do
		n = pread(fd, dst, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n;
}

static bool same_bytes(int fd, uint64_t a, uint64_t b, uint64_t size)
{
	char left[8192], right[8192];

	while (size > 0) {
		size_t want = size < sizeof(left) ? (size_t)size : sizeof(left);
		ssize_t n = read_at(fd, left, want, a), m = read_at(fd, right, want, b);

		if (n <= 0 || n != m || memcmp(left, right, (size_t)n) != 0)
			return false;
		a += (uint64_t)n;
		b += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return true;
}

static bool same_member(const struct tarball *a, const struct member *x, const struct member *y)
{
	if (x->kind != y->kind || x->size != y->size)
		return false;
	if (x->kind == TARSCAN_SYMLINK || x->kind == TARSCAN_HARDLINK)
		return strcmp(a->names.data + x->link, a->names.data + y->link) == 0;
	return same_bytes(a->fd, x->offset, y->offset, x->size);
}

/* Of members with one name one stays, and says whether the others were different. */
static void fold_duplicates(struct tarball *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct member *m = &a->members[i], *last = kept > 0 ? &a->members[kept - 1] : NULL;

		if (last != NULL && strcmp(name_of(a, last), name_of(a, m)) == 0)
			last->is_ambiguous = last->is_ambiguous || !same_member(a, last, m);
		else
			a->members[kept++] = *m;
	}
	a->count = kept;
}

int tarball_open(struct tarball **out, int fd, struct sl_error *err)
{
	struct tarball *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL) {
		close(fd);
		return sl_fail(err, SL_ENOMEM, 0, "archive");
	}
	a->fd = fd;
	a->names = BUF_INIT(MAX_NAMES);
	rc = tarscan(fd, add_member, a, err);
	if (rc < 0) {
		tarball_free(a);
		return rc;
	}
	if (a->count > 1)
		qsort_r(a->members, a->count, sizeof(*a->members), compare_members, a);
	fold_duplicates(a);
	*out = a;
	return 0;
}

void tarball_free(struct tarball *a)
{
	if (a == NULL)
		return;
	close(a->fd);
	free(a->members);
	buf_clear(&a->names);
	free(a);
}

int tarball_fd(const struct tarball *a)
{
	return a->fd;
}

/* ---- looking up ---- */

/* By the first @len bytes of @name. */
static const struct member *find(const struct tarball *a, const char *name, size_t len)
{
	size_t low = 0, high = a->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *at = name_of(a, &a->members[mid]);
		int order = strncmp(at, name, len);

		if (order == 0 && at[len] == '\0')
			return &a->members[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int refuse(const struct member *m, const char *name, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(name, strlen(name));
	const char *s = shown != NULL ? shown : "?";

	if (m->is_ambiguous)
		return sl_fail(err, SL_EAMBIGUOUS, 0,
			       "'%s' is in the archive more than once, each time different", s);
	if (m->kind == TARSCAN_SPARSE)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "'%s' is stored as a sparse file: pack the archive without that", s);
	return sl_fail(err, SL_EINVAL, 0, "'%s' is no regular file", s);
}

/* The member, or the link that a directory of its path is: the first part that is a member. */
static const struct member *find_first(const struct tarball *a, const struct buf *path, size_t *len)
{
	for (size_t i = 1; i <= path->len; i++) {
		const struct member *m;

		if (i < path->len && path->data[i] != '/')
			continue;
		m = find(a, path->data, i);
		if (m != NULL) {
			*len = i;
			return m;
		}
	}
	return NULL;
}

/* Put the link's target in the place of the first @len bytes of @path. */
static int follow(const struct tarball *a, const struct member *m, struct buf *path, size_t len)
{
	CLEANUP(buf_clear) struct buf next = BUF_INIT(TARSCAN_MAX_NAME);
	const char *target = a->names.data + m->link;
	const char *slash = memrchr(path->data, '/', len);
	int rc = 0;

	if (m->kind == TARSCAN_SYMLINK && target[0] != '/' && slash != NULL)
		rc = append_path(&next, path->data, (size_t)(slash - path->data));
	if (rc == 0)
		rc = append_path(&next, target, strlen(target));
	if (rc == 0)
		rc = append_path(&next, path->data + len, path->len - len);
	buf_reset(path);
	if (rc == 0)
		rc = buf_append(path, next.data != NULL ? next.data : "", next.len);
	return rc;
}

int tarball_find(const struct tarball *a, const char *name, struct tarball_range *out,
		 struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(TARSCAN_MAX_NAME);
	AUTO_FREE char *shown = quote_dup(name, strlen(name));
	int rc = append_path(&path, name, strlen(name));

	for (int hops = 0; rc == 0 && hops < MAX_HOPS; hops++) {
		size_t len = 0;
		const struct member *m = find_first(a, &path, &len);

		if (m == NULL)
			return sl_fail(err, SL_ENOTFOUND, 0, "'%s' is not in the archive",
				       shown != NULL ? shown : "?");
		if (m->is_ambiguous)
			return refuse(m, path.data, err);
		if (m->kind == TARSCAN_FILE && len == path.len) {
			*out = (struct tarball_range){m->offset, m->size};
			return 0;
		}
		if (m->kind != TARSCAN_SYMLINK && m->kind != TARSCAN_HARDLINK)
			return refuse(m, path.data, err);
		rc = follow(a, m, &path, len);
	}
	return rc < 0 ? path_fail(rc, name, err)
		      : sl_fail(err, SL_EFORMAT, 0, "'%s' leads through more than %d links",
				shown != NULL ? shown : "?", MAX_HOPS);
}
