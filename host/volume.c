/* SPDX-License-Identifier: Apache-2.0 */
#include "host/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <linux/magic.h>

#include "core/beneath.h"
#include "core/buf.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"
#include "host/machine.h"
#include "host/process.h"
#include "host/procmounts.h"

/* As many as the kernel follows in one path. */
#define LINKS_MAX 40
#define PATH_LIMIT ((size_t)1 << 20)

#define SLOW "lies on a file system that a daemon or server answers for (FUSE, NFS): not read"

static int unread(struct host_volume *v, const char *why, int sys)
{
	v->why = why;
	v->sys = sys;
	return 0;
}

void host_volume_clear(struct host_volume *v)
{
	if (v->dir_fd >= 0)
		close(v->dir_fd);
	free(v->file);
	*v = (struct host_volume){.dir_fd = -1};
}

/* What the kernel knows of an open object without asking its file system. */
static int look(int fd, struct statx *st)
{
	return kernel_statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, st);
}

static bool is_slow(const struct procmounts *mounts, const struct statx *st)
{
	const struct procmount *on = NULL;

	if ((st->stx_mask & STATX_MNT_ID) != 0)
		on = procmounts_by_id(mounts, st->stx_mnt_id);
	for (size_t i = 0; on == NULL && i < mounts->count; i++)
		if (mounts->items[i].major == st->stx_dev_major &&
		    mounts->items[i].minor == st->stx_dev_minor)
			on = &mounts->items[i];
	return on != NULL && on->is_slow;
}

/* ---- volumes and bind mounts: a path of the host ---- */

/* A path on its way: what is known to hold no link, and what is left of it. */
struct way {
	struct buf done, left;
	size_t at;    /* in left */
	size_t links; /* followed so far */
};

static void way_clear(struct way *w)
{
	buf_clear(&w->done);
	buf_clear(&w->left);
}

/* The next component of what is left; its length, 0 at the end. */
static size_t next_name(struct way *w, const char **name)
{
	size_t len;

	while (w->at < w->left.len && w->left.data[w->at] == '/')
		w->at++;
	*name = w->left.data + w->at;
	len = w->at < w->left.len ? strcspn(*name, "/") : 0;
	w->at += len;
	return len;
}

static void go_up(struct way *w)
{
	const char *slash = w->done.len > 0 ? memrchr(w->done.data, '/', w->done.len) : NULL;

	w->done.len = slash != NULL ? (size_t)(slash - w->done.data) : 0;
	if (w->done.data != NULL)
		w->done.data[w->done.len] = '\0';
}

/* Put what the link at the end of the way says in front of what is left. */
static int follow(struct way *w, int fd, struct host_volume *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(PATH_LIMIT);
	int rc = root_read_link(fd, "", &text, err);

	if (rc < 0)
		return rc == -SL_ENOMEM ? rc : unread(out, "its source cannot be resolved", 0);
	if (++w->links > LINKS_MAX)
		return unread(out, "its source leads through too many links", ELOOP);
	go_up(w);
	if (text.len > 0 && text.data[0] == '/')
		buf_reset(&w->done);
	(void)buf_append_char(&text, '/');
	(void)buf_append(&text, w->left.data + w->at, w->left.len - w->at);
	if (text.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	buf_clear(&w->left);
	w->left = text;
	text = BUF_INIT(PATH_LIMIT);
	w->at = 0;
	return 0;
}

/* One component further. *st: what is there. 0 or negative; out->why when it ends here. */
static int step(struct host *h, const struct procmounts *mounts, struct way *w, const char *name,
		size_t len, struct statx *st, struct host_volume *out, struct sl_error *err)
{
	AUTO_CLOSE int fd = -1;

	(void)buf_append_char(&w->done, '/');
	if (buf_append(&w->done, name, len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	fd = beneath_open(h->place.root_fd, w->done.data + 1, O_PATH | O_NOFOLLOW,
			  BENEATH_NO_LINKS);
	if (fd < 0 || look(fd, st) < 0)
		return unread(out, "its source cannot be opened", errno);
	if (is_slow(mounts, st))
		return unread(out, SLOW, 0);
	return S_ISLNK(st->stx_mode) ? follow(w, fd, out, err) : 0;
}

/* The directory or file at the end of the way. */
static int arrive(struct host *h, struct way *w, const struct statx *st, struct host_volume *out,
		  struct sl_error *err)
{
	const char *slash;

	if (w->done.len == 0 || S_ISDIR(st->stx_mode)) {
		out->dir_fd =
			beneath_open(h->place.root_fd, w->done.len > 0 ? w->done.data + 1 : ".",
				     O_PATH | O_DIRECTORY, BENEATH_NO_LINKS);
		return out->dir_fd < 0 ? unread(out, "its source cannot be opened", errno) : 0;
	}
	if (!S_ISREG(st->stx_mode))
		return unread(out, "is no file and no directory", 0);
	slash = memrchr(w->done.data, '/', w->done.len);
	out->file = strdup(slash + 1);
	if (out->file == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	go_up(w);
	out->dir_fd = beneath_open(h->place.root_fd, w->done.len > 0 ? w->done.data + 1 : ".",
				   O_PATH | O_DIRECTORY, BENEATH_NO_LINKS);
	return out->dir_fd < 0 ? unread(out, "its source cannot be opened", errno) : 0;
}

/*
 * Component by component: each is known to be on a file system that answers before anything is
 * looked up in it. Links are the host's, and are followed inside the examined root.
 */
static int open_source(struct host *h, const char *source, struct host_volume *out,
		       struct sl_error *err)
{
	CLEANUP(procmounts_clear) struct procmounts mounts = {0};
	CLEANUP(way_clear)
	struct way w = {.done = BUF_INIT(PATH_LIMIT), .left = BUF_INIT(PATH_LIMIT)};
	struct statx st = {.stx_mode = S_IFDIR};
	const char *name;
	size_t len;
	int rc = 0;

	if (source == NULL || source[0] != '/')
		return unread(out, "the store does not say where on the host it lies", 0);
	if (h->place.proc_fd >= 0) {
		AUTO_CLOSE int self =
			openat(h->place.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (self < 0 || procmounts_read(&mounts, self, NULL) < 0)
			return unread(out, "what is mounted on the host cannot be read", 0);
	}
	if (buf_append_str(&w.left, source) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	while (rc == 0 && out->why == NULL && (len = next_name(&w, &name)) > 0) {
		if (len == 1 && name[0] == '.')
			continue;
		if (len == 2 && memcmp(name, "..", 2) == 0) {
			go_up(&w);
			st.stx_mode = S_IFDIR;
			continue;
		}
		rc = step(h, &mounts, &w, name, len, &st, out, err);
	}
	return rc == 0 && out->why == NULL ? arrive(h, &w, &st, out, err) : rc;
}

/* These are the kernel's: to read some of them acts, or never ends. */
static bool is_of_kernel(int fd)
{
	static const long kinds[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,   CGROUP_SUPER_MAGIC,
				     CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
				     SECURITYFS_MAGIC,    BPF_FS_MAGIC,  DEVPTS_SUPER_MAGIC,
				     PSTOREFS_MAGIC,      EFIVARFS_MAGIC};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((long)fs.f_type == kinds[i])
			return true;
	return false;
}

static bool is_root(const struct host *h, int dir_fd)
{
	struct stat a, b;

	return fstat(h->place.root_fd, &a) == 0 && fstat(dir_fd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* What is no volume, although it is mounted as one. */
static void refuse(const struct host *h, struct host_volume *out)
{
	if (out->why != NULL || out->dir_fd < 0)
		return;
	if (is_of_kernel(out->dir_fd))
		(void)unread(out, "is a file system of the kernel's: not walked", 0);
	else if (out->file == NULL && is_root(h, out->dir_fd))
		(void)unread(out, "is the root of the host: not walked", 0);
}

/* ---- tmpfs: in the mount namespace of the container ---- */

/* The mount at @path, where no other before it could make us wait. NULL: see out->why. */
static const struct procmount *find_tmpfs(const struct procmounts *mounts, const char *path,
					  struct host_volume *out)
{
	const struct procmount *found = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct procmount *m = &mounts->items[i];
		const char *rest = procmounts_behind(path, m->point);

		if (rest != NULL && m->is_slow) {
			(void)unread(out, SLOW, 0);
			return NULL;
		}
		if (rest != NULL && *rest == '\0')
			found = m;
	}
	if (found == NULL)
		(void)unread(out, "is not mounted in the container now", 0);
	else if (!found->is_tmpfs)
		(void)unread(out, "something else is mounted over it", 0);
	return out->why == NULL ? found : NULL;
}

static int open_inside(int pid_fd, const char *path, struct host_volume *out)
{
	CLEANUP(procmounts_clear) struct procmounts mounts = {0};
	AUTO_CLOSE int root = -1, fd = -1;
	const struct procmount *m;
	struct statx st;

	if (procmounts_read(&mounts, pid_fd, NULL) < 0)
		return unread(out, "what is mounted in the container cannot be read", 0);
	m = find_tmpfs(&mounts, path, out);
	if (m == NULL)
		return 0;
	root = process_open_root(pid_fd, NULL);
	if (root < 0)
		return unread(out, "the root directory of its first process cannot be opened",
			      errno);
	fd = beneath_open(root, path + strspn(path, "/"), O_PATH | O_DIRECTORY, BENEATH_NO_LINKS);
	if (fd < 0 || look(fd, &st) < 0)
		return unread(out, "cannot be opened in the container", errno);
	if ((st.stx_mask & STATX_MNT_ID) != 0
		    ? st.stx_mnt_id != m->id
		    : st.stx_dev_major != m->major || st.stx_dev_minor != m->minor)
		return unread(out, "something else is mounted over it", 0);
	out->dir_fd = take_fd(&fd);
	return 0;
}

static int open_tmpfs(struct host *h, const struct sl_container *c, const char *path,
		      struct host_volume *out)
{
	AUTO_CLOSE int pid_fd = -1;
	struct process_stat st;

	if (h->place.proc_fd < 0)
		return unread(out, "is in the memory of a machine that does not run here", 0);
	if (c->pid <= 0)
		return unread(out, "is gone with the container's processes", 0);
	pid_fd = process_open(h->place.proc_fd, c->pid, NULL);
	if (pid_fd < 0 || process_stat(pid_fd, &st, NULL) < 0 ||
	    (c->has_pid_start && st.start != c->pid_start))
		return unread(out, "its first process has ended", 0);
	return open_inside(pid_fd, path, out);
}

/* Podman binds it from the container's directory; when nothing runs, only that is left. */
static void know_shm(const struct host *h, const struct sl_mount *m, struct host_volume *out)
{
	struct statfs fs;

	if (strcmp(m->type, "bind") != 0 || strcmp(m->path, "/dev/shm") != 0 || out->dir_fd < 0 ||
	    out->file != NULL || host_holds_dir(h, out->dir_fd, NULL) <= 0)
		return;
	out->is_shm = true;
	if (fstatfs(out->dir_fd, &fs) == 0 && (long)fs.f_type == TMPFS_MAGIC)
		return;
	close(take_fd(&out->dir_fd));
	(void)unread(out, "is gone with the container's processes", 0);
}

int host_volume_open(struct host *h, const struct sl_container *c, const struct sl_mount *m,
		     struct host_volume *out, struct sl_error *err)
{
	int rc;

	*out = (struct host_volume){.dir_fd = -1};
	if (strcmp(m->type, "tmpfs") == 0)
		return open_tmpfs(h, c, m->path, out);
	rc = open_source(h, m->source, out, err);
	if (rc == 0)
		refuse(h, out);
	if (rc == 0)
		know_shm(h, m, out);
	/* what a user without rights mounts there is seen by his own processes alone */
	if (rc == 0 && out->is_shm && out->dir_fd < 0 && c->pid > 0 && h->place.proc_fd >= 0) {
		out->why = NULL;
		rc = open_tmpfs(h, c, m->path, out);
	}
	return rc;
}
