/* SPDX-License-Identifier: Apache-2.0 */
/* Shifts of user and group ids, from the files that name them. */
#ifndef HOST_IDMAP_H
#define HOST_IDMAP_H

#include <strandline/image.h>

#include "core/idmap.h"
#include "core/root.h"

/*
 * The map of a daemon that runs with its root remapped to @uid:@gid: every range of the user in
 * etc/subuid whose range starts there, lowest first (etc/subgid alike), as the daemon builds it.
 * Where these files are gone or name no such range: 65,536 ids from @uid and @gid on.
 */
int idmap_of_remap(struct sl_idmap *out, int root_fd, uint32_t uid, uint32_t gid,
		   struct sl_error *err);

/*
 * The map of an engine that @user runs without root: 0 is the user, and from 1 on come the user's
 * ranges in etc/subuid and etc/subgid, in the order of the file, as newuidmap is told to set them.
 * A line may name the user or, in both files, the number @uid; @user may be NULL.
 */
int idmap_of_rootless(struct sl_idmap *out, int root_fd, const char *user, uint32_t uid,
		      uint32_t gid, struct sl_error *err);
/* The same of one file; @self is the user's own id, @owner the number that lines may name. */
int idmap_parse_rootless(struct sl_idmap_range **out, size_t *count, struct sl_bytes text,
			 const char *user, uint32_t owner, uint32_t self, struct sl_error *err);

#endif
