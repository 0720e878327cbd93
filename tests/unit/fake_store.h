/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that knows what a table says: pods, kinds and engines that no reader of this version has
 * to be there for.
 */
#ifndef TESTS_FAKE_STORE_H
#define TESTS_FAKE_STORE_H

#include "core/buf.h"
#include "host/host.h"

struct fake_row {
	const char *engine; /* NULL: the store's */
	const char *id, *name, *ns;
	enum sl_container_kind kind;
	const char *pod_ns, *pod, *container, *uid; /* pod NULL: in none */
	uint32_t attempt;
	bool running;
	int64_t made;
	const char *upper; /* path on this machine, or NULL */
	bool broken;       /* it is listed and cannot be loaded */
};

/* Give @h a further store of @engine at @dir. The rows are borrowed, the store is the host's. */
void fake_store_add(struct host *h, const char *engine, const char *dir,
		    const struct fake_row *rows, size_t count);

/* A host whose root is empty: its stores are added. */
struct fake_host {
	char *root;
	struct host *host;
	struct sl_error err;
	struct buf log;
};

/* For cmocka: *state is a struct fake_host. */
int fake_host_setup(void **state);
int fake_host_teardown(void **state);
/* Into the struct buf @log: "ID ", "gap:WHAT ". */
int fake_host_note(void *log, struct sl_container *c);
int fake_host_note_gap(void *log, const struct sl_gap *gap);

#endif
