/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A content that remembers its first bytes, and what else it shows, while somebody else reads it.
 */
#ifndef JOB_HEAD_CONTENT_H
#define JOB_HEAD_CONTENT_H

#include <strandline/source.h>

#include "diff/contentscan.h"
#include "job/job.h"

/* Reading ends, cancelled, when the job has to stop. */
struct head_content {
	struct sl_content content;
	struct sl_content *inner;
	struct sl_tap tap;
	struct sl_sparse_tap sparse;
	struct sl_sparse_tap *outer; /* of the one who reads */
	uint8_t bytes[16];
	uint8_t len;
	bool want_scan; /* and the size, so that its end is looked at: set after init */
	uint64_t size;
	struct contentscan scan;
	const struct job *job; /* borrowed */
	/* Called with every piece that was read. May be NULL; set after init. */
	void (*passed)(void *payload, uint64_t bytes);
	void *payload;
};

void head_content_init(struct head_content *h, const struct job *job);
/* Lives as long as @h; closing it closes @inner. */
struct sl_content *head_content_wrap(struct head_content *h, struct sl_content *inner);

#endif
