/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a finding beside the change, as text for people: quoted, so harmless. */
#ifndef REPORT_TABLENOTES_H
#define REPORT_TABLENOTES_H

#include <strandline/finding.h>

#include "core/buf.h"

/* Something is known that many findings may have in common. */
bool notes_has_clause(const struct sl_notes *n);
/* That, as one clause: package, list of digests, YARA rules, who acknowledged it. */
void notes_clause(struct buf *out, const struct sl_notes *n);

/* The finding has something of its own to show on lines beneath it. */
bool notes_has_lines(const struct sl_notes *n);
/*
 * These lines, each with its line end: a setting as expected and as found, the process, the lines
 * of the file that came and went. The first character is '+', '-' or a blank.
 */
void notes_lines(struct buf *out, const struct sl_notes *n);

#endif
