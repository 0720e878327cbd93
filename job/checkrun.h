/* SPDX-License-Identifier: Apache-2.0 */
/* One image's layer directories, checked one after the other. */
#ifndef JOB_CHECKRUN_H
#define JOB_CHECKRUN_H

#include <strandline/check.h>
#include <strandline/container.h>

#include "job/checkplan.h"
#include "job/job.h"

/* A run over several images. */
struct checkrun {
	const struct job *job;
	bool no_index;
	struct sl_baselines *baselines;
	struct sl_check_sink *sink;
	struct checkplan plan;
	struct sl_check_totals totals;
	bool is_unkept; /* the database takes no results; said once */
	struct sl_error *err;
};

/*
 * Check the image's own directories that were not checked yet; index it first when it is unknown.
 * A failure ends the run; whatever is wrong with the image goes to the sink.
 */
int checkrun_image(struct checkrun *r, struct sl_image *image);

/*
 * Check the container's lower directories that were not checked yet. @image may be NULL: then
 * @why says why there is none.
 */
int checkrun_container(struct checkrun *r, const struct sl_container *c, struct sl_image *image,
		       const char *why);

/* Something that was to be checked was not. */
int checkrun_gap(struct checkrun *r, const char *what, const char *why, int sys);
/* An image contradicts its own digests. */
int checkrun_contradiction(struct checkrun *r, const char *what, const char *why);

#endif
