/* SPDX-License-Identifier: Apache-2.0 */
/* The formats that findings and events are said in. Every sink borrows its output stream. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <strandline/event.h>
#include <strandline/sink.h>

#include "core/ostream.h"

struct report_options {
	bool colour;
	unsigned int width;     /* columns of the terminal, 0: unlimited */
	bool show_touched;      /* list touched entries too */
	bool show_posture;      /* table: list what is risky by itself, too */
	bool show_explained;    /* table: list explained changes too (documents always hold them) */
	bool show_ids;          /* table: with the ids of findings, each on a line of its own */
	enum sl_severity least; /* table: fold everything below into counts; default info */
	bool only_containers;   /* jsonl: nothing but how each container ended */
};

/* A table for people: by severity, aligned, thousands alike folded, names quoted. Spools. */
int report_table(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		 struct sl_error *err);
/* The drift document, schema strandline.drift/1. Streams. */
int report_json(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err);
/* One record a line: run, finding, gap, container. Streams. */
int report_jsonl(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		 struct sl_error *err);

/* How each container ended, a line each, for people. */
int report_summary(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		   struct sl_error *err);
/* The changed paths as a tree with marks. Streams. */
int report_tree(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err);
/* A SARIF 2.1.0 log of one run. Streams. */
int report_sarif(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		 struct sl_error *err);
/* OCSF 1.5.0 events, one a line. Streams. */
int report_ocsf(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err);
/* One page that stands alone. Streams. */
int report_html(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		struct sl_error *err);

/* Timelines. */
int report_events_table(struct sl_event_sink **out, struct ostream *to,
			const struct report_options *o, struct sl_error *err);
/* Timesketch JSONL: message, datetime, timestamp, timestamp_desc and our own fields. */
int report_events_jsonl(struct sl_event_sink **out, struct ostream *to, struct sl_error *err);

/* One finding as the members of a JSON object, shared by documents, lines and bundles. */
struct jout;
void report_finding_members(struct jout *j, const struct sl_finding *f);
void report_entry(struct jout *j, const struct sl_entry *e);
/* image, layers, scope, counts, complete: what a document says about a container besides. */
void report_summary_members(struct jout *j, const struct sl_summary *sum);

#endif
