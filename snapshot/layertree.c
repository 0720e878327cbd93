/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/layertree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"
#include "snapshot/attributes.h"
#include "snapshot/dirstack.h"
#include "snapshot/filecontent.h"
#include "snapshot/gaps.h"

struct walk {
	struct sl_source source;
	struct dirstack dirs;
	enum sl_marker marker;
	struct sl_idmap idmap;
	bool knows_mount; /* the kernel tells mount ids */
	uint64_t mount;
	dev_t root_dev;
	bool started; /* the root was lent */
	bool descend; /* the entry lent last is a directory whose children come next */
	struct statx st;
	struct sl_entry entry;
	struct attributes attributes;
	struct buf target;
	uint64_t raced;
};

static struct walk *walk_of(const struct sl_source *src)
{
	return container_of((struct sl_source *)(uintptr_t)src, struct walk, source);
}

static int gap(struct walk *w, const char *why, int sys, bool below, struct sl_error *err)
{
	return gaps_add(&w->dirs.gaps, dirstack_path(&w->dirs), why, sys, below, err);
}

/*
 * Step into the directory at the current path, @name in @dir_fd. @seen is what the walk lent of
 * it, NULL when it was not looked at. Returns 0; 1 when it cannot be entered (a gap, unless it is
 * no directory at all).
 */
static int enter(struct walk *w, int dir_fd, const char *name, const struct statx *seen,
		 struct sl_error *err)
{
	AUTO_CLOSE int fd = dirstack_open_listing(dir_fd, name);
	struct stat st = {0};
	bool replaced;
	int rc;

	if (fd < 0 && errno == ENOENT) {
		w->raced += seen != NULL;
		return 1;
	}
	if (fd < 0 && seen == NULL && (errno == ENOTDIR || errno == ELOOP))
		return 1;
	replaced = fd < 0 && (errno == ENOTDIR || errno == ELOOP);
	if (fd < 0 && errno == EXDEV)
		rc = gap(w, "another file system is mounted here", 0, true, err);
	else if (!replaced && (fd < 0 || fstat(fd, &st) < 0))
		rc = gap(w, "directory cannot be opened", errno, true, err);
	else if (replaced || (seen != NULL && st.st_ino != seen->stx_ino))
		rc = gap(w, "replaced while it was walked", 0, true, err);
	else
		return dirstack_push(&w->dirs, take_fd(&fd), &st, err);
	return rc < 0 ? rc : 1;
}

/* Looking */

static uint32_t unshift(uint32_t id, const struct sl_idmap_range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (id >= ranges[i].outside && id - ranges[i].outside < ranges[i].count)
			return ranges[i].inside + (id - ranges[i].outside);
	return id;
}

static struct sl_time time_of(const struct statx_timestamp *t)
{
	return (struct sl_time){t->tv_sec, t->tv_nsec};
}

static void fill(struct walk *w)
{
	const struct statx *st = &w->st;
	struct sl_entry *e = &w->entry;

	*e = (struct sl_entry){.path = dirstack_path(&w->dirs),
			       .mode = st->stx_mode,
			       .uid = unshift(st->stx_uid, w->idmap.uids, w->idmap.uid_count),
			       .gid = unshift(st->stx_gid, w->idmap.gids, w->idmap.gid_count),
			       .size = S_ISREG(st->stx_mode) ? st->stx_size : 0,
			       .mtime = time_of(&st->stx_mtime),
			       .atime = time_of(&st->stx_atime),
			       .ctime = time_of(&st->stx_ctime),
			       .dev = makedev(st->stx_dev_major, st->stx_dev_minor),
			       .ino = st->stx_ino,
			       .nlink = st->stx_nlink,
			       .fields = SL_ENTRY_ATIME | SL_ENTRY_CTIME | SL_ENTRY_INODE |
					 SL_ENTRY_MTIME};
	if ((st->stx_mask & STATX_BTIME) != 0) {
		e->btime = time_of(&st->stx_btime);
		e->fields |= SL_ENTRY_BTIME;
	}
	if (S_ISCHR(st->stx_mode) || S_ISBLK(st->stx_mode)) {
		e->rdev_major = st->stx_rdev_major;
		e->rdev_minor = st->stx_rdev_minor;
	}
}

/* Reading a link sets its access time, and no flag prevents that. 0; 1 gone; negative. */
static int fill_target(struct walk *w, int dir_fd, const char *name, struct sl_error *err)
{
	size_t room = 256;
	ssize_t n;

	for (;; room = w->target.max) {
		buf_reset(&w->target);
		if (buf_reserve(&w->target, room) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "link target");
		n = readlinkat(dir_fd, name, w->target.data, room);
		if (n < (ssize_t)room || room == w->target.max)
			break;
	}
	if (n < 0 && errno == ENOENT) {
		w->raced++;
		return 1;
	}
	if (n < 0) {
		int rc = errno == EINVAL ? gap(w, "replaced while it was walked", 0, true, err)
					 : gap(w, "link target cannot be read", errno, false, err);

		return rc < 0 ? rc : 1;
	}
	w->target.len = (size_t)n;
	w->target.data[n] = '\0';
	w->entry.target = (struct sl_bytes){w->target.data, w->target.len};
	return 0;
}

static void apply_marks(struct walk *w)
{
	const struct attributes *a = &w->attributes;
	struct sl_entry *e = &w->entry;
	bool is_dir = S_ISDIR(e->mode), is_file = S_ISREG(e->mode);

	if ((a->marks & MARK_WHITEOUT) != 0 && is_file && e->size == 0) {
		e->flags |= SL_ENTRY_WHITEOUT;
		e->mode = 0;
		return;
	}
	if ((a->marks & MARK_OPAQUE) != 0 && is_dir)
		e->flags |= SL_ENTRY_OPAQUE;
	if ((a->marks & MARK_METACOPY) != 0 && is_file)
		e->flags |= SL_ENTRY_METACOPY;
	if ((a->marks & MARK_ORIGIN) != 0)
		e->flags |= SL_ENTRY_ORIGIN;
	if ((a->marks & MARK_REDIRECT) != 0 && (is_dir || (e->flags & SL_ENTRY_METACOPY) != 0))
		e->redirect = (struct sl_bytes){a->redirect.data, a->redirect.len};
}

static int fill_attributes(struct walk *w, int dir_fd, const char *name, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc, sys;

	rc = attributes_read(&w->attributes, dir_fd, name, w->marker, &why);
	sys = why.sys;
	sl_error_clear(&why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "attributes");
	if (rc == 1) {
		w->raced++;
		return 1;
	}
	w->entry.xattrs = w->attributes.list;
	w->entry.xattr_count = w->attributes.count;
	apply_marks(w);
	if (rc == -SL_ELIMIT)
		return gap(w, "extended attributes of more than 1 MiB", 0, false, err);
	if (rc < 0)
		return gap(w, "extended attributes cannot be read", sys, false, err);
	w->entry.fields |= SL_ENTRY_XATTRS;
	return 0;
}

static bool is_other_mount(const struct walk *w)
{
	if (w->knows_mount)
		return w->st.stx_mnt_id != w->mount;
	return makedev(w->st.stx_dev_major, w->st.stx_dev_minor) != w->root_dev;
}

/* Describe @name in @dir_fd, at the current path. 0 and w->entry; 1 when there is nothing. */
static int look(struct walk *w, int dir_fd, const char *name, struct sl_error *err)
{
	int rc;

	if (kernel_statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, &w->st) < 0) {
		if (errno == ENOENT) {
			w->raced++;
			return 1;
		}
		rc = gap(w, "cannot be examined", errno, true, err);
		return rc < 0 ? rc : 1;
	}
	if (is_other_mount(w)) {
		rc = gap(w, "another file system is mounted here", 0, true, err);
		return rc < 0 ? rc : 1;
	}
	fill(w);
	if (w->marker != SL_MARKER_NONE && S_ISCHR(w->st.stx_mode) && w->st.stx_rdev_major == 0 &&
	    w->st.stx_rdev_minor == 0) {
		w->entry.flags |= SL_ENTRY_WHITEOUT;
		w->entry.mode = 0;
		return 0;
	}
	rc = S_ISLNK(w->st.stx_mode) ? fill_target(w, dir_fd, name, err) : 0;
	return rc != 0 ? rc : fill_attributes(w, dir_fd, name, err);
}

/* Walking */

/* The name in the top directory that comes next, or NULL when it is done. */
static int next_name(struct walk *w, const char **name, struct sl_error *err)
{
	struct frame *f = dirstack_top(&w->dirs);
	int rc;

	*name = dirnames_take(&f->names);
	while (*name == NULL && (!f->listed || f->names.more)) {
		/* the path still ends with the child at which the listing was dropped or ended */
		AUTO_FREE char *last = strdup(dirstack_name(&w->dirs, f));

		rc = last != NULL ? dirstack_list(&w->dirs, last, err)
				  : sl_fail(err, SL_ENOMEM, 0, "directory listing");
		if (rc < 0)
			return rc;
		*name = dirnames_take(&f->names);
		if (*name != NULL && strcmp(*name, last) == 0)
			*name = dirnames_take(&f->names);
	}
	return 0;
}

static int lend_root(struct walk *w, const struct sl_entry **out, struct sl_error *err)
{
	int rc;

	w->started = true;
	dirstack_cut(&w->dirs, 0);
	rc = look(w, w->dirs.root_fd, ".", err);
	if (rc != 0)
		return rc;
	w->descend = S_ISDIR(w->entry.mode);
	*out = &w->entry;
	return 0;
}

/* Step into what was lent last. */
static int descend(struct walk *w, struct sl_error *err)
{
	bool is_root = w->dirs.depth == 0;
	int rc;

	w->descend = false;
	rc = enter(w, is_root ? w->dirs.root_fd : dirstack_top(&w->dirs)->fd,
		   is_root ? "." : dirstack_name(&w->dirs, dirstack_top(&w->dirs)), &w->st, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return dirstack_list(&w->dirs, NULL, err);
}

static int walk_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct walk *w = walk_of(src);
	const char *name;
	int rc;

	if (!w->started)
		return lend_root(w, out, err);
	for (;;) {
		rc = w->descend ? descend(w, err) : 0;
		if (rc < 0)
			return rc;
		if (w->dirs.depth == 0)
			return 1;
		rc = next_name(w, &name, err);
		if (rc < 0)
			return rc;
		if (name == NULL) {
			dirstack_pop(&w->dirs);
			continue;
		}
		rc = dirstack_set_path(&w->dirs, dirstack_top(&w->dirs), name, strlen(name), err);
		if (rc == 0)
			rc = look(w, dirstack_top(&w->dirs)->fd,
				  dirstack_name(&w->dirs, dirstack_top(&w->dirs)), err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
	}
	w->descend = S_ISDIR(w->entry.mode);
	*out = &w->entry;
	return 0;
}

/* Make the first name at or after @name next in the top directory. 1 when it is there itself. */
static int position(struct walk *w, struct sl_bytes name, struct sl_error *err)
{
	struct frame *f = dirstack_top(&w->dirs);
	const char *found;

	if (!f->listed || !dirnames_position(&f->names, name.data, name.len)) {
		AUTO_FREE char *from = strndup(name.data, name.len);
		int rc = from == NULL ? sl_fail(err, SL_ENOMEM, 0, "directory listing")
				      : dirstack_list(&w->dirs, from, err);

		if (rc < 0)
			return rc;
		(void)dirnames_position(&f->names, name.data, name.len);
	}
	found = dirnames_peek(&f->names);
	return found != NULL && strlen(found) == name.len &&
	       memcmp(found, name.data, name.len) == 0;
}

/* The component of @path that follows the path of the top directory. */
static struct sl_bytes component(struct walk *w, struct sl_bytes path)
{
	size_t at =
		dirstack_top(&w->dirs)->path_len + (dirstack_top(&w->dirs)->path_len > 0 ? 1 : 0);
	const char *slash = memchr(path.data + at, '/', path.len - at);

	return (struct sl_bytes){path.data + at,
				 slash != NULL ? (size_t)(slash - path.data) - at : path.len - at};
}

static bool lies_beneath_top(struct walk *w, struct sl_bytes path)
{
	struct sl_bytes dir = {w->dirs.path.data, dirstack_top(&w->dirs)->path_len};

	return path.len > dir.len && sl_path_within(path, dir);
}

static int walk_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct walk *w = walk_of(src);
	int rc = 0;

	w->descend = false;
	w->started = path.len > 0;
	while (w->dirs.depth > 0 && !lies_beneath_top(w, path))
		dirstack_pop(&w->dirs);
	if (path.len == 0)
		return 0;
	if (w->dirs.depth == 0) {
		dirstack_cut(&w->dirs, 0);
		rc = enter(w, w->dirs.root_fd, ".", NULL, err);
	}
	while (rc == 0) {
		struct sl_bytes name = component(w, path);
		bool is_last = name.data + name.len == path.data + path.len;

		rc = position(w, name, err);
		if (rc != 1 || is_last)
			break;
		(void)dirnames_take(&dirstack_top(&w->dirs)->names);
		rc = dirstack_set_path(&w->dirs, dirstack_top(&w->dirs), name.data, name.len, err);
		if (rc == 0)
			rc = enter(w, dirstack_top(&w->dirs)->fd,
				   dirstack_name(&w->dirs, dirstack_top(&w->dirs)), NULL, err);
	}
	return rc < 0 ? rc : 0;
}

static int walk_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	struct walk *w = walk_of(src);
	AUTO_CLOSE int path_fd = -1;
	struct stat st;
	int fd;

	if (w->dirs.depth == 0 || !S_ISREG(w->entry.mode))
		return sl_fail(err, SL_EINVAL, 0, "not a regular file");
	/* a name that became a FIFO or a device since is never opened for reading */
	path_fd = dirstack_open_beneath(dirstack_top(&w->dirs)->fd,
					dirstack_name(&w->dirs, dirstack_top(&w->dirs)), O_PATH);
	if (path_fd < 0 || fstat(path_fd, &st) < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "open");
	if (!S_ISREG(st.st_mode) || st.st_ino != w->entry.ino)
		return sl_fail(err, SL_EIO, 0, "replaced while it was walked");
	fd = root_reopen(path_fd, err);
	return fd < 0 ? fd : filecontent_new(out, fd, &w->entry, err);
}

static const struct sl_gap *walk_gap(struct sl_source *src)
{
	return gaps_next(&walk_of(src)->dirs.gaps);
}

static void walk_close(struct sl_source *src)
{
	struct walk *w = walk_of(src);

	dirstack_clear(&w->dirs);
	free(w->idmap.uids);
	free(w->idmap.gids);
	buf_clear(&w->target);
	attributes_clear(&w->attributes);
	free(w);
}

/* Opening the walk */

static bool copy_ranges(struct sl_idmap_range **out, const struct sl_idmap_range *ranges,
			size_t count)
{
	if (count == 0)
		return true;
	*out = malloc(count * sizeof(**out));
	if (*out == NULL)
		return false;
	memcpy(*out, ranges, count * sizeof(**out));
	return true;
}

static bool copy_idmap(struct sl_idmap *out, const struct sl_idmap *map)
{
	if (map == NULL)
		return true;
	out->uid_count = map->uid_count;
	out->gid_count = map->gid_count;
	return copy_ranges(&out->uids, map->uids, map->uid_count) &&
	       copy_ranges(&out->gids, map->gids, map->gid_count);
}

/* Learn which mount the tree is on, and whether everything about it can be read. */
static int survey(struct walk *w, int dir_fd, struct sl_error *err)
{
	w->dirs.root_fd = dirstack_open_beneath(dir_fd, ".", O_PATH | O_DIRECTORY);
	if (w->dirs.root_fd < 0 || kernel_statx(w->dirs.root_fd, "", AT_EMPTY_PATH, &w->st) < 0)
		return sl_fail(err, SL_EIO, errno, "open directory");
	w->knows_mount = (w->st.stx_mask & STATX_MNT_ID) != 0;
	w->mount = w->st.stx_mnt_id;
	w->root_dev = makedev(w->st.stx_dev_major, w->st.stx_dev_minor);
	if (!kernel_has_proc() && !kernel_has_xattrat())
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "extended attributes are read through /proc before Linux 6.13, "
			       "and it is not mounted here");
	if (w->marker == SL_MARKER_OVERLAY_TRUSTED && !attributes_trusted_visible())
		return gaps_add(&w->dirs.gaps, (struct sl_bytes){"", 0},
				"trusted.* attributes cannot be read without CAP_SYS_ADMIN", 0,
				true, err);
	return 0;
}

int layertree_open(struct sl_source **out, int dir_fd, enum sl_marker marker,
		   const struct sl_idmap *idmap, struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = walk_next,
						 .seek = walk_seek,
						 .open = walk_open,
						 .gap = walk_gap,
						 .close = walk_close};
	struct walk *w;
	int rc;

	if (marker != SL_MARKER_NONE && marker != SL_MARKER_OVERLAY_TRUSTED &&
	    marker != SL_MARKER_OVERLAY_USER)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "only overlay directories can be read yet, not OCI, AUFS or "
			       "fuse-overlayfs ones");
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "directory walk");
	*w = (struct walk){.source.ops = &ops,
			   .marker = marker,
			   .attributes = ATTRIBUTES_INIT,
			   .target = BUF_INIT(65536)};
	rc = dirstack_init(&w->dirs, err);
	if (rc == 0)
		rc = survey(w, dir_fd, err);
	if (rc == 0 && !copy_idmap(&w->idmap, idmap))
		rc = sl_fail(err, SL_ENOMEM, 0, "directory walk");
	if (rc < 0) {
		walk_close(&w->source);
		return rc;
	}
	*out = &w->source;
	return 0;
}

uint64_t layertree_raced(const struct sl_source *src)
{
	return walk_of(src)->raced;
}
