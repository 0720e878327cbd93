/* SPDX-License-Identifier: Apache-2.0 */
/* A gap that outlives who told of it: its texts lie behind whatever keeps it, in one allocation. */
#ifndef DIFF_GAPCOPY_H
#define DIFF_GAPCOPY_H

#include <strandline/source.h>

/* Bytes that the texts of @gap take. */
size_t gapcopy_size(const struct sl_gap *gap);

/* @gap with its texts in @room, which has gapcopy_size() bytes and is zeroed. */
struct sl_gap gapcopy_into(char *room, const struct sl_gap *gap);

#endif
