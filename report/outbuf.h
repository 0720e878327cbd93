/* SPDX-License-Identifier: Apache-2.0 */
/* The output of a sink: gathered in memory, handed on in large pieces. */
#ifndef REPORT_OUTBUF_H
#define REPORT_OUTBUF_H

#include "core/buf.h"
#include "core/ostream.h"

struct outbuf {
	struct ostream *to; /* borrowed */
	struct buf buf;     /* append here, then outbuf_maybe_flush() */
};

void outbuf_init(struct outbuf *o, struct ostream *to);
/* Hand on what is gathered when it is much. Failures of the buffer surface here too. */
int outbuf_maybe_flush(struct outbuf *o, struct sl_error *err);
int outbuf_flush(struct outbuf *o, struct sl_error *err);
void outbuf_clear(struct outbuf *o);

#endif
