/* SPDX-License-Identifier: Apache-2.0 */
#include "property/treeplay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/cleanup.h"

static char *text(const char *fmt, ...) SL_PRINTF(1, 2);
static char *text(const char *fmt, ...)
{
	va_list ap;
	char *out;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) < 0)
		abort();
	va_end(ap);
	return out;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

static void remove_all(const char *path)
{
	(void)nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

const char *play_prepare(void)
{
	struct play *p;
	const char *why = NULL;

	if (geteuid() != 0)
		return "mounting needs root";
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return "no private mount namespace";
	p = play_new(1);
	play_push(p, NULL);
	play_push(p, "");
	if (!p->mounted)
		why = "overlayfs cannot be mounted on the temporary directory";
	play_free(p);
	return why;
}

bool play_has_fuse(void)
{
	return access("/dev/fuse", R_OK | W_OK) == 0 &&
	       access("/usr/bin/fuse-overlayfs", X_OK) == 0;
}

struct play *play_new(uint64_t seed)
{
	const char *tmp = getenv("TMPDIR");
	struct play *p = calloc(1, sizeof(*p));

	must(p != NULL, "play");
	p->random = seed * 0x9e3779b97f4a7c15ull + 1;
	p->dir = text("%s/strandline-play-XXXXXX", tmp != NULL ? tmp : "/tmp");
	must(mkdtemp(p->dir) != NULL, "mkdtemp");
	return p;
}

void play_settle(struct play *p)
{
	AUTO_FREE char *merged = text("%s/merged", p->dir);

	if (p->mounted)
		must(umount2(merged, 0) == 0, "umount");
	p->mounted = false;
}

void play_free(struct play *p)
{
	if (p == NULL)
		return;
	play_settle(p);
	remove_all(p->dir);
	free(p->dir);
	free(p);
}

uint64_t play_random(struct play *p, uint64_t below)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random % below;
}

/* The program returns when the mount stands, and leaves a process of its own behind it. */
static bool mount_fuse(const char *data, const char *merged)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(null, 2);
		(void)dup2(null, 1);
		execlp("fuse-overlayfs", "fuse-overlayfs", "-o", data, merged, (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void mount_top(struct play *p, const char *options)
{
	AUTO_FREE char *upper = text("%s/%d", p->dir, p->layers - 1);
	AUTO_FREE char *work = text("%s/work%d", p->dir, p->layers - 1);
	AUTO_FREE char *merged = text("%s/merged", p->dir);
	AUTO_FREE char *data = NULL;
	char *lower = NULL;

	for (int i = p->layers - 2; i >= 0; i--) {
		char *longer = text("%s%s%s/%d",
				    lower != NULL ? lower : "lowerdir=", lower != NULL ? ":" : "",
				    p->dir, i);

		free(lower);
		lower = longer;
	}
	data = text("%s,upperdir=%s,workdir=%s%s%s", lower, upper, work,
		    options[0] != '\0' ? "," : "", options);
	free(lower);
	p->mounted = p->fuse ? mount_fuse(data, merged)
			     : mount("overlay", merged, "overlay", 0, data) == 0;
}

void play_push(struct play *p, const char *options)
{
	AUTO_FREE char *upper = text("%s/%d", p->dir, p->layers);
	AUTO_FREE char *work = text("%s/work%d", p->dir, p->layers);
	AUTO_FREE char *merged = text("%s/merged", p->dir);

	play_settle(p);
	must(mkdir(upper, 0755) == 0, upper);
	if (p->layers++ == 0)
		return;
	(void)mkdir(work, 0755);
	(void)mkdir(merged, 0755);
	mount_top(p, options);
}

void play_remount(struct play *p, const char *options)
{
	play_settle(p);
	mount_top(p, options);
}

char *play_root(const struct play *p)
{
	return p->mounted ? text("%s/merged", p->dir) : text("%s/%d", p->dir, p->layers - 1);
}

int play_open(const struct play *p, int n)
{
	AUTO_FREE char *path = n < 0 ? play_root(p) : text("%s/%d", p->dir, n);
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	must(fd >= 0, path);
	return fd;
}

void play_stack(const struct play *p, struct sl_stack *out)
{
	*out = SL_STACK_INIT;
	out->marker = SL_MARKER_OVERLAY_TRUSTED;
	out->lowers = calloc(PLAY_LAYERS_MAX, sizeof(*out->lowers));
	must(out->lowers != NULL, "stack");
	for (int i = p->layers - 2; i >= 0; i--)
		out->lowers[out->lower_count++].dir_fd = play_open(p, i);
}

void play_stack_clear(struct sl_stack *stack)
{
	for (size_t i = 0; i < stack->lower_count; i++)
		close(stack->lowers[i].dir_fd);
	free(stack->lowers);
	*stack = SL_STACK_INIT;
}

/* Random operations */

static const char *const names[] = {"a",     "b",   "c",    "d",       "a-b", "a.d",
				    "a\x01", "b b", "\xff", "\x1b[2J", "etc", "Z"};

static const char *random_name(struct play *p)
{
	return names[play_random(p, ARRAY_SIZE(names))];
}

/* A random existing directory, by walking down from the root. */
static char *random_dir(struct play *p)
{
	char *path = play_root(p);

	for (uint64_t depth = play_random(p, 5); depth > 0; depth--) {
		char *longer = text("%s/%s", path, random_name(p));
		struct stat st;

		if (lstat(longer, &st) < 0 || !S_ISDIR(st.st_mode)) {
			free(longer);
			continue;
		}
		free(path);
		path = longer;
	}
	return path;
}

/* A random path that may or may not exist. Never the root. */
static char *random_path(struct play *p)
{
	AUTO_FREE char *dir = random_dir(p);

	return text("%s/%s", dir, random_name(p));
}

/* The last of a few tries that exists. */
static char *random_victim(struct play *p)
{
	char *path = random_path(p);
	struct stat st;

	for (int tries = 0; tries < 20 && lstat(path, &st) < 0; tries++) {
		free(path);
		path = random_path(p);
	}
	return path;
}

static void fill(struct play *p, int fd, size_t len)
{
	char bytes[6000];

	if (fd < 0)
		return;
	memset(bytes, (int)('a' + play_random(p, 26)), sizeof(bytes));
	(void)!write(fd, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
	close(fd);
}

static void do_write(struct play *p)
{
	static const int modes[] = {O_TRUNC, O_APPEND, 0, O_EXCL};
	AUTO_FREE char *path = random_path(p);
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return;
	fill(p,
	     open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | modes[play_random(p, 4)],
		  0600 + (mode_t)play_random(p, 0200)),
	     play_random(p, 6000));
}

/* Written without write(): holes, room that is not used, and pages. */
static void do_punch(struct play *p)
{
	static const int modes[] = {0, FALLOC_FL_KEEP_SIZE,
				    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    FALLOC_FL_ZERO_RANGE, FALLOC_FL_COLLAPSE_RANGE};
	AUTO_FREE char *path = random_victim(p);
	AUTO_CLOSE int fd = -1;
	struct stat st;
	char *page;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (play_random(p, 2) == 0) {
		(void)!fallocate(fd, modes[play_random(p, ARRAY_SIZE(modes))], 0, 4096);
		return;
	}
	page = st.st_size == 0 || p->fuse
		       ? MAP_FAILED
		       : mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return;
	page[0]++;
	(void)munmap(page, 1);
}

/* Opened for writing, or written, and then with the time it had: touched, or forged. */
static void do_restore(struct play *p)
{
	AUTO_FREE char *path = random_victim(p);
	struct stat st;
	char first;
	int fd;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (pread(fd, &first, 1, 0) == 1 && play_random(p, 3) > 0) {
		first = (char)(first + (char)play_random(p, 2));
		(void)!pwrite(fd, &first, 1, 0);
	}
	(void)futimens(fd, (struct timespec[2]){st.st_atim, st.st_mtim});
	close(fd);
}

/* A file that had no name until it was whole. */
static void do_unnamed(struct play *p)
{
	AUTO_FREE char *dir = random_dir(p);
	AUTO_FREE char *to = text("%s/%s", dir, random_name(p));
	AUTO_FREE char *from = NULL;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0640);

	if (fd < 0)
		return;
	from = text("/proc/self/fd/%d", fd);
	(void)!linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW);
	fill(p, fd, 40);
}

static void do_truncate(struct play *p)
{
	AUTO_FREE char *path = random_victim(p);
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		(void)!truncate(path, (off_t)(play_random(p, 2) == 0 ? play_random(p, 3000)
								     : play_random(p, 900000)));
}

static void do_meta(struct play *p)
{
	AUTO_FREE char *path = random_victim(p);
	static const time_t odd[] = {0, -1, (time_t)1 << 31, (time_t)1 << 33};
	time_t when = play_random(p, 3) == 0 ? odd[play_random(p, ARRAY_SIZE(odd))]
					     : (time_t)play_random(p, 1u << 31);
	struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_sec = when, .tv_nsec = 7}};
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	switch (play_random(p, 4)) {
	case 0:
		if (!S_ISLNK(st.st_mode))
			(void)chmod(path, (mode_t)play_random(p, 010000));
		break;
	case 1:
		(void)!lchown(path, (uid_t)play_random(p, 70000), (gid_t)play_random(p, 10));
		break;
	case 2:
		(void)utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
		break;
	default:
		if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
			(void)setxattr(path,
				       play_random(p, 2) == 0 ? "user.x" : "user.overlay.opaque",
				       "y\0z", play_random(p, p->fuse ? 3 : 4) + p->fuse, 0);
	}
}

static void do_remove(struct play *p)
{
	AUTO_FREE char *path = random_victim(p);
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode))
		(void)unlink(path);
	else if (play_random(p, 3) == 0)
		(void)rmdir(path);
	else
		remove_all(path);
}

static void do_mkdir(struct play *p)
{
	AUTO_FREE char *path = random_path(p);
	AUTO_FREE char *inner = text("%s/%s", path, random_name(p));

	(void)mkdir(path, 0700 + (mode_t)play_random(p, 0100));
	if (play_random(p, 2) == 0)
		fill(p, open(inner, O_WRONLY | O_CREAT | O_EXCL, 0644), 10);
}

/* What mv does when the kernel refuses: not needed, EXDEV just leaves things as they are. */
static void do_rename(struct play *p)
{
	AUTO_FREE char *from = random_victim(p);
	AUTO_FREE char *to = random_path(p);
	/* on a plain directory a whiteout would be what it looks like */
	const unsigned int flags[] = {0,
				      0,
				      0,
				      0,
				      RENAME_EXCHANGE,
				      RENAME_EXCHANGE,
				      p->mounted ? RENAME_WHITEOUT : RENAME_NOREPLACE};

	if (!p->fuse)
		(void)renameat2(AT_FDCWD, from, AT_FDCWD, to,
				flags[play_random(p, ARRAY_SIZE(flags))]);
}

static void do_link(struct play *p)
{
	AUTO_FREE char *from = random_victim(p);
	AUTO_FREE char *to = random_path(p);

	/* fuse-overlayfs takes files of one origin for one file, and shows of it what it met
	   first: no hard links, no renames */
	if (!p->fuse)
		(void)!link(from, to);
}

static void do_special(struct play *p)
{
	AUTO_FREE char *path = random_path(p);

	switch (play_random(p, 4)) {
	case 0:
		(void)mkfifo(path, 0640);
		break;
	case 1:
		(void)mknod(path, S_IFCHR | 0600, makedev(1, (unsigned int)play_random(p, 9)));
		break;
	default:
		(void)!symlink(random_name(p), path);
	}
}

/* A directory becomes a file, or the other way round. */
static void do_replace(struct play *p)
{
	AUTO_FREE char *path = random_victim(p);
	AUTO_FREE char *inner = text("%s/%s", path, random_name(p));
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	remove_all(path);
	if (S_ISDIR(st.st_mode) && play_random(p, 2) == 0) {
		fill(p, open(path, O_WRONLY | O_CREAT | O_EXCL, 0644), 20);
		return;
	}
	(void)mkdir(path, 0755);
	if (play_random(p, 2) == 0)
		fill(p, open(inner, O_WRONLY | O_CREAT | O_EXCL, 0644), 30);
}

void play_randomly(struct play *p, int count)
{
	static void (*const things[])(struct play *) = {
		do_write, do_write,   do_mkdir,   do_mkdir,  do_mkdir,   do_truncate,
		do_meta,  do_meta,    do_remove,  do_rename, do_rename,  do_rename,
		do_link,  do_special, do_replace, do_punch,  do_restore, do_unnamed};

	for (int i = 0; i < count; i++)
		things[play_random(p, ARRAY_SIZE(things))](p);
}

uint64_t play_seconds(uint64_t seconds)
{
	const char *given = getenv("STRANDLINE_SECONDS");

	return given != NULL ? strtoull(given, NULL, 10) : seconds;
}
