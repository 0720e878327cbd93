/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/links.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Smaller ones are read as fast as they are looked up. */
#define LINKS_SIZE_MIN 4096u

struct link {
	uint64_t dev, ino, size;
	struct sl_time mtime, ctime;
	size_t waiting; /* pairs between share and settle: it stays while there are any */
	bool is_known;  /* the one that is read was asked about */
	struct reading read;
};

struct links {
	struct link items[LINKS_MAX]; /* by device and inode */
};

int links_new(struct links **out, struct sl_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? sl_fail(err, SL_ENOMEM, 0, "links") : 0;
}

void links_free(struct links *l)
{
	free(l);
}

/* Data of a copy of metadata alone is found by its name: two names, two contents. */
static bool is_shared(const struct sl_entry *e)
{
	return e != NULL && S_ISREG(e->mode) && (e->fields & SL_ENTRY_INODE) != 0 && e->nlink > 1 &&
	       e->size >= LINKS_SIZE_MIN && (e->flags & SL_ENTRY_METACOPY) == 0 &&
	       e->redirect.data == NULL;
}

static struct link *slot_of(struct links *l, const struct sl_entry *e)
{
	uint64_t hash = (e->ino ^ e->dev << 40) * 0x9e3779b97f4a7c15u;

	return &l->items[(hash >> 32) % LINKS_MAX];
}

static bool same_time(struct sl_time a, struct sl_time b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

/* The same object, and nobody has written to it since. */
static bool is_of(const struct link *k, const struct sl_entry *e)
{
	return k->is_known && k->dev == e->dev && k->ino == e->ino && k->size == e->size &&
	       same_time(k->mtime, e->mtime) && same_time(k->ctime, e->ctime);
}

bool links_share(struct links *l, struct pair *p)
{
	const struct sl_entry *e = p->after;
	struct link *k;

	if (!is_shared(e))
		return false;
	k = slot_of(l, e);
	if (is_of(k, e)) {
		p->link = LINK_SHARES;
		k->waiting++;
		return true;
	}
	if (k->waiting > 0)
		return false;
	*k = (struct link){.dev = e->dev,
			   .ino = e->ino,
			   .size = e->size,
			   .mtime = e->mtime,
			   .ctime = e->ctime,
			   .waiting = 1,
			   .is_known = true};
	p->link = LINK_READS;
	return false;
}

void links_settle(struct links *l, struct pair *p)
{
	struct link *k;

	if (p->link == LINK_NONE)
		return;
	k = slot_of(l, p->after);
	k->waiting--;
	if (p->link == LINK_READS)
		k->read = p->after_read;
	else
		p->after_read = k->read;
	if (p->link == LINK_SHARES)
		p->after_read.bytes_read = 0;
}

void links_drop(struct links *l, struct pair *p)
{
	struct link *k;

	if (p->link == LINK_NONE)
		return;
	k = slot_of(l, p->after);
	k->waiting--;
	k->is_known = k->is_known && p->link == LINK_SHARES;
}
