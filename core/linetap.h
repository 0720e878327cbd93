/* SPDX-License-Identifier: Apache-2.0 */
/* Lines out of bytes that are pushed, each of bounded length. (Pulled ones: core/lines.h.) */
#ifndef CORE_LINETAP_H
#define CORE_LINETAP_H

#include <strandline/source.h>

#include "core/buf.h"

struct linetap {
	struct sl_tap tap;
	/* Take a line without its newline, borrowed for the call. Negative ends the read. */
	int (*each)(void *payload, struct sl_bytes line, struct sl_error *err);
	void *payload;
	struct buf line; /* one that has not ended yet; its maximum is the lines' */
	uint64_t number; /* of the line handed out last, from 1 */
};

void linetap_init(struct linetap *t, size_t longest,
		  int (*each)(void *payload, struct sl_bytes line, struct sl_error *err),
		  void *payload);
/* The bytes are over: hand out what stands behind the last newline, if anything does. */
int linetap_end(struct linetap *t, struct sl_error *err);
void linetap_clear(struct linetap *t);

#endif
