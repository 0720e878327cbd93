/* SPDX-License-Identifier: Apache-2.0 */
/* What changed from one image to another. */
#ifndef JOB_DIFF_IMAGES_H
#define JOB_DIFF_IMAGES_H

#include <strandline/sink.h>

#include "job/job.h"

struct diff_images_request {
	const char *before, *after; /* references, or ids of stored images */
	const char *platform;       /* NULL: this host's */
	bool no_index;              /* an image that is not stored is refused */
	enum sl_severity fail_on;
	bool accept_unproven;
};

/*
 * Compare the merged views of two images, both indexed first where they are not yet, and report as
 * one container of engine "image".
 *
 * @param[out] status  exit status, as man strandline has it for diff
 * @return 0; negative when no statement could be made
 */
int job_diff_images(const struct job *job, const struct diff_images_request *request,
		    struct sl_sink *sink, int *status, struct sl_error *err);

#endif
