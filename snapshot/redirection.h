/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following an overlay redirect down the layers, as the kernel does: each layer is asked for the
 * path by itself, component by component, and what it has on the way (whiteouts, opaque and
 * renamed directories) decides where the layers below it are asked. Every step goes one layer down,
 * so it always ends.
 */
#ifndef SNAPSHOT_REDIRECTION_H
#define SNAPSHOT_REDIRECTION_H

#include "snapshot/layercursor.h"

struct redirection {
	struct buf target; /* from the root of a layer, or one name beside the redirected one */
	bool absolute;
	bool malformed; /* a redirect on the way could not be understood; nothing below counts */
	struct buf own, next;
};

#define REDIRECTION_INIT                                                                           \
	((struct redirection){.target = BUF_INIT((size_t)1 << 30),                                 \
			      .own = BUF_INIT((size_t)1 << 30),                                    \
			      .next = BUF_INIT((size_t)1 << 30)})

void redirection_clear(struct redirection *r);

/* Start with what an attribute says: "/a/b", or "b". */
int redirection_begin(struct redirection *r, struct sl_bytes redirect, struct sl_error *err);

/* What the next layer down has there. */
struct redirection_found {
	const struct sl_entry *entry; /* borrowed from the layer; NULL when it has nothing */
	bool stop;                    /* no layer below this one counts */
};

/* Ask layer @c; @parent is the directory, in the view, that a relative redirect is in. The layer's
 * own path of what was found is r->own. */
int redirection_step(struct redirection *r, struct layercursor *c, struct sl_bytes parent,
		     struct redirection_found *out, struct sl_error *err);

#endif
