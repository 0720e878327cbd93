/* SPDX-License-Identifier: Apache-2.0 */
/* A policy proposed from the drift that is there: a sink that writes YAML for a person to review.
 */
#ifndef JOB_POLICYLEARN_H
#define JOB_POLICYLEARN_H

#include <strandline/sink.h>

#include "core/ostream.h"

struct policylearn_options {
	const char *approved_by;
	const char *reason; /* NULL: that it was learned, and when */
	bool by_image;      /* rules are about the image, not about the container */
	struct sl_time expires;
};

/*
 * Borrows @to and @o. What a shipped rule or the engine explains is left out; what needs a right
 * (diff/policy.h), or is of high severity, is never proposed: it stands there as a comment.
 */
int policylearn_sink(struct sl_sink **out, struct ostream *to, const struct policylearn_options *o,
		     struct sl_error *err);

#endif
