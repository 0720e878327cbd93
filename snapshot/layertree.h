/* SPDX-License-Identifier: Apache-2.0 */
/* A directory on disk as a source: a layer, a container's upper directory, or a plain root. */
#ifndef SNAPSHOT_LAYERTREE_H
#define SNAPSHOT_LAYERTREE_H

#include <strandline/image.h>
#include <strandline/source.h>

/*
 * Walk the tree at @dir_fd (O_PATH directory; duplicated) in canonical order with openat2, statx
 * and large getdents64 buffers. Nothing is followed, nothing but regular files and directories is
 * opened, other file systems mounted inside are not entered (a gap).
 *
 * Markers of the dialect (snapshot/dialect.h) become entry flags: whiteout, opaque, metacopy,
 * origin, redirect. `.wh.NAME` comes out as a whiteout of NAME, in NAME's place. Attributes that
 * are private to the dialect are left out of sl_entry.xattrs; everything that another dialect would
 * read is ordinary data. Where a layer overrides stat(), entries are what the container sees. With
 * @idmap, ids are shifted back to what the image counts.
 *
 * Digests are not computed here: open() the content and read it. A name that vanishes between
 * listing and stat is counted in layertree_raced(). Any depth, any path length.
 */
int layertree_open(struct sl_source **out, int dir_fd, enum sl_marker marker,
		   const struct sl_idmap *idmap, struct sl_error *err);

/*
 * The directory walked is a clone of @dir_fd, cut off from what lies beside it
 * (snapshot/indexdir.h). Before the first entry, which @dir_fd has to outlive.
 */
void layertree_is_clone(struct sl_source *src, int dir_fd);

/* Names that vanished while the walk went on, so far. */
uint64_t layertree_raced(const struct sl_source *src);

#endif
