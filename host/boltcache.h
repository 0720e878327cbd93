/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages of one state of a bbolt file, read as they are asked for. What is held at a time is
 * bounded, whatever the file says. So is all work: a page belongs to one place of the tree only
 * (cycles, shared subtrees and overlapping pages end the walk), and what look-ups read again is
 * counted.
 */
#ifndef HOST_BOLTCACHE_H
#define HOST_BOLTCACHE_H

#include "host/boltmeta.h"
#include "host/boltpage.h"

/* Most bytes that pages, values lent and book-keeping take together. */
#define BOLTCACHE_MAX ((size_t)48 << 20)
#define BOLTCACHE_SLOTS 256
/*
 * How often the whole file may be read in one view: look-ups read pages again, and in a forged file
 * each may be as large as the cache.
 */
#define BOLTCACHE_READS 32
#define BOLTCACHE_READS_MIN ((uint64_t)256 << 20)

struct boltcache_page {
	struct boltpage page;
	uint64_t from;
	size_t size; /* of the whole allocation */
	unsigned int refs;
	uint8_t bytes[];
};

/* Where a page is referred to: a page can be had from there only. */
struct boltcache_claim {
	uint64_t page; /* 0: free */
	uint64_t from;
};

struct boltcache {
	int fd; /* borrowed; -1: closed */
	struct boltmeta state;
	uint64_t pages; /* of the state, and in the file */
	size_t held;
	uint64_t may_read; /* bytes */
	struct boltcache_page *slots[BOLTCACHE_SLOTS];
	struct boltcache_claim *claims;
	size_t claim_count, claim_cap; /* cap is 0 or a power of two */
};

#define BOLTCACHE_CLOSED ((struct boltcache){.fd = -1})

/* Where the root bucket is referred to from; and element @index of page @id. */
#define BOLTCACHE_FROM_META ((uint64_t)1)
static inline uint64_t boltcache_from(uint64_t id, unsigned int index)
{
	return id << 16 | index;
}

int boltcache_open(struct boltcache *c, int fd, const struct boltmeta *state, struct sl_error *err);
void boltcache_close(struct boltcache *c);

/*
 * Page @id, which @from refers to, checked; to be dropped. -SL_EFORMAT when it does not hold
 * together, -SL_ELIMIT when it does not fit, -SL_EIO when it cannot be read.
 */
int boltcache_get(struct boltcache *c, uint64_t id, uint64_t from, struct boltcache_page **out,
		  struct sl_error *err);
void boltcache_drop(struct boltcache *c, struct boltcache_page *p);

/* Account for @size bytes more; pages nobody uses make way. -SL_ELIMIT when they do not fit. */
int boltcache_reserve(struct boltcache *c, size_t size, struct sl_error *err);
void boltcache_release(struct boltcache *c, size_t size);

#endif
