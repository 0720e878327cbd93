/* SPDX-License-Identifier: Apache-2.0 */
/* Findings and gaps of a comparison as records of the bundle that holds their evidence. */
#ifndef JOB_BUNDLE_SINK_H
#define JOB_BUNDLE_SINK_H

#include <strandline/bundle.h>
#include <strandline/sink.h>

struct capture_seen;
struct recording;

/* Set in the number of a recorded entry: its content was to be left out, so nothing went wrong. */
#define BUNDLE_SINK_LEFT_OUT (UINT64_C(1) << 63)

/* The same of one that is stored, but too much of it is holes to be hashed. */
#define BUNDLE_SINK_HOLES (UINT64_C(1) << 62)

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
/* Gaps of what was left out by plan, so far. */
uint64_t bundle_sink_left_out(const struct sl_sink *sink);

#endif
