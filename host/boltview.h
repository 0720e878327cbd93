/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a view: what bolt.c begins and ends, and boltwalk.c walks in. */
#ifndef HOST_BOLTVIEW_H
#define HOST_BOLTVIEW_H

#include "host/bolt.h"
#include "host/boltcache.h"

/* Bytes handed out; the newest first. */
struct boltview_lent {
	struct boltview_lent *next;
	size_t size; /* of the whole allocation */
	char bytes[];
};

struct bolt {
	int fd;
	struct boltcache cache; /* closed outside of views */
	struct boltview_lent *lent;
	bool salvaging;
	bool page_failed; /* one of this view did not hold together */
	char *damage;     /* what did not, first, in the newest state */
};

/* Copy @len bytes for the caller, with a NUL behind them. */
int boltview_lend(struct bolt *b, const void *bytes, size_t len, struct sl_bytes *out,
		  struct sl_error *err);
/* Take back what was lent since @mark was the newest. */
void boltview_take_back(struct bolt *b, const struct boltview_lent *mark);

#endif
