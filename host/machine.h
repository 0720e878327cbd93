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
struct proctable;

struct host {
	struct place place;
	struct store_set set;
	bool discovered;          /* nobody named the stores */
	struct live *live;        /* what runs, looked at when it is first asked for; NULL before */
	struct proctable *table;  /* the same for what runs in containers; NULL before */
	int named_proc_fd;        /* the machine's /proc beside a private one, else -1 */
	struct host_miss *misses; /* owned */
	size_t miss_count;
};

/* @name, which may be NULL, is these @len bytes. */
bool host_same_word(const char *name, const char *word, size_t len);

/* Is this an engine that references may name? */
bool host_engine_known(const char *name, size_t len);

/* Nothing fits @word; the failure says so together with what could not be looked at. */
int host_fail_missing(const struct host *h, const char *kind, const char *word, size_t unread,
		      struct sl_error *err);

/* Can @engine have containers or images in this store? */
bool host_store_serves(const struct store *s, const char *engine);

/* evidence.c: the store that a container was found in; NULL: none, or one that is not open. */
struct store *host_store_of(const struct host *h, const struct sl_container *c);

/*
 * The names of all containers, with @orphans also of those, sorted as host_containers() says.
 * Stores that cannot have any of @engine (NULL: any) are not asked.
 */
int host_names(struct host *h, const char *engine, bool orphans, struct store_list *out,
	       host_gap_fn gap, void *payload, struct sl_error *err);

/*
 * Read one container in full: what its store says of it, settled by what runs. Everything that
 * hands out a container comes through here.
 */
int host_load(struct host *h, const struct store_name *row, struct sl_container **out,
	      struct sl_error *err);

/* The names of containers that run and are in no store. */
int host_others(struct host *h, struct store_list *out, struct sl_error *err);

#endif
