/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a path that cannot lead out of a directory: openat2 where it is to be had (Linux 5.6),
 * a walk of one component at a time where the kernel lacks it or a filter forbids it.
 */
#ifndef CORE_BENEATH_H
#define CORE_BENEATH_H

#include <stdint.h>

#include <linux/openat2.h>

/* No component may be a symbolic link; nothing above @dir_fd is reached. For evidence trees. */
#define BENEATH_NO_LINKS (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
/* Symbolic links are resolved as if @dir_fd were "/". */
#define BENEATH_IN_ROOT (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)

/*
 * Open @path with @flags (O_CLOEXEC is added): O_PATH, or O_DIRECTORY to list it. @resolve is one
 * of the two above, with RESOLVE_NO_XDEV where no mount may be entered. -1 with openat2's errno.
 */
int beneath_open(int dir_fd, const char *path, uint64_t flags, uint64_t resolve);

/*
 * The same without openat2. Every component is opened with O_PATH | O_NOFOLLOW from the one before,
 * so that what is judged is what is stepped into, whoever renames meanwhile; links are resolved
 * here, as text; ".." goes back to a directory that was come from. Stricter than the kernel in
 * two things: a link in procfs is refused (some lead elsewhere than their text says), and ".."
 * does not reach back further than 64 directories.
 */
int beneath_walk(int dir_fd, const char *path, uint64_t flags, uint64_t resolve);

#endif
