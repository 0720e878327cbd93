/* SPDX-License-Identifier: Apache-2.0 */
/* What attributes and names of layer directories mean: whiteouts, opaque marks, redirects. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "property/treelist.h"
#include "snapshot/attributes.h"
#include "unit/fake_source.h"
#include "unit/tree_scratch.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(trusted_markers_become_flags),
		IN_SCRATCH(bulky_attributes_cannot_hide_a_marker),
		IN_SCRATCH(attributes_read_the_same_with_old_kernels),
		IN_SCRATCH(ids_are_shifted_back),
		IN_SCRATCH(fuse_overlayfs_is_read_as_it_reads_itself),
		IN_SCRATCH(files_that_delete_stand_where_their_name_does),
		IN_SCRATCH(a_mount_that_follows_no_redirect_shows_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
