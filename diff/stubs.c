/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/stubs.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

struct stub {
	const char *path;
	uint32_t type;      /* S_IFDIR, S_IFREG, S_IFLNK */
	const char *target; /* of a link, exactly */
	const char *name;
};

/* reference: what Docker's init layer, runc, crun, Podman and CRI-O make (docs/architecture.md). */
static const struct stub stubs[] = {
	{".dockerenv", S_IFREG, NULL, "engine file"},
	{"run/.containerenv", S_IFREG, NULL, "engine file"},
	{"etc/hosts", S_IFREG, NULL, "runtime mount point"},
	{"etc/hostname", S_IFREG, NULL, "runtime mount point"},
	{"etc/resolv.conf", S_IFREG, NULL, "runtime mount point"},
	{"etc/mtab", S_IFLNK, "/proc/mounts", "engine file"},
	{"dev/console", S_IFREG, NULL, "runtime mount point"},
	{"dev", S_IFDIR, NULL, "runtime mount point"},
	{"dev/pts", S_IFDIR, NULL, "runtime mount point"},
	{"dev/shm", S_IFDIR, NULL, "runtime mount point"},
	{"dev/mqueue", S_IFDIR, NULL, "runtime mount point"},
	{"dev/fd", S_IFLNK, "/proc/self/fd", "runtime link"},
	{"dev/stdin", S_IFLNK, "/proc/self/fd/0", "runtime link"},
	{"dev/stdout", S_IFLNK, "/proc/self/fd/1", "runtime link"},
	{"dev/stderr", S_IFLNK, "/proc/self/fd/2", "runtime link"},
	{"dev/core", S_IFLNK, "/proc/kcore", "runtime link"},
	{"dev/ptmx", S_IFLNK, "pts/ptmx", "runtime link"},
	{"proc", S_IFDIR, NULL, "runtime mount point"},
	{"sys", S_IFDIR, NULL, "runtime mount point"},
	{"etc", S_IFDIR, NULL, "parent of a runtime mount point"},
	{"run", S_IFDIR, NULL, "parent of a runtime mount point"},
	{"run/secrets", S_IFDIR, NULL, "runtime mount point"},
	{"sbin/docker-init", S_IFREG, NULL, "runtime mount point"},
	{"usr/sbin/docker-init", S_IFREG, NULL, "runtime mount point"}, /* /sbin is a link */
	{"usr/bin/docker-init", S_IFREG, NULL, "runtime mount point"},
	{"dev/init", S_IFREG, NULL, "runtime mount point"},
	{"run/podman-init", S_IFREG, NULL, "runtime mount point"},
};

/* Host security labels are no content of the container's. */
static bool has_own_xattrs(const struct sl_entry *e)
{
	for (size_t i = 0; i < e->xattr_count; i++)
		if (strcmp(e->xattrs[i].name, "security.selinux") != 0)
			return true;
	return false;
}

static bool is_harmless(const struct sl_change *c, fact_set facts)
{
	const struct sl_entry *e = c->after;
	const fact_set never = SL_SIGNAL_ELF | SL_SIGNAL_SCRIPT | SL_SIGNAL_SETUID |
			       SL_SIGNAL_SETGID | SL_SIGNAL_CAPS | SL_SIGNAL_DEVICE |
			       SL_SIGNAL_UNSTABLE | SL_SIGNAL_RENAMED | FACT_SETID;

	if (c->kind != SL_CHANGE_ADDED || e == NULL || (facts & never) != 0)
		return false;
	if (e->uid != 0 || e->gid != 0 || has_own_xattrs(e) || (facts & FACT_ACCOUNT_FILE) != 0)
		return false;
	if (S_ISLNK(e->mode))
		return true; /* only an exact target explains it */
	if ((e->mode & (S_ISUID | S_ISGID | S_ISVTX | S_IWGRP | S_IWOTH)) != 0)
		return false;
	return S_ISDIR(e->mode) || (S_ISREG(e->mode) && e->size == 0);
}

static const char *fixed_stub(const struct sl_change *c)
{
	const struct sl_entry *e = c->after;

	for (size_t i = 0; i < ARRAY_SIZE(stubs); i++) {
		const struct stub *s = &stubs[i];

		if (strlen(s->path) != c->path.len ||
		    memcmp(s->path, c->path.data, c->path.len) != 0 ||
		    (e->mode & S_IFMT) != s->type)
			continue;
		if (s->target != NULL && (e->target.len != strlen(s->target) ||
					  memcmp(e->target.data, s->target, e->target.len) != 0))
			return NULL;
		return s->name;
	}
	return NULL;
}

static const char *mount_stub(const struct sl_change *c, const struct sl_container *container,
			      bool has_children)
{
	const char *name = NULL;

	for (size_t i = 0; i < container->mount_count; i++) {
		enum facts_mount where = facts_place(c->path, container->mounts[i].path);

		if (where == FACTS_AT && !(S_ISDIR(c->after->mode) && has_children))
			return "mount point";
		if (where == FACTS_ABOVE && S_ISDIR(c->after->mode))
			name = "parent of a mount point";
	}
	return name;
}

/* Engines make the configured working directory, and what leads to it, before the start. */
static bool is_workdir(const struct sl_change *c, const struct sl_container *container)
{
	enum facts_mount where;

	if (container->workdir == NULL || !S_ISDIR(c->after->mode) ||
	    (c->after->mode & 07777) != 0755)
		return false;
	where = facts_place(c->path, container->workdir);
	return where == FACTS_AT || where == FACTS_ABOVE;
}

/* containers/storage makes the root of every layer itself, whatever the image's tar says of it. */
static bool is_made_root(const struct sl_change *c, const struct sl_container *container)
{
	static const char *const engines[] = {"podman", "cri-o", "buildah"};

	if (c->path.len > 0 || c->kind != SL_CHANGE_METADATA || container->engine == NULL ||
	    (c->fields & ~(SL_FIELD_MODE | SL_FIELD_MTIME)) != 0)
		return false;
	if ((c->before->mode & 07777) != 0755 || (c->after->mode & 07777) != 0555)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (strcmp(engines[i], container->engine) == 0)
			return true;
	return false;
}

const char *stub_explains(const struct sl_change *c, fact_set facts,
			  const struct sl_container *container, bool has_children)
{
	const char *name;

	if (is_made_root(c, container))
		return "root directory of the store's making";
	if (!is_harmless(c, facts))
		return NULL;
	name = fixed_stub(c);
	if (name != NULL || S_ISLNK(c->after->mode))
		return name;
	name = mount_stub(c, container, has_children);
	if (name != NULL)
		return name;
	return is_workdir(c, container) ? "working directory" : NULL;
}
