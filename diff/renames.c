/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/renames.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"

/* The size that stands for a key that is a path's digest, not a content's. */
#define BY_PATH UINT64_MAX

/* One end of a renaming, as it waits for the other. */
struct end {
	uint8_t key[SL_SHA256_SIZE];
	uint64_t size;
	uint64_t name; /* of the last component, a hash */
	uint64_t at;   /* in the spool */
};

struct renames_pair {
	uint64_t at, other;
	bool is_gone; /* the change at @at is where it was */
};

struct ends {
	struct end *items;
	size_t count, room, most;
};

struct search {
	struct ends gone, come;
	struct renames *out;
};

/* ---- ends ---- */

static bool is_proven_file(const struct sl_entry *e)
{
	return e != NULL && S_ISREG(e->mode) && e->size > 0 && (e->fields & SL_ENTRY_SHA256) != 0;
}

/* No file is at its path any more. */
static bool is_gone(const struct sl_change *c)
{
	return c->before != NULL && (c->kind == SL_CHANGE_DELETED || c->kind == SL_CHANGE_TYPE);
}

/*
 * What a redirect to its path means is not there any more. Another object may be: one that was
 * moved there itself, or one that is no copy of anything below.
 */
static bool has_left(const struct sl_change *c)
{
	return is_gone(c) ||
	       (c->before != NULL && c->after != NULL &&
		(c->renamed_from.data != NULL || (c->after->flags & SL_ENTRY_ORIGIN) == 0));
}

/* Other bytes than the image's are at its path now. */
static bool has_come(const struct sl_change *c)
{
	/* nothing says when or whence something came to a volume */
	if ((c->signals & SL_SIGNAL_VOLUME) != 0)
		return false;
	return c->kind == SL_CHANGE_ADDED || c->kind == SL_CHANGE_TYPE ||
	       (c->kind == SL_CHANGE_MODIFIED && (c->fields & SL_FIELD_CONTENT) != 0);
}

void renames_note(struct renames_hint *hint, const struct sl_change *c)
{
	hint->has_gone = hint->has_gone || is_gone(c);
	hint->has_left = hint->has_left || has_left(c);
	hint->has_come = hint->has_come || (has_come(c) && is_proven_file(c->after));
	hint->has_redirect = hint->has_redirect || c->renamed_from.data != NULL;
}

static uint64_t hash_name(struct sl_bytes path)
{
	const char *slash = memrchr(path.data, '/', path.len);
	const char *at = slash != NULL ? slash + 1 : path.data;
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (; at < path.data + path.len; at++)
		hash = (hash ^ (uint8_t)*at) * 0x100000001b3u;
	return hash;
}

/* 0; 1 when there are too many. */
static int add_end(struct ends *e, const struct end *one, struct sl_error *err)
{
	size_t wanted = e->room == 0 ? 64 : e->room * 2;
	struct end *grown;

	if (e->count == e->most)
		return 1;
	if (e->count == e->room) {
		grown = reallocarray(e->items, wanted, sizeof(*grown));
		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "renamings");
		e->items = grown;
		e->room = wanted;
	}
	e->items[e->count++] = *one;
	return 0;
}

static int add_path(struct ends *e, struct sl_bytes path, uint64_t at, struct sl_error *err)
{
	struct end one = {.size = BY_PATH, .at = at};
	int rc = sha256_once(path.data, path.len, one.key, err);

	return rc < 0 ? rc : add_end(e, &one, err);
}

static int add_file(struct ends *e, const struct sl_entry *file, struct sl_bytes path, uint64_t at,
		    struct sl_error *err)
{
	struct end one = {.size = file->size, .name = hash_name(path), .at = at};

	memcpy(one.key, file->sha256, sizeof(one.key));
	return add_end(e, &one, err);
}

static int compare_keys(const struct end *x, const struct end *y)
{
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1; /* redirects first */
	return memcmp(x->key, y->key, sizeof(x->key));
}

static int compare_ends(const void *a, const void *b)
{
	const struct end *x = a, *y = b;
	int order = compare_keys(x, y);

	if (order == 0 && x->name != y->name)
		order = x->name < y->name ? -1 : 1;
	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static void sort_ends(struct ends *e)
{
	if (e->count > 1)
		qsort(e->items, e->count, sizeof(*e->items), compare_ends);
}

/* Does any end that is gone have the same key? They are sorted. */
static bool is_wanted(const struct ends *gone, const struct sl_entry *file)
{
	struct end one = {.size = file->size};
	size_t low = 0, high = gone->count;

	memcpy(one.key, file->sha256, sizeof(one.key));
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_keys(&gone->items[middle], &one);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* ---- the two passes ---- */

static int collect_gone(struct search *s, const struct spool_record *r, bool has_redirect,
			struct sl_error *err)
{
	const struct sl_change *c = r->change;
	int rc = 0;

	if (c == NULL)
		return 0;
	if (has_redirect && has_left(c))
		rc = add_path(&s->gone, c->path, r->at, err);
	if (rc == 0 && is_gone(c) && is_proven_file(c->before))
		rc = add_file(&s->gone, c->before, c->path, r->at, err);
	return rc;
}

static int collect_come(struct search *s, const struct spool_record *r, struct sl_error *err)
{
	const struct sl_change *c = r->change;

	if (c == NULL)
		return 0;
	if (c->renamed_from.data != NULL)
		return add_path(&s->come, c->renamed_from, r->at, err);
	if (!has_come(c) || !is_proven_file(c->after) || !is_wanted(&s->gone, c->after))
		return 0;
	return add_file(&s->come, c->after, c->path, r->at, err);
}

/* 0; 1 when there are too many ends. */
static int collect(struct search *s, struct spool *spool, bool come, bool has_redirect,
		   struct sl_error *err)
{
	struct spool_record r;
	int rc = spool_rewind(spool, err), added = 0;

	while (rc == 0 && added == 0 && (rc = spool_next(spool, &r, err)) == 0)
		added = come ? collect_come(s, &r, err) : collect_gone(s, &r, has_redirect, err);
	return added != 0 ? added : rc < 0 ? rc : 0;
}

/* ---- pairing ---- */

static int compare_pairs(const void *a, const void *b)
{
	const struct renames_pair *x = a, *y = b;
	int order = (x->at > y->at) - (x->at < y->at);

	return order != 0 ? order : x->is_gone - y->is_gone;
}

/* Of the change at @at, which may have come from one path and left for another in its place. */
static const struct renames_pair *find_pair(const struct renames_pair *pairs, size_t count,
					    uint64_t at, bool is_gone)
{
	struct renames_pair one = {.at = at, .is_gone = is_gone};

	return count > 0 ? bsearch(&one, pairs, count, sizeof(one), compare_pairs) : NULL;
}

static void sort_pairs(struct renames *r)
{
	if (r->count > 1)
		qsort(r->pairs, r->count, sizeof(*r->pairs), compare_pairs);
}

/* There is room for all: see pair_all(). */
static void add_pair(struct search *s, const struct end *gone, const struct end *come)
{
	struct renames *out = s->out;

	out->pairs[out->count++] = (struct renames_pair){gone->at, come->at, true};
	out->pairs[out->count++] = (struct renames_pair){come->at, gone->at, false};
}

/* One key: [g, g_end) are gone, [c, c_end) have come, both by name. */
static void pair_group(struct search *s, struct end *g, struct end *g_end, struct end *c,
		       struct end *c_end)
{
	struct end *last_gone = NULL, *last_come = NULL;
	size_t gone_left = 0, come_left = 0;

	while (g < g_end || c < c_end) {
		int order = g == g_end   ? 1
			    : c == c_end ? -1
					 : (g->name > c->name) - (g->name < c->name);

		if (order == 0) {
			add_pair(s, g++, c++);
		} else if (order < 0) {
			last_gone = g++;
			gone_left++;
		} else {
			last_come = c++;
			come_left++;
		}
	}
	if (gone_left == 1 && come_left == 1)
		add_pair(s, last_gone, last_come);
}

static struct end *group_end(struct end *from, struct end *end)
{
	struct end *at = from;

	while (at < end && compare_keys(at, from) == 0)
		at++;
	return at;
}

/* What a redirect names is paired already: its bytes are no sign of another renaming. */
static void drop_redirected(struct search *s)
{
	size_t kept = 0;

	sort_pairs(s->out);
	for (size_t i = 0; i < s->gone.count; i++)
		if (s->gone.items[i].size != BY_PATH &&
		    find_pair(s->out->pairs, s->out->count, s->gone.items[i].at, true) == NULL)
			s->gone.items[kept++] = s->gone.items[i];
	s->gone.count = kept;
}

static void pair_keys(struct search *s, bool by_path)
{
	struct end *g = s->gone.items, *g_last = g + s->gone.count;
	struct end *c = s->come.items, *c_last = c + s->come.count;

	while (g < g_last && c < c_last) {
		int order = compare_keys(g, c);
		struct end *g_end = group_end(g, g_last), *c_end = group_end(c, c_last);

		if (order == 0 && (g->size == BY_PATH) == by_path)
			pair_group(s, g, g_end, c, c_end);
		if (order <= 0)
			g = g_end;
		if (order >= 0)
			c = c_end;
	}
}

static int pair_all(struct search *s, bool has_redirect, struct sl_error *err)
{
	size_t most = s->gone.count < s->come.count ? s->gone.count : s->come.count;

	if (most == 0)
		return 0;
	s->out->pairs = calloc(most, 2 * sizeof(*s->out->pairs));
	if (s->out->pairs == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "renamings");
	sort_ends(&s->come);
	if (has_redirect) {
		pair_keys(s, true);
		drop_redirected(s);
	}
	pair_keys(s, false);
	sort_pairs(s->out);
	return 0;
}

int renames_find(struct renames *r, struct spool *s, const struct renames_hint *hint, size_t most,
		 struct sl_error *err)
{
	struct search search = {.gone = {.most = most}, .come = {.most = most}, .out = r};
	int rc;

	if (!(hint->has_gone && hint->has_come) && !(hint->has_left && hint->has_redirect))
		return 0;
	rc = collect(&search, s, false, hint->has_redirect, err);
	sort_ends(&search.gone);
	if (rc == 0 && search.gone.count > 0)
		rc = collect(&search, s, true, hint->has_redirect, err);
	if (rc == 0)
		rc = pair_all(&search, hint->has_redirect, err);
	r->too_many = rc > 0;
	free(search.gone.items);
	free(search.come.items);
	return rc < 0 ? rc : 0;
}

/* ---- telling ---- */

static int other_end(const struct renames *r, struct spool *s, uint64_t at, bool is_gone,
		     struct buf *path, struct sl_bytes *out, struct sl_error *err)
{
	const struct renames_pair *pair = find_pair(r->pairs, r->count, at, is_gone);
	int rc;

	if (pair == NULL)
		return 0;
	buf_reset(path);
	rc = spool_path(s, pair->other, path, err);
	if (rc == 0)
		*out = (struct sl_bytes){path->data, path->len};
	return rc;
}

/*
 * Names of one file bear one redirect. As long as what it names is still there, they are links to
 * it and were not renamed.
 */
static bool may_be_link(const struct sl_entry *e)
{
	return S_ISREG(e->mode) && (e->fields & SL_ENTRY_INODE) != 0 && e->nlink > 1;
}

int renames_apply(struct renames *r, struct spool *s, uint64_t at, struct sl_change *c,
		  struct sl_error *err)
{
	struct sl_bytes from = {NULL, 0};
	int rc = other_end(r, s, at, true, &r->to, &c->renamed_to, err);

	if (rc == 0)
		rc = other_end(r, s, at, false, &r->from, &from, err);
	if (rc < 0)
		return rc;
	if (from.data != NULL)
		c->renamed_from = from;
	else if (c->renamed_from.data != NULL && !r->too_many && may_be_link(c->after))
		c->renamed_from = (struct sl_bytes){NULL, 0};
	c->signals &= ~(uint64_t)SL_SIGNAL_RENAMED;
	if (c->renamed_to.data != NULL || c->renamed_from.data != NULL)
		c->signals |= SL_SIGNAL_RENAMED;
	return 0;
}

void renames_clear(struct renames *r)
{
	free(r->pairs);
	buf_clear(&r->from);
	buf_clear(&r->to);
	*r = RENAMES_INIT;
}
