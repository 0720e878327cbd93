/* SPDX-License-Identifier: Apache-2.0 */
/* One object of a tree on disk, described as its marker dialect reads it. */
#ifndef SNAPSHOT_TREELOOK_H
#define SNAPSHOT_TREELOOK_H

#include <sys/stat.h>

#include <strandline/entry.h>
#include <strandline/image.h>

#include "snapshot/attributes.h"
#include "snapshot/dialect.h"
#include "snapshot/dirstack.h"

struct treelook {
	struct dirstack *dirs; /* borrowed: where the walk stands, and its gaps */
	const struct dialect *dialect;
	struct sl_idmap idmap;
	int beside_fd;    /* borrowed: where the root's parent is found; -1: there */
	bool knows_mount; /* the kernel tells mount ids */
	uint64_t mount;
	dev_t root_dev;
	struct statx st;       /* of what was looked at last, as it is on disk */
	struct sl_entry entry; /* the same, as the layer means it */
	struct attributes attributes;
	struct buf target;
	uint64_t raced; /* names that vanished between listing and looking */
};

/*
 * Look at the tree at @dir_fd, whose root becomes dirs->root_fd, and learn what there is to know
 * of the whole. clear() is allowed also when this failed.
 */
int treelook_init(struct treelook *l, struct dirstack *dirs, int dir_fd, enum sl_marker marker,
		  const struct sl_idmap *idmap, struct sl_error *err);
void treelook_clear(struct treelook *l);

/* Describe @name in @dir_fd, which is at the current path. 0 and l->entry; 1 when there is nothing.
 */
int treelook_at(struct treelook *l, int dir_fd, const char *name, struct sl_error *err);
/* The marker file @name in @dir_fd, which deletes the current path. 0; 1 when it has gone. */
int treelook_whiteout(struct treelook *l, int dir_fd, const char *name, struct sl_error *err);
/*
 * Is there anything at @path beneath the directory? Nothing is followed. 1: yes. That it cannot be
 * told is a gap at the current path.
 */
int treelook_has_marker(struct treelook *l, int dir_fd, const char *path, struct sl_error *err);
/* 1 when a whiteout of the same layer lies beside the object @name in @dir_fd. */
int treelook_whiteout_beside(struct treelook *l, int dir_fd, const char *name,
			     struct sl_error *err);
/* After looking at the root, which has nothing beside it. */
int treelook_settle_root(struct treelook *l, struct sl_error *err);

#endif
