/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines of a text file that came mean, whatever they are called elsewhere. */
#ifndef DIFF_LINERULES_H
#define DIFF_LINERULES_H

#include <strandline/finding.h>

#include "core/buf.h"
#include "diff/textfile.h"

/*
 * Name the rules that @lines break, all that came and went, in @f: ids, reasons, techniques, and
 * the highest severity. hits[i] is set for a line that is named; @message says which in a sentence,
 * and stays empty when none is. 0, or -SL_ENOMEM.
 */
int linerules_apply(struct sl_finding *f, enum textfile what, const struct sl_line *lines,
		    size_t count, bool *hits, struct buf *message);

/* Its members are as good as root. */
bool linerules_is_powerful_group(struct sl_bytes name);

/* For the tests: ids of all rules. NULL behind the last. */
const char *linerules_id(size_t n);

#endif
