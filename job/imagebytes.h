/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a file that was found somewhere has the bytes that the image has at its path. */
#ifndef JOB_IMAGEBYTES_H
#define JOB_IMAGEBYTES_H

#include <sys/stat.h>

#include "job/comparison.h"

/* Opened when it is first asked. */
struct imagebytes {
	const struct comparison *comparison; /* borrowed */
	struct sl_source *view;
};

/*
 * @path is absolute; @fd (O_PATH, borrowed) the file. *same only by SHA-256, of all of it.
 * Negative when it cannot be told.
 */
int imagebytes_same(struct imagebytes *b, const char *path, int fd, bool *same,
		    struct sl_error *err);
/* Is something of that type (S_IFREG, S_IFDIR) at the path? False also when it cannot be told. */
bool imagebytes_has(struct imagebytes *b, const char *path, mode_t type);
/* Do both files (O_PATH, borrowed) have the same bytes? */
int imagebytes_equal(int a, int b, bool *same, struct sl_error *err);
void imagebytes_clear(struct imagebytes *b);

#endif
