/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked of diff, and whether it fits together. */
#ifndef CLI_DIFF_ARGS_H
#define CLI_DIFF_ARGS_H

#include "cli/app.h"
#include "cli/unlock.h"
#include <limits.h>

/* No limit was given: 0 would be one that nothing passes, and is refused. */
#define DIFF_NO_TIME UINT_MAX
#define DIFF_NO_BYTES UINT64_MAX

struct diff_args {
	bool all, stopped, sandboxes, orphans;
	const char *upper, *rootfs; /* compare this directory instead of a container */
	const char *image;          /* with this image */
	const char *target;         /* of bundles: which container */
	bool images, bundles;       /* the operands are two images, or two bundles */
	struct unlock_args unlock;
	bool no_index;
	bool check;
	unsigned int marker;  /* enum sl_marker of upper */
	unsigned int fail_on; /* enum sl_severity */
	bool accept_unproven, fail_on_new;
	bool posture;
	bool volumes;
	const char *yara; /* rules: a file or directory */
	bool quick, paranoid;
	bool show_touched, show_explained, show_ids;
	struct text_list policies;
	bool summary, tree;      /* the table in another shape */
	struct text_list hashes; /* of known digests */
	struct text_list limits, rules;
	bool freeze;
	unsigned int freeze_limit; /* seconds */
	uint64_t max_holes;
	unsigned int jobs; /* 0: as many as there are processors */
	bool no_processes;
	unsigned int max_time; /* seconds; DIFF_NO_TIME */
	uint64_t max_bytes;    /* DIFF_NO_BYTES */
	bool no_idle;
	unsigned int parallel; /* containers at a time */
};

/* -SL_EINVAL says which option goes with what instead. @format is that of the output. */
int diff_args_check(const struct diff_args *a, const struct operands *words, unsigned int format,
		    struct sl_error *err);

#endif
