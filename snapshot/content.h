/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one regular file on disk, read once and watched while they are. */
#ifndef SNAPSHOT_CONTENT_H
#define SNAPSHOT_CONTENT_H

#include <strandline/source.h>

/*
 * Content of the regular file that @path_fd (O_PATH, borrowed) refers to; anything else is
 * -SL_EINVAL. Access times are left alone where the kernel allows it.
 */
int content_open(struct sl_content **out, int path_fd, struct sl_error *err);

/* Content that lends memory; borrowed until the content is closed. */
int content_from_memory(struct sl_content **out, const void *bytes, size_t len,
			struct sl_error *err);

#endif
