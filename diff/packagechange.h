/* SPDX-License-Identifier: Apache-2.0 */
/* Which packages came, went or have another version, as one sentence. */
#ifndef DIFF_PACKAGECHANGE_H
#define DIFF_PACKAGECHANGE_H

#include "core/buf.h"
#include "diff/packagetable.h"

/*
 * Append "packages added: nmap 7.93; removed: ...; changed: libc6 1 -> 2", names quoted, the first
 * few of each and how many more. Only packages of @manager that have a version. Both tables are
 * settled.
 * @return 0; 1 when the lists are the same; -SL_ENOMEM
 */
int packagechange_describe(struct buf *out, const char *manager, const struct packagetable *before,
			   const struct packagetable *after, struct sl_error *err);

#endif
