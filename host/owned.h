/* SPDX-License-Identifier: Apache-2.0 */
/* What the containers met so far own: their ids, and their writable directories. */
#ifndef HOST_OWNED_H
#define HOST_OWNED_H

#include <strandline/container.h>

struct owned {
	struct owned_row *rows; /* owned */
	size_t count, cap;
};

/* 0; 1 when a container before it has the same writable directory: then it was not added. */
int owned_add(struct owned *o, const struct sl_container *c, struct sl_error *err);
void owned_clear(struct owned *o);

bool owned_has_id(const struct owned *o, const char *id);
bool owned_has_dir(const struct owned *o, uint64_t dev, uint64_t inode);

#endif
