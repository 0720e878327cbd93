/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The overlays that are mounted anywhere on the machine, one a superblock, and the directories they
 * are made of. Mountinfo has these directories as the mounter named them: relative to its current
 * directory, in its mount namespace. A directory is taken for the upper one only if the mounted
 * root shows its very times: the kernel lends the root those of its upper directory.
 */
#ifndef HOST_OVERLAYS_H
#define HOST_OVERLAYS_H

#include <strandline/stack.h>

#include "host/processes.h"
#include "host/store.h"

#define OVERLAYS_NONE SIZE_MAX
/* So many of the places where one overlay is mounted are remembered. */
#define OVERLAY_PLACES_MAX 4

/* A mount point that is not the root of those who see it. */
struct overlay_place {
	size_t view;
	char *point; /* owned */
};

struct overlay {
	uint32_t major, minor;
	bool is_fuse;  /* fuse-overlayfs: it does not say what it is made of */
	char *options; /* as in mountinfo; owned */
	struct overlay_place places[OVERLAY_PLACES_MAX];
	size_t place_count;
	size_t root_view;   /* one that has it as its root, PROCESSES_NO_VIEW when none has */
	bool looked;        /* what follows is known */
	bool has_upper;     /* false: not found, or there is none */
	uint64_t upper_dev; /* as struct stat has them */
	uint64_t upper_inode;
};

struct overlays_view {
	size_t root;  /* the overlay that is its root, or OVERLAYS_NONE */
	bool is_slow; /* a path in it may lead through FUSE or a network file system, and block */
};

struct overlays {
	const struct place *place;
	const struct processes *processes;
	struct overlay *all; /* by major and minor */
	size_t count, cap;
	struct overlays_view *views; /* one for each of the processes' */
	size_t unread;               /* views whose mounts could not be read */
};

/* Read the mounts of every view. Both are borrowed. */
int overlays_read(struct overlays *out, const struct place *place,
		  const struct processes *processes, struct sl_error *err);
void overlays_clear(struct overlays *o);

/* Find the upper directory of @at, once; whether it was found is in has_upper. */
int overlays_look(struct overlays *o, size_t at, struct sl_error *err);

/* The overlay whose upper directory this is, or OVERLAYS_NONE: all of them are looked at once. */
int overlays_by_upper(struct overlays *o, const struct stat *upper, size_t *out,
		      struct sl_error *err);

/* The overlay's directories. What is missing of them ends up in stack->unsupported. */
int overlays_stack(struct overlays *o, size_t at, struct sl_stack *stack, struct sl_error *err);

/* What the mount shows, O_PATH. */
int overlays_open_merged(const struct overlays *o, size_t at, struct sl_error *err);

#endif
