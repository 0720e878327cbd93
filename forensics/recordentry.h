/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry as records show it: `src` of a `file` record (docs/bundle-format.md section 4), `before`
 * and `after` of a `finding` (docs/schema/drift-1.schema.json, entry).
 */
#ifndef FORENSICS_RECORDENTRY_H
#define FORENSICS_RECORDENTRY_H

#include <strandline/entry.h>

#include "core/buf.h"
#include "core/json.h"

struct recordentry {
	struct sl_entry entry; /* borrows from what follows, and its path from the caller */
	struct buf bytes;
	struct sl_xattr *xattrs;
	size_t xattr_room;
};

void recordentry_init(struct recordentry *e);
void recordentry_clear(struct recordentry *e);

/*
 * Take an object apart; what is not there stays unknown. Good until the next call.
 * -SL_EFORMAT when it has no type, or a member is not what it should be.
 */
int recordentry_read(struct recordentry *out, const struct jval *object, struct sl_bytes path,
		     struct sl_error *err);

#endif
