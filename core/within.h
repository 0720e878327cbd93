/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a place that we are about to write to lies in what is being examined. */
#ifndef CORE_WITHIN_H
#define CORE_WITHIN_H

#include <sys/stat.h>

#include <strandline/error.h>

/*
 * Does the directory @dir_fd lie in one of the directories @places, or is it one of them? Walks up
 * by "..", so that no name and no link can hide it. 1: yes; 0: no; negative: it cannot be walked,
 * which is neither.
 */
int lies_within(int dir_fd, const struct stat *places, size_t count, struct sl_error *err);

#endif
