/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/treelook.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/kernel.h"
#include "snapshot/gaps.h"
#include "snapshot/indexdir.h"

static int gap(struct treelook *l, const char *why, int sys, bool below, struct sl_error *err)
{
	return gaps_add(&l->dirs->gaps, dirstack_path(l->dirs), why, sys, below, err);
}

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

static void fill(struct treelook *l)
{
	const struct statx *st = &l->st;
	struct sl_entry *e = &l->entry;

	*e = (struct sl_entry){.path = dirstack_path(l->dirs),
			       .mode = st->stx_mode,
			       .uid = unshift(st->stx_uid, l->idmap.uids, l->idmap.uid_count),
			       .gid = unshift(st->stx_gid, l->idmap.gids, l->idmap.gid_count),
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
static int fill_target(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	size_t room = 256;
	ssize_t n;

	for (;; room = l->target.max) {
		buf_reset(&l->target);
		if (buf_reserve(&l->target, room) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "link target");
		n = readlinkat(dir_fd, name, l->target.data, room);
		if (n < (ssize_t)room || room == l->target.max)
			break;
	}
	if (n < 0 && errno == ENOENT) {
		l->raced++;
		return 1;
	}
	if (n < 0) {
		int rc = errno == EINVAL ? gap(l, "replaced while it was walked", 0, true, err)
					 : gap(l, "link target cannot be read", errno, false, err);

		return rc < 0 ? rc : 1;
	}
	l->target.len = (size_t)n;
	l->target.data[n] = '\0';
	l->entry.target = (struct sl_bytes){l->target.data, l->target.len};
	return 0;
}

/* Owner, mode and type as the container sees them. The bytes on disk stay what they are. */
static int override_stat(struct treelook *l, struct sl_error *err)
{
	const struct dialect_stat *stat = &l->attributes.stat;
	struct sl_entry *e = &l->entry;
	uint32_t type = stat->has_type ? stat->mode & S_IFMT : e->mode & S_IFMT;

	/* fuse-overlayfs itself looks at files and directories only */
	if (!S_ISREG(e->mode) && !S_ISDIR(e->mode))
		return 0;
	if (S_ISDIR(e->mode) != S_ISDIR(type) || S_ISLNK(type) ||
	    (stat->claim != 0 && stat->claim != type))
		return gap(l, "is kept on disk as another type of object", 0, false, err);
	e->uid = stat->uid;
	e->gid = stat->gid;
	e->mode = type | (stat->mode & 07777);
	e->size = S_ISREG(type) ? e->size : 0;
	e->rdev_major = stat->rdev_major;
	e->rdev_minor = stat->rdev_minor;
	return 0;
}

static int apply_redirect(struct treelook *l, struct sl_error *err)
{
	const struct attributes *a = &l->attributes;
	struct sl_entry *e = &l->entry;

	if (S_ISDIR(e->mode) && !dialect_follows_redirects(l->dialect)) {
		e->flags |= SL_ENTRY_OPAQUE;
		return gap(l, "redirected directory on a mount that follows none", 0, true, err);
	}
	e->redirect = (struct sl_bytes){a->redirect.data, a->redirect.len};
	return 0;
}

static int apply_marks(struct treelook *l, struct sl_error *err)
{
	const struct attributes *a = &l->attributes;
	struct sl_entry *e = &l->entry;
	bool is_dir = S_ISDIR(e->mode), is_file = S_ISREG(e->mode);
	int rc = 0;

	if ((a->marks & MARK_WHITEOUT) != 0 && is_file && e->size == 0) {
		e->flags |= SL_ENTRY_WHITEOUT;
		e->mode = 0;
		return 0;
	}
	if ((a->marks & MARK_OPAQUE) != 0 && is_dir)
		e->flags |= SL_ENTRY_OPAQUE;
	if ((a->marks & MARK_METACOPY) != 0 && is_file)
		e->flags |= SL_ENTRY_METACOPY;
	if ((a->marks & MARK_ORIGIN) != 0)
		e->flags |= SL_ENTRY_ORIGIN;
	if ((a->marks & MARK_INDEXED) != 0 && !is_dir)
		e->flags |= SL_ENTRY_INDEXED;
	if ((a->marks & MARK_REDIRECT) != 0 && (is_dir || (e->flags & SL_ENTRY_METACOPY) != 0))
		rc = apply_redirect(l, err);
	if (rc == 0 && (a->marks & MARK_STAT) != 0)
		rc = override_stat(l, err);
	if (rc == 0 && (a->marks & MARK_MALFORMED) != 0)
		rc = gap(l, "a private attribute of the overlay is malformed", 0, is_dir, err);
	return rc;
}

static int fill_attributes(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	bool is_dir = S_ISDIR(l->entry.mode); /* whose markers say what shows beneath */
	int rc, sys;

	rc = attributes_read(&l->attributes, dir_fd, name, l->dialect, &why);
	sys = why.sys;
	sl_error_clear(&why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "attributes");
	if (rc == 1) {
		l->raced++;
		return 1;
	}
	l->entry.xattrs = l->attributes.list;
	l->entry.xattr_count = l->attributes.count;
	if (apply_marks(l, err) < 0)
		return -SL_ENOMEM;
	if (rc == -SL_ELIMIT)
		return gap(l, "extended attributes of more than 1 MiB", 0, is_dir, err);
	if (rc < 0)
		return gap(l, "extended attributes cannot be read", sys, is_dir, err);
	l->entry.fields |= SL_ENTRY_XATTRS;
	return 0;
}

static bool is_other_mount(const struct treelook *l)
{
	if (l->knows_mount)
		return l->st.stx_mnt_id != l->mount;
	return makedev(l->st.stx_dev_major, l->st.stx_dev_minor) != l->root_dev;
}

/* Errors that mean that nothing of this name is there, or nothing of this layer. */
static bool is_nothing(int sys)
{
	return sys == ENOENT || sys == ENOTDIR || sys == ELOOP || sys == EXDEV ||
	       sys == ENAMETOOLONG;
}

int treelook_has_marker(struct treelook *l, int dir_fd, const char *path, struct sl_error *err)
{
	AUTO_CLOSE int fd = dirstack_open_beneath(dir_fd, path, O_PATH);

	if (fd >= 0)
		return 1;
	return is_nothing(errno)
		       ? 0
		       : gap(l, "what marks it in its layer cannot be looked at", errno, true, err);
}

/* A directory that holds the name which makes it opaque. */
static int find_opaque_name(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/" DIALECT_OPAQUE_NAME, name) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "directory walk");
	}
	rc = treelook_has_marker(l, dir_fd, path, err);
	if (rc == 1)
		l->entry.flags |= SL_ENTRY_OPAQUE;
	return rc < 0 ? rc : 0;
}

/* 1 when a whiteout of the same layer lies beside the object @name in @dir_fd. */
int treelook_whiteout_beside(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;

	if (dialect_key(l->dialect) == NULL || strcmp(name, ".") == 0)
		return 0;
	if (asprintf(&path, DIALECT_WHITEOUT_PREFIX "%s", name) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "directory walk");
	}
	return treelook_has_marker(l, dir_fd, path, err);
}

static int make_whiteout(struct treelook *l)
{
	l->entry.flags |= SL_ENTRY_WHITEOUT;
	l->entry.mode = 0;
	l->entry.size = 0;
	return 0;
}

/* What names in the directory say about the object that was looked at. */
static int apply_names(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	bool is_dir = S_ISDIR(l->st.stx_mode);
	int rc, beside;

	if (dialect_key(l->dialect) == NULL)
		return 0;
	beside = treelook_whiteout_beside(l, dir_fd, name, err);
	if (beside < 0)
		return beside;
	rc = is_dir ? find_opaque_name(l, dir_fd, name, err) : 0;
	if (rc < 0 || beside == 0)
		return rc;
	if (dialect_object_survives(l->dialect)) {
		l->entry.flags |= is_dir ? SL_ENTRY_OPAQUE : 0;
		return 0;
	}
	(void)make_whiteout(l);
	return gap(l, "both there and deleted in one layer: not examined", 0, true, err);
}

/* The root has nothing beside it, and the kernel never hides what is below it. */
int treelook_settle_root(struct treelook *l, struct sl_error *err)
{
	/* the kernel notes the lower root on that of an upper directory with an index alone */
	if ((l->entry.flags & SL_ENTRY_ORIGIN) != 0 && dialect_needs_trusted(l->dialect) &&
	    indexdir_may_hide(l->beside_fd >= 0 ? l->beside_fd : l->dirs->root_fd))
		l->entry.flags |= SL_ENTRY_INDEXED;
	if ((l->entry.flags & SL_ENTRY_OPAQUE) == 0 || !dialect_root_is_opaque(l->dialect))
		return 0;
	return gap(l, "the root is opaque: the layers below do not show", 0, true, err);
}

static bool is_null_device(const struct statx *st)
{
	return S_ISCHR(st->stx_mode) && st->stx_rdev_major == 0 && st->stx_rdev_minor == 0;
}

/* Ask the kernel for @name in @dir_fd, at the current path. 0 and l->st; 1 when there is nothing.
 */
static int examine(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	int rc;

	/* what is mounted here is only to be told apart: its server may never answer */
	if (kernel_statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
			 &l->st) < 0) {
		if (errno == ENOENT) {
			l->raced++;
			return 1;
		}
		rc = gap(l, "cannot be examined", errno, true, err);
		return rc < 0 ? rc : 1;
	}
	if (is_other_mount(l)) {
		rc = gap(l, "another file system is mounted here", 0, true, err);
		return rc < 0 ? rc : 1;
	}
	fill(l);
	return 0;
}

/* The marker file @name in @dir_fd, which deletes the current path. 0; 1 when it has gone. */
int treelook_whiteout(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	int rc = examine(l, dir_fd, name, err);

	if (rc != 0)
		return rc;
	(void)make_whiteout(l);
	if (is_null_device(&l->st) || (S_ISREG(l->st.stx_mode) && l->st.stx_size == 0))
		return 0;
	/* it deletes all the same, and nobody in the container sees what it holds */
	return gap(l, "a deletion marker that is no empty file: not examined", 0, true, err);
}

/* Describe @name in @dir_fd, at the current path. 0 and l->entry; 1 when there is nothing. */
int treelook_at(struct treelook *l, int dir_fd, const char *name, struct sl_error *err)
{
	int rc = examine(l, dir_fd, name, err);

	if (rc != 0)
		return rc;
	if (dialect_reads_devices(l->dialect) && is_null_device(&l->st))
		return make_whiteout(l);
	rc = S_ISLNK(l->st.stx_mode) ? fill_target(l, dir_fd, name, err) : 0;
	if (rc == 0)
		rc = fill_attributes(l, dir_fd, name, err);
	return rc == 0 ? apply_names(l, dir_fd, name, err) : rc;
}

/* Opening */

/* The attribute by which this layer overrides stat(): its root bears it, or none of it counts. */
static int find_stat_name(struct treelook *l, struct sl_error *err)
{
	const char *const *names = dialect_stat_names(l->dialect);
	char proc[48];

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", l->dirs->root_fd);
	for (; *names != NULL; names++) {
		if (getxattr(proc, *names, NULL, 0) >= 0) {
			l->attributes.stat_name = *names;
			return 0;
		}
		if (errno != ENODATA && errno != EOPNOTSUPP)
			return gaps_add(&l->dirs->gaps, (struct sl_bytes){"", 0},
					"attributes of the root cannot be read", errno, true, err);
	}
	return 0;
}

/* Learn which mount the tree is on, and whether everything about it can be read. */
static int survey(struct treelook *l, int dir_fd, struct sl_error *err)
{
	l->dirs->root_fd = dirstack_open_beneath(dir_fd, ".", O_PATH | O_DIRECTORY);
	if (l->dirs->root_fd < 0 || kernel_statx(l->dirs->root_fd, "", AT_EMPTY_PATH, &l->st) < 0)
		return sl_fail(err, SL_EIO, errno, "open directory");
	l->knows_mount = (l->st.stx_mask & STATX_MNT_ID) != 0;
	l->mount = l->st.stx_mnt_id;
	l->root_dev = makedev(l->st.stx_dev_major, l->st.stx_dev_minor);
	if (!kernel_has_proc() && !kernel_has_xattrat())
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "extended attributes are read through /proc before Linux 6.13, "
			       "and it is not mounted here");
	if (dialect_needs_trusted(l->dialect) && !attributes_trusted_visible())
		return gaps_add(&l->dirs->gaps, (struct sl_bytes){"", 0},
				"trusted.* attributes cannot be read without CAP_SYS_ADMIN", 0,
				true, err);
	return find_stat_name(l, err);
}

int treelook_init(struct treelook *l, struct dirstack *dirs, int dir_fd, enum sl_marker marker,
		  const struct sl_idmap *idmap, struct sl_error *err)
{
	*l = (struct treelook){.dirs = dirs,
			       .dialect = dialect_of(marker),
			       .beside_fd = -1,
			       .attributes = ATTRIBUTES_INIT,
			       .target = BUF_INIT(65536)};
	dirs->key = dialect_key(l->dialect);
	if (idmap != NULL && idmap_copy(&l->idmap, idmap, err) < 0)
		return -SL_ENOMEM;
	return survey(l, dir_fd, err);
}

void treelook_clear(struct treelook *l)
{
	idmap_clear(&l->idmap);
	buf_clear(&l->target);
	attributes_clear(&l->attributes);
}
