/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes kept for later: in memory while they are few, then in a temporary file without a name. */
#ifndef FORENSICS_SPOOL_H
#define FORENSICS_SPOOL_H

#include <strandline/error.h>

#include "core/buf.h"

struct spool {
	struct buf memory; /* what is not in the file yet */
	int fd;            /* -1 until the memory was full once */
	uint64_t len;
};

void spool_init(struct spool *s);
int spool_append(struct spool *s, const void *bytes, size_t len, struct sl_error *err);
/* Everything in pieces, from the start; a negative return of @fn ends it and is returned. */
int spool_read(struct spool *s,
	       int (*fn)(void *payload, const void *bytes, size_t len, struct sl_error *err),
	       void *payload, struct sl_error *err);
void spool_clear(struct spool *s);

#endif
