/* SPDX-License-Identifier: Apache-2.0 */
/* The open host, as host.c (stores), walk.c (listing) and find.c (words) share it. */
#ifndef HOST_MACHINE_H
#define HOST_MACHINE_H

#include "host/store.h"

/* Something that discovery met and could not open. */
struct host_miss {
	char *what; /* owned */
	struct sl_error why;
};

struct live;

struct host {
	struct place place;
	struct store_set set;
	bool named;               /* the stores were named: there may be others */
	struct live *live;        /* what runs, looked at when it is first asked for; NULL before */
	struct host_miss *misses; /* owned */
	size_t miss_count;
};

/* Is this the name of an engine? 1 when it is; then *has_reader says whether we read its stores. */
int host_engine_known(const char *name, size_t len, bool *has_reader);

/* The names of all containers, with @orphans also of those, sorted by engine, name, id. */
int host_names(struct host *h, bool orphans, struct store_list *out, host_gap_fn gap, void *payload,
	       struct sl_error *err);

/* Load a container and settle whether it runs. */
int host_load(struct host *h, const struct store_name *row, struct sl_container **out,
	      struct sl_error *err);

/* The names of containers that run and are in no store. */
int host_others(struct host *h, struct store_list *out, struct sl_error *err);

#endif
