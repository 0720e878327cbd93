/* SPDX-License-Identifier: Apache-2.0 */
/* One message out of a container's log, whatever the format of that. */
#ifndef FORENSICS_LOGLINE_H
#define FORENSICS_LOGLINE_H

#include <strandline/error.h>

#include "core/buf.h"

struct logline {
	struct sl_time time;
	char stream[16]; /* "stdout", "stderr"; "" when it is another word */
};

/* Set the stream when it is one of the two. */
void logline_stream(struct logline *out, const char *word, size_t len);

/* Append the text without its line feed, cut at the buffer's maximum. 0 or -SL_ENOMEM. */
int logline_text(struct buf *text, const char *bytes, size_t len);

#endif
