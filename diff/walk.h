/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merge walk of an image and a container: both in canonical order, once, without look-ups.
 */
#ifndef DIFF_WALK_H
#define DIFF_WALK_H

#include <strandline/change.h>

#include "diff/drift.h"

/* Where results go, in path order, on the caller's thread. Everything borrowed. */
struct walk_sink {
	int (*change)(void *payload, const struct sl_change *c, struct sl_error *err);
	int (*gap)(void *payload, const struct sl_gap *gap, struct sl_error *err);
	void *payload;
};

struct walk_counts {
	uint64_t entries; /* yielded by the container's side */
	uint64_t raced;   /* vanished between listing and opening */
	uint64_t bytes_read;
	uint64_t cached; /* files whose digests were remembered, and not read */
};

/*
 * Compare input->before with input->after. A source that fails half-way is a gap, and the walk ends
 * there: neither "deleted" nor "added" is said about what was not seen.
 */
int walk_run(const struct drift_input *input, const struct drift_options *options,
	     const struct walk_sink *sink, struct walk_counts *out, struct sl_error *err);

#endif
