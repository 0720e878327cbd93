/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file base.h
 * The few words every public header shares.
 *
 * Conventions of the whole interface:
 *  - a function returns 0 when it is done, 1 at the end of a sequence (or "nothing there"), and the
 *    negated enum sl_code when it failed; struct sl_error, always the last argument, says why and
 *    may be NULL;
 *  - a `**out` argument hands an object over to the caller, who closes or frees it; a returned
 *    `const` pointer is borrowed and says until when;
 *  - paths, names and link targets are bytes: never assumed to be UTF-8, always with a length
 *    beside them, and NUL-terminated so that they can be passed to system calls;
 *  - paths are relative to the root of the tree they belong to, without a leading slash; the root
 *    itself is the empty path;
 *  - times are seconds and nanoseconds since 1970-01-01T00:00:00Z, seconds may be negative;
 *  - nothing here prints, exits, aborts or keeps mutable globals. One object is used by one thread
 *    at a time unless its header says otherwise.
 */
#ifndef SL_BASE_H
#define SL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_API __attribute__((visibility("default")))
#define SL_PRINTF(f, a) __attribute__((format(printf, f, a)))

#define SL_SHA256_SIZE 32
#define SL_XXH3_SIZE 16

/** A point in time. */
struct sl_time {
	int64_t sec;   /**< seconds since the epoch, UTC */
	uint32_t nsec; /**< 0 to 999,999,999 */
};

/** Borrowed bytes; NUL-terminated one past @c len unless data is NULL. */
struct sl_bytes {
	const char *data;
	size_t len;
};

#endif
