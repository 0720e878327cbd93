/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners that were all moved alike: stores shift ids for user namespaces, repacks and unprivileged
 * unpacking give everything to one user. One such move is one thing to say, and must not hide the
 * one file whose owner somebody changed.
 */
#ifndef SNAPSHOT_CHECKOWNER_H
#define SNAPSHOT_CHECKOWNER_H

#include <strandline/source.h>

enum checkowner_kind { CHECKOWNER_NONE, CHECKOWNER_SHIFTED, CHECKOWNER_SQUASHED };

/* What was done to the owners of a whole directory. */
struct checkowner {
	enum checkowner_kind kind;
	uint32_t uid, gid; /* added to each (modulo 2^32), or the owner of everything */
	uint64_t entries;  /* that have another owner for this reason */
};

/*
 * Walk both sides once and look for one move behind the differences. It is one when nine entries of
 * ten fit it, and at least 16 were moved by it, or it leads to ids above 65535, which no image
 * uses: those are ranges of user namespaces.
 */
int checkowner_survey(struct checkowner *out, struct sl_source *disk, struct sl_source *stored,
		      struct sl_error *err);

/* True when the owner on disk is what the move makes of the one in the layer. */
bool checkowner_fits(const struct checkowner *o, const struct sl_entry *disk,
		     const struct sl_entry *stored);

#endif
