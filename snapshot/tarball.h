/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar as a read-only file system: indexed once, then read at any place. Image archives need that:
 * their blobs may stand in front of the index that names them.
 */
#ifndef SNAPSHOT_TARBALL_H
#define SNAPSHOT_TARBALL_H

#include <strandline/error.h>

#include "core/buf.h"

/* Most members; an image has about three a layer. */
#define TARBALL_MAX_MEMBERS (1u << 18)

struct tarball;

/* Where a member's bytes lie in the archive's file. */
struct tarball_range {
	uint64_t offset, size;
};

/*
 * Index the regular file @fd, which is taken over, also on failure. Names are cleaned: without
 * "./", "//" and leading "/", ".." resolved; one that leads out of the archive is -SL_EFORMAT.
 * -SL_EFORMAT, -SL_ELIMIT as tarscan().
 */
int tarball_open(struct tarball **out, int fd, struct sl_error *err);
void tarball_free(struct tarball *a);

/* The file that everything lies in; borrowed. */
int tarball_fd(const struct tarball *a);

/*
 * The file that @name leads to, through links that stay inside the archive as if it were unpacked
 * in an empty root. -SL_ENOTFOUND; -SL_EAMBIGUOUS when the name is there twice with different
 * content, of which one engine takes the first and another the last; -SL_EINVAL when it is no file;
 * -SL_EFORMAT when a link leads out or around; -SL_EUNSUPPORTED for a member stored as sparse.
 */
int tarball_find(const struct tarball *a, const char *name, struct tarball_range *out,
		 struct sl_error *err);

#endif
