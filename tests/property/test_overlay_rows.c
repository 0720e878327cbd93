/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What single operations leave in an upper directory, as the kernel of this machine does it, and
 * what the overlay view makes of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <fcntl.h>
#include <setjmp.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "property/treeplay.h"
#include "snapshot/layertree.h"
#include "snapshot/mergedstack.h"
#include "snapshot/overlay.h"
#include "unit/fake_source.h"

#define MOVES "redirect_dir=on,metacopy=on,index=off"

/* The tests work in the root of the mounted view. */
static void put(const char *path, int flags, const char *content)
{
	int fd = open(path, O_WRONLY | flags, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	close(fd);
}

static void do_nothing(void)
{
	struct stat st;
	int fd = open("file", O_RDONLY);

	assert_int_equal(stat("dir/sub/y", &st), 0);
	close(fd);
}

static void do_chmod(void)
{
	assert_int_equal(chmod("file", 0600), 0);
}

static void do_chown(void)
{
	assert_int_equal(chown("dir/x", 5, 5), 0);
}

static void do_setxattr(void)
{
	assert_int_equal(setxattr("file", "user.a", "b", 1, 0), 0);
}

static void do_touch(void)
{
	assert_int_equal(utimensat(AT_FDCWD, "file", NULL, 0), 0);
}

static void do_open_for_writing(void)
{
	close(open("file", O_RDWR));
}

static void do_rewrite(void)
{
	put("file", O_TRUNC, "content");
}

static void do_append(void)
{
	put("dir/x", O_APPEND, "more");
}

static void do_truncate(void)
{
	assert_int_equal(truncate("file", 0), 0);
}

static void do_replace_by_rename(void)
{
	put("file.new", O_CREAT, "content");
	assert_int_equal(rename("file.new", "file"), 0);
}

static void do_rename(void)
{
	assert_int_equal(rename("file", "moved"), 0);
}

static void do_link(void)
{
	assert_int_equal(link("file", "name2"), 0);
}

static void do_write_hard_link(void)
{
	put("hard1", O_APPEND, "x");
}

static void do_unlink(void)
{
	assert_int_equal(unlink("file"), 0);
}

static void do_remove_tree(void)
{
	assert_int_equal(unlink("dir/sub/y"), 0);
	assert_int_equal(rmdir("dir/sub"), 0);
	assert_int_equal(unlink("dir/x"), 0);
	assert_int_equal(rmdir("dir"), 0);
}

static void do_make_tree_again(void)
{
	do_remove_tree();
	assert_int_equal(mkdir("dir", 0755), 0);
	put("dir/n", O_CREAT, "");
}

static void do_mkdir(void)
{
	assert_int_equal(mkdir("dir/new", 0755), 0);
	assert_int_equal(mkdir("dir/new/er", 0755), 0);
}

static void do_temporary(void)
{
	put("dir/tmp", O_CREAT, "");
	assert_int_equal(unlink("dir/tmp"), 0);
}

static void do_rename_dir(void)
{
	assert_int_equal(rename("dir", "moved"), 0);
}

static void do_rename_dir_and_change(void)
{
	do_rename_dir();
	assert_int_equal(unlink("moved/x"), 0);
	put("moved/sub/z", O_CREAT, "");
}

static void do_rename_deep(void)
{
	assert_int_equal(mkdir("new", 0755), 0);
	assert_int_equal(rename("dir/sub", "new/here"), 0);
}

static void do_rename_twice(void)
{
	assert_int_equal(rename("dir/sub", "dir/bus"), 0);
	assert_int_equal(rename("dir", "moved"), 0);
}

static void do_chmod_dir(void)
{
	assert_int_equal(chmod("dir", 0700), 0);
}

static void do_file_to_dir(void)
{
	do_unlink();
	assert_int_equal(mkdir("file", 0755), 0);
}

static void do_dir_to_file(void)
{
	do_remove_tree();
	put("dir", O_CREAT, "");
}

struct row {
	const char *title;
	const char *options;
	void (*operation)(void);
	/*
	 * TYPE:PATH of each entry but the root; types f, d, w (whiteout). Behind it "!" complete,
	 * "^" origin, ">" redirect, "~" lent by the lower view.
	 */
	const char *view;
};

static const struct row rows[] = {
	{"reading leaves nothing", "", do_nothing, ""},
	{"chmod copies the file up", "", do_chmod, "f:file^"},
	{"chown of a nested file copies its directory up", "", do_chown, "d:dir^ f:dir/x^"},
	{"setxattr copies the file up", "", do_setxattr, "f:file^"},
	{"touch copies the file up", "", do_touch, "f:file^"},
	{"opening for writing copies the file up", "", do_open_for_writing, "f:file^"},
	{"rewriting keeps the origin", "", do_rewrite, "f:file^"},
	{"appending keeps the origin", "", do_append, "d:dir^ f:dir/x^"},
	{"truncating keeps the origin", "", do_truncate, "f:file^"},
	{"replacing by rename has no origin and no whiteout", "", do_replace_by_rename, "f:file"},
	{"renaming a file leaves a whiteout", "", do_rename, "w:file f:moved^"},
	{"linking copies the file up under both names", "", do_link, "f:file^ f:name2^"},
	{"a copied-up hard link has no origin", "", do_write_hard_link, "f:hard1"},
	{"unlink is a whiteout", "", do_unlink, "w:file"},
	{"a removed tree is one whiteout", "", do_remove_tree, "w:dir"},
	{"a tree made again is complete", "", do_make_tree_again, "d:dir! f:dir/n"},
	{"a new directory is complete, and so is what is in it", "", do_mkdir,
	 "d:dir^ d:dir/new! d:dir/new/er!"},
	{"a temporary file leaves its directory", "", do_temporary, "d:dir^"},
	{"chmod of a directory lists nothing beneath it", "", do_chmod_dir, "d:dir^"},
	{"a file that became a directory", "", do_file_to_dir, "d:file!"},
	{"a directory that became a file", "", do_dir_to_file, "f:dir"},
	{"metacopy has the bytes of the lower file", MOVES, do_chmod, "f:file^"},
	{"a renamed metacopy file is found where it was", MOVES, do_rename, "w:file f:moved^>"},
	{"a new directory is opaque where redirects are on", MOVES, do_mkdir,
	 "d:dir^ d:dir/new! d:dir/new/er!"},
	{"a renamed directory brings its children along", MOVES, do_rename_dir,
	 "w:dir d:moved!^> d:moved/sub!~ f:moved/sub/y~ f:moved/x~"},
	{"changes in a renamed directory", MOVES, do_rename_dir_and_change,
	 "w:dir d:moved!^> d:moved/sub!^ f:moved/sub/y~ f:moved/sub/z"},
	{"a directory moved into a new one", MOVES, do_rename_deep,
	 "d:dir^ w:dir/sub d:new! d:new/here!^> f:new/here/y~"},
	{"a renamed directory in a renamed directory", MOVES, do_rename_twice,
	 "w:dir d:moved!^> d:moved/bus!^> f:moved/bus/y~ f:moved/x~"},
};

static void make_lower(const struct play *p)
{
	const struct timespec old[2] = {{.tv_sec = 1577836800}, {.tv_sec = 1577836800}};
	AUTO_FREE char *root = play_root(p);

	assert_int_equal(chdir(root), 0);
	assert_int_equal(mkdir("dir", 0755), 0);
	assert_int_equal(mkdir("dir/sub", 0755), 0);
	put("dir/sub/y", O_CREAT, "lower");
	put("dir/x", O_CREAT, "lower");
	put("file", O_CREAT, "content");
	put("hard1", O_CREAT, "linked");
	assert_int_equal(link("hard1", "hard2"), 0);
	assert_int_equal(utimensat(AT_FDCWD, "file", old, 0), 0);
}

static struct sl_source *open_overlay(const struct play *p)
{
	AUTO_CLOSE int upper_fd = play_open(p, p->layers - 1);
	struct sl_source *upper, *lower, *src;
	struct sl_stack stack;

	play_stack(p, &stack);
	assert_int_equal(mergedstack_open_lowers(&lower, &stack, NULL), 0);
	play_stack_clear(&stack);
	assert_int_equal(layertree_open(&upper, upper_fd, SL_MARKER_OVERLAY_TRUSTED, NULL, NULL),
			 0);
	assert_int_equal(overlay_open(&src, upper, lower, NULL), 0);
	return src;
}

/* What one read gave. */
struct taken {
	struct sl_tap tap;
	struct buf bytes;
};

static int take(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	(void)err;
	return buf_append(&container_of(tap, struct taken, tap)->bytes, bytes, len);
}

/* The bytes that the view leads to are those that the mount shows. */
static void expect_mounted_content(struct sl_source *src, const struct sl_entry *e)
{
	struct taken t = {.tap.data = take, .bytes = BUF_INIT(65536)};
	struct sl_tap *taps[] = {&t.tap};
	AUTO_CLOSE int fd = open(e->path.data, O_RDONLY);
	struct sl_content *c;
	struct sl_read read;
	char want[256];

	assert_int_equal(sl_source_open(src, &c, NULL), 0);
	assert_int_equal(sl_content_read(c, taps, 1, &read, NULL), 0);
	sl_content_close(c);
	assert_false(read.changed || read.is_short || read.sys != 0);
	assert_int_equal(pread(fd, want, sizeof(want), 0), (ssize_t)t.bytes.len);
	if (t.bytes.len > 0)
		assert_memory_equal(want, t.bytes.data, t.bytes.len);
	buf_clear(&t.bytes);
}

static void show(struct buf *out, struct sl_source *src, const struct sl_entry *e)
{
	bool gone = (e->flags & SL_ENTRY_WHITEOUT) != 0;

	if (e->path.len == 0)
		return;
	(void)buf_printf(out, "%s%c:%s", out->len > 0 ? " " : "",
			 gone               ? 'w'
			 : S_ISDIR(e->mode) ? 'd'
					    : 'f',
			 e->path.data);
	(void)buf_printf(out, "%s%s%s%s", (e->flags & SL_ENTRY_COMPLETE) != 0 ? "!" : "",
			 (e->flags & SL_ENTRY_ORIGIN) != 0 ? "^" : "",
			 e->redirect.data != NULL ? ">" : "", e->layer > 0 ? "~" : "");
	assert_int_equal(e->flags & (SL_ENTRY_METACOPY | SL_ENTRY_OPAQUE), 0);
	if (S_ISREG(e->mode))
		expect_mounted_content(src, e);
}

static void each_operation_is_seen_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct play *p = play_new(i + 1);
		struct buf got = BUF_INIT(65536);
		AUTO_FREE char *root = NULL;
		const struct sl_entry *e;
		struct sl_source *src;
		int rc;

		play_push(p, NULL);
		make_lower(p);
		play_push(p, rows[i].options);
		root = play_root(p);
		assert_int_equal(chdir(root), 0);
		rows[i].operation();
		src = open_overlay(p);
		(void)buf_append(&got, "", 0);
		while ((rc = sl_source_next(src, &e, NULL)) == 0)
			show(&got, src, e);
		assert_int_equal(rc, 1);
		assert_null(sl_source_gap(src));
		if (strcmp(got.data, rows[i].view) != 0)
			print_error("%s:\n  got:  %s\n  want: %s\n", rows[i].title, got.data,
				    rows[i].view);
		assert_string_equal(got.data, rows[i].view);
		sl_source_close(src);
		buf_clear(&got);
		assert_int_equal(chdir("/"), 0);
		play_free(p);
	}
}

/* Damage that no kernel makes, laid into an unmounted upper directory by hand. */
struct damage {
	const char *title, *redirect;
	bool metacopy;
	const char *gap;
};

static const struct damage damages[] = {
	{"parent directories", "/../dir", false, "overlay redirect is malformed"},
	{"a relative path", "a/b", false, "overlay redirect is malformed"},
	{"an empty component", "/dir//sub", false, "overlay redirect is malformed"},
	{"the root", "/", false, "overlay redirect is malformed"},
	{"nowhere", "/nowhere", false, "overlay redirect leads to no directory"},
	{"a file", "/file", false, "overlay redirect leads to no directory"},
	{"data that is gone", "/nowhere", true,
	 "data of a metacopy file was not found in the layers below"},
	{"data that is a directory", "/dir", true,
	 "data of a metacopy file was not found in the layers below"},
};

static void a_damaged_redirect_is_a_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct damage *d = &damages[i];
		struct play *p = play_new(i + 1);
		AUTO_FREE char *upper = NULL;
		struct sl_content *c = NULL;
		const struct sl_entry *e;
		const struct sl_gap *gap;
		struct sl_source *src;

		play_push(p, NULL);
		make_lower(p);
		play_push(p, "");
		play_settle(p);
		upper = play_root(p);
		assert_int_equal(chdir(upper), 0);
		if (d->metacopy) {
			put("odd", O_CREAT, "zeros");
			assert_int_equal(setxattr("odd", "trusted.overlay.metacopy", "", 0, 0), 0);
		} else {
			assert_int_equal(mkdir("odd", 0755), 0);
		}
		assert_int_equal(setxattr("odd", "trusted.overlay.redirect", d->redirect,
					  strlen(d->redirect), 0),
				 0);
		src = open_overlay(p);
		assert_int_equal(sl_source_seek(src, PATH("odd"), NULL), 0);
		assert_int_equal(sl_source_next(src, &e, NULL), 0);
		assert_string_equal(e->path.data, "odd");
		gap = sl_source_gap(src);
		if (gap == NULL || strcmp(gap->why, d->gap) != 0)
			fail_msg("%s: %s", d->title, gap != NULL ? gap->why : "no gap");
		/* never the zeros that the upper directory holds instead */
		if (d->metacopy)
			assert_int_equal(sl_source_open(src, &c, NULL), -SL_EFORMAT);
		assert_int_equal(sl_source_next(src, &e, NULL), 1);
		sl_source_close(src);
		assert_int_equal(chdir("/"), 0);
		play_free(p);
	}
}

static void do_write_both_names(void)
{
	put("hard1", O_APPEND, "x");
	put("hard2", O_APPEND, "y");
}

/* Its other name shows it still, and the upper directory has nothing but a deletion. */
static void do_write_and_remove_name(void)
{
	put("hard1", O_APPEND, "x");
	assert_int_equal(unlink("hard1"), 0);
}

static const struct {
	const char *title, *options;
	void (*act)(void);
	bool is_gap;
} indexed[] = {
	{"one that was written to and is gone", "index=on", do_write_and_remove_name, true},
	{"one name of a file", "index=on", do_write_hard_link, true},
	{"all of its names", "index=on", do_write_both_names, false},
	{"a file with one name", "index=on", do_append, false},
	{"the same in an index of everything", "index=on,nfs_export=on", do_append, false},
	{"one name without an index", "index=off", do_write_hard_link, false},
};

/* The other name shows what was written, and the upper directory does not hold it. */
static void names_that_an_index_joins_are_a_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(indexed); i++) {
		struct play *p = play_new(i + 1);
		AUTO_FREE char *root = NULL;
		const struct sl_entry *e;
		struct sl_source *src;
		size_t gaps = 0;

		play_push(p, NULL);
		make_lower(p);
		play_push(p, indexed[i].options);
		root = play_root(p);
		assert_int_equal(chdir(root), 0);
		indexed[i].act();
		assert_int_equal(chdir("/"), 0);
		play_settle(p);
		/* where engines have it */
		assert_int_equal(chdir(p->dir), 0);
		assert_int_equal(rename("work1", "work"), 0);
		assert_int_equal(chdir("/"), 0);
		src = open_overlay(p);
		while (sl_source_next(src, &e, NULL) == 0)
			for (const struct sl_gap *g; (g = sl_source_gap(src)) != NULL; gaps++)
				assert_true(strcmp(e->path.data, "hard1") == 0 ||
					    (e->path.len == 0 && i == 0));
		if (gaps != indexed[i].is_gap)
			fail_msg("%s: %zu gaps", indexed[i].title, gaps);
		sl_source_close(src);
		play_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operation_is_seen_as_it_was),
		cmocka_unit_test(a_damaged_redirect_is_a_gap),
		cmocka_unit_test(names_that_an_index_joins_are_a_gap),
	};
	const char *why = play_prepare();

	if (why != NULL) {
		print_message("skipped: %s\n", why);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
