/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/attributes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <linux/capability.h>
#include <linux/limits.h>

#include "core/cleanup.h"
#include "core/kernel.h"

#define LIST_START 512

static const char *private_prefix(enum sl_marker marker)
{
	if (marker == SL_MARKER_OVERLAY_TRUSTED)
		return "trusted.overlay.";
	if (marker == SL_MARKER_OVERLAY_USER)
		return "user.overlay.";
	return NULL;
}

/*
 * Half the cost of the way through /proc, where the kernel has it. A filter that does not know the
 * calls answers EPERM; they themselves answer neither that nor ENOSYS.
 */
static bool is_refused(struct attributes *a, ssize_t n)
{
	/* without /proc a path would only say that nothing is there */
	if (n >= 0 || (errno != ENOSYS && errno != EPERM) || !kernel_has_proc())
		return false;
	a->by_path = true;
	return true;
}

static ssize_t list_once(struct attributes *a, int dir_fd, const char *name, size_t room)
{
	if (!a->by_path) {
		ssize_t n = kernel_listxattrat(dir_fd, name, a->names.data, room);

		if (!is_refused(a, n))
			return n;
	}
	return llistxattr(a->path.data, a->names.data, room);
}

static ssize_t get_once(struct attributes *a, const char *attribute, void *value, size_t room)
{
	if (!a->by_path) {
		ssize_t n = kernel_getxattrat(a->dir_fd, a->path.data + a->name_at, attribute,
					      value, room);

		if (!is_refused(a, n))
			return n;
	}
	return lgetxattr(a->path.data, attribute, value, room);
}

/* The names, NUL-separated, into a->names. 0; 1 gone; negative. */
static int list_names(struct attributes *a, int dir_fd, const char *name, struct sl_error *err)
{
	size_t room = LIST_START;

	buf_reset(&a->names);
	for (;;) {
		ssize_t n;

		if (buf_reserve(&a->names, room) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "attribute names");
		n = list_once(a, dir_fd, name, room);
		if (n >= 0) {
			a->names.len = (size_t)n;
			a->names.data[n] = '\0';
			return 0;
		}
		if (errno == ENOENT)
			return 1;
		if (errno == EOPNOTSUPP)
			return 0;
		if (errno != ERANGE || room == a->names.max)
			return sl_fail(err, SL_EIO, errno, "list attributes");
		room = a->names.max;
	}
}

/* Append the value to @out. 0 and *size; 1 when the attribute is gone; negative. */
static int read_value(struct attributes *a, struct buf *out, const char *name, size_t *size,
		      struct sl_error *err)
{
	size_t room = 256;

	for (;;) {
		ssize_t n;
		int rc = buf_reserve(out, room);

		if (rc == -SL_ELIMIT)
			return sl_fail(err, SL_ELIMIT, 0, "attributes of more than %zu bytes",
				       out->max);
		if (rc < 0)
			return sl_fail(err, SL_ENOMEM, 0, "attribute value");
		n = get_once(a, name, out->data + out->len, room);
		if (n >= 0) {
			*size = (size_t)n;
			out->len += (size_t)n;
			out->data[out->len] = '\0';
			return 0;
		}
		if (errno == ENODATA || errno == ENOENT)
			return 1;
		if (errno != ERANGE || room == XATTR_SIZE_MAX)
			return sl_fail(err, SL_EIO, errno, "read attribute");
		room = XATTR_SIZE_MAX;
	}
}

/* An attribute of the overlay itself: @what follows the prefix. */
static int read_mark(struct attributes *a, const char *name, const char *what, struct sl_error *err)
{
	struct buf value = BUF_INIT(XATTR_SIZE_MAX);
	size_t size = 0;
	int rc = 0;

	if (strcmp(what, "whiteout") == 0)
		a->marks |= MARK_WHITEOUT;
	if (strcmp(what, "metacopy") == 0)
		a->marks |= MARK_METACOPY;
	if (strcmp(what, "origin") == 0)
		a->marks |= MARK_ORIGIN;
	if (strcmp(what, "opaque") == 0) {
		rc = read_value(a, &value, name, &size, err);
		/* "x" only says that attribute whiteouts may follow; anything else is ignored */
		if (rc == 0 && size == 1 && value.data[0] == 'y')
			a->marks |= MARK_OPAQUE;
	}
	if (strcmp(what, "redirect") == 0) {
		buf_reset(&a->redirect);
		rc = read_value(a, &a->redirect, name, &size, err);
		if (rc == 0)
			a->marks |= MARK_REDIRECT;
	}
	buf_clear(&value);
	return rc < 0 ? rc : 0;
}

static bool add(struct attributes *a, const char *name, size_t value_at, size_t size)
{
	if (a->count == a->room) {
		size_t room = a->room == 0 ? 8 : a->room * 2;
		struct sl_xattr *list = realloc(a->list, room * sizeof(*list));

		if (list == NULL)
			return false;
		a->list = list;
		a->room = room;
	}
	/* an offset until the values stop moving */
	a->list[a->count++] = (struct sl_xattr){
		.name = name, .value = (const void *)(uintptr_t)value_at, .size = size};
	return true;
}

/*
 * One name. @prefix is the dialect's private one: such names are marks, except that with another
 * "overlay." behind it a name belongs to an overlay mounted inside the container. The kernel
 * shows that one without the second prefix, and so do we.
 */
static int take_name(struct attributes *a, char *name, const char *prefix, struct sl_error *err)
{
	static const char escape[] = "overlay.";
	size_t skip = prefix != NULL ? strlen(prefix) : 0, size = 0, at = a->values.len;
	char *shown = name;
	int rc;

	if (prefix != NULL && strncmp(name, prefix, skip) == 0) {
		if (strncmp(name + skip, escape, sizeof(escape) - 1) != 0)
			return read_mark(a, name, name + skip, err);
		shown = name + sizeof(escape) - 1;
	}
	rc = read_value(a, &a->values, name, &size, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (shown != name)
		memmove(shown, name, skip);
	return add(a, shown, at, size) ? 0 : sl_fail(err, SL_ENOMEM, 0, "attributes");
}

static int compare_xattrs(const void *a, const void *b)
{
	return strcmp(((const struct sl_xattr *)a)->name, ((const struct sl_xattr *)b)->name);
}

static void settle(struct attributes *a)
{
	for (size_t i = 0; i < a->count; i++) {
		struct sl_xattr *x = &a->list[i];

		x->value = x->size > 0 ? a->values.data + (uintptr_t)x->value : NULL;
	}
	if (a->count > 1)
		qsort(a->list, a->count, sizeof(*a->list), compare_xattrs);
}

int attributes_read(struct attributes *a, int dir_fd, const char *name, enum sl_marker marker,
		    struct sl_error *err)
{
	const char *prefix = private_prefix(marker);
	char dir[48];
	int rc, worst = 0;

	a->count = 0;
	a->marks = 0;
	buf_reset(&a->path);
	(void)snprintf(dir, sizeof(dir), "/proc/self/fd/%d/", dir_fd);
	(void)buf_append_str(&a->path, dir);
	a->dir_fd = dir_fd;
	a->name_at = a->path.len;
	if (buf_append_str(&a->path, name) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "attributes");
	rc = list_names(a, dir_fd, name, err);
	if (rc != 0 || a->names.len == 0)
		return rc;
	buf_reset(&a->values);
	for (size_t i = 0, step; i < a->names.len; i += step) {
		char *attribute = a->names.data + i;

		step = strlen(attribute) + 1;
		/* a container must not be able to hide a mark behind bulky data */
		rc = take_name(a, attribute, prefix, worst == 0 ? err : NULL);
		if (rc == -SL_ENOMEM)
			return rc;
		if (rc < 0 && worst == 0)
			worst = rc;
		if (rc == -SL_ELIMIT)
			a->values.status = 0;
	}
	settle(a);
	return worst;
}

bool attributes_trusted_visible(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	const ino_t first_user_namespace = 0xeffffffdu; /* PROC_USER_INIT_INO */
	struct stat st;

	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	if ((data[0].effective & (1u << CAP_SYS_ADMIN)) == 0)
		return false;
	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == first_user_namespace;
}

void attributes_clear(struct attributes *a)
{
	free(a->list);
	buf_clear(&a->redirect);
	buf_clear(&a->names);
	buf_clear(&a->values);
	buf_clear(&a->path);
	*a = ATTRIBUTES_INIT;
}
