/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison comes to, in one word and in one sentence: the same in every format. */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include <strandline/sink.h>

#include "core/buf.h"

enum verdict {
	VERDICT_CLEAN,      /* everything was read, and equals what is proven or signed */
	VERDICT_DRIFT,      /* something unexplained was found, of whatever severity */
	VERDICT_INCOMPLETE, /* nothing was found in what was read */
	VERDICT_UNPROVEN,   /* nothing was found, compared with what proves no equality */
};
#define VERDICTS 4

/* @gaps: as many as the sink was told of, whatever the summary claims. */
enum verdict verdict_of(const struct sl_summary *sum, uint64_t gaps);
/* Everything planned was read. */
bool verdict_is_complete(const struct sl_summary *sum, uint64_t gaps);
/* "clean", "drift", "incomplete", "unproven". Static. */
const char *verdict_word(enum verdict verdict);
/* "drift found, worst: critical; and not everything was read": no full stop, no line end. */
void verdict_sentence(struct buf *out, const struct sl_summary *sum, uint64_t gaps);
/* "proven against the image's digests". Static. */
const char *verdict_trust(enum sl_trust trust);

#endif
