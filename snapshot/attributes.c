/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/attributes.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <linux/capability.h>
#include <linux/limits.h>

#include "core/cleanup.h"
#include "core/kernel.h"

#define LIST_START 512

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

/* What a marker's value says. */
static void note_value(struct attributes *a, const struct dialect *d, enum dialect_attribute kind,
		       const struct buf *value)
{
	bool ok = true;

	if (kind == DIALECT_ATTR_METACOPY) {
		a->marks |= MARK_METACOPY;
		ok = dialect_metacopy_is_valid(value->data, value->len);
	} else if (kind == DIALECT_ATTR_NLINK) {
		if (dialect_nlink_reaches_below(value->data, value->len))
			a->marks |= MARK_INDEXED;
	} else if (kind == DIALECT_ATTR_STAT) {
		ok = dialect_parse_stat(&a->stat, value->data, value->len);
		a->marks |= ok ? MARK_STAT : 0;
	} else {
		int opaque = dialect_opaque(d, value->data, value->len);

		ok = opaque >= 0;
		a->marks |= opaque == 1 ? MARK_OPAQUE : 0;
	}
	if (!ok)
		a->marks |= MARK_MALFORMED;
}

static int read_mark(struct attributes *a, const struct dialect *d, enum dialect_attribute kind,
		     const char *name, struct sl_error *err)
{
	struct buf value CLEANUP(buf_clear) = BUF_INIT((size_t)2 * XATTR_SIZE_MAX);
	size_t size = 0;
	int rc;

	switch (kind) {
	case DIALECT_ATTR_WHITEOUT:
		a->marks |= MARK_WHITEOUT;
		return 0;
	case DIALECT_ATTR_ORIGIN:
		a->marks |= MARK_ORIGIN;
		return 0;
	case DIALECT_ATTR_REDIRECT:
		buf_reset(&a->redirect);
		rc = read_value(a, &a->redirect, name, &size, err);
		a->marks |= rc == 0 ? MARK_REDIRECT : 0;
		break;
	case DIALECT_ATTR_OPAQUE:
	case DIALECT_ATTR_METACOPY:
	case DIALECT_ATTR_NLINK:
	case DIALECT_ATTR_STAT:
		rc = read_value(a, &value, name, &size, err);
		if (rc == 0)
			note_value(a, d, kind, &value);
		break;
	case DIALECT_DATA:
	case DIALECT_HIDDEN:
	default:
		return 0;
	}
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

/* One name: a marker, or data under the name that containers see. */
static int take_name(struct attributes *a, char *name, const struct dialect *d,
		     struct sl_error *err)
{
	struct dialect_reading reading = dialect_attribute(d, name, a->stat_name);
	size_t size = 0, at = a->values.len;
	char *shown = name + reading.drop;
	int rc;

	if (reading.kind != DIALECT_DATA)
		return read_mark(a, d, reading.kind, name, err);
	rc = read_value(a, &a->values, name, &size, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (reading.drop > 0)
		memmove(shown, name, reading.keep);
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

int attributes_read(struct attributes *a, int dir_fd, const char *name, const struct dialect *d,
		    struct sl_error *err)
{
	int rc, worst = 0;

	a->count = 0;
	a->marks = 0;
	buf_reset(&a->path);
	(void)buf_append_str(&a->path, "/proc/self/fd/");
	(void)buf_append_number(&a->path, (uint64_t)dir_fd);
	(void)buf_append_char(&a->path, '/');
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
		rc = take_name(a, attribute, d, worst == 0 ? err : NULL);
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
