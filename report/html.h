/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the page: text that is safe in it, its frame, single findings. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <strandline/sink.h>

#include "core/buf.h"

/* Text of ours, or quoted already: what means something to HTML is escaped. */
void html_text(struct buf *out, const char *text);
/* Evidence, quoted and then escaped; NULL is "unknown". */
void html_name(struct buf *out, const char *name);

/*
 * Everything up to the first container. The policy of the page allows one style sheet, by its
 * digest, and nothing else: no script, no image, no request.
 */
int html_head(struct buf *out, const struct sl_run *run, struct sl_error *err);
/* What a result does not prove, and the end of the page. */
void html_foot(struct buf *out, const struct sl_run *run);

/* What a container was compared with; opens its section. @number from 1. */
void html_container(struct buf *out, const struct sl_subject *subject, uint64_t number);
/* How it ended: counts, verdict, what was not compared. @gaps as the sink was told of. */
void html_outcome(struct buf *out, const struct sl_summary *sum, uint64_t gaps);
/* Its line in the table at the top. */
void html_overview_row(struct buf *out, const struct sl_summary *sum, uint64_t gaps,
		       uint64_t number);
void html_finding(struct buf *out, const struct sl_finding *f);
void html_gap(struct buf *out, const struct sl_gap *gap);

#endif
