/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and sizes in words that everything says alike. */
#ifndef CORE_WORDS_H
#define CORE_WORDS_H

#include "core/buf.h"

/* "50,000" */
void words_count(struct buf *out, uint64_t n);
/* "1 finding", "50,000 findings" */
void words_plural(struct buf *out, uint64_t n, const char *one, const char *many);
/* The "s" behind a word that is counted: empty for one. */
const char *words_s(uint64_t n);
/* "512 B", "1.2 KiB": for people, cut and not rounded */
void words_size(struct buf *out, uint64_t bytes);

#endif
