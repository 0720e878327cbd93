/* SPDX-License-Identifier: Apache-2.0 */
/* What stands above and below the rows: what was compared with what, and how it ended. */
#ifndef REPORT_TABLEFRAME_H
#define REPORT_TABLEFRAME_H

#include <strandline/sink.h>

#include "core/buf.h"

#define FRAME_CAUSES 4
#define FRAME_GAP_LINES 20

/* Counted while the findings pass. */
struct frame_tally {
	bool posture_listed;              /* among the rows */
	uint64_t explained[FRAME_CAUSES]; /* by enum sl_cause */
	uint64_t gaps;
	struct buf gap_lines; /* the first FRAME_GAP_LINES, as they are printed */
};

void frame_header(struct buf *out, const struct sl_subject *s);
void frame_add_gap(struct frame_tally *t, const struct sl_gap *gap);
/* Counts, gaps, what was not compared, and the verdict. */
void frame_footer(struct buf *out, const struct sl_summary *sum, const struct frame_tally *t);

#endif
