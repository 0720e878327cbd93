/* SPDX-License-Identifier: Apache-2.0 */
/* Options of dockerd in the files that start it: units, their drop-ins, default and sysconfig. */
#ifndef HOST_DOCKER_FLAGS_H
#define HOST_DOCKER_FLAGS_H

#include "host/store.h"

/*
 * Every absolute path that is given as --data-root, --graph or -g in @text, whatever quotes and
 * variables are around it; lines that are comments do not count. A path with spaces is cut there.
 */
int docker_flags_read(struct store_dirs *dirs, const char *text, size_t len, struct sl_error *err);

#endif
