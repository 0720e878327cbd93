/* SPDX-License-Identifier: Apache-2.0 */
/* What became of layer directories, for people and for programs. Streams; borrow their output. */
#ifndef REPORT_CHECK_H
#define REPORT_CHECK_H

#include <strandline/check.h>

#include "core/ostream.h"
#include "report/report.h"

/* What is intact is counted, not listed, unless @everything. */
int report_check_table(struct sl_check_sink **out, struct ostream *to, bool everything,
		       struct sl_error *err);
/* The document, schema strandline.check/1. */
int report_check_json(struct sl_check_sink **out, struct ostream *to, struct sl_error *err);
/* One record a line: run, difference, gap, layer, contradiction, and at the end run once more. */
int report_check_jsonl(struct sl_check_sink **out, struct ostream *to, struct sl_error *err);

/* NULL is fine. */
void report_check_close(struct sl_check_sink *s);

#endif
