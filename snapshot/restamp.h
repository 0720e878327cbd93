/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata that a later tar entry puts on an object that is already there. */
#ifndef SNAPSHOT_RESTAMP_H
#define SNAPSHOT_RESTAMP_H

#include <strandline/entry.h>
#include <strandline/error.h>

/* Most bytes of attributes that entries together give to one object. */
#define RESTAMP_MAX_XATTRS (4u << 20)

/*
 * Give @out the attributes of @base and @over, those of @over where both have one; @without (may
 * be NULL) is left out of @base. *list receives their list, to be freed after @out. -SL_ELIMIT.
 */
int restamp_join(struct sl_entry *out, const struct sl_entry *base, const struct sl_entry *over,
		 const char *without, struct sl_xattr **list, struct sl_error *err);

/*
 * Engines put what a hard link's own entry says on the file that both names share, and giving it
 * an owner takes its capabilities away. (GNU tar and umoci leave the file as it was.) *list as
 * above; *changed is set when that makes @shared another than it was.
 */
int restamp_link(struct sl_entry *shared, const struct sl_entry *link, struct sl_xattr **list,
		 bool *changed, struct sl_error *err);

#endif
