/* SPDX-License-Identifier: Apache-2.0 */
/* Lines out of a stream, each of bounded length. */
#ifndef CORE_LINES_H
#define CORE_LINES_H

#include "core/buf.h"
#include "core/istream.h"

struct lines {
	struct istream *in;  /* borrowed */
	const uint8_t *rest; /* lent by the stream, not yet looked at */
	size_t rest_len;
	struct buf line; /* one that spans what the stream lent; its maximum is the lines' */
	uint64_t number; /* of the line returned last, from 1 */
};

#define LINES_INIT(stream, longest) ((struct lines){.in = (stream), .line = BUF_INIT(longest)})

/*
 * The next line without its newline, borrowed until the next call. 0; 1 at the end of the stream;
 * -SL_ELIMIT for a longer one; -SL_EFORMAT when the stream ends inside a line.
 */
int lines_next(struct lines *l, struct sl_bytes *out, struct sl_error *err);
void lines_clear(struct lines *l);

#endif
