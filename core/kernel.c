/* SPDX-License-Identifier: Apache-2.0 */
#include "core/kernel.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <linux/magic.h>
#include <linux/mount.h>

#include "core/cleanup.h"

/* The same numbers everywhere but on Alpha; Debian 12's headers are older than the calls. */
#define CALL_GETXATTRAT 464
#define CALL_LISTXATTRAT 465

struct xattr_arguments {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* Is there anything beyond a refusal? Each probe passes a size that the call itself calls wrong. */
static bool answers(long rc)
{
	return rc >= 0 || errno == EINVAL || errno == EFAULT || errno == E2BIG;
}

bool kernel_has_openat2(void)
{
	int saved = errno;
	bool has = answers(syscall(SYS_openat2, -1, "", NULL, 0));

	errno = saved;
	return has;
}

bool kernel_has_xattrat(void)
{
	struct xattr_arguments args = {0};
	char list[1];

	return answers(syscall(CALL_GETXATTRAT, -1, "", 0, "user.x", &args, 0)) &&
	       answers(syscall(CALL_LISTXATTRAT, -1, "", -1, list, 0));
}

static bool has_statx(void)
{
	struct statx st;

	return syscall(SYS_statx, AT_FDCWD, "/", 0, STATX_TYPE, &st) == 0;
}

bool kernel_has_proc(void)
{
	struct statfs fs;
	int saved = errno;
	bool has = statfs("/proc/self/fd", &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;

	errno = saved;
	return has;
}

size_t kernel_fallbacks(const char *names[KERNEL_FALLBACKS_MAX])
{
	size_t n = 0;

	if (!kernel_has_openat2())
		names[n++] = "openat2";
	if (!has_statx())
		names[n++] = "statx";
	if (!kernel_has_proc())
		names[n++] = "proc";
	return n;
}

static struct statx_timestamp stamp(struct timespec t)
{
	return (struct statx_timestamp){.tv_sec = t.tv_sec, .tv_nsec = (uint32_t)t.tv_nsec};
}

static void from_stat(struct statx *out, const struct stat *st)
{
	*out = (struct statx){.stx_mask = STATX_BASIC_STATS,
			      .stx_blksize = (uint32_t)st->st_blksize,
			      .stx_nlink = (uint32_t)st->st_nlink,
			      .stx_uid = st->st_uid,
			      .stx_gid = st->st_gid,
			      .stx_mode = (uint16_t)st->st_mode,
			      .stx_ino = st->st_ino,
			      .stx_size = (uint64_t)st->st_size,
			      .stx_blocks = (uint64_t)st->st_blocks,
			      .stx_atime = stamp(st->st_atim),
			      .stx_ctime = stamp(st->st_ctim),
			      .stx_mtime = stamp(st->st_mtim),
			      .stx_rdev_major = major(st->st_rdev),
			      .stx_rdev_minor = minor(st->st_rdev),
			      .stx_dev_major = major(st->st_dev),
			      .stx_dev_minor = minor(st->st_dev)};
}

int kernel_statx(int dir_fd, const char *name, int flags, struct statx *out)
{
	struct stat st;

	if (statx(dir_fd, name, flags, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, out) == 0)
		return 0;
	/* the call itself never answers these; glibc's stand-in knows no AT_STATX_DONT_SYNC */
	if (errno != ENOSYS && errno != EPERM && errno != EINVAL)
		return -1;
	if (fstatat(dir_fd, name, &st, flags & ~AT_STATX_SYNC_TYPE) < 0)
		return -1;
	from_stat(out, &st);
	return 0;
}

/* "mnt_id:" in fdinfo is there since Linux 3.15. */
static bool mount_id_from_proc(int fd, uint64_t *id)
{
	static const char key[] = "mnt_id:";
	AUTO_CLOSE int info = -1;
	char path[48], text[512];
	char *line, *end;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = kernel_has_proc() ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	n = info >= 0 ? read(info, text, sizeof(text) - 1) : -1;
	if (n <= 0)
		return false;
	text[n] = '\0';
	line = strstr(text, key);
	if (line == NULL)
		return false;
	*id = strtoull(line + sizeof(key) - 1, &end, 10);
	return *end == '\n';
}

bool kernel_mount_id(int fd, uint64_t *id)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 &&
	    (st.stx_mask & STATX_MNT_ID) != 0) {
		*id = st.stx_mnt_id;
		return true;
	}
	return mount_id_from_proc(fd, id);
}

bool kernel_ran_out(int sys)
{
	return sys == EMFILE || sys == ENFILE || sys == ENOMEM || sys == ENOBUFS;
}

int kernel_private_proc(void)
{
	const unsigned int attributes =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	AUTO_CLOSE int fs = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

/* A directory that only looks like /proc must not hand us another file. -1 with errno. */
static int check_same(int fd, const struct stat *st)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return -1;
	if (now.st_dev == st->st_dev && now.st_ino == st->st_ino)
		return 0;
	errno = ENOENT;
	return -1;
}

static int reopen_in(int proc_fd, const char *proc, int path_fd, const struct stat *st, int flags)
{
	AUTO_CLOSE int fd = -1;
	char name[48];

	(void)snprintf(name, sizeof(name), "%sself/fd/%d", proc, path_fd);
	fd = openat(proc_fd, name, flags);
	return fd >= 0 && check_same(fd, st) < 0 ? -1 : take_fd(&fd);
}

int kernel_reopen(int path_fd, const struct stat *st, int flags)
{
	AUTO_CLOSE int proc_fd = -1;
	int fd = reopen_in(AT_FDCWD, "/proc/", path_fd, st, flags);

	if (fd >= 0 || (errno != ENOENT && errno != ENOTDIR) || kernel_has_proc())
		return fd;
	proc_fd = kernel_private_proc();
	if (proc_fd < 0) {
		errno = ENXIO;
		return -1;
	}
	return reopen_in(proc_fd, "", path_fd, st, flags);
}

static int make_readonly(int tree)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
						    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
						    MOUNT_ATTR_NOATIME | MOUNT_ATTR_NOSYMFOLLOW,
					.attr_clr = MOUNT_ATTR__ATIME};
	const unsigned int flags = AT_EMPTY_PATH | AT_RECURSIVE;

	if (syscall(SYS_mount_setattr, tree, "", flags, &attributes, sizeof(attributes)) == 0)
		return 0;
	attributes.attr_set &= ~(uint64_t)MOUNT_ATTR_NOSYMFOLLOW;
	return (int)syscall(SYS_mount_setattr, tree, "", flags, &attributes, sizeof(attributes));
}

int kernel_clone_readonly(int dir_fd)
{
	AUTO_CLOSE int tree =
		(int)syscall(SYS_open_tree, dir_fd, "",
			     AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 || make_readonly(tree) < 0)
		return -1;
	return take_fd(&tree);
}

int kernel_open_program(void)
{
	AUTO_CLOSE int proc_fd = -1;

	if (kernel_has_proc())
		return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	proc_fd = kernel_private_proc();
	return proc_fd < 0 ? -1 : openat(proc_fd, "self/exe", O_RDONLY | O_CLOEXEC);
}

ssize_t kernel_listxattrat(int dir_fd, const char *name, char *list, size_t size)
{
	return syscall(CALL_LISTXATTRAT, dir_fd, name, AT_SYMLINK_NOFOLLOW, list, size);
}

ssize_t kernel_getxattrat(int dir_fd, const char *name, const char *attribute, void *value,
			  size_t size)
{
	struct xattr_arguments args = {.value = (uintptr_t)value, .size = (uint32_t)size};

	return syscall(CALL_GETXATTRAT, dir_fd, name, AT_SYMLINK_NOFOLLOW, attribute, &args,
		       sizeof(args));
}
