/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have a store of his own, and how ids are shifted in it. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "host/cstore.h"

/* Of passwd and subuid, and of what stands in them. */
#define FILE_MAX ((size_t)16 * 1024 * 1024)
#define USERS_MAX ((size_t)1 << 14)
#define RANGES_MAX 340 /* the kernel's bound for one map */

void cstore_users_clear(struct cstore_users *users)
{
	for (size_t i = 0; i < users->count; i++) {
		free(users->rows[i].name);
		free(users->rows[i].home);
	}
	free(users->rows);
	*users = (struct cstore_users){0};
}

/* Decimal digits up to @end, and nothing else. */
static bool number(struct sl_bytes text, uint32_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.data[i] - '0');
		if (n > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)n;
	return text.len > 0;
}

/* The next line of at most @max fields; false at the end of the text. */
static bool next_fields(const char **p, const char *end, struct sl_bytes *fields, size_t max,
			size_t *count)
{
	const char *eol;

	if (*p >= end)
		return false;
	eol = memchr(*p, '\n', (size_t)(end - *p));
	if (eol == NULL)
		eol = end;
	*count = 0;
	for (const char *field = *p; *count < max;) {
		const char *colon = memchr(field, ':', (size_t)(eol - field));
		const char *stop = colon != NULL && *count + 1 < max ? colon : eol;

		fields[(*count)++] =
			(struct sl_bytes){.data = field, .len = (size_t)(stop - field)};
		if (stop == eol)
			break;
		field = stop + 1;
	}
	*p = eol < end ? eol + 1 : end;
	return true;
}

static int add_user(struct cstore_users *out, const struct cstore_user *user, struct sl_error *err)
{
	struct cstore_user *grown = reallocarray(out->rows, out->count + 1, sizeof(*out->rows));

	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "users");
	out->rows = grown;
	grown[out->count++] = *user;
	return 0;
}

int cstore_users_parse(struct cstore_users *out, const char *text, size_t len, struct sl_error *err)
{
	struct sl_bytes f[7];
	const char *p = text;
	size_t count;

	while (next_fields(&p, text + len, f, ARRAY_SIZE(f), &count)) {
		struct cstore_user user = {0};
		int rc;

		if (count != ARRAY_SIZE(f) || f[0].len == 0 || !number(f[2], &user.uid) ||
		    !number(f[3], &user.gid) || f[5].len == 0 || f[5].data[0] != '/' ||
		    memchr(f[0].data, '\0', f[0].len) != NULL ||
		    memchr(f[5].data, '\0', f[5].len) != NULL)
			continue;
		if (out->count == USERS_MAX)
			return sl_fail(err, SL_ELIMIT, 0, "more than %zu users", USERS_MAX);
		user.name = strndup(f[0].data, f[0].len);
		user.home = strndup(f[5].data, f[5].len);
		rc = user.name != NULL && user.home != NULL ? add_user(out, &user, err)
							    : sl_fail(err, SL_ENOMEM, 0, "users");
		if (rc < 0) {
			free(user.name);
			free(user.home);
			return rc;
		}
	}
	return 0;
}

int cstore_users_read(struct cstore_users *out, const struct place *place, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FILE_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = root_read_file(place->root_fd, "etc/passwd", ROOT_FOLLOW_INSIDE, &text, &why);

	if (rc == -SL_ENOTFOUND)
		return 0; /* a root without users */
	if (rc < 0)
		return store_give_error(err, &why);
	return cstore_users_parse(out, text.data != NULL ? text.data : "", text.len, err);
}

static bool is_owner(struct sl_bytes field, const char *name, uint32_t own)
{
	uint32_t n;

	if (name != NULL && field.len == strlen(name) && memcmp(field.data, name, field.len) == 0)
		return true;
	return number(field, &n) && n == own;
}

int cstore_parse_subids(struct sl_idmap_range **out, size_t *count, const char *text, size_t len,
			const char *name, uint32_t own, struct sl_error *err)
{
	AUTO_FREE struct sl_idmap_range *ranges = calloc(RANGES_MAX, sizeof(*ranges));
	struct sl_bytes f[3];
	const char *p = text;
	uint64_t inside = 1;
	size_t fields, n = 1;

	if (ranges == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "id map");
	ranges[0] = (struct sl_idmap_range){.inside = 0, .outside = own, .count = 1};
	while (n < RANGES_MAX && next_fields(&p, text + len, f, ARRAY_SIZE(f), &fields)) {
		struct sl_idmap_range *r = &ranges[n];

		if (fields != ARRAY_SIZE(f) || !is_owner(f[0], name, own) ||
		    !number(f[1], &r->outside) || !number(f[2], &r->count) || r->count == 0 ||
		    r->count > UINT32_MAX - r->outside || inside + r->count > UINT32_MAX)
			continue;
		r->inside = (uint32_t)inside;
		inside += r->count;
		n++;
	}
	*count = n;
	*out = take_ptr(&ranges);
	return 0;
}

static int read_ranges(struct sl_idmap_range **out, size_t *count, const struct place *place,
		       const char *path, const char *name, uint32_t own, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FILE_MAX);

	/* without the file the user has himself alone */
	if (root_read_file(place->root_fd, path, ROOT_FOLLOW_INSIDE, &text, NULL) < 0)
		buf_reset(&text);
	return cstore_parse_subids(out, count, text.data != NULL ? text.data : "", text.len, name,
				   own, err);
}

int cstore_idmap_of_user(struct sl_idmap *out, const struct place *place, const char *name,
			 uint32_t uid, uint32_t gid, struct sl_error *err)
{
	int rc;

	*out = (struct sl_idmap){0};
	rc = read_ranges(&out->uids, &out->uid_count, place, "etc/subuid", name, uid, err);
	/* etc/subgid is keyed by the user, too; its first range is his own group */
	if (rc == 0)
		rc = read_ranges(&out->gids, &out->gid_count, place, "etc/subgid", name, uid, err);
	if (rc == 0)
		out->gids[0].outside = gid;
	if (rc < 0)
		idmap_clear(out);
	return rc;
}

static bool field(const struct jval *range, const char *key, uint32_t *out)
{
	int64_t n;

	if (jval_i64(jval_get(range, key), &n) < 0 || n < 0 || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Ids [r->outside, +count) as @base shows them on disk, cut where its ranges end. */
static size_t through(const struct sl_idmap_range *base, size_t base_count,
		      const struct sl_idmap_range *r, struct sl_idmap_range *out, size_t room)
{
	size_t n = 0;

	if (base_count == 0) {
		out[0] = *r;
		return 1;
	}
	for (size_t i = 0; i < base_count && n < room; i++) {
		const struct sl_idmap_range *b = &base[i];
		uint64_t low = r->outside > b->inside ? r->outside : b->inside;
		uint64_t high = (uint64_t)r->outside + r->count;

		if (high > (uint64_t)b->inside + b->count)
			high = (uint64_t)b->inside + b->count;
		if (low >= high)
			continue;
		out[n++] = (struct sl_idmap_range){
			.inside = (uint32_t)(r->inside + (low - r->outside)),
			.outside = (uint32_t)(b->outside + (low - b->inside)),
			.count = (uint32_t)(high - low)};
	}
	return n;
}

static int ranges_of(struct sl_idmap_range **out, size_t *count, const struct jval *list,
		     const struct sl_idmap_range *base, size_t base_count, struct sl_error *err)
{
	AUTO_FREE struct sl_idmap_range *ranges = calloc(RANGES_MAX, sizeof(*ranges));
	size_t n = 0;

	if (ranges == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "id map");
	for (size_t i = 0; i < jval_len(list) && n < RANGES_MAX; i++) {
		const struct jval *v = jval_at(list, i);
		struct sl_idmap_range r = {0};

		if (!field(v, "container_id", &r.inside) || !field(v, "host_id", &r.outside) ||
		    !field(v, "size", &r.count) || r.count == 0 ||
		    r.count > UINT32_MAX - r.inside || r.count > UINT32_MAX - r.outside)
			return sl_fail(err, SL_EFORMAT, 0, "its id map cannot be read");
		n += through(base, base_count, &r, &ranges[n], RANGES_MAX - n);
	}
	*count = n;
	*out = take_ptr(&ranges);
	return 0;
}

int cstore_idmap_of_row(struct sl_idmap *out, const struct sl_idmap *base, const struct jval *row,
			struct sl_error *err)
{
	const struct jval *uids = jval_get(row, "uidmap"), *gids = jval_get(row, "gidmap");
	int rc;

	*out = (struct sl_idmap){0};
	if (jval_len(uids) == 0 && jval_len(gids) == 0)
		return idmap_copy(out, base, err);
	rc = ranges_of(&out->uids, &out->uid_count, uids, base->uids, base->uid_count, err);
	if (rc == 0)
		rc = ranges_of(&out->gids, &out->gid_count, gids, base->gids, base->gid_count, err);
	if (rc < 0)
		idmap_clear(out);
	return rc;
}
