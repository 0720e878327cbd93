/* SPDX-License-Identifier: Apache-2.0 */
/* From a pair whose contents were read to a change, a gap, both or neither. */
#ifndef DIFF_SETTLE_H
#define DIFF_SETTLE_H

#include <strandline/change.h>

#include "diff/lane.h"
#include "diff/lower.h"

struct settle {
	struct lower lower; /* init and clear with lower_init, lower_clear */
	bool quick;
	bool sparse;         /* what is listed was at least copied up: equal means touched */
	uint64_t bytes_read; /* sum so far */
	int (*change)(void *payload, const struct sl_change *c, struct sl_error *err);
	int (*gap)(void *payload, const struct sl_gap *gap, struct sl_error *err);
	void *payload;
};

int settle_pair(struct settle *s, struct pair *p, struct sl_error *err);

#endif
