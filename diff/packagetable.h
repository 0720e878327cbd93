/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What package databases say: packages, and which paths they claim with which digest. Whoever may
 * write a database could have it say anything: what is found here names things, and proves nothing.
 */
#ifndef DIFF_PACKAGETABLE_H
#define DIFF_PACKAGETABLE_H

#include "diff/packageclaims.h"

#define PACKAGES_MAX ((size_t)1 << 16)
#define PACKAGE_TEXT_MAX 256 /* of a name or version; longer ones are no package */

/* Borrowed from the table until something is added to it. */
struct package_id {
	const char *manager; /* static */
	struct sl_bytes name, version;
};

struct packagetable;

int packagetable_new(struct packagetable **out, struct sl_error *err);
void packagetable_free(struct packagetable *t); /* NULL is fine */

/*
 * Add a package; @manager is static. -SL_EFORMAT for a name or version that cannot be one (empty
 * name, NUL, length); -SL_ELIMIT when there are too many.
 */
int packagetable_add(struct packagetable *t, const char *manager, struct sl_bytes name,
		     struct sl_bytes version, uint32_t *package, struct sl_error *err);
/* A path in any spelling: "/usr/x", "./usr/x", "usr/x". @size bytes of @digest count. */
int packagetable_claim(struct packagetable *t, uint32_t package, struct sl_bytes path,
		       enum package_digest kind, const void *digest, size_t size,
		       struct sl_error *err);

/* Sort the names; a package that is added afterwards makes this necessary again. */
int packagetable_settle(struct packagetable *t, struct sl_error *err);

/* Of several claims the one with a digest. NULL: nobody claims it. */
const struct package_claim *packagetable_find(const struct packagetable *t, struct sl_bytes path);
/* 0 and the package of this name (NUL-terminated); 1: none that was there when settling. */
int packagetable_named(const struct packagetable *t, struct sl_bytes name, uint32_t *package);
void packagetable_id(const struct packagetable *t, uint32_t package, struct package_id *out);

size_t packagetable_count(const struct packagetable *t);
/* After settling: by name, then version; 0 <= @index < count. */
void packagetable_nth(const struct packagetable *t, size_t index, struct package_id *out);

#endif
