/* SPDX-License-Identifier: Apache-2.0 */
/* From a change to a finding: signals, rules, severity, cause, id. */
#ifndef DIFF_ENRICH_H
#define DIFF_ENRICH_H

#include <strandline/sink.h>

#include "core/buf.h"

/* Scratch of one finding; what it lends lives until the next call. */
struct enrich {
	const struct sl_subject *subject;
	struct sl_change change; /* the change with its signals */
	struct buf message;
};

void enrich_init(struct enrich *e, const struct sl_subject *subject);
void enrich_clear(struct enrich *e);

/*
 * @has_children: something new lies beneath the change's path (the next change says so)
 */
int enrich_change(struct enrich *e, const struct sl_change *c, bool has_children,
		  struct sl_finding *out, struct sl_error *err);

/* The stable id of any finding about this subject. */
int enrich_identify(struct sl_finding *f, const struct sl_subject *subject, struct sl_error *err);

#endif
