/* SPDX-License-Identifier: Apache-2.0 */
/* Small words that every format says alike. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <strandline/sink.h>

#include "core/words.h"

#define WORDS_GAP_ERROR_SIZE 160

/* "mode", "owner"... for one bit of enum sl_change_field; NULL for an unknown one. Static. */
const char *words_field(uint32_t bit);

/*
 * ": Permission denied", to stand behind the reason of a gap; "" without an error of the system's,
 * and where the reason ends with it. In @room, or static.
 */
const char *words_gap_error(const struct sl_gap *gap, char room[WORDS_GAP_ERROR_SIZE]);

/* "explained by policy 'uploads', approved by Jane Doe: customers upload pictures"; quoted. */
void words_cause(struct buf *out, const struct sl_finding *f);

/* "5,053 entries, 1 listed, 2 changed since the container started" */
void words_scanned(struct buf *out, const struct sl_scanned *s);

#endif
