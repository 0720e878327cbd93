/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that older kernels lack and seccomp profiles forbid, with the other way beside each. What
 * had to be done the other way is said in every result: see kernel_fallbacks().
 */
#ifndef CORE_KERNEL_H
#define CORE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define KERNEL_FALLBACKS_MAX 3

/*
 * What is not to be had here, by name; asked anew each time, because a filter may come later.
 *	openat2	Linux before 5.6, or forbidden: paths are walked a component at a time
 *	statx	Linux before 4.11, or forbidden: no birth times, mounts told apart by device
 *	proc	no /proc: objects are reopened through a private one that is mounted nowhere
 * Returns how many; the strings are constant.
 */
size_t kernel_fallbacks(const char *names[KERNEL_FALLBACKS_MAX]);

/* Both keep errno. */
bool kernel_has_openat2(void);
bool kernel_has_proc(void);
/* listxattrat and getxattrat, Linux 6.13. */
bool kernel_has_xattrat(void);

/* statx with basic fields, birth time and mount id; stx_mask says what came. -1 with errno. */
int kernel_statx(int dir_fd, const char *name, int flags, struct statx *out);

/* Which mount an open object is on, by number. False when nothing tells. */
bool kernel_mount_id(int fd, uint64_t *id);

/*
 * Open what @path_fd (O_PATH, a directory or regular file, @st its status) refers to again with
 * @flags. What comes back is that very object, whatever lies at /proc. -1 with errno; ENXIO when
 * there is no way.
 */
int kernel_reopen(int path_fd, const struct stat *st, int flags);

/*
 * A copy of the mount that shows @dir_fd, and of those within it, attached to no tree and gone with
 * its descriptor: what is read through it cannot be written to, no access time moves, no device
 * opens, no link is followed (the last since Linux 5.14). The same objects with the same numbers.
 * Linux 5.12, CAP_SYS_ADMIN, and a mount of this process's namespace. O_PATH; -1 with errno.
 */
int kernel_clone_readonly(int dir_fd);

/*
 * A procfs of our own for the pid namespace that we are in, attached to no tree and gone with its
 * descriptor: nothing can be mounted over its entries. Linux 5.2, as root; -1 with errno.
 */
int kernel_private_proc(void);

/* Does this errno say that we ran out of something, and nothing of what was asked for? */
bool kernel_ran_out(int sys);

/* The file of the program that runs, to read; without /proc as above. -1 with errno. */
int kernel_open_program(void);

/* Attributes of @name in @dir_fd, links not followed. ENOSYS, or a filter's EPERM, without them. */
ssize_t kernel_listxattrat(int dir_fd, const char *name, char *list, size_t size);
ssize_t kernel_getxattrat(int dir_fd, const char *name, const char *attribute, void *value,
			  size_t size);

#endif
