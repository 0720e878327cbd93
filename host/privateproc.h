/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes as the kernel shows them, whatever is mounted over their entries of the machine's
 * /proc: that is how intruders hide one (T1564.013), and to unmount it would change the scene.
 */
#ifndef HOST_PRIVATEPROC_H
#define HOST_PRIVATEPROC_H

#include <strandline/error.h>

#include "core/buf.h"

struct host;

/*
 * From now on look at processes through a procfs of our own. 0; 1: there is none to be had (Linux
 * before 5.2, not as root, or it would show another pid namespace), and the machine's is used on.
 */
int host_use_private_proc(struct host *h);

/*
 * What is mounted over the entry of @pid in the machine's /proc: "type proc, from /1 of proc", as
 * its own mount table says, without opening it. 0; 1: nothing, or that is not known.
 */
int host_proc_cover(const struct host *h, int64_t pid, struct buf *out, struct sl_error *err);

#endif
