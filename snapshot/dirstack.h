/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories between the root of a tree on disk and where a walk stands, opened safely and
 * listed in order, in bounded memory and descriptors at any depth.
 */
#ifndef SNAPSHOT_DIRSTACK_H
#define SNAPSHOT_DIRSTACK_H

#include <sys/stat.h>

#include "core/buf.h"
#include "snapshot/dirnames.h"
#include "snapshot/gaps.h"

/* A directory between the root and where the walk stands. */
struct frame {
	int fd; /* readable; -1 when asleep */
	dev_t dev;
	ino_t ino;
	size_t path_len; /* its path is this much of dirstack.path */
	bool listed;
	struct dirnames names;
};

struct dirstack {
	int root_fd;          /* O_PATH; set by the owner */
	struct frame *frames; /* root first */
	size_t depth, room;
	size_t awake;    /* frames before this one are asleep */
	struct buf path; /* what the walk stands at; frames are prefixes of it */
	struct gaps gaps;
	const char *(*key)(const char *name); /* dirnames.key of every listing; set by the owner */
	void *scratch;
};

/* @s is zeroed before. clear() is allowed also when this failed. */
int dirstack_init(struct dirstack *s, struct sl_error *err);
void dirstack_clear(struct dirstack *s);

/* Open one component of @dir_fd: no link is followed, no mount is entered. -1 with errno. */
int dirstack_open_beneath(int dir_fd, const char *name, uint64_t flags);
/* A directory, to list it. */
int dirstack_open_listing(int dir_fd, const char *name);

struct frame *dirstack_top(struct dirstack *s);
struct sl_bytes dirstack_path(const struct dirstack *s);
void dirstack_cut(struct dirstack *s, size_t len);
/* The path of @f with @name behind it. */
int dirstack_set_path(struct dirstack *s, const struct frame *f, const char *name, size_t len,
		      struct sl_error *err);
/* The last component of the path, which is in directory @f. */
const char *dirstack_name(const struct dirstack *s, const struct frame *f);

/* Step into the directory at the path; takes over @fd, open for listing. */
int dirstack_push(struct dirstack *s, int fd, const struct stat *st, struct sl_error *err);
/* Leave the top directory; its name stays in the path, behind its parent's. */
void dirstack_pop(struct dirstack *s);
/* List the top directory from @from on (NULL: all). A listing that breaks off is a gap. */
int dirstack_list(struct dirstack *s, const char *from, struct sl_error *err);

#endif
