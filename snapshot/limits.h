/* SPDX-License-Identifier: Apache-2.0 */
/* Which limit a layer passed, and how to say so. */
#ifndef SNAPSHOT_LIMITS_H
#define SNAPSHOT_LIMITS_H

#include <strandline/baseline.h>

/* The order of the table in limits.c. */
enum limit {
	LIMIT_BYTES,
	LIMIT_ENTRIES,
	LIMIT_RATIO,
	LIMIT_PATH,
	LIMIT_DEPTH,
	LIMIT_NAME,
	LIMIT_PAX,
	LIMIT_XATTRS,
	LIMIT_WINDOW,
};

/* The compressed bytes of a layer are compared with what they become only past this many. */
#define LIMIT_RATIO_FROM (1ull << 30)

/* Fail with -SL_ELIMIT, naming the limit, its value and how to raise it. */
int limit_hit(const struct sl_limits *limits, enum limit which, struct sl_error *err);

#endif
