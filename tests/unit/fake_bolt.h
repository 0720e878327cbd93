/* SPDX-License-Identifier: Apache-2.0 */
/* A sound bolt database out of names and values: nested buckets, one leaf page each. */
#ifndef TESTS_FAKE_BOLT_H
#define TESTS_FAKE_BOLT_H

#include <strandline/base.h>

struct fake_bolt;

struct fake_bolt *fake_bolt_new(void);
/* Put a value below the buckets named, the last name being its key; NULL-terminated. */
void fake_bolt_put(struct fake_bolt *f, const void *value, size_t len, ...)
	__attribute__((sentinel));
void fake_bolt_text(struct fake_bolt *f, const char *value, ...) __attribute__((sentinel));
/* Write it as @path below @root, and free it. */
void fake_bolt_write(struct fake_bolt *f, const char *root, const char *path);

#endif
