/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layer of a merged view, and where it stands. Inside a directory that was renamed the layer
 * has its entries at another path than the view: the cursor translates both ways.
 */
#ifndef SNAPSHOT_LAYERCURSOR_H
#define SNAPSHOT_LAYERCURSOR_H

#include <strandline/source.h>

#include "core/buf.h"

/* Beneath @view, the layer's entries are those beneath @base; none when that is NULL. */
struct layermove {
	char *view, *base; /* owned */
	size_t view_len, base_len;
	size_t frame; /* of the view, to which it belongs */
};

struct layercursor {
	struct sl_source *src;       /* owned */
	const struct sl_entry *head; /* NULL at the end; borrowed */
	struct sl_bytes at;          /* where the head appears in the view; no data: nowhere */
	bool used;                   /* the head is done with: fetch the next one */
	bool skip;                   /* and nothing beneath it counts either */
	bool astray;                 /* it was asked for something else: seek before going on */
	struct layermove *moves;     /* innermost last */
	size_t depth, room;
	struct buf shown, probe;
};

#define LAYERCURSOR_INIT(source)                                                                   \
	((struct layercursor){.src = (source),                                                     \
			      .used = true,                                                        \
			      .shown = BUF_INIT((size_t)1 << 30),                                  \
			      .probe = BUF_INIT((size_t)1 << 30)})

void layercursor_clear(struct layercursor *c);

/* Fetch a head if the last one is done with. */
int layercursor_load(struct layercursor *c, struct sl_error *err);
bool layercursor_stands_at(const struct layercursor *c, struct sl_bytes view);

/* Stand at the first entry at or after @view, or after everything beneath it. */
int layercursor_seek(struct layercursor *c, struct sl_bytes view, struct sl_error *err);
int layercursor_seek_past(struct layercursor *c, struct sl_bytes view, struct sl_error *err);

/* The layer's own path for @view, into @out. 1 when it has none there. */
int layercursor_own(const struct layercursor *c, struct sl_bytes view, struct buf *out,
		    struct sl_error *err);
/* What the layer has at its own path @own: borrowed, or NULL. The cursor is astray after. */
int layercursor_find(struct layercursor *c, struct sl_bytes own, const struct sl_entry **out,
		     struct sl_error *err);

/* From here on, beneath @view show what the layer has beneath @base (NULL: nothing). */
int layercursor_move(struct layercursor *c, size_t frame, struct sl_bytes view,
		     const struct sl_bytes *base, struct sl_error *err);
/* End the innermost move. The cursor is astray after. */
void layercursor_return(struct layercursor *c);

#endif
