/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of rpm packages, made value by value. */
#ifndef TESTS_RPMMAKE_H
#define TESTS_RPMMAKE_H

#include "core/buf.h"

struct rpmmake {
	struct buf index, values;
	uint32_t entries;
};

#define RPMMAKE_INIT                                                                               \
	((struct rpmmake){.index = BUF_INIT((size_t)1 << 20), .values = BUF_INIT((size_t)1 << 20)})

void rpmmake_string(struct rpmmake *m, uint32_t tag, const char *text);
/* @texts ends with NULL. */
void rpmmake_strings(struct rpmmake *m, uint32_t tag, const char *const *texts);
void rpmmake_numbers(struct rpmmake *m, uint32_t tag, const uint32_t *numbers, uint32_t count);
/* One entry as it is said, whatever it means. */
void rpmmake_entry(struct rpmmake *m, uint32_t tag, uint32_t type, uint32_t offset, uint32_t count);
/* Append the header to @out and forget it. */
void rpmmake_finish(struct rpmmake *m, struct buf *out);

/* A package with a file /usr/bin/NAME whose recorded SHA-256 is @sha256 (64 digits), and the
 * directory /usr/share/NAME. */
void rpmmake_package(struct buf *out, const char *name, const char *version, const char *sha256);

#endif
