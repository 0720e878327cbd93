/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_links.h"

#include <stdlib.h>
#include <sys/stat.h>

#define FIRST_ROOM ((size_t)1 << 10)

void capture_links_clear(struct capture_links *l)
{
	free(l->table);
	*l = (struct capture_links){0};
}

static bool can_have_more(const struct sl_entry *e)
{
	return S_ISREG(e->mode) && (e->fields & SL_ENTRY_INODE) != 0 && e->nlink > 1 && e->ino != 0;
}

/* The object's place in the table, or the free one where it would go. */
static struct capture_link *place(struct capture_link *table, size_t room, uint64_t dev,
				  uint64_t ino)
{
	size_t i = (size_t)((ino ^ (dev << 32)) * UINT64_C(0x9e3779b97f4a7c15) >> 20);

	for (;; i++) {
		struct capture_link *at = &table[i & (room - 1)];

		if (at->ino == 0 || (at->ino == ino && at->dev == dev))
			return at;
	}
}

static bool same_time(struct sl_time a, struct sl_time b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

const struct capture_link *capture_links_find(const struct capture_links *l,
					      const struct sl_entry *e)
{
	const struct capture_link *at;

	if (l->count == 0 || !can_have_more(e))
		return NULL;
	at = place(l->table, l->room, e->dev, e->ino);
	return at->ino != 0 && at->size == e->size && same_time(at->mtime, e->mtime) &&
			       same_time(at->ctime, e->ctime)
		       ? at
		       : NULL;
}

/* Twice the room, at most half of it used. */
static bool grow(struct capture_links *l)
{
	size_t room = l->room == 0 ? FIRST_ROOM : l->room * 2;
	struct capture_link *table = calloc(room, sizeof(*table));

	if (table == NULL)
		return false;
	for (size_t i = 0; i < l->room; i++)
		if (l->table[i].ino != 0)
			*place(table, room, l->table[i].dev, l->table[i].ino) = l->table[i];
	free(l->table);
	l->table = table;
	l->room = room;
	return true;
}

void capture_links_add(struct capture_links *l, const struct sl_entry *e,
		       const struct capture_link *about)
{
	struct capture_link *at;

	if (!can_have_more(e) || l->count == CAPTURE_LINKS_MAX ||
	    (2 * (l->count + 1) > l->room && !grow(l)))
		return;
	at = place(l->table, l->room, e->dev, e->ino);
	l->count += at->ino == 0;
	*at = *about;
	at->dev = e->dev;
	at->ino = e->ino;
	at->size = e->size;
	at->mtime = e->mtime;
	at->ctime = e->ctime;
}
