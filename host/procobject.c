/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procobject.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"
#include "host/process.h"

/* What the kernel puts behind the path of a file that has lost its name. */
#define DELETED " (deleted)"

const char *procobject_inside(const struct procseen *by, const char *link)
{
	const char *rest = procmounts_behind(link, by->root);

	return rest == NULL ? link : rest[0] == '\0' ? "/" : rest;
}

static bool statx_of(int fd, struct statx *st, uint64_t *mount)
{
	if (kernel_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, st) < 0)
		return false;
	*mount = st->stx_mnt_id;
	return (st->stx_mask & STATX_MNT_ID) != 0 || kernel_mount_id(fd, mount) ||
	       (*mount = 0, true);
}

/* A path beneath the root directory, without entering another mount. */
static bool is_at(const struct procseen *by, const char *path, const struct sl_object *o)
{
	AUTO_CLOSE int root = process_open_root(by->pid_fd, NULL);
	AUTO_CLOSE int fd =
		root < 0 ? -1
			 : beneath_open(root, path + strspn(path, "/"), O_PATH | O_NOFOLLOW,
					BENEATH_NO_LINKS | RESOLVE_NO_XDEV);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == o->dev && st.st_ino == o->ino;
}

/* Does it lack a name? A name may also end as if it did. */
static void settle_name(const struct procseen *by, struct sl_object *o)
{
	size_t len = strlen(o->path), tail = strlen(DELETED);

	if (len <= tail || strcmp(o->path + len - tail, DELETED) != 0 || is_at(by, o->path, o))
		return;
	o->path[len - tail] = '\0';
	o->is_unlinked = true;
}

static bool is_memory(const char *path)
{
	static const char *const starts[] = {"/memfd:", "/SYSV", "/dev/zero", "/anon_hugepage"};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (strncmp(path, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/*
 * The path in the container's own tree, when the mount shows a part of that tree; owned. 1: it does
 * not.
 */
static int path_in_tree(const struct procobjects *all, const struct procmount *mount,
			const char *path, char **out)
{
	const char *dir, *rest;
	char *text = NULL;

	if (all->root.root == NULL || mount->major != all->root.major ||
	    mount->minor != all->root.minor)
		return 1;
	dir = procmounts_behind(mount->root, all->root.root);
	rest = procmounts_behind(path, mount->point);
	if (dir == NULL)
		return 1;
	if (rest == NULL) /* moved or covered since it was opened */
		rest = path;
	if (dir[strspn(dir, "/")] == '\0')
		dir = "";
	if (asprintf(&text, "%s%s", dir, rest) < 0)
		return -SL_ENOMEM;
	*out = text;
	return 0;
}

/* Does the writable directory have it? What cannot be told is taken for so: its bytes decide. */
static bool is_in_upper(const struct sl_container *c, const struct sl_object *o)
{
	AUTO_CLOSE int fd = -1;

	if (o->is_unlinked || c->stack.is_whole || c->stack.upper_fd < 0 ||
	    c->stack.unsupported != NULL)
		return true;
	fd = beneath_open(c->stack.upper_fd, o->path + strspn(o->path, "/"), O_PATH | O_NOFOLLOW,
			  BENEATH_NO_LINKS | RESOLVE_NO_XDEV);
	return fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
}

/*
 * The kernel lists to a process only the mounts beneath its root directory. Servers that shut
 * themselves into another directory (chroot) still run off the container's mounts, and so does who
 * left for mounts of its own: those of a directory therein are listed nowhere, but the file system
 * is the same, and nobody else's where its root is the container's. *is_own: it has the mount
 * itself.
 */
static const struct procmount *mount_of(const struct procobjects *all, const struct procseen *by,
					uint64_t id, uint64_t dev, bool *is_own)
{
	const struct procmount *mount = procmounts_by_id(by->mounts, id);

	*is_own = mount != NULL;
	if (mount == NULL)
		mount = procmounts_by_id(&all->mounts, id);
	if (mount != NULL || all->root.root == NULL)
		return mount;
	if ((id != 0 && id == all->root.id) || (!by->is_machine && all->root.is_overlay &&
						dev == makedev(all->root.major, all->root.minor)))
		return &all->root;
	return NULL;
}

static int settle_origin(const struct procobjects *all, const struct procseen *by,
			 struct sl_object *o, uint64_t mount_id)
{
	bool is_own;
	const struct procmount *mount = mount_of(all, by, mount_id, o->dev, &is_own);
	char *path = NULL;
	int rc;

	if (mount == NULL) {
		o->origin = is_memory(o->path) ? SL_ORIGIN_MEMORY : SL_ORIGIN_OUTSIDE;
		return 0;
	}
	rc = path_in_tree(all, mount, o->path, &path);
	if (rc < 0)
		return rc;
	if (rc == 0) {
		free(o->path);
		o->path = path;
		o->origin = is_in_upper(all->container, o) ? SL_ORIGIN_UPPER : SL_ORIGIN_IMAGE;
		return 0;
	}
	/* containers in a container have their own root, which is not this one's */
	o->is_nested = !mount->is_tmpfs && strcmp(mount->point, "/") == 0;
	o->origin = by->is_machine    ? SL_ORIGIN_OUTSIDE
		    : mount->is_tmpfs ? SL_ORIGIN_TMPFS
				      : SL_ORIGIN_MOUNT;
	return 0;
}

size_t procobject_head(const struct procseen *by, int fd, char *out, size_t size)
{
	struct statx st;
	uint64_t id;
	const struct procmount *mount;
	AUTO_CLOSE int file = -1;
	ssize_t n;

	if (!statx_of(fd, &st, &id) || !S_ISREG(st.stx_mode))
		return 0;
	mount = procmounts_by_id(by->mounts, id);
	if (mount != NULL && mount->is_slow)
		return 0;
	file = root_reopen(fd, NULL);
	n = file < 0 ? -1 : pread(file, out, size, 0);
	return n > 0 ? (size_t)n : 0;
}

/* What more is said of a file that is not simply the image's. */
static void describe(const struct procobjects *all, const struct procseen *by, struct sl_object *o)
{
	const struct procmount *mount;
	struct statx st;
	uint64_t id = 0;
	char head[4];

	if (o->origin == SL_ORIGIN_MOUNT || o->origin == SL_ORIGIN_OUTSIDE)
		o->engine = proctable_engine(all->table, o->dev, o->ino);
	o->is_elf = procobject_head(by, o->fd, head, sizeof(head)) == sizeof(head) &&
		    memcmp(head, "\177ELF", sizeof(head)) == 0;
	if (!statx_of(o->fd, &st, &id))
		return;
	mount = procmounts_by_id(by->mounts, id);
	o->is_readonly = mount != NULL && mount->is_readonly;
}

static bool find(const struct procobjects *all, const struct sl_object *o, size_t *index)
{
	for (size_t i = 0; i < all->out->object_count; i++) {
		const struct sl_object *known = &all->out->objects[i];

		if (known->dev == o->dev && known->ino == o->ino &&
		    known->is_unlinked == o->is_unlinked && known->origin == o->origin &&
		    strcmp(known->path, o->path) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

static int keep(struct procobjects *all, struct sl_object *o, size_t *index, struct sl_error *err)
{
	struct sl_processes *out = all->out;
	size_t n = out->object_count;

	if (n == PROCOBJECTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d files", PROCOBJECTS_MAX);
	if ((n & (n - 1)) == 0) { /* grow at powers of two */
		struct sl_object *grown =
			reallocarray(out->objects, n == 0 ? 1 : n * 2, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		out->objects = grown;
	}
	out->objects[n] = *o;
	out->objects[n].fd = o->origin != SL_ORIGIN_IMAGE ? take_fd(&o->fd) : -1;
	o->path = NULL;
	*index = out->object_count++;
	return 0;
}

static void object_clear(struct sl_object *o)
{
	free(o->path);
	if (o->fd >= 0)
		close(o->fd);
}

/* As its own mounts have it; from the container's root where only that one's do. Owned. */
static char *path_shown(const struct procobjects *all, const struct procseen *by, const char *link,
			uint64_t mount_id, uint64_t dev)
{
	bool is_own;

	if (link == NULL)
		return strdup("?");
	if (mount_of(all, by, mount_id, dev, &is_own) != NULL && !is_own)
		return strdup(link);
	return strdup(procobject_inside(by, link));
}

int procobject_add(struct procobjects *all, const struct procseen *by, int fd, const char *link,
		   size_t *index, struct sl_error *err)
{
	CLEANUP(object_clear) struct sl_object o = {.fd = fd};
	struct statx st;
	uint64_t mount;
	int rc;

	if (!statx_of(fd, &st, &mount))
		return sl_fail(err, SL_EIO, errno, "look at a file");
	o.dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	o.path = path_shown(all, by, link, mount, o.dev);
	if (o.path == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	o.ino = st.stx_ino;
	settle_name(by, &o);
	rc = settle_origin(all, by, &o, mount);
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	if (find(all, &o, index))
		return 0;
	if (o.origin != SL_ORIGIN_IMAGE)
		describe(all, by, &o);
	return keep(all, &o, index, err);
}
