/* SPDX-License-Identifier: Apache-2.0 */
/* What preload/faultio.c writes down of an output file. */
#ifndef TESTS_PRELOAD_FAULTIO_H
#define TESTS_PRELOAD_FAULTIO_H

#include <stdint.h>

enum faultio_kind {
	FAULTIO_WRITE, /* @len bytes at @offset, which follow */
	FAULTIO_SYNC_BEGIN,
	FAULTIO_SYNC_END, /* what was written before the last begin is on the disk */
	FAULTIO_TRUNCATE, /* to @offset bytes */
	FAULTIO_NOTE,     /* a checkpoint of @len bytes, which follow, is on the disk elsewhere */
};

struct faultio_event {
	uint64_t kind, offset, len;
};

#endif
