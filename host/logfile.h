/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a log by the path that an engine recorded. Whoever runs in a container that has a log
 * directory mounted can put links there, and so can make a collector read any file of the host.
 */
#ifndef HOST_LOGFILE_H
#define HOST_LOGFILE_H

#include <strandline/error.h>

/*
 * The regular file at @path beneath @root_fd, O_PATH. A path without any link is taken as it is.
 * One with links must end in a directory of logs: var/log, or @own, the engine's directory (both
 * followed as the host has them, @own may be NULL); each link on the way must lie in one, too.
 * -SL_ENOTFOUND; -SL_EINVAL for what is no regular file or leads elsewhere.
 */
int logfile_open(int root_fd, const char *path, const char *own, struct sl_error *err);

/*
 * The directory at @path under the same rules, O_PATH.
 */
int logfile_open_dir(int root_fd, const char *path, const char *own, struct sl_error *err);

#endif
