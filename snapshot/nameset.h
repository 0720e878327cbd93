/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a tar, as paths of a layer, to be asked for one by one. */
#ifndef SNAPSHOT_NAMESET_H
#define SNAPSHOT_NAMESET_H

#include <strandline/error.h>

#include "core/buf.h"

struct nameset {
	struct buf text;
	struct sl_bytes *paths; /* sorted; owned, point into text */
	size_t count;
};

/*
 * Take over @names: names of a tar, each ended by NUL. Leading "/" and "./" and trailing "/" are
 * left out, as everywhere. 0, or -SL_ENOMEM.
 */
int nameset_take(struct nameset *out, struct buf *names, struct sl_error *err);
bool nameset_has(const struct nameset *s, struct sl_bytes path);
void nameset_clear(struct nameset *s);

#endif
