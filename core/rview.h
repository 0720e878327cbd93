/* SPDX-License-Identifier: Apache-2.0 */
/* The rest of a file from some place on, as a file of its own. */
#ifndef CORE_RVIEW_H
#define CORE_RVIEW_H

#include "core/rfile.h"

struct rview {
	struct rfile file; /* what readers get; nothing to close */
	struct rfile *inner;
	uint64_t start;
};

/* @inner is borrowed, of known size, and read at any place; @start lies inside it. */
void rview_init(struct rview *v, struct rfile *inner, uint64_t start);

#endif
