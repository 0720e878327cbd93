/* SPDX-License-Identifier: Apache-2.0 */
/* A directory walked as a layer, whatever stands in it. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "property/treelist.h"
#include "unit/fake_source.h"
#include "unit/tree_scratch.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(special_files_are_described_and_never_opened),
		IN_SCRATCH(a_file_that_became_a_fifo_is_refused_without_blocking),
		IN_SCRATCH(links_are_never_followed),
		IN_SCRATCH(any_name_and_any_depth_is_walked_with_few_descriptors),
		IN_SCRATCH(a_directory_moved_away_below_the_walk_is_a_gap_not_a_detour),
		IN_SCRATCH(vanished_names_are_counted),
		IN_SCRATCH(what_may_not_be_read_is_a_gap),
		IN_SCRATCH(other_mounts_are_not_entered),
		IN_SCRATCH(contents_are_read_whole_holes_too),
		IN_SCRATCH(a_file_that_changes_says_so),
		IN_SCRATCH(a_file_that_holds_still_the_second_time_says_so),
		IN_SCRATCH(what_a_file_grew_meanwhile_is_not_read_without_end),
		IN_SCRATCH(access_times_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
