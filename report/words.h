/* SPDX-License-Identifier: Apache-2.0 */
/* Small words that every format says alike. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <strandline/sink.h>

#include "core/buf.h"

/* sl_type_name() */
const char *words_type(uint32_t mode);
/* "mode", "owner"... for one bit of enum sl_change_field; NULL for an unknown one. Static. */
const char *words_field(uint32_t bit);

/* "explained by policy 'uploads', approved by Jane Doe: customers upload pictures"; quoted. */
void words_cause(struct buf *out, const struct sl_finding *f);

/* "50,000" */
void words_count(struct buf *out, uint64_t n);
/* "1 finding", "50,000 findings" */
void words_plural(struct buf *out, uint64_t n, const char *one, const char *many);
/* "512 B", "1.2 KiB": for people, cut and not rounded */
void words_size(struct buf *out, uint64_t bytes);

#endif
