/* SPDX-License-Identifier: Apache-2.0 */
/* What runc and crun remember of containers that were started with them by hand. */
#ifndef HOST_RUNTIMES_H
#define HOST_RUNTIMES_H

#include "host/store.h"

struct runtime_state {
	char *id;       /* the name of its directory */
	char *dir;      /* where that is, inside the examined root */
	char *rootfs;   /* absolute, as the runtime saw it; NULL: it does not say */
	int64_t pid;    /* of the first process; 0: unknown */
	uint64_t start; /* of it, clock ticks after boot; 0: unknown */
};

struct runtime_states {
	struct runtime_state *all; /* owned */
	size_t count;
};

/* One that cannot be read is a gap. */
int runtimes_read(struct runtime_states *out, int root_fd, host_gap_fn gap, void *payload,
		  struct sl_error *err);
void runtimes_clear(struct runtime_states *states);

/* One document: runc's state.json, crun's status. Exposed for tests. */
int runtimes_parse(struct runtime_state *out, const void *text, size_t len, struct sl_error *err);

#endif
