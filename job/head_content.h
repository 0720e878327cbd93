/* SPDX-License-Identifier: Apache-2.0 */
/* A content that remembers its first bytes while somebody else reads it. */
#ifndef JOB_HEAD_CONTENT_H
#define JOB_HEAD_CONTENT_H

#include <signal.h>

#include <strandline/source.h>

/* Reading ends, cancelled, when *stop says so. */
struct head_content {
	struct sl_content content;
	struct sl_content *inner;
	struct sl_tap tap;
	uint8_t bytes[16];
	uint8_t len;
	const volatile sig_atomic_t *stop; /* may be NULL */
};

void head_content_init(struct head_content *h, const volatile sig_atomic_t *stop);
/* Lives as long as @h; closing it closes @inner. */
struct sl_content *head_content_wrap(struct head_content *h, struct sl_content *inner);

#endif
