/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/packagechange.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"

#define NAMED 8     /* of each kind, at most */
#define VERSIONS 64 /* of one package, looked ahead at most */

enum change { ADDED, REMOVED, CHANGED, CHANGES };

/* One side, walked by name, then version. */
struct side {
	const struct packagetable *table;
	const char *manager;
	size_t next;
	struct package_id at; /* name.data NULL: at the end */
};

static void advance(struct side *s)
{
	size_t count = packagetable_count(s->table);

	s->at = (struct package_id){0};
	while (s->next < count) {
		packagetable_nth(s->table, s->next++, &s->at);
		/* without a version it is a list that was left behind, and no package */
		if (s->at.version.len > 0 && strcmp(s->at.manager, s->manager) == 0)
			return;
		s->at = (struct package_id){0};
	}
}

struct list {
	struct buf text;
	size_t count;
};

static void put_bytes(struct buf *out, const char *before, struct sl_bytes b)
{
	if (b.len == 0)
		return;
	(void)buf_append_str(out, before);
	(void)quote_bytes(out, b.data, b.len);
}

/* @old: the version that it had, of a change */
static void put(struct list *l, const struct package_id *p, const struct package_id *old)
{
	if (l->count++ >= NAMED)
		return;
	put_bytes(&l->text, l->count > 1 ? ", " : " ", p->name);
	if (old != NULL) {
		put_bytes(&l->text, " ", old->version);
		(void)buf_append_str(&l->text, " ->");
	}
	put_bytes(&l->text, " ", p->version);
}

static int compare_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL); /* the end comes last */
	return strcmp(a, b);
}

/* Does the side have this package in this version further on? Looks a few packages ahead only. */
static bool comes(const struct side *s, const struct package_id *p)
{
	size_t count = packagetable_count(s->table);

	for (size_t i = s->next; i < count && i < s->next + VERSIONS; i++) {
		struct package_id other;

		packagetable_nth(s->table, i, &other);
		if (strcmp(other.name.data, p->name.data) != 0)
			return false;
		if (strcmp(other.version.data, p->version.data) == 0 &&
		    strcmp(other.manager, s->manager) == 0)
			return true;
	}
	return false;
}

/*
 * Negative: the package before comes first, and has gone; positive: the one after has come; 0: both
 * are one package. Several versions of one can be there (kernels, keys): those that both sides have
 * belong together.
 */
static int order_of(const struct side *before, const struct side *after)
{
	int order = compare_text(before->at.name.data, after->at.name.data);

	if (order != 0 || strcmp(before->at.version.data, after->at.version.data) == 0)
		return order;
	if (comes(after, &before->at))
		return 1;
	return comes(before, &after->at) ? -1 : 0;
}

static void step(struct list lists[CHANGES], struct side *before, struct side *after)
{
	int order = order_of(before, after);

	if (order < 0)
		put(&lists[REMOVED], &before->at, NULL);
	else if (order > 0)
		put(&lists[ADDED], &after->at, NULL);
	else if (strcmp(before->at.version.data, after->at.version.data) != 0)
		put(&lists[CHANGED], &after->at, &before->at);
	if (order <= 0)
		advance(before);
	if (order >= 0)
		advance(after);
}

static void say(struct buf *out, const struct list lists[CHANGES])
{
	static const char *const words[CHANGES] = {"added:", "removed:", "changed:"};
	const char *start = "packages ";

	for (int i = 0; i < CHANGES; i++) {
		if (lists[i].count == 0)
			continue;
		(void)buf_append_str(out, start);
		(void)buf_append_str(out, words[i]);
		(void)buf_append(out, lists[i].text.data, lists[i].text.len);
		if (lists[i].count > NAMED)
			(void)buf_printf(out, " and %zu more", lists[i].count - NAMED);
		start = "; ";
	}
}

int packagechange_describe(struct buf *out, const char *manager, const struct packagetable *before,
			   const struct packagetable *after, struct sl_error *err)
{
	struct list lists[CHANGES] = {{BUF_INIT((size_t)64 << 10), 0},
				      {BUF_INIT((size_t)64 << 10), 0},
				      {BUF_INIT((size_t)64 << 10), 0}};
	struct side b = {.table = before, .manager = manager};
	struct side a = {.table = after, .manager = manager};
	size_t total = 0;
	int failed = 0;

	advance(&b);
	advance(&a);
	while (b.at.name.data != NULL || a.at.name.data != NULL)
		step(lists, &b, &a);
	say(out, lists);
	for (int i = 0; i < CHANGES; i++) {
		total += lists[i].count;
		failed = lists[i].text.status < 0 ? lists[i].text.status : failed;
		buf_clear(&lists[i].text);
	}
	if (failed < 0 || out->status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	return total == 0;
}
