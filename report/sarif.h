/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a SARIF log: the rules that were named, and single objects. */
#ifndef REPORT_SARIF_H
#define REPORT_SARIF_H

#include <strandline/sink.h>

#include "core/json.h"

#define SARIF_RULES_MOST 2048 /* further ones are named by their id alone */
#define SARIF_RULE_BYTES 1024 /* most of a reason that is kept */

/* The rules that findings named, in the order of their first appearance. */
struct sarif_rules;

int sarif_rules_new(struct sarif_rules **out, struct sl_error *err);
/*
 * Count a finding's rules in. @index is the place of the one that is the result's, or -1 when
 * there are too many. 0, or -SL_ENOMEM.
 */
int sarif_rules_add(struct sarif_rules *r, const struct sl_finding *f, int64_t *index);
/* "rules" of the tool's driver. */
void sarif_rules_json(struct jout *j, const struct sarif_rules *r);
void sarif_rules_free(struct sarif_rules *r);

/* The rule that a result is filed under; without one: "drift/added". Into @out, replaced. */
const char *sarif_rule_id(struct buf *out, const struct sl_finding *f);
/* "error", "warning" or "note". Static. */
const char *sarif_level(enum sl_severity severity);

/* A message under a key: {"text": ...}, in which nothing is a link or a placeholder. */
void sarif_text(struct jout *j, const char *key, const char *text);
/* A result. @index as from sarif_rules_add(). */
void sarif_result(struct jout *j, const struct sl_finding *f, const struct sl_subject *subject,
		  int64_t index);
/* A notification about something that went unread. */
void sarif_gap(struct jout *j, const struct sl_gap *gap, const struct sl_subject *subject);
/*
 * Notifications about what else keeps this container's outcome from meaning "equal", and what was
 * looked through without a baseline: may be none.
 */
void sarif_caveats(struct jout *j, const struct sl_summary *sum);

#endif
