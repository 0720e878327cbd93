/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "property/treelist.h"
#include "snapshot/attributes.h"
#include "snapshot/dirnames.h"
#include "snapshot/layertree.h"
#include "unit/fake_source.h"

/* Each test works in its own empty directory. */
static int enter_scratch(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *dir;

	if (asprintf(&dir, "%s/strandline-tree-XXXXXX", tmp != NULL ? tmp : "/tmp") < 0 ||
	    mkdtemp(dir) == NULL || chdir(dir) < 0)
		return -1;
	(void)umask(022);
	*state = dir;
	return 0;
}

/* nftw() gives up on trees this deep; rm does not. */
static int leave_scratch(void **state)
{
	AUTO_FREE char *dir = *state;
	int status = -1;
	pid_t child;

	if (chdir("/") < 0)
		return -1;
	child = fork();
	if (child == 0) {
		execlp("rm", "rm", "-rf", "--one-file-system", "--", dir, (char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static struct sl_source *walk(enum sl_marker marker)
{
	AUTO_CLOSE int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sl_source *src;

	assert_int_equal(layertree_open(&src, fd, marker, NULL, NULL), 0);
	return src;
}

static void put(const char *path, const char *content)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
}

static const struct sl_entry *expect_at(struct sl_source *src, const char *path)
{
	const struct sl_entry *e;

	assert_int_equal(sl_source_seek(src, (struct sl_bytes){path, strlen(path)}, NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, path);
	return e;
}

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	print_message("skipped: needs root\n");
	return false;
}

static void special_files_are_described_and_never_opened(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sl_entry *e;
	struct sl_content *c;
	struct sl_source *src;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	if (geteuid() == 0)
		assert_int_equal(mknod("device", S_IFCHR | 0600, makedev(4, 64)), 0);
	src = walk(SL_MARKER_NONE);
	e = expect_at(src, "fifo");
	assert_true(S_ISFIFO(e->mode));
	assert_int_equal(sl_source_open(src, &c, NULL), -SL_EINVAL);
	e = expect_at(src, "socket");
	assert_true(S_ISSOCK(e->mode));
	assert_int_equal(sl_source_open(src, &c, NULL), -SL_EINVAL);
	if (is_root()) {
		e = expect_at(src, "device");
		assert_int_equal(e->rdev_major, 4);
		assert_int_equal(e->rdev_minor, 64);
	}
	assert_null(sl_source_gap(src));
	sl_source_close(src);
	close(listener);
}

static void a_file_that_became_a_fifo_is_refused_without_blocking(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	struct sl_content *c;

	(void)state;
	put("f", "data");
	expect_at(src, "f");
	assert_int_equal(unlink("f"), 0);
	assert_int_equal(mkfifo("f", 0600), 0);
	assert_int_equal(sl_source_open(src, &c, NULL), -SL_EIO);
	expect_at(src, "f");
	assert_int_equal(unlink("f"), 0);
	sl_source_close(src);
}

static void links_are_never_followed(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	struct treelist t;

	(void)state;
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(symlink("/etc", "outside"), 0);
	assert_int_equal(symlink("..", "up"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_string_equal(expect_at(src, "outside")->target.data, "/etc");
	assert_int_equal(sl_source_seek(src, PATH("outside/passwd"), NULL), 0);
	assert_int_equal(sl_source_seek(src, PATH("../etc"), NULL), 0);
	assert_int_equal(sl_source_seek(src, PATH(""), NULL), 0);
	treelist_read(&t, src);
	assert_int_equal(t.count, 5);
	assert_int_equal(t.gaps, 0);
	treelist_clear(&t);
}

static void any_name_and_any_depth_is_walked_with_few_descriptors(void **state)
{
	enum { DEPTH = 5000 };
	char name[256];
	const char *at;
	struct sl_source *src;
	const struct sl_entry *e;
	size_t count = 0, longest = 0, fds = 0;
	int rc;

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	for (int i = 0; i < DEPTH; i++) {
		at = i % 100 == 0 ? name : i % 100 == 1 ? "\x1b[31m\n" : "\xff\xfe";
		assert_int_equal(mkdir(at, 0755), 0);
		if (i % 10 == 0) {
			put("a", "");
			put("\xff\xff", "x");
		}
		assert_int_equal(chdir(at), 0);
	}
	assert_int_equal(chdir(*state), 0);
	src = walk(SL_MARKER_NONE);
	while ((rc = sl_source_next(src, &e, NULL)) == 0) {
		longest = e->path.len > longest ? e->path.len : longest;
		if (++count == DEPTH)
			for (int fd = 0; fd < 1024; fd++)
				fds += fcntl(fd, F_GETFD) >= 0;
	}
	assert_int_equal(rc, 1);
	assert_int_equal(count, DEPTH + 2 * DEPTH / 10 + 1);
	assert_true(longest > 50 * 255);
	assert_true(fds > 60 && fds < 80);
	assert_null(sl_source_gap(src));
	/* and back up again, by names and by seeking */
	expect_at(src, "\xff\xff");
	expect_at(src, "a");
	sl_source_close(src);
}

static void a_directory_moved_away_below_the_walk_is_a_gap_not_a_detour(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	const struct sl_entry *e;
	const struct sl_gap *gap;
	char deep[1024] = "top/in";
	int rc;

	(void)state;
	assert_int_equal(mkdir("top", 0755), 0);
	assert_int_equal(mkdir("top/in", 0755), 0);
	assert_int_equal(mkdir("elsewhere", 0755), 0);
	put("top/zz", "");
	for (int i = 0; i < 80; i++) {
		(void)strcat(deep, "/d");
		assert_int_equal(mkdir(deep, 0755), 0);
	}
	do
		rc = sl_source_next(src, &e, NULL);
	while (rc == 0 && strcmp(e->path.data, deep) != 0);
	assert_int_equal(rc, 0);
	/* "top" is asleep by now; its child leaves it, and it leaves its name */
	assert_int_equal(rename("top/in", "elsewhere/in"), 0);
	assert_int_equal(rename("top", "moved"), 0);
	while ((rc = sl_source_next(src, &e, NULL)) == 0)
		assert_string_not_equal(e->path.data, "top/zz");
	assert_int_equal(rc, 1);
	gap = sl_source_gap(src);
	assert_non_null(gap);
	assert_string_equal(gap->what.data, "top");
	assert_true(gap->below);
	sl_source_close(src);
}

static void vanished_names_are_counted(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	const struct sl_entry *e;

	(void)state;
	put("a", "");
	put("b", "");
	put("c", "");
	expect_at(src, "a");
	assert_int_equal(unlink("b"), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, "c");
	assert_int_equal(layertree_raced(src), 1);
	assert_null(sl_source_gap(src));
	sl_source_close(src);
}

static void what_may_not_be_read_is_a_gap(void **state)
{
	struct sl_source *src;
	const struct sl_gap *gap;
	const struct sl_entry *e;
	int rc;

	(void)state;
	if (!is_root())
		return;
	assert_int_equal(mkdir("closed", 0700), 0);
	assert_int_equal(mkdir("open", 0755), 0);
	assert_int_equal(chmod(".", 0755), 0);
	put("open/f", "secret");
	assert_int_equal(chmod("open/f", 0), 0);
	assert_int_equal(seteuid(65534), 0);
	src = walk(SL_MARKER_OVERLAY_TRUSTED);
	gap = sl_source_gap(src);
	assert_non_null(gap);
	assert_non_null(strstr(gap->why, "CAP_SYS_ADMIN"));
	while ((rc = sl_source_next(src, &e, NULL)) == 0) {
		struct sl_content *c;

		if (strcmp(e->path.data, "open/f") == 0)
			assert_int_equal(sl_source_open(src, &c, NULL), -SL_EIO);
	}
	assert_int_equal(rc, 1);
	gap = sl_source_gap(src);
	assert_non_null(gap);
	assert_string_equal(gap->what.data, "closed");
	assert_int_equal(gap->sys, EACCES);
	assert_true(gap->below);
	assert_null(sl_source_gap(src));
	sl_source_close(src);
	assert_int_equal(seteuid(0), 0);
}

static void other_mounts_are_not_entered(void **state)
{
	AUTO_CLOSE int fd = open("/", O_PATH | O_DIRECTORY);
	const struct sl_gap *gap;
	const struct sl_entry *e;
	struct sl_source *src;

	(void)state;
	assert_int_equal(layertree_open(&src, fd, SL_MARKER_NONE, NULL, NULL), 0);
	assert_int_equal(sl_source_seek(src, PATH("proc"), NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_not_equal(e->path.data, "proc");
	gap = sl_source_gap(src);
	assert_non_null(gap);
	assert_string_equal(gap->what.data, "proc");
	assert_int_equal(sl_source_seek(src, PATH("proc/self/status"), NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_false(sl_path_within(e->path, PATH("proc")));
	sl_source_close(src);
}

/* A tap that adds up, and may act once in the middle of the read. */
struct sum {
	struct sl_tap tap;
	uint64_t bytes, nonzero;
	const char *append_to;
};

static int add_up(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct sum *s = container_of(tap, struct sum, tap);
	const char *p = bytes;

	(void)err;
	s->bytes += len;
	for (size_t i = 0; i < len; i++)
		s->nonzero += p[i] != 0;
	if (s->append_to != NULL)
		put(s->append_to, "now shorter");
	s->append_to = NULL;
	return 0;
}

static struct sl_read read_all(struct sl_source *src, struct sum *sum)
{
	struct sl_tap *taps[] = {&sum->tap};
	struct sl_content *c;
	struct sl_read read;

	sum->tap.data = add_up;
	assert_int_equal(sl_source_open(src, &c, NULL), 0);
	assert_int_equal(sl_content_read(c, taps, 1, &read, NULL), 0);
	sl_content_close(c);
	assert_int_equal(read.bytes, sum->bytes);
	return read;
}

static void contents_are_read_whole_holes_too(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	struct sum small = {0}, sparse = {0}, empty = {0};
	struct sl_read read;
	int fd;

	(void)state;
	put("empty", "");
	put("small", "12345");
	fd = open("sparse", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(pwrite(fd, "xyz", 3, 3000000), 3);
	assert_int_equal(ftruncate(fd, 5000001), 0);
	close(fd);
	expect_at(src, "empty");
	read = read_all(src, &empty);
	assert_false(read.changed || read.is_short);
	expect_at(src, "small");
	(void)read_all(src, &small);
	assert_int_equal(small.nonzero, 5);
	expect_at(src, "sparse");
	read = read_all(src, &sparse);
	assert_int_equal(sparse.bytes, 5000001);
	assert_int_equal(sparse.nonzero, 3);
	assert_false(read.changed || read.is_short);
	sl_source_close(src);
}

static void a_file_that_changes_says_so(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	struct sum during = {.append_to = "f"}, before = {0};
	struct sl_read read;
	char *big = calloc(1, 600001);

	(void)state;
	memset(big, 'x', 600000);
	put("f", big);
	free(big);
	expect_at(src, "f");
	read = read_all(src, &during);
	assert_true(read.changed);
	assert_true(read.is_short);
	expect_at(src, "f");
	put("f", "other and longer");
	read = read_all(src, &before);
	assert_true(read.changed);
	assert_int_equal(before.bytes, 16);
	sl_source_close(src);
}

/* Who finds that a file changed reads it again: the second read is about what is there then. */
static void a_file_that_holds_still_the_second_time_says_so(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	struct sum sum = {.tap.data = add_up};
	struct sl_tap *taps[] = {&sum.tap};
	struct sl_content *c;
	struct sl_read read;
	struct stat st;

	(void)state;
	put("f", "before");
	expect_at(src, "f");
	assert_int_equal(sl_source_open(src, &c, NULL), 0);
	put("f", "longer than before");
	assert_int_equal(sl_content_read(c, taps, 1, &read, NULL), 0);
	assert_true(read.changed);
	assert_int_equal(sl_content_read(c, taps, 1, &read, NULL), 0);
	assert_false(read.changed || read.is_short);
	assert_int_equal(read.bytes, 18);
	assert_int_equal(stat("f", &st), 0);
	assert_true(read.has_times);
	assert_int_equal(read.mtime.sec, st.st_mtim.tv_sec);
	assert_int_equal(read.mtime.nsec, st.st_mtim.tv_nsec);
	sl_content_close(c);
	sl_source_close(src);
}

static int count_bytes(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	(void)bytes;
	(void)err;
	container_of(tap, struct sum, tap)->bytes += len;
	return 0;
}

/* A terabyte is made in a moment, also between the look at a file and the read. */
static void what_a_file_grew_meanwhile_is_not_read_without_end(void **state)
{
	struct sl_source *src = walk(SL_MARKER_NONE);
	struct sum sum = {.tap.data = count_bytes};
	struct sl_tap *taps[] = {&sum.tap};
	struct sl_content *c;
	struct sl_read read;

	(void)state;
	put("f", "small");
	expect_at(src, "f");
	assert_int_equal(sl_source_open(src, &c, NULL), 0);
	assert_int_equal(sl_content_holes(c), 0);
	assert_int_equal(truncate("f", (off_t)1 << 40), 0);
	assert_true(sl_content_holes(c) > (uint64_t)1 << 39);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sl_content_read(c, taps, 1, &read, NULL), 0);
		assert_true(read.changed);
		assert_true(read.bytes <= (uint64_t)2 << 30);
	}
	sl_content_close(c);
	sl_source_close(src);
}

static void access_times_stay(void **state)
{
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 2000}};
	struct treelist t;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	put("d/f", "x");
	assert_int_equal(utimensat(AT_FDCWD, "d/f", old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, "d", old, 0), 0);
	treelist_read(&t, walk(SL_MARKER_NONE));
	treelist_clear(&t);
	assert_int_equal(stat("d", &st), 0);
	assert_int_equal(st.st_atim.tv_sec, 1000);
	assert_int_equal(stat("d/f", &st), 0);
	assert_int_equal(st.st_atim.tv_sec, 1000);
}

static void set(const char *path, const char *name, const char *value)
{
	assert_int_equal(lsetxattr(path, name, value, strlen(value), 0), 0);
}

static void trusted_markers_become_flags(void **state)
{
	const struct sl_entry *e;
	struct sl_source *src;

	(void)state;
	if (!is_root())
		return;
	assert_int_equal(mknod("gone", S_IFCHR, makedev(0, 0)), 0);
	put("gone-too", "");
	set("gone-too", "trusted.overlay.whiteout", "");
	put("not-gone", "content");
	set("not-gone", "trusted.overlay.whiteout", "");
	assert_int_equal(mkdir("opaque", 0755), 0);
	set("opaque", "trusted.overlay.opaque", "y");
	set("opaque", "user.overlay.opaque", "data");
	assert_int_equal(mkdir("x", 0755), 0);
	set("x", "trusted.overlay.opaque", "x");
	set("x", "trusted.overlay.redirect", "/old/place");
	put("meta", "");
	set("meta", "trusted.overlay.metacopy", "");
	set("meta", "trusted.overlay.origin", "handle");
	set("meta", "trusted.overlay.overlay.opaque", "y");
	set("meta", "user.note", "mine");
	src = walk(SL_MARKER_OVERLAY_TRUSTED);
	assert_int_equal(expect_at(src, "gone")->flags, SL_ENTRY_WHITEOUT);
	e = expect_at(src, "gone-too");
	assert_int_equal(e->flags, SL_ENTRY_WHITEOUT);
	assert_int_equal(e->mode, 0);
	assert_int_equal(expect_at(src, "not-gone")->flags, 0);
	e = expect_at(src, "opaque");
	assert_int_equal(e->flags, SL_ENTRY_OPAQUE);
	assert_int_equal(e->xattr_count, 1);
	assert_non_null(sl_entry_xattr(e, "user.overlay.opaque"));
	e = expect_at(src, "x");
	assert_int_equal(e->flags, 0);
	assert_string_equal(e->redirect.data, "/old/place");
	e = expect_at(src, "meta");
	assert_int_equal(e->flags, SL_ENTRY_METACOPY | SL_ENTRY_ORIGIN);
	/* what an overlay inside the container stored is its data, one prefix less */
	assert_int_equal(e->xattr_count, 2);
	assert_string_equal(e->xattrs[0].name, "trusted.overlay.opaque");
	assert_memory_equal(e->xattrs[0].value, "y", 1);
	assert_string_equal(e->xattrs[1].name, "user.note");
	assert_true((e->fields & SL_ENTRY_XATTRS) != 0);
	sl_source_close(src);
	src = walk(SL_MARKER_NONE);
	e = expect_at(src, "gone");
	assert_true(S_ISCHR(e->mode));
	assert_int_equal(e->flags, 0);
	assert_non_null(sl_entry_xattr(expect_at(src, "opaque"), "trusted.overlay.opaque"));
	sl_source_close(src);
}

static void bulky_attributes_cannot_hide_a_marker(void **state)
{
	char value[60000], name[32];
	const struct sl_entry *e;
	struct sl_source *src;
	int n = 0;

	(void)state;
	if (!is_root())
		return;
	memset(value, 'v', sizeof(value));
	assert_int_equal(mkdir("memory", 0755), 0);
	/* ext4 would keep attributes small; this namespace ends with the process */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "memory", "tmpfs", 0, NULL) < 0) {
		print_message("skipped: no private mount\n");
		return;
	}
	assert_int_equal(chdir("memory"), 0);
	assert_int_equal(mkdir("d", 0755), 0);
	for (; n < 30; n++) {
		(void)snprintf(name, sizeof(name), "trusted.%d", n);
		if (setxattr("d", name, value, sizeof(value), 0) < 0)
			break;
	}
	assert_int_equal(n, 30);
	set("d", "trusted.overlay.opaque", "y");
	src = walk(SL_MARKER_OVERLAY_TRUSTED);
	e = expect_at(src, "d");
	assert_int_equal(e->flags, SL_ENTRY_OPAQUE);
	assert_int_equal(e->fields & SL_ENTRY_XATTRS, 0);
	assert_non_null(sl_source_gap(src));
	sl_source_close(src);
	assert_int_equal(chdir(".."), 0);
	assert_int_equal(umount2("memory", MNT_DETACH), 0);
}

static void attributes_read_the_same_with_old_kernels(void **state)
{
	AUTO_CLOSE int fd = open(".", O_RDONLY | O_DIRECTORY);
	struct attributes a = ATTRIBUTES_INIT;

	(void)state;
	put("f", "");
	set("f", "user.b", "2");
	set("f", "user.a", "1");
	assert_int_equal(symlink("f", "link"), 0);
	for (int old = 0; old < 2; old++) {
		a.by_path = old == 1;
		assert_int_equal(attributes_read(&a, fd, "f", dialect_of(SL_MARKER_NONE), NULL), 0);
		assert_int_equal(a.count, 2);
		assert_string_equal(a.list[0].name, "user.a");
		assert_memory_equal(a.list[1].value, "2", 1);
		assert_int_equal(attributes_read(&a, fd, "link", dialect_of(SL_MARKER_NONE), NULL),
				 0);
		assert_int_equal(a.count, 0);
		assert_int_equal(attributes_read(&a, fd, "gone", dialect_of(SL_MARKER_NONE), NULL),
				 1);
	}
	attributes_clear(&a);
}

static void ids_are_shifted_back(void **state)
{
	AUTO_CLOSE int fd = open(".", O_PATH | O_DIRECTORY);
	struct sl_idmap_range range = {.inside = 0, .outside = 100000, .count = 65536};
	struct sl_idmap map = {.uids = &range, .gids = &range, .uid_count = 1, .gid_count = 1};
	const struct sl_entry *e;
	struct sl_source *src;

	(void)state;
	if (!is_root())
		return;
	put("f", "");
	assert_int_equal(chown("f", 100033, 7), 0);
	assert_int_equal(layertree_open(&src, fd, SL_MARKER_NONE, &map, NULL), 0);
	e = expect_at(src, "f");
	assert_int_equal(e->uid, 33);
	assert_int_equal(e->gid, 7);
	sl_source_close(src);
}

static void fuse_overlayfs_is_read_as_it_reads_itself(void **state)
{
	const struct sl_entry *e;
	const struct sl_gap *gap;
	struct sl_source *src;

	(void)state;
	if (!is_root())
		return;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("o", 0755), 0);
	assert_int_equal(mkdir("x", 0755), 0);
	put("o/.wh..wh..opq", "");
	put(".wh.gone", "");
	put("d/.wh.g", "");
	put("d/f", "");
	assert_int_equal(mknod("device", S_IFCHR, makedev(0, 0)), 0);
	set("x", "user.fuseoverlayfs.opaque", "y");
	set("x", "user.note", "n");
	/* without one on the root these are data that anybody may have set */
	put("plain", "");
	set("plain", "user.containers.override_stat", "0:0:4755");
	src = walk(SL_MARKER_FUSE_OVERLAY);
	assert_int_equal(expect_at(src, "gone")->flags, SL_ENTRY_WHITEOUT);
	assert_int_equal(expect_at(src, "d/g")->flags, SL_ENTRY_WHITEOUT);
	assert_int_equal(expect_at(src, "device")->flags, SL_ENTRY_WHITEOUT);
	assert_int_equal(expect_at(src, "o")->flags, SL_ENTRY_OPAQUE);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, "plain");
	assert_int_equal(e->mode & 07777, 0644);
	assert_int_equal(e->xattr_count, 1);
	e = expect_at(src, "x");
	assert_int_equal(e->flags, SL_ENTRY_OPAQUE);
	assert_int_equal(e->xattr_count, 1);
	assert_null(sl_source_gap(src));
	sl_source_close(src);

	set(".", "user.containers.override_stat", "7:8:751");
	set("d", "user.containers.override_stat", "1:2:1777");
	put("null", "");
	set("null", "user.containers.override_stat", "3:4:666:char-1-3");
	put("bad", "");
	set("bad", "user.containers.override_stat", "root");
	put("link", "target");
	set("link", "user.containers.override_stat", "0:0:777:symlink");
	src = walk(SL_MARKER_FUSE_OVERLAY);
	e = expect_at(src, "");
	assert_int_equal(e->uid, 7);
	assert_int_equal(e->mode, S_IFDIR | 0751);
	e = expect_at(src, "d");
	assert_int_equal(e->gid, 2);
	assert_int_equal(e->mode, S_IFDIR | 01777);
	assert_int_equal(expect_at(src, "plain")->mode, S_IFREG | 04755);
	e = expect_at(src, "null");
	assert_int_equal(e->mode, S_IFCHR | 0666);
	assert_int_equal(e->rdev_minor, 3);
	assert_int_equal(e->flags, 0);
	assert_null(sl_source_gap(src));
	expect_at(src, "bad");
	gap = sl_source_gap(src);
	assert_non_null(gap);
	assert_string_equal(gap->what.data, "bad");
	expect_at(src, "link");
	assert_non_null(sl_source_gap(src));
	sl_source_close(src);
}

static void files_that_delete_stand_where_their_name_does(void **state)
{
	static const char *const want[] = {"", "-", "a", "a/x", "b", "c", "z"};
	const struct sl_entry *e;
	struct sl_source *src;
	size_t n = 0;
	int gaps = 0;

	(void)state;
	assert_int_equal(mkdir("a", 0755), 0);
	put("a/x", "");
	put(".wh.b", "");
	put("c", "");
	put(".wh.z", "");
	put("-", "");
	put(".wh..wh.aufs", "");
	assert_int_equal(mkdir(".wh..wh.plnk", 0700), 0);
	put(".wh..wh.plnk/1.2", "pooled");
	src = walk(SL_MARKER_AUFS);
	for (; sl_source_next(src, &e, NULL) == 0; n++)
		assert_string_equal(e->path.data, want[n]);
	assert_int_equal(n, ARRAY_SIZE(want));
	assert_null(sl_source_gap(src));
	/* from anywhere on, also between the two */
	for (size_t i = 0; i < n; i++)
		expect_at(src, want[n - 1 - i]);
	assert_int_equal(sl_source_seek(src, PATH("b/in"), NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, "c");
	/* there and deleted: the file systems hide it, and nobody looks at it; images show it */
	put(".wh.a", "");
	assert_int_equal(expect_at(src, "a")->flags, SL_ENTRY_WHITEOUT);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, "b");
	assert_int_equal(sl_source_seek(src, PATH("a/x"), NULL), 0);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, "b");
	/* what is hidden behind a marker is said, too */
	put(".wh.y", "payload");
	put(".wh..wh.evil", "payload");
	assert_int_equal(sl_source_seek(src, PATH(""), NULL), 0);
	while (sl_source_next(src, &e, NULL) == 0)
		assert_string_not_equal(e->path.data, "a/x");
	while (sl_source_gap(src) != NULL)
		gaps++;
	assert_true(gaps >= 3);
	sl_source_close(src);
	src = walk(SL_MARKER_OCI);
	e = expect_at(src, "a");
	assert_true(S_ISDIR(e->mode));
	assert_int_equal(e->flags, SL_ENTRY_OPAQUE);
	assert_int_equal(sl_source_next(src, &e, NULL), 0);
	assert_string_equal(e->path.data, "a/x");
	sl_source_close(src);
	/* nothing of it means anything to the kernel's overlay, or to nobody at all */
	src = walk(SL_MARKER_OVERLAY_USER);
	assert_int_equal(expect_at(src, ".wh.a")->flags, 0);
	assert_int_equal(expect_at(src, ".wh..wh.aufs")->flags, 0);
	sl_source_close(src);
}

static void a_mount_that_follows_no_redirect_shows_a_gap(void **state)
{
	struct sl_source *src;
	const struct sl_entry *e;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	set("d", "user.overlay.redirect", "/elsewhere");
	src = walk(SL_MARKER_OVERLAY_USER);
	e = expect_at(src, "d");
	assert_null(e->redirect.data);
	assert_int_equal(e->flags, SL_ENTRY_OPAQUE);
	assert_non_null(sl_source_gap(src));
	sl_source_close(src);
}

static void pairs_of_names_stay_together_in_windows(void **state)
{
	AUTO_FREE void *scratch = malloc(DIRNAMES_BUFFER);
	AUTO_CLOSE int fd = open(".", O_RDONLY | O_DIRECTORY);
	struct dirnames n = {.key = dialect_key(dialect_of(SL_MARKER_AUFS))};
	char last[16] = "", name[16];
	size_t objects = 0, windows = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "n%04d", i);
		put(name, "");
		(void)snprintf(name, sizeof(name), ".wh.n%04d", i);
		put(name, "");
	}
	do {
		const char *got;

		assert_int_equal(
			dirnames_read(&n, fd, windows++ == 0 ? NULL : last, 700, scratch, NULL), 0);
		while ((got = dirnames_take(&n)) != NULL) {
			const char *key = n.key(got);

			if (strcmp(key, last) == 0)
				continue;
			/* the object itself always comes before what deletes it */
			assert_ptr_equal(key, got);
			(void)snprintf(name, sizeof(name), "n%04zu", objects++);
			assert_string_equal(got, name);
			(void)strcpy(last, name);
		}
	} while (n.more);
	assert_int_equal(objects, 300);
	assert_true(windows > 5);
	dirnames_clear(&n);
}

static void a_huge_directory_is_listed_in_windows(void **state)
{
	AUTO_FREE void *scratch = malloc(DIRNAMES_BUFFER);
	AUTO_CLOSE int fd = open(".", O_RDONLY | O_DIRECTORY);
	struct dirnames n = {0};
	char last[16] = "", name[16];
	size_t count = 0, windows = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "n%04d", i * 7 % 1000);
		put(name, "");
	}
	do {
		const char *got;

		assert_int_equal(
			dirnames_read(&n, fd, windows++ == 0 ? NULL : last, 2000, scratch, NULL),
			0);
		assert_true(n.count > 1 && n.count < 400);
		while ((got = dirnames_take(&n)) != NULL) {
			if (strcmp(got, last) == 0)
				continue;
			(void)snprintf(name, sizeof(name), "n%04zu", count++);
			assert_string_equal(got, name);
			(void)strcpy(last, name);
		}
	} while (n.more);
	assert_int_equal(count, 1000);
	assert_true(windows > 5);
	assert_true(dirnames_position(&n, "n0999", 5));
	assert_string_equal(dirnames_peek(&n), "n0999");
	assert_false(dirnames_position(&n, "n0001", 5));
	dirnames_clear(&n);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, enter_scratch, leave_scratch)
	const struct CMUnitTest tests[] = {
		ROW(special_files_are_described_and_never_opened),
		ROW(a_file_that_became_a_fifo_is_refused_without_blocking),
		ROW(links_are_never_followed),
		ROW(any_name_and_any_depth_is_walked_with_few_descriptors),
		ROW(a_directory_moved_away_below_the_walk_is_a_gap_not_a_detour),
		ROW(vanished_names_are_counted),
		ROW(what_may_not_be_read_is_a_gap),
		ROW(other_mounts_are_not_entered),
		ROW(contents_are_read_whole_holes_too),
		ROW(a_file_that_changes_says_so),
		ROW(a_file_that_holds_still_the_second_time_says_so),
		ROW(what_a_file_grew_meanwhile_is_not_read_without_end),
		ROW(access_times_stay),
		ROW(trusted_markers_become_flags),
		ROW(bulky_attributes_cannot_hide_a_marker),
		ROW(attributes_read_the_same_with_old_kernels),
		ROW(ids_are_shifted_back),
		ROW(fuse_overlayfs_is_read_as_it_reads_itself),
		ROW(files_that_delete_stand_where_their_name_does),
		ROW(a_mount_that_follows_no_redirect_shows_a_gap),
		ROW(pairs_of_names_stay_together_in_windows),
		ROW(a_huge_directory_is_listed_in_windows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
