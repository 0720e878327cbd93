/* SPDX-License-Identifier: Apache-2.0 */
/* Real overlay mounts in a private namespace, and random file operations on them, for tests. */
#ifndef TESTS_TREEPLAY_H
#define TESTS_TREEPLAY_H

#include <strandline/stack.h>

#define PLAY_LAYERS_MAX 4

/* A scratch folder with layers 0 (bottom) and up, mounted at `merged` one on top of another. */
struct play {
	char *dir;
	int layers; /* directories dir/0 ... that exist; the top one may be mounted now */
	bool mounted;
	bool fuse; /* by fuse-overlayfs; set before the first layer */
	uint64_t random;
};

/* NULL, or why overlays cannot be mounted here. Moves the process to its own mount namespace. */
const char *play_prepare(void);
/* Whether fuse-overlayfs is installed and may be used. */
bool play_has_fuse(void);
struct play *play_new(uint64_t seed);
void play_free(struct play *p);
uint64_t play_random(struct play *p, uint64_t below);

/* Add a layer: the first is a plain directory, each later one is mounted on those before it. */
void play_push(struct play *p, const char *options);
/* Mount the top layer again: what a file system only remembers is forgotten. */
void play_remount(struct play *p, const char *options);
/* Unmount the top layer. */
void play_settle(struct play *p);
/* Where the tree is to be worked on. Owned by the caller. */
char *play_root(const struct play *p);
/* O_PATH of layer @n, or of what is mounted (-1). */
int play_open(const struct play *p, int n);
/* Layers below the top one, top first. */
void play_stack(const struct play *p, struct sl_stack *out);
void play_stack_clear(struct sl_stack *stack);
/* Do @count random things to the tree at play_root(). */
void play_randomly(struct play *p, int count);

/* How long to go on: STRANDLINE_SECONDS, else @seconds. */
uint64_t play_seconds(uint64_t seconds);

#endif
