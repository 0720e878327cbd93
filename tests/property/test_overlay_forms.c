/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lower layers as no mount makes them by itself: markers set by hand, on real mounts. Whatever the
 * kernel shows of them is what our view shows, or it says that it does not know.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <setjmp.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "property/treelist.h"
#include "property/treeplay.h"
#include "snapshot/layertree.h"
#include "snapshot/mergedstack.h"
#include "snapshot/overlay.h"

#define SECONDS 4

/* Each test works in its own empty directory. */
static int enter_scratch(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *dir;

	if (asprintf(&dir, "%s/strandline-forms-XXXXXX", tmp != NULL ? tmp : "/tmp") < 0 ||
	    mkdtemp(dir) == NULL || chdir(dir) < 0)
		return -1;
	(void)umask(022);
	*state = dir;
	return 0;
}

static int run(const char *program, ...)
{
	char *argv[16] = {(char *)(uintptr_t)program};
	int status = -1, n = 1;
	pid_t child;
	va_list ap;

	va_start(ap, program);
	while (n < 15 && (argv[n] = va_arg(ap, char *)) != NULL)
		n++;
	va_end(ap);
	child = fork();
	if (child == 0) {
		execvp(program, argv);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static int leave_scratch(void **state)
{
	AUTO_FREE char *dir = *state;

	(void)umount2("m", 0);
	return chdir("/") < 0 ? -1 : run("rm", "-rf", "--one-file-system", "--", dir, NULL);
}

static void dirs(const char *names)
{
	AUTO_FREE char *text = strdup(names);
	char *rest = NULL;

	for (char *d = strtok_r(text, " ", &rest); d != NULL; d = strtok_r(NULL, " ", &rest))
		assert_true(mkdir(d, 0755) == 0 || errno == EEXIST);
}

static void put(const char *path, const char *content)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
}

static void set(const char *path, const char *name, const char *value)
{
	assert_int_equal(lsetxattr(path, name, value, strlen(value), 0), 0);
}

static int open_dir(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static struct sl_source *tree(const char *path, enum sl_marker marker)
{
	AUTO_CLOSE int fd = open_dir(path);
	struct sl_source *src;

	assert_int_equal(layertree_open(&src, fd, marker, NULL, NULL), 0);
	return src;
}

/* "top:next::data": the lowers of a mount, as our view of them. */
static struct sl_source *lowers(const char *list, enum sl_marker marker)
{
	AUTO_FREE char *text = strdup(list);
	struct sl_lower lower[8] = {0};
	struct sl_stack stack = {.lowers = lower, .marker = marker};
	struct sl_source *src;
	bool data = false;

	for (char *at = text; at != NULL;) {
		char *end = strchr(at, ':');

		if (end != NULL)
			*end++ = '\0';
		lower[stack.lower_count].kind = data ? SL_LOWER_DATA : SL_LOWER_IMAGE;
		lower[stack.lower_count++].dir_fd = open_dir(at);
		if (end != NULL && *end == ':') {
			data = true;
			end++;
		}
		at = end;
	}
	assert_int_equal(mergedstack_open_lowers(&src, &stack, NULL), 0);
	for (size_t i = 0; i < stack.lower_count; i++)
		close(lower[i].dir_fd);
	return src;
}

static bool mount_lowers(const char *list, const char *options)
{
	AUTO_FREE char *data = NULL;

	if (asprintf(&data, "lowerdir=%s%s%s", list, options[0] != '\0' ? "," : "", options) < 0)
		abort();
	return mount("overlay", "m", "overlay", MS_RDONLY, data) == 0;
}

static bool same(const struct treelist *got, const struct treelist *want)
{
	size_t n = got->count < want->count ? got->count : want->count, i = 0;

	while (i < n && strcmp(got->rows[i].line, want->rows[i].line) == 0)
		i++;
	if (i == got->count && i == want->count)
		return true;
	print_error("got:  %s\nwant: %s\ngap:  %s\n", i < got->count ? got->rows[i].line : "(end)",
		    i < want->count ? want->rows[i].line : "(end)",
		    got->gap != NULL ? got->gap : "none");
	return false;
}

/* Our view of the lowers is what a mount of them shows. */
static void expect_as_mounted(const char *list, const char *options, enum sl_marker marker)
{
	struct treelist got, want;

	if (!mount_lowers(list, options)) {
		print_message("skipped: this kernel cannot mount that\n");
		return;
	}
	treelist_read(&want, tree("m", SL_MARKER_NONE));
	treelist_read(&got, lowers(list, marker));
	assert_int_equal(want.gaps, 0);
	assert_int_equal(got.gaps, 0);
	assert_true(same(&got, &want));
	treelist_clear(&got);
	treelist_clear(&want);
	assert_int_equal(umount2("m", 0), 0);
}

static void attribute_whiteouts_are_deletions(void **state)
{
	(void)state;
	dirs("m top middle low middle/d low/d low/e");
	put("low/d/gone", "1");
	put("low/d/stays", "2");
	put("low/e/f", "3");
	put("middle/d/gone", "");
	set("middle", "trusted.overlay.opaque", "x");
	set("middle/d", "trusted.overlay.opaque", "x");
	set("middle/d/gone", "trusted.overlay.whiteout", "");
	put("middle/e", "");
	set("middle/e", "trusted.overlay.whiteout", "y");
	put("top/t", "t");
	expect_as_mounted("top:middle:low", "", SL_MARKER_OVERLAY_TRUSTED);
	/* where they are meant for the other kind of mount they are empty files */
	expect_as_mounted("top:middle:low", "userxattr", SL_MARKER_OVERLAY_USER);
}

static void data_only_layers_lend_bytes_and_no_names(void **state)
{
	const char *on = "metacopy=on,redirect_dir=on";

	(void)state;
	dirs("m top meta data1 data2 data2/ab");
	put("data1/one", "first");
	put("data2/one", "never");
	put("data2/ab/two", "second");
	put("meta/file", "");
	assert_int_equal(truncate("meta/file", 5), 0);
	set("meta/file", "trusted.overlay.metacopy", "");
	set("meta/file", "trusted.overlay.redirect", "/one");
	put("meta/other", "");
	assert_int_equal(truncate("meta/other", 6), 0);
	set("meta/other", "trusted.overlay.metacopy", "");
	set("meta/other", "trusted.overlay.redirect", "/ab/two");
	put("top/again", "");
	assert_int_equal(truncate("top/again", 5), 0);
	set("top/again", "trusted.overlay.metacopy", "");
	set("top/again", "trusted.overlay.redirect", "/file");
	expect_as_mounted("top:meta::data1::data2", on, SL_MARKER_OVERLAY_TRUSTED);
}

static void data_that_is_nowhere_is_a_gap(void **state)
{
	struct treelist got;

	(void)state;
	dirs("meta data data/d");
	put("meta/file", "");
	set("meta/file", "trusted.overlay.metacopy", "");
	set("meta/file", "trusted.overlay.redirect", "/d");
	put("meta/up", "");
	set("meta/up", "trusted.overlay.metacopy", "");
	set("meta/up", "trusted.overlay.redirect", "/../../etc/passwd");
	put("meta/bare", "");
	set("meta/bare", "trusted.overlay.metacopy", "\1\2");
	put("data/short", "1");
	put("meta/long", "12");
	set("meta/long", "trusted.overlay.metacopy", "");
	set("meta/long", "trusted.overlay.redirect", "/short");
	treelist_read(&got, lowers("meta::data", SL_MARKER_OVERLAY_TRUSTED));
	/* each its data or its size, and one its header, too */
	assert_int_equal(got.gaps, 5);
	treelist_clear(&got);
}

/* What an overlay inside a container wrote is data of the outer one, with one prefix less. */
static void nested_overlays_keep_their_markers_apart(void **state)
{
	struct treelist got, want;
	struct sl_source *view;
	const struct sl_entry *e;

	(void)state;
	dirs("m low up work low/iu");
	assert_int_equal(
		mount("overlay", "m", "overlay", 0, "lowerdir=low,upperdir=up,workdir=work"), 0);
	/* an overlay mounted inside sets its attributes through this one */
	assert_int_equal(mkdir("m/iu/d", 0755), 0);
	if (setxattr("m/iu/d", "trusted.overlay.redirect", "/e", 2, 0) < 0) {
		print_message("skipped: this kernel does not let overlays nest\n");
		return;
	}
	set("m/iu/d", "trusted.overlay.overlay.opaque", "y");
	set("m/iu/d", "user.overlay.opaque", "y");
	assert_true(getxattr("up/iu/d", "trusted.overlay.overlay.redirect", NULL, 0) == 2);
	treelist_read(&want, tree("m", SL_MARKER_NONE));
	assert_int_equal(overlay_open(&view, tree("up", SL_MARKER_OVERLAY_TRUSTED),
				      lowers("low", SL_MARKER_OVERLAY_TRUSTED), NULL),
			 0);
	{
		struct treelist below, sparse;

		treelist_read(&sparse, view);
		treelist_read(&below, lowers("low", SL_MARKER_OVERLAY_TRUSTED));
		treelist_apply(&got, &below, &sparse);
		treelist_clear(&below);
		treelist_clear(&sparse);
	}
	assert_int_equal(got.gaps, 0);
	assert_true(same(&got, &want));
	treelist_clear(&got);
	treelist_clear(&want);
	/* seen through the mount, the inner upper directory has markers again */
	view = tree("m/iu", SL_MARKER_OVERLAY_TRUSTED);
	assert_int_equal(sl_source_seek(view, (struct sl_bytes){"d", 1}, NULL), 0);
	assert_int_equal(sl_source_next(view, &e, NULL), 0);
	assert_string_equal(e->redirect.data, "/e");
	assert_int_equal(e->flags & SL_ENTRY_OPAQUE, 0);
	assert_int_equal(e->xattr_count, 2);
	sl_source_close(view);
}

/* Random layers with redirects, opaque directories and whiteouts set by hand. */

static char *random_path(struct play *p, int depth)
{
	char *path = NULL;

	if (asprintf(&path, "%c", (int)('a' + play_random(p, 3))) < 0)
		abort();
	for (int i = 1; i < depth; i++) {
		char *longer;

		if (asprintf(&longer, "%s/%c", path, (int)('a' + play_random(p, 3))) < 0)
			abort();
		free(path);
		path = longer;
	}
	return path;
}

static void mark(struct play *p, const char *path, int layer)
{
	AUTO_FREE char *target = random_path(p, 1 + (int)play_random(p, 3));
	AUTO_FREE char *absolute = NULL;

	if (asprintf(&absolute, "/%s", target) < 0)
		abort();
	switch (play_random(p, layer == 0 ? 12 : 6)) {
	case 0:
	case 1:
		set(path, "trusted.overlay.redirect", absolute);
		break;
	case 2:
		set(path, "trusted.overlay.redirect", target + strlen(target) - 1);
		break;
	case 3:
		set(path, "trusted.overlay.opaque", "y");
		break;
	default:
		break;
	}
}

static void fill_layer(struct play *p, int layer)
{
	char root[] = {(char)('0' + layer), '\0'};

	assert_int_equal(mkdir(root, 0755), 0);
	for (int i = 0; i < 14; i++) {
		AUTO_FREE char *inner = random_path(p, 1 + (int)play_random(p, 3));
		AUTO_FREE char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s/%s", root, inner) < 0)
			abort();
		if (lstat(path, &st) == 0)
			continue;
		if (play_random(p, 3) > 0) {
			if (mkdir(path, 0755) == 0)
				mark(p, path, layer);
		} else if (play_random(p, 3) == 0) {
			(void)mknod(path, S_IFCHR, makedev(0, 0));
		} else {
			AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT, 0644);

			/* which layer and which path: the content tells them apart */
			if (fd >= 0)
				assert_true(write(fd, path, strlen(path)) > 0 &&
					    ftruncate(fd, 100) == 0);
			if (fd >= 0 && layer > 0 && play_random(p, 3) == 0) {
				set(path, "trusted.overlay.metacopy", "");
				mark(p, path, layer);
			}
		}
	}
}

static void clear_layers(void)
{
	assert_int_equal(run("rm", "-rf", "--one-file-system", "0", "1", "2", "3", NULL), 0);
}

static void redirects_set_by_hand_lead_where_the_kernel_goes(void **state)
{
	const char *given = getenv("STRANDLINE_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : clock_boot_ns() / 1000;
	uint64_t end = clock_boot_ns() + SECONDS * 1000000000ull;
	uint64_t runs = 0, compared = 0, gaps = 0;

	(void)state;
	dirs("m");
	do {
		struct play random = {.random = seed * 0x9e3779b97f4a7c15ull + 1};
		struct treelist got, want;
		bool bad;

		for (int layer = 0; layer < 4; layer++)
			fill_layer(&random, layer);
		assert_true(mount_lowers("3:2:1:0", "redirect_dir=follow,metacopy=on"));
		treelist_read(&want, tree("m", SL_MARKER_NONE));
		treelist_read(&got, lowers("3:2:1:0", SL_MARKER_OVERLAY_TRUSTED));
		runs++;
		gaps += got.gaps > 0;
		/* of what the kernel refuses to show, ours is to have a gap */
		compared += want.gaps == 0;
		bad = want.gaps == 0 ? !same(&got, &want) : got.gaps == 0;
		if (bad)
			print_error("seed %llu\n", (unsigned long long)seed);
		treelist_clear(&got);
		treelist_clear(&want);
		assert_int_equal(umount2("m", 0), 0);
		assert_false(bad);
		clear_layers();
		seed++;
	} while (given == NULL && clock_boot_ns() < end);
	print_message("%llu runs, %llu compared, %llu with gaps\n", (unsigned long long)runs,
		      (unsigned long long)compared, (unsigned long long)gaps);
	assert_true(given != NULL || compared > 0);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, enter_scratch, leave_scratch)
	const struct CMUnitTest tests[] = {
		ROW(attribute_whiteouts_are_deletions),
		ROW(data_only_layers_lend_bytes_and_no_names),
		ROW(data_that_is_nowhere_is_a_gap),
		ROW(nested_overlays_keep_their_markers_apart),
		ROW(redirects_set_by_hand_lead_where_the_kernel_goes),
	};
	const char *why = play_prepare();

	if (why != NULL) {
		print_message("skipped: %s\n", why);
		return 77;
	}
	cmocka_set_test_filter(getenv("STRANDLINE_TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
