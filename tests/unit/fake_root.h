/* SPDX-License-Identifier: Apache-2.0 */
/* A root directory in a scratch folder, filled file by file: the disk of an examined machine. */
#ifndef TESTS_FAKE_ROOT_H
#define TESTS_FAKE_ROOT_H

#include <strandline/base.h>

/* Where it is; abort() on any failure here and below. Remove it with fake_root_remove(). */
char *fake_root(void);
void fake_root_remove(char *root);

/* Each makes the directories above what it makes; @path is relative to the root, a format. */
void fake_dir(const char *root, const char *path, ...) SL_PRINTF(2, 3);
void fake_file(const char *root, const char *text, const char *path, ...) SL_PRINTF(3, 4);
void fake_bytes(const char *root, const void *bytes, size_t len, const char *path, ...)
	SL_PRINTF(4, 5);
void fake_link(const char *root, const char *target, const char *path, ...) SL_PRINTF(3, 4);
void fake_fifo(const char *root, const char *path, ...) SL_PRINTF(2, 3);
/* Remove what is at @path, with everything below it. */
void fake_remove(const char *root, const char *path, ...) SL_PRINTF(2, 3);
/* Is the open @fd what is at @path? */
bool fake_is(const char *root, int fd, const char *path, ...) SL_PRINTF(3, 4);

#endif
