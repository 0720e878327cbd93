/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files and threads of one process, as documents of one line each. Nothing is opened but the
 * links themselves: no pipe, socket or device of a process is ever touched.
 */
#ifndef HOST_PROCFDS_H
#define HOST_PROCFDS_H

#include <strandline/error.h>

#include "core/buf.h"

/* The kernel's own limit is 1,048,576 a process; who has more than this hides something in them. */
#define PROCFDS_MAX ((size_t)65536)

/*
 * A JSON object a line: "fd", "link" (or "link_b64"), "type", "mode", "dev", "ino", "size",
 * "nlink", and "fdinfo" as the kernel writes it, unless @is_light. A file that was closed meanwhile
 * is left out.
 */
int procfds_list(int pid_fd, bool is_light, struct buf *out, struct sl_error *err);

/* The line of each thread's stat; the kernel escapes newlines in names. */
int procfds_threads(int pid_fd, bool is_light, struct buf *out, struct sl_error *err);

/*
 * Call @each with every open file's number and link text; a non-zero return ends it and is
 * returned.
 */
int procfds_links(int pid_fd, int (*each)(void *payload, int64_t fd, struct sl_bytes link),
		  void *payload, struct sl_error *err);

/* The number in "socket:[12345]"; 0: it is none. */
uint64_t procfds_socket(struct sl_bytes link);

#endif
