/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of every kind, with everything that can be known of one, and names that attack. */
#ifndef TESTS_SAMPLE_NOTES_H
#define TESTS_SAMPLE_NOTES_H

#include <strandline/sink.h>

/* Findings that are no paths. Ids are 0xe0 and up. */
int sample_feed_others(struct sl_sink *sink);
/* Paths under "zoo", in canonical order. Ids are 0x80 and up. */
int sample_feed_zoo(struct sl_sink *sink);
/* Add them to the counts. */
void sample_count_notes(struct sl_counts *counts);

#endif
