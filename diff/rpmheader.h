/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One package of rpm's database: a header without its magic. Two numbers, n and size; n entries of
 * tag, type, offset and count; size bytes of values, which the offsets count in. All numbers have
 * 32 bits, the highest byte first. (rpm's docs/manual/format_header.md and tags.md)
 */
#ifndef DIFF_RPMHEADER_H
#define DIFF_RPMHEADER_H

#include "diff/packagetable.h"

/*
 * Add what the header says. One that contradicts itself is -SL_EFORMAT, and nothing or a part of
 * it is in the table then. A header without a name is passed over.
 */
int rpmheader_add(struct packagetable *t, const void *header, size_t size, struct sl_error *err);

#endif
