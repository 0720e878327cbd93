/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One engine's store, read by the reader of that engine. A further engine is a further row in the
 * table of host.c and a file that fills these operations.
 */
#ifndef HOST_STORE_H
#define HOST_STORE_H

#include "core/root.h"
#include "host/host.h"

/* Largest metadata document that is read. */
#define STORE_JSON_MAX ((size_t)16 * 1024 * 1024)
/* Most names in one directory of a store. */
#define STORE_NAMES_MAX ((size_t)1 << 20)

/* What is being examined; lent to every store. */
struct place {
	int root_fd; /* O_PATH: "/" of what is examined */
	int proc_fd; /* O_PATH: its /proc, -1 when the machine is not running (or not ours) */
};

struct store;

/* What a walk needs to know of a container before it is read in full. */
struct store_name {
	struct store *store;
	char *id;
	char *name; /* NULL when there is none */
};

struct store_list {
	struct store_name *rows;
	size_t count, cap;
};

/* Takes over the strings, also on failure. */
int store_list_add(struct store_list *list, struct store *store, char *id, char *name,
		   struct sl_error *err);
void store_list_clear(struct store_list *list);

struct store_ops {
	/*
	 * Name every container of the store, in any order. One that cannot be named is a gap, and
	 * so is the list itself when it cannot be read. Non-zero from @gap is returned.
	 */
	int (*list)(struct store *s, struct store_list *out, host_gap_fn gap, void *payload,
		    struct sl_error *err);
	/* Read one container in full. */
	int (*load)(struct store *s, const char *id, struct sl_container **out,
		    struct sl_error *err);
	/* An image by name, id or id prefix; -SL_ENOTFOUND, -SL_EAMBIGUOUS with candidates. */
	int (*image)(struct store *s, const char *word, struct sl_image **out,
		     struct sl_error *err);
	/* The image of a container of this store. */
	int (*container_image)(struct store *s, const struct sl_container *c, struct sl_image **out,
			       struct sl_error *err);
	void (*close)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	const char *engine; /* "docker" */
	char *dir;          /* its root, as a path inside the examined root; owned */
};

/* The stores of a host; owned. */
struct store_set {
	struct store **stores;
	size_t count;
};

/* Takes over @s, also on failure. */
int store_set_add(struct store_set *set, struct store *s, struct sl_error *err);

/* Move @own into @err (which may be NULL) and return its negated code. */
int store_give_error(struct sl_error *err, struct sl_error *own);

/* A gap about something other than a path in a container. */
int store_gap(host_gap_fn gap, void *payload, const char *what, const struct sl_error *why);

/*
 * docker.c: open the data root @dir and the remapped ones below it.
 * -SL_ENOTFOUND when there is no such store.
 */
int docker_open(struct store_set *set, const struct place *place, const char *dir,
		struct sl_error *err);
/*
 * docker_discover.c: where this root's daemon keeps its data, as a heap string. A configuration
 * that cannot be read is a failure, and *dir is then the built-in default.
 */
int docker_discover(char **dir, const struct place *place, struct sl_error *err);

#endif
