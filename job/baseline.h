/* SPDX-License-Identifier: Apache-2.0 */
/* From an image to its stored baseline. */
#ifndef JOB_BASELINE_H
#define JOB_BASELINE_H

#include <strandline/baseline.h>

#include "core/buf.h"
#include "job/job.h"

/*
 * Index the image, or record the tree when no configuration vouches for it. @expect is a digest it
 * must have, or NULL; for an image the caller has compared it already.
 */
int baseline_index(const struct job *job, struct sl_baselines *b, struct sl_image *image,
		   const uint8_t *expect, struct sl_index_result *out, struct sl_error *err);

/* Find the baseline, made first where there is none; -SL_ENOTFOUND with @no_index. */
int baseline_ready(const struct job *job, struct sl_baselines *b, struct sl_image *image,
		   bool no_index, struct sl_baseline_info *out, struct sl_error *err);

/*
 * What @word means as an image to compare with. What is stored already is enough where the word is
 * its id (sha256: and at least 4 digits, or at least 12 digits) or the name of a recorded tree,
 * which would be compared with itself if it were read now; or where the image itself is gone. Else
 * it is looked for where it says. An image that is only stored has no layers.
 */
int baseline_resolve(const struct job *job, struct sl_baselines *b, const char *word,
		     const char *platform, struct sl_image **out, struct sl_error *err);

/* Stored images that fit a word: by what they are or were called last, or by the start of the id.
 */
struct baseline_hits {
	size_t count;
	uint8_t id[SL_SHA256_SIZE]; /* of the last one */
	struct buf list;            /* text for people: "sha256:... (NAME, indexed ...), ..." */
};

/* @min_digits: a shorter start of an id is no id. Clear with buf_clear(&out->list). */
int baseline_search(struct sl_baselines *b, const char *word, size_t min_digits, bool names,
		    struct baseline_hits *out, struct sl_error *err);

#endif
