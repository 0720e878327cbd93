/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes that is born with a maximum. */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <strandline/base.h>

struct buf {
	char *data; /* NUL-terminated at len once anything was appended; NULL before */
	size_t len;
	size_t cap;
	size_t max; /* longest content allowed */
	int status; /* first failure, sticky: appending may be checked once, at the end */
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})

/* Each returns 0, -SL_ENOMEM or -SL_ELIMIT; after a failure every later append fails alike. */
int buf_append(struct buf *b, const void *bytes, size_t len);
int buf_append_str(struct buf *b, const char *s);
int buf_append_char(struct buf *b, char c);
/* In decimal. */
int buf_append_number(struct buf *b, uint64_t n);
int buf_printf(struct buf *b, const char *fmt, ...) SL_PRINTF(2, 3);
int buf_reserve(struct buf *b, size_t extra);

/* Forget the content and the failure, keep the memory. */
void buf_reset(struct buf *b);
void buf_clear(struct buf *b);
/* The content as a heap string that the caller frees; the buffer is empty after. NULL on OOM. */
char *buf_take(struct buf *b);

#endif
