/* SPDX-License-Identifier: Apache-2.0 */
/* What a finding looks like in the table for people: its cells, and what it is alike to. */
#ifndef REPORT_TABLEROW_H
#define REPORT_TABLEROW_H

#include <strandline/finding.h>

#include "core/buf.h"

/* "added", or the kind of a finding that is no file: never NULL, never evidence bytes. */
const char *tablerow_word(const struct sl_finding *f);
/* The path or subject, quoted. */
void tablerow_path(struct buf *out, const struct sl_finding *f);
/* The reason of its worst rule and the facts: "sets the user id; mode 0755 -> 04755". */
void tablerow_detail(struct buf *out, const struct sl_finding *f);
/* The same without what differs from file to file: the text of a folded line. */
void tablerow_alike(struct buf *out, const struct sl_finding *f);

/* What a folded line counts. */
enum tablerow_type {
	TABLEROW_FILE,
	TABLEROW_DIRECTORY,
	TABLEROW_LINK,
	TABLEROW_OTHER,
	TABLEROW_TYPES,
};
enum tablerow_type tablerow_type(const struct sl_finding *f);
/* Two findings with equal keys may share a line. */
void tablerow_key(struct buf *out, const struct sl_finding *f);
/* Bytes that this finding adds to the sum of a folded line. */
uint64_t tablerow_bytes(const struct sl_finding *f);

#endif
