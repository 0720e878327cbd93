/* SPDX-License-Identifier: Apache-2.0 */
/* Files without a name: whatever happens to the program, nothing of them stays. */
#ifndef CORE_TEMPFILE_H
#define CORE_TEMPFILE_H

#include <stddef.h>

#include <strandline/error.h>

/*
 * Open an empty file for reading and writing in $TMPDIR, or, when that is not set, in /var/tmp or
 * /tmp. *where (may be NULL) is the directory, borrowed from the environment.
 */
int tempfile_open(const char **where, struct sl_error *err);

/* Write all of it where the file stands. A full disk is -SL_EIO and names the way out. */
int tempfile_write(int fd, const void *bytes, size_t len, struct sl_error *err);

#endif
