/* SPDX-License-Identifier: Apache-2.0 */
/* The stored baselines: list and forget. */
#ifndef JOB_IMAGES_H
#define JOB_IMAGES_H

#include "job/job.h"

int job_images(const struct job *job,
	       int (*each)(void *payload, const struct sl_baseline_info *info), void *payload,
	       struct sl_error *err);

/*
 * Forget one image: by the reference it was indexed as, its full id, or the unique beginning of its
 * id. -SL_ENOTFOUND, -SL_EAMBIGUOUS. @id receives whose baseline went.
 */
int job_forget(const struct job *job, const char *word, uint8_t id[SL_SHA256_SIZE],
	       struct sl_error *err);

#endif
