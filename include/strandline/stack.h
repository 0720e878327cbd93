/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file stack.h
 * A container's writable directory on the directories below it, whoever arranged them.
 */
#ifndef SL_STACK_H
#define SL_STACK_H

#include <strandline/image.h>

/** What a lower directory is to its container. */
enum sl_lower_kind {
	SL_LOWER_IMAGE, /**< a layer of the image */
	SL_LOWER_INIT,  /**< made by the engine for this container: part of the baseline */
	SL_LOWER_DATA,  /**< overlay data-only layer: shows no names, lends its files' bytes to
			     metacopy files above; these come last */
};

/** One lower directory. */
struct sl_lower {
	enum sl_lower_kind kind;
	int dir_fd;            /**< O_PATH */
	char *dir_path;        /**< for messages and reports; owned */
	size_t image_layer;    /**< kind image: its index in sl_image.layers (0 = bottom) */
	bool has_image_layer;  /**< false: the store does not tie this directory to a layer, and
				    image_layer is a guess by height, to be proven or ignored */
	struct sl_idmap idmap; /**< shift of ids on disk; owned */
	/** In a stack that is not whole: the image's layers up to image_layer as one tree without
	    markers (Docker's driver "overlay"). */
	bool is_whole;
};

/** The stack, top first. */
struct sl_stack {
	int upper_fd;            /**< O_PATH: the writable directory; -1 when there is none */
	char *upper_path;        /**< owned */
	enum sl_marker marker;   /**< dialect of upper and lowers */
	struct sl_lower *lowers; /**< owned; index 0 is directly below the upper */
	size_t lower_count;
	struct sl_idmap idmap; /**< shift of ids on disk in the upper directory */
	bool is_whole;     /**< the upper directory holds the whole tree, not only what changed, and
				no name in it is a marker: drivers that copy (vfs, native, btrfs).
				Lowers are whole then too, and only the first shows */
	char *unsupported; /**< why this stack cannot be read fully, or NULL; owned. A gap. */
};

#define SL_STACK_INIT ((struct sl_stack){.upper_fd = -1})

/** Append a lower directory, taking over its descriptor and path. @return 0, -SL_ENOMEM */
SL_API int sl_stack_add_lower(struct sl_stack *stack, struct sl_lower *lower, struct sl_error *err);

/** Free what is in a lower directory that no stack took over. */
SL_API void sl_lower_clear(struct sl_lower *lower);

/** Close every descriptor and free what is inside. */
SL_API void sl_stack_clear(struct sl_stack *stack);

#endif
