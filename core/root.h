/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Safe opening beneath a directory. No evidence path goes through a plain open(): every path is
 * resolved inside the directory it belongs to (core/beneath.h), nothing is opened that could block
 * or act, and access times stay as they are where the kernel lets us.
 */
#ifndef CORE_ROOT_H
#define CORE_ROOT_H

#include <sys/stat.h>

#include <strandline/error.h>

#include "core/buf.h"

enum root_follow {
	/* Symbolic links are resolved as if @dir_fd were "/": for stores below --root, where
	 * /var/lib/docker may itself be a link. */
	ROOT_FOLLOW_INSIDE,
	/* No component may be a link: for evidence trees. */
	ROOT_NO_LINKS,
};

/* Read a small file named by the user (not evidence): links are followed, a pipe will do. */
int root_read_named(const char *path, struct buf *out, struct sl_error *err);

/*
 * Open a file named by the user for reading, following links; "-" is standard input. A regular file
 * comes back at its start, a pipe when @pipe_ok: opening a FIFO waits for whoever writes into it.
 * Anything else is -SL_EINVAL, unopened.
 */
int root_open_named(const char *path, bool pipe_ok, struct sl_error *err);

/* Open a directory given by the user (not evidence), following links. O_PATH. */
int root_open_dir(const char *path, struct sl_error *err);

/*
 * Open @path (leading slashes ignored) beneath @dir_fd with O_PATH: never blocks, never acts.
 * Returns a descriptor; -SL_ENOTFOUND when it is not there; -SL_EIO with err->sys otherwise.
 */
int root_open_path(int dir_fd, const char *path, enum root_follow follow, struct sl_error *err);

/* The same for a directory that is about to be listed or used as a base. O_PATH|O_DIRECTORY. */
int root_open_subdir(int dir_fd, const char *path, enum root_follow follow, struct sl_error *err);

/*
 * Reopen an O_PATH descriptor of a regular file or directory for reading, without touching its
 * access time if allowed. Anything else (FIFO, device, socket) is refused with -SL_EINVAL.
 */
int root_reopen(int path_fd, struct sl_error *err);

/* Open a regular file for reading: root_open_path and root_reopen in one. */
int root_open_file(int dir_fd, const char *path, enum root_follow follow, struct sl_error *err);

/* Read a whole regular file of at most @out->max bytes. -SL_ELIMIT when it is larger. */
int root_read_file(int dir_fd, const char *path, enum root_follow follow, struct buf *out,
		   struct sl_error *err);
/* The same from a descriptor, O_PATH or readable, from offset 0. */
int root_read_fd(int fd, struct buf *out, struct sl_error *err);

/*
 * List a directory: names sorted as bytes, "." and ".." left out.
 * More than @max names is -SL_ELIMIT.
 */
struct root_names {
	char **names; /* owned */
	size_t count;
};
int root_list(int dir_fd, struct root_names *out, size_t max, struct sl_error *err);
void root_names_clear(struct root_names *n);

/* Read a symbolic link's target; at most out->max bytes. */
int root_read_link(int dir_fd, const char *name, struct buf *out, struct sl_error *err);

#endif
