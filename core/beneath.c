/* SPDX-License-Identifier: Apache-2.0 */
#include "core/beneath.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include <linux/magic.h>

#include <strandline/error.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/kernel.h"

/* What the kernel allows itself. */
#define LINKS_MAX 40
#define TARGET_MAX 4096
/* Directories that ".." can go back to. */
#define KEPT 64
#define RACES_MAX 128

struct walk {
	uint64_t flags, resolve;
	int root_fd;     /* borrowed */
	int kept[KEPT];  /* a ring: the directory at depth n is kept[(n - 1) % KEPT], or -1 */
	size_t depth;    /* below the root */
	struct buf path; /* what is left to walk starts at @at */
	size_t at;
	unsigned int links;
	uint64_t mount; /* of the root */
	bool knows_mount;
	dev_t dev;
};

/* Links of procfs, and a few of securityfs, lead to an object and not to what their text says. */
static bool has_magic_links(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 || fs.f_type == PROC_SUPER_MAGIC ||
	       fs.f_type == SECURITYFS_MAGIC;
}

static int *slot(struct walk *w, size_t depth)
{
	return &w->kept[(depth - 1) % KEPT];
}

static int current(struct walk *w)
{
	return w->depth == 0 ? w->root_fd : *slot(w, w->depth);
}

static void push(struct walk *w, int fd)
{
	int *kept = slot(w, ++w->depth);

	cleanup_closep(kept);
	*kept = fd;
}

static void go_to_root(struct walk *w)
{
	for (size_t i = 0; i < KEPT; i++) {
		cleanup_closep(&w->kept[i]);
		w->kept[i] = -1;
	}
	w->depth = 0;
}

static int fail(int sys)
{
	errno = sys;
	return -1;
}

static int go_up(struct walk *w)
{
	int *kept;

	if (w->depth == 0)
		return (w->resolve & RESOLVE_IN_ROOT) != 0 ? 0 : fail(EXDEV);
	kept = slot(w, w->depth--);
	cleanup_closep(kept);
	*kept = -1;
	return current(w) >= 0 ? 0 : fail(EXDEV);
}

/* The next component, ended by NUL; NULL at the end. What follows it starts at w->at. */
static char *next_component(struct walk *w, bool *last)
{
	char *name, *end;

	while (w->path.data[w->at] == '/')
		w->at++;
	name = w->path.data + w->at;
	if (*name == '\0')
		return NULL;
	end = strchrnul(name, '/');
	*last = *end == '\0';
	w->at = (size_t)(end - w->path.data) + !*last;
	*end = '\0';
	return name;
}

/* Put the target of the link @fd in front of what is left. */
static int expand(struct walk *w, int fd, bool last)
{
	struct buf path = BUF_INIT(w->path.max);
	char target[TARGET_MAX];
	ssize_t n;

	if ((w->resolve & RESOLVE_IN_ROOT) == 0 || ++w->links > LINKS_MAX || has_magic_links(fd))
		return fail(ELOOP);
	n = readlinkat(fd, "", target, sizeof(target));
	if (n <= 0)
		return n < 0 ? -1 : fail(ENOENT);
	if (n == sizeof(target))
		return fail(ENAMETOOLONG);
	(void)buf_append(&path, target, (size_t)n);
	if (!last) {
		(void)buf_append_char(&path, '/');
		(void)buf_append_str(&path, w->path.data + w->at);
	}
	buf_clear(&w->path);
	w->path = path;
	w->at = 0;
	if (path.status < 0)
		return fail(path.status == -SL_ELIMIT ? ENAMETOOLONG : ENOMEM);
	if (target[0] == '/')
		go_to_root(w);
	return 0;
}

/* Is @fd on the mount that the walk began on? */
static int check_mount(const struct walk *w, int fd, dev_t dev)
{
	uint64_t mount;

	if ((w->resolve & RESOLVE_NO_XDEV) == 0)
		return 0;
	if (w->knows_mount)
		return kernel_mount_id(fd, &mount) && mount == w->mount ? 0 : fail(EXDEV);
	return dev == w->dev ? 0 : fail(EXDEV);
}

/* The directory @fd itself, opened as was asked. */
static int open_here(const struct walk *w, int fd)
{
	return openat(fd, ".", (int)(w->flags & ~(uint64_t)O_NOFOLLOW));
}

/* What the path led to, pinned by @fd, opened as was asked. */
static int finish(const struct walk *w, int fd, mode_t mode)
{
	if ((w->flags & O_DIRECTORY) != 0 && !S_ISDIR(mode))
		return fail(ENOTDIR);
	if ((w->flags & O_PATH) != 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 0);
	/* a file is opened to read it by root_reopen() */
	return S_ISDIR(mode) ? open_here(w, fd) : fail(EINVAL);
}

/* One component. 0: go on; 1: that was the end, and *out is what beneath_walk() returns. */
static int step(struct walk *w, const char *name, bool last, int *out)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return go_up(w);
	fd = openat(current(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || check_mount(w, fd, st.st_dev) < 0)
		return -1;
	if (S_ISLNK(st.st_mode) && !(last && (w->flags & O_NOFOLLOW) != 0))
		return expand(w, fd, last);
	if (S_ISLNK(st.st_mode) && (w->flags & (O_PATH | O_DIRECTORY)) == 0)
		return fail(ELOOP);
	if (last) {
		*out = finish(w, fd, st.st_mode);
		return 1;
	}
	if (!S_ISDIR(st.st_mode))
		return fail(ENOTDIR);
	push(w, take_fd(&fd));
	return 0;
}

static int start(struct walk *w, const char *path)
{
	struct stat st;

	if (*path == '\0')
		return fail(ENOENT);
	if (strlen(path) >= TARGET_MAX)
		return fail(ENAMETOOLONG);
	if (*path == '/' && (w->resolve & RESOLVE_IN_ROOT) == 0)
		return fail(EXDEV);
	if (buf_append_str(&w->path, path) < 0)
		return fail(ENOMEM);
	if ((w->resolve & RESOLVE_NO_XDEV) == 0)
		return 0;
	w->knows_mount = kernel_mount_id(w->root_fd, &w->mount);
	if (fstat(w->root_fd, &st) < 0)
		return -1;
	w->dev = st.st_dev;
	return 0;
}

static int run(struct walk *w)
{
	bool last = false;
	char *name;
	int rc = 0, out = -1;

	while (rc == 0 && (name = next_component(w, &last)) != NULL)
		rc = step(w, name, last, &out);
	if (rc == 0)
		out = open_here(w, current(w));
	return out;
}

int beneath_walk(int dir_fd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct walk w = {.flags = flags | O_CLOEXEC,
			 .resolve = resolve,
			 .root_fd = dir_fd,
			 .path = BUF_INIT(((size_t)LINKS_MAX + 1) * (TARGET_MAX + 1))};
	int fd = -1, saved;

	memset(w.kept, 0xff, sizeof(w.kept)); /* all -1 */
	if (start(&w, path) == 0)
		fd = run(&w);
	saved = errno;
	go_to_root(&w);
	buf_clear(&w.path);
	errno = saved;
	return fd;
}

int beneath_open(int dir_fd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
	int tries = 0;
	long fd;

	/* EAGAIN: a rename raced with the resolution, which is no verdict */
	do
		fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < RACES_MAX);
	/* EPERM may be about the file: O_NOATIME is for its owner */
	if (fd < 0 && (errno == ENOSYS || (errno == EPERM && !kernel_has_openat2())))
		return beneath_walk(dir_fd, path, flags, resolve);
	return (int)fd;
}
