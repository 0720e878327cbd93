/* SPDX-License-Identifier: Apache-2.0 */
/* Findings and gaps of a comparison as records of the bundle that holds their evidence. */
#ifndef JOB_BUNDLE_SINK_H
#define JOB_BUNDLE_SINK_H

#include <strandline/bundle.h>
#include <strandline/sink.h>

struct capture_seen;
struct recording;

struct bundle_sink_options {
	struct sl_bundle_writer *writer;
	uint32_t target;
	struct recording *recording;  /* the upper entries with their record numbers */
	const struct sl_stack *stack; /* where the image's objects are on disk */
	uint64_t before_bytes, before_total;
	const struct capture_seen *seen; /* the records about processes; NULL: none */
};

/* Borrows everything in @options. */
int bundle_sink_new(struct sl_sink **out, const struct bundle_sink_options *options,
		    struct sl_error *err);
/* Image objects whose bytes contradicted the baseline, so far. */
uint64_t bundle_sink_contradictions(const struct sl_sink *sink);

#endif
