/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about the layers below a container, with the texts they borrow. */
#ifndef JOB_LAYERFINDINGS_H
#define JOB_LAYERFINDINGS_H

#include <strandline/check.h>
#include <strandline/container.h>
#include <strandline/finding.h>

/* Files that are named; the rest is counted. */
#define LAYERFINDINGS_MAX 256

struct layerfindings {
	struct sl_finding *items; /* texts owned */
	size_t count;
	uint64_t more; /* that were not named */
	/* the result that stands for all directories: the worst one */
	bool has_check;
	struct sl_time at; /* of the oldest */
	enum sl_check_method method;
	enum sl_check_verdict verdict;
};

/* The image contradicts its own digests: @why says how. */
int layerfindings_contradiction(struct layerfindings *f, const uint8_t image_id[SL_SHA256_SIZE],
				const char *why, struct sl_error *err);

/* What the last checks said of the stack's directories, a finding for each that was tampered with.
 */
int layerfindings_last(struct layerfindings *f, struct sl_baselines *b,
		       const struct sl_image *image, const struct sl_stack *stack,
		       struct sl_error *err);

/* A sink that makes a finding of every file that a check names. Borrows @f. Close it. */
int layerfindings_sink(struct sl_check_sink **out, struct layerfindings *f, struct sl_error *err);

/* So many things that were to be checked were not: then the result is no better than unread. */
void layerfindings_unread(struct layerfindings *f, uint64_t gaps);

void layerfindings_clear(struct layerfindings *f);

#endif
