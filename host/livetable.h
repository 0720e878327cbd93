/* SPDX-License-Identifier: Apache-2.0 */
/* What live.c (containers of stores) and others.c (those of none) share. */
#ifndef HOST_LIVETABLE_H
#define HOST_LIVETABLE_H

#include "host/live.h"
#include "host/overlays.h"
#include "host/processes.h"

/* A container that no store knows. */
struct other {
	char *id;
	size_t overlay; /* what it runs on, or OVERLAYS_NONE */
	char *rootfs;   /* a plain directory, inside the examined root; owned, or NULL */
	int64_t pid;    /* as the runtime says, with the start time; 0: by the overlay */
	uint64_t start;
	char *note; /* owned */
};

struct live {
	const struct place *place;
	bool looked; /* processes and overlays are there */
	struct processes processes;
	struct overlays overlays;
	struct store store;   /* that rows of others belong to */
	struct other *others; /* grows only: a row's key is a place in it */
	size_t other_count;
};

/* The host's, made when there is none yet. */
int live_get(struct host *h, struct live **out, struct sl_error *err);

/* Some processes, as places in processes.all; owned. */
struct live_set {
	size_t *some;
	size_t count;
};
void live_set_clear(struct live_set *set);
/* Those whose root directory is that overlay. */
int live_on_overlay(const struct live *live, size_t overlay, struct live_set *out,
		    struct sl_error *err);

/* Fill in what the process c->pid tells, and whether it is frozen. */
int live_describe(const struct live *live, struct sl_container *c, struct sl_error *err);

#endif
