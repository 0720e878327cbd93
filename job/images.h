/* SPDX-License-Identifier: Apache-2.0 */
/* The stored baselines: list, show, check, move and forget. */
#ifndef JOB_IMAGES_H
#define JOB_IMAGES_H

#include "core/ostream.h"
#include "job/job.h"

int job_images(const struct job *job,
	       int (*each)(void *payload, const struct sl_baseline_info *info), void *payload,
	       struct sl_error *err);

/*
 * Everything below takes @word for one image: the reference it was indexed as, its full id, or the
 * unique beginning of its id. -SL_ENOTFOUND, -SL_EAMBIGUOUS.
 */

/* Its id, in a database that is open. */
int job_find_image(struct sl_baselines *baselines, const char *word, uint8_t id[SL_SHA256_SIZE],
		   struct sl_error *err);

/* Call @each for its layers, bottom first. The strings of @info go with the return. */
int job_image(const struct job *job, const char *word,
	      int (*image)(void *payload, const struct sl_baseline_info *info),
	      int (*each)(void *payload, const struct sl_layer_info *info), void *payload,
	      struct sl_error *err);

/* Forget it. @id receives whose baseline went. */
int job_forget(const struct job *job, const char *word, uint8_t id[SL_SHA256_SIZE],
	       struct sl_remove_result *out, struct sl_error *err);

/* Check the database against itself: the images of @words, or everything when there are none. */
int job_images_verify(const struct job *job, char *const *words, size_t count,
		      int (*problem)(void *payload, const struct sl_baseline_problem *problem),
		      void *payload, struct sl_baseline_check *out, struct sl_error *err);

/* Write it as text (snapshot/dump.h). */
int job_image_dump(const struct job *job, const char *word, bool merged, struct ostream *to,
		   struct sl_error *err);

/* Store the image of a dump; @path "-" is standard input. @name may be NULL. */
int job_image_load(const struct job *job, const char *path, const char *name,
		   uint8_t id[SL_SHA256_SIZE], struct sl_index_result *out, struct sl_error *err);

/* Rewrite the database without its free space. */
int job_images_vacuum(const struct job *job, uint64_t *before, uint64_t *after,
		      struct sl_error *err);

#endif
