/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procmounts.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/mountinfo.h"
#include "host/process.h"

#define MOUNTINFO_MAX ((size_t)64 * 1024 * 1024)

void procmounts_clear(struct procmounts *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->items[i].root);
		free(m->items[i].point);
	}
	free(m->items);
	*m = (struct procmounts){0};
}

static int decode(char **out, struct sl_bytes text, struct sl_error *err)
{
	struct buf path = BUF_INIT((size_t)1 << 20);
	int rc = mountinfo_decode(&path, text, err);

	*out = rc == 0 ? buf_take(&path) : NULL;
	buf_clear(&path);
	return rc == 0 && *out == NULL ? sl_fail(err, SL_ENOMEM, 0, "mounts") : rc;
}

static bool begins(struct sl_bytes field, const char *prefix)
{
	return field.len >= strlen(prefix) && memcmp(field.data, prefix, strlen(prefix)) == 0;
}

/* File systems that ask a daemon or a server, which may never answer. */
static bool is_slow(struct sl_bytes type)
{
	static const char *const prefixes[] = {"fuse", "nfs",  "cifs", "smb3",
					       "9p",   "ceph", "afs",  "autofs"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (begins(type, prefixes[i]))
			return true;
	return false;
}

/* What hands on orders to the kernel, or all of its devices. */
static bool is_kernel(struct sl_bytes type)
{
	static const char *const types[] = {"cgroup",   "cgroup2",    "debugfs", "tracefs",
					    "sysfs",    "securityfs", "bpf",     "binfmt_misc",
					    "devtmpfs", "configfs",   "efivarfs"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (mountinfo_is(type, types[i]))
			return true;
	return false;
}

static int add(struct procmounts *m, const struct mountinfo_row *row, struct sl_error *err)
{
	struct procmount new = {
		.id = row->id,
		.parent = row->parent,
		.major = row->major,
		.minor = row->minor,
		.is_tmpfs = mountinfo_is(row->type, "tmpfs") || mountinfo_is(row->type, "ramfs"),
		.is_proc = mountinfo_is(row->type, "proc"),
		.is_overlay = mountinfo_is(row->type, "overlay") || begins(row->type, "fuse"),
		.is_kernel = is_kernel(row->type),
		.shows_nothing = mountinfo_is(row->type, "nsfs"),
		.is_readonly = begins(row->flags, "ro") &&
			       (row->flags.len == 2 || row->flags.data[2] == ','),
		.is_slow = is_slow(row->type)};
	int rc;

	if (m->count == m->cap) {
		size_t cap = m->cap == 0 ? 32 : m->cap * 2;
		struct procmount *grown = reallocarray(m->items, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "mounts");
		m->items = grown;
		m->cap = cap;
	}
	rc = decode(&new.root, row->root, err);
	if (rc == 0)
		rc = decode(&new.point, row->point, err);
	if (rc < 0) {
		free(new.root);
		return rc;
	}
	m->has_slow = m->has_slow || new.is_slow;
	m->items[m->count++] = new;
	return 0;
}

int procmounts_read(struct procmounts *out, int pid_fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MOUNTINFO_MAX);
	CLEANUP(procmounts_clear) struct procmounts own = {0};
	struct mountinfo_row row;
	struct mountinfo m;
	int rc = process_read_mounts(pid_fd, &text, err);

	if (rc < 0)
		return rc;
	m = MOUNTINFO_INIT(text.data, text.len);
	while ((rc = mountinfo_next(&m, &row, NULL)) != 1) {
		if (rc == 0)
			rc = add(&own, &row, err);
		if (rc == -SL_ENOMEM)
			return rc;
		own.broken += rc < 0;
	}
	*out = own;
	own = (struct procmounts){0};
	return 0;
}

const struct procmount *procmounts_by_id(const struct procmounts *m, uint64_t id)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].id == id)
			return &m->items[i];
	return NULL;
}

const char *procmounts_behind(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	if (strncmp(path, prefix, len) != 0 || (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path + len;
}

bool procmounts_covers(const struct procmounts *m, const struct procmount *mount)
{
	const struct procmount *below = procmounts_by_id(m, mount->parent);
	const char *rest;

	if (below == NULL || !below->is_proc || below == mount)
		return false;
	rest = procmounts_behind(mount->point, below->point);
	if (rest == NULL || rest[0] != '/' || rest[1] < '0' || rest[1] > '9')
		return false;
	rest += 1 + strspn(rest + 1, "0123456789");
	return *rest == '/' || *rest == '\0';
}
