/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts that got other ids, and nothing else, as entry points are told to by PUID and PGID. */
#ifndef DIFF_ACCOUNTIDS_H
#define DIFF_ACCOUNTIDS_H

#include <strandline/finding.h>

#include "diff/textfile.h"

/*
 * Do @lines, all that came and went in a passwd or group file, move accounts or groups to other ids
 * and say no more? Not when root's is among them, an id is 0 or also another's in @after (the whole
 * text), a group is as good as root, or an account moves into one that came with the system.
 */
bool accountids_only(enum textfile what, const struct sl_line *lines, size_t count,
		     struct sl_bytes after);

#endif
