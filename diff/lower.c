/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/lower.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"

void lower_init(struct lower *l, const struct drift_disk *disk)
{
	*l = (struct lower){.disk = disk, .dir_fd = -1};
}

void lower_clear(struct lower *l)
{
	cleanup_closep(&l->dir_fd);
	free(l->parent);
	lower_init(l, l->disk);
}

static bool is_same_parent(const struct lower *l, const struct sl_entry *e, size_t len)
{
	return l->dir_fd >= 0 && l->layer == e->layer && l->parent_len == len &&
	       memcmp(l->parent, e->path.data, len) == 0;
}

/* Make dir_fd the directory that holds @e in its layer. */
static bool enter_parent(struct lower *l, const struct sl_entry *e)
{
	const char *slash = memrchr(e->path.data, '/', e->path.len);
	size_t len = slash != NULL ? (size_t)(slash - e->path.data) : 0;
	const struct sl_stack *stack = l->disk->stack;

	if (is_same_parent(l, e, len)) {
		l->name_at = slash != NULL ? len + 1 : 0;
		return true;
	}
	lower_clear(l);
	if (e->layer >= stack->lower_count || stack->lowers[e->layer].dir_fd < 0)
		return false;
	l->parent = strndup(e->path.data, len);
	if (l->parent == NULL)
		return false;
	l->parent_len = len;
	l->layer = e->layer;
	l->name_at = slash != NULL ? len + 1 : 0;
	l->dir_fd =
		root_open_subdir(stack->lowers[e->layer].dir_fd, l->parent, ROOT_NO_LINKS, NULL);
	return l->dir_fd >= 0;
}

bool lower_find(struct lower *l, const struct sl_entry *before, struct sl_time *mtime)
{
	struct stat st;

	if (l->disk == NULL || l->disk->stack == NULL || !l->disk->proven || before->path.len == 0)
		return false;
	if (!enter_parent(l, before) ||
	    fstatat(l->dir_fd, before->path.data + l->name_at, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if ((st.st_mode & S_IFMT) != (before->mode & S_IFMT) ||
	    (S_ISREG(st.st_mode) && (uint64_t)st.st_size != before->size))
		return false;
	*mtime = (struct sl_time){.sec = st.st_mtim.tv_sec, .nsec = (uint32_t)st.st_mtim.tv_nsec};
	return true;
}

bool lower_has_xattr(const struct lower *l, const struct sl_entry *before, const char *name)
{
	AUTO_CLOSE int fd =
		openat(l->dir_fd, before->path.data + l->name_at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char proc[48];
	ssize_t n = kernel_getxattrat(l->dir_fd, before->path.data + l->name_at, name, NULL, 0);

	if (n >= 0 || errno == ENODATA)
		return n >= 0;
	if (fd < 0)
		return true;
	/* our own descriptor: attributes cannot be asked of an O_PATH descriptor itself */
	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return getxattr(proc, name, NULL, 0) >= 0 || errno != ENODATA;
}
