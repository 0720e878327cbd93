/* SPDX-License-Identifier: Apache-2.0 */
#include "host/idmap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

/* Most ranges of one user, and the size of the files they stand in. */
#define RANGES_MAX 64
#define FILE_MAX ((size_t)1024 * 1024)

struct subid {
	struct sl_bytes user;
	uint32_t start, count;
};

static bool number(const char **p, const char *end, uint32_t *out)
{
	uint64_t n = 0;
	const char *start = *p;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		n = n * 10 + (uint64_t)(**p - '0');
		if (n > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)n;
	return *p > start;
}

/* "user:start:count"; anything else is no range. */
static bool subid_parse(struct subid *out, const char *line, const char *end)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));
	const char *p;

	if (colon == NULL)
		return false;
	out->user = (struct sl_bytes){.data = line, .len = (size_t)(colon - line)};
	p = colon + 1;
	if (!number(&p, end, &out->start) || p == end || *p++ != ':')
		return false;
	return number(&p, end, &out->count) && p == end && out->count > 0 &&
	       out->count <= UINT32_MAX - out->start;
}

/* The next range in the file, NULL at its end. */
static const char *subid_next(struct subid *out, const char *p, const char *end)
{
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol != NULL ? eol : end;
		bool good = subid_parse(out, p, stop);

		p = eol != NULL ? eol + 1 : end;
		if (good)
			return p;
	}
	return NULL;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct sl_idmap_range *x = a, *y = b;

	return x->outside < y->outside ? -1 : x->outside > y->outside;
}

/* The ranges of one subuid or subgid file. Exposed for tests. */
static int parse_subids(struct sl_idmap_range **out, size_t *count, const char *text, size_t len,
			uint32_t first, struct sl_error *err)
{
	AUTO_FREE struct sl_idmap_range *ranges = calloc(RANGES_MAX, sizeof(*ranges));
	const char *end = text + len, *p = text;
	struct subid owner = {0}, s;
	uint64_t inside = 0;
	size_t n = 0;

	if (ranges == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "id map");
	while (p != NULL && (p = subid_next(&owner, p, end)) != NULL)
		if (owner.start == first)
			break;
	if (p == NULL || len == 0) {
		ranges[n++] = (struct sl_idmap_range){.outside = first, .count = 65536};
	} else {
		for (p = text; n < RANGES_MAX && (p = subid_next(&s, p, end)) != NULL;)
			if (s.user.len == owner.user.len &&
			    memcmp(s.user.data, owner.user.data, s.user.len) == 0)
				ranges[n++] = (struct sl_idmap_range){.outside = s.start,
								      .count = s.count};
	}
	qsort(ranges, n, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < n; i++) {
		if (inside > UINT32_MAX - ranges[i].count) {
			n = i;
			break;
		}
		ranges[i].inside = (uint32_t)inside;
		inside += ranges[i].count;
	}
	*count = n;
	*out = take_ptr(&ranges);
	return 0;
}

static int read_ranges(struct sl_idmap_range **out, size_t *count, int root_fd, const char *path,
		       uint32_t first, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FILE_MAX);

	/* a file that cannot be read leaves the default, as documented */
	if (root_read_file(root_fd, path, ROOT_FOLLOW_INSIDE, &text, NULL) < 0)
		buf_reset(&text);
	return parse_subids(out, count, text.data != NULL ? text.data : "", text.len, first, err);
}

int idmap_of_remap(struct sl_idmap *out, int root_fd, uint32_t uid, uint32_t gid,
		   struct sl_error *err)
{
	int rc;

	*out = (struct sl_idmap){0};
	rc = read_ranges(&out->uids, &out->uid_count, root_fd, "etc/subuid", uid, err);
	if (rc == 0)
		rc = read_ranges(&out->gids, &out->gid_count, root_fd, "etc/subgid", gid, err);
	if (rc < 0)
		idmap_clear(out);
	return rc;
}

static bool is_owned(const struct subid *s, const char *user, const char *number)
{
	return (user != NULL && strlen(user) == s->user.len &&
		memcmp(user, s->user.data, s->user.len) == 0) ||
	       (strlen(number) == s->user.len && memcmp(number, s->user.data, s->user.len) == 0);
}

int idmap_parse_rootless(struct sl_idmap_range **out, size_t *count, struct sl_bytes text,
			 const char *user, uint32_t owner, uint32_t self, struct sl_error *err)
{
	struct sl_idmap_range *ranges = calloc(RANGES_MAX, sizeof(*ranges));
	const char *p = text.data, *end = text.data + text.len;
	struct subid s;
	char number[16];
	size_t n = 1;

	if (ranges == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "id map");
	(void)snprintf(number, sizeof(number), "%" PRIu32, owner);
	ranges[0] = (struct sl_idmap_range){.outside = self, .count = 1};
	while (n < RANGES_MAX && (p = subid_next(&s, p, end)) != NULL) {
		uint32_t inside = ranges[n - 1].inside + ranges[n - 1].count;

		if (!is_owned(&s, user, number))
			continue;
		if (inside > UINT32_MAX - s.count)
			break;
		ranges[n++] = (struct sl_idmap_range){
			.inside = inside, .outside = s.start, .count = s.count};
	}
	*out = ranges;
	*count = n;
	return 0;
}

static int read_rootless(struct sl_idmap_range **out, size_t *count, int root_fd, const char *path,
			 const char *user, uint32_t owner, uint32_t self, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FILE_MAX);
	struct sl_bytes bytes = {.data = ""};

	if (root_read_file(root_fd, path, ROOT_FOLLOW_INSIDE, &text, NULL) == 0 &&
	    text.data != NULL)
		bytes = (struct sl_bytes){.data = text.data, .len = text.len};
	return idmap_parse_rootless(out, count, bytes, user, owner, self, err);
}

int idmap_of_rootless(struct sl_idmap *out, int root_fd, const char *user, uint32_t uid,
		      uint32_t gid, struct sl_error *err)
{
	int rc;

	*out = (struct sl_idmap){0};
	rc = read_rootless(&out->uids, &out->uid_count, root_fd, "etc/subuid", user, uid, uid, err);
	if (rc == 0)
		rc = read_rootless(&out->gids, &out->gid_count, root_fd, "etc/subgid", user, uid,
				   gid, err);
	if (rc < 0)
		idmap_clear(out);
	return rc;
}
