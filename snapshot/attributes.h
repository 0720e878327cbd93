/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of one object on disk, and what a marker dialect reads from them. */
#ifndef SNAPSHOT_ATTRIBUTES_H
#define SNAPSHOT_ATTRIBUTES_H

#include <strandline/entry.h>

#include "core/buf.h"
#include "snapshot/dialect.h"

/* Most bytes of attribute values of one object. */
#define ATTRIBUTES_MAX ((size_t)1 << 20)

/* What the dialect's private attributes say. */
enum attribute_mark {
	MARK_OPAQUE = 1u << 0,
	MARK_WHITEOUT = 1u << 1,
	MARK_METACOPY = 1u << 2,
	MARK_ORIGIN = 1u << 3,
	MARK_REDIRECT = 1u << 4,
	MARK_STAT = 1u << 5,
	MARK_INDEXED = 1u << 7,   /* with other names in the layers below */
	MARK_MALFORMED = 1u << 6, /* a private value that the dialect itself could not read */
};

/* Reused from object to object. */
struct attributes {
	struct sl_xattr *list; /* sorted by name; without private names */
	size_t count, room;
	uint32_t marks; /* set of enum attribute_mark */
	struct buf redirect;
	struct dialect_stat stat; /* with MARK_STAT */
	const char *stat_name; /* by which this layer overrides stat(), or NULL; set by the owner */
	struct buf names, values;
	struct buf path; /* "/proc/self/fd/N/NAME": reaches an object without opening it */
	size_t name_at;  /* NAME in there */
	int dir_fd;      /* N; borrowed */
	bool by_path;    /* the kernel has no listxattrat and getxattrat (Linux 6.13) */
};

#define ATTRIBUTES_INIT                                                                            \
	((struct attributes){.redirect = BUF_INIT(65536),                                          \
			     .names = BUF_INIT(65536),                                             \
			     .values = BUF_INIT(ATTRIBUTES_MAX),                                   \
			     .path = BUF_INIT(65536)})

/*
 * Read the attributes of @name in @dir_fd. It is not followed and not opened.
 *
 * Returns 0; 1 when the object is gone; -SL_EIO with err->sys; -SL_ELIMIT past ATTRIBUTES_MAX, with
 * the marks complete; -SL_ENOMEM.
 */
int attributes_read(struct attributes *a, int dir_fd, const char *name, const struct dialect *d,
		    struct sl_error *err);

/*
 * Whether trusted.* attributes are shown to this process at all: the kernel leaves them out of
 * every listing silently unless it has CAP_SYS_ADMIN in the first user namespace.
 */
bool attributes_trusted_visible(void);

void attributes_clear(struct attributes *a);

#endif
