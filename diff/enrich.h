/* SPDX-License-Identifier: Apache-2.0 */
/* From a change to a finding: signals, rules, severity, cause, id. */
#ifndef DIFF_ENRICH_H
#define DIFF_ENRICH_H

#include <strandline/sink.h>

#include "core/buf.h"
#include "diff/drift.h"
#include "diff/identity.h"
#include "diff/rules.h"

/* Scratch of one finding; what it lends lives until the next call. */
struct enrich {
	const struct drift_input *input;
	struct sl_change change; /* the change with its signals */
	struct buf facts;        /* the change in words */
	struct buf message;
	struct identity identity;
	char *who; /* the container, in ids */
	const struct ruleset *rules;
	struct ruleset defaults; /* where the input has none */
};

/* Borrows @input: its subject, rules, marks and judges. Clear also after a failure. */
int enrich_init(struct enrich *e, const struct drift_input *input, struct sl_error *err);
void enrich_clear(struct enrich *e);

/*
 * @has_children: something new lies beneath the change's path (the next change says so)
 */
int enrich_change(struct enrich *e, const struct sl_change *c, bool has_children,
		  struct sl_finding *out, struct sl_error *err);

/* Id and judgement of a finding that was known before the walk. */
int enrich_known(struct enrich *e, struct sl_finding *f, struct sl_error *err);

/*
 * Whom a finding's id is about, owned; NULL without memory. A container of a pod has another id and
 * often another name with every attempt; its place in the pod stays.
 */
char *enrich_who(const struct sl_container *c);

#endif
