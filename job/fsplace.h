/* SPDX-License-Identifier: Apache-2.0 */
/* Where a directory lies in its file system, whatever is mounted where. */
#ifndef JOB_FSPLACE_H
#define JOB_FSPLACE_H

#include <strandline/error.h>

#include "core/buf.h"

struct fsplace {
	uint32_t major, minor; /* of the file system */
	struct buf path;       /* from its root, with a leading slash */
};

#define FSPLACE_INIT ((struct fsplace){.path = BUF_INIT((size_t)1 << 20)})

/* 0; 1 when the kernel does not tell: no /proc, or the mount is not in this namespace. */
int fsplace_of(struct fsplace *out, int dir_fd, struct sl_error *err);
void fsplace_clear(struct fsplace *p);

/* Is @p the directory @dir, or beneath it? Bind mounts hide neither. */
bool fsplace_within(const struct fsplace *p, const struct fsplace *dir);

#endif
