/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procinner.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

/* Every runtime mounts these, whatever the configuration says. */
static const char *const by_runtime[] = {"/proc",
					 "/sys",
					 "/dev",
					 "/etc/hosts",
					 "/etc/hostname",
					 "/etc/resolv.conf",
					 "/run/.containerenv",
					 "/run/secrets",
					 "/run/podman-init",
					 "/sbin/docker-init",
					 "/usr/sbin/docker-init",
					 "/usr/bin/docker-init"};

/* What an init system gets, or mounts for itself. */
static const char *const for_init[] = {"/run", "/run/lock", "/run/user", "/tmp",
				       "/var/log/journal"};

static bool is_beneath(const char *path, const char *prefix)
{
	const char *rest = procmounts_behind(path, prefix);

	return rest != NULL && prefix[strspn(prefix, "/")] != '\0';
}

/* A destination that leads through /var/run shows as what that is a link to in most images. */
static bool is_given_path(const struct procmount *mount, const char *path)
{
	static const char var[] = "/var";

	if (is_beneath(mount->point, path))
		return true;
	return (strncmp(path, "/var/run/", 9) == 0 || strncmp(path, "/var/lock/", 10) == 0) &&
	       is_beneath(mount->point, path + sizeof(var) - 1);
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool has_mount_on(const struct procmounts *mounts, const char *point)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (strcmp(mounts->items[i].point, point) == 0)
			return true;
	return false;
}

/*
 * Does a destination that leads through links lead to where @mount is? What was given may be
 * mounted once more, over something else. Where the path cannot be walked, it keeps its last name,
 * and nothing is mounted on the destination as it was written.
 */
static bool leads_to(const struct procinner *in, const char *path, const struct procmount *mount)
{
	const struct procmount *there;
	uint64_t id = 0;
	int rc = in->mount_at != NULL ? in->mount_at(in->payload, path, &id) : -1;

	if (rc < 0)
		return strcmp(last_component(mount->point), last_component(path)) == 0 &&
		       !has_mount_on(in->mounts, path);
	there = rc == 0 ? procmounts_by_id(in->mounts, id) : NULL;
	return there != NULL && strcmp(there->point, mount->point) == 0;
}

/* The end of a source on the machine is the mount's root in its file system, through links too. */
static bool is_given_source(const struct procinner *in, const struct procmount *mount,
			    const char *path, const char *source)
{
	size_t len = strlen(mount->root), all = source != NULL ? strlen(source) : 0;

	return len > 1 && len <= all && strcmp(source + all - len, mount->root) == 0 &&
	       leads_to(in, path, mount);
}

static bool is_given(const struct procinner *in, const struct procmount *mount)
{
	const struct sl_container *c = in->container;

	for (size_t i = 0; i < ARRAY_SIZE(by_runtime); i++)
		if (is_beneath(mount->point, by_runtime[i]))
			return true;
	for (size_t i = 0; i < c->mount_count; i++)
		if (is_given_path(mount, c->mounts[i].path) ||
		    is_given_source(in, mount, c->mounts[i].path, c->mounts[i].source))
			return true;
	return false;
}

static bool is_of_init(const struct procmount *mount)
{
	for (size_t i = 0; mount->is_tmpfs && i < ARRAY_SIZE(for_init); i++)
		if (strcmp(mount->point, for_init[i]) == 0)
			return true;
	return false;
}

/* A part of what the machine has, as hooks of the runtime bring drivers in. */
static bool is_part_of_disk(const struct procinner *in, const struct procmount *mount)
{
	return !mount->is_tmpfs && !mount->is_overlay && strcmp(mount->root, "/") != 0 &&
	       (mount->major != in->root->major || mount->minor != in->root->minor);
}

static bool is_engine_file(const struct procinner *in, const struct procmount *mount)
{
	const char *id = in->container->id;

	return is_part_of_disk(in, mount) && id != NULL && id[0] != '\0' &&
	       strstr(mount->root, id) != NULL;
}

static bool is_system(const char *point)
{
	static const char *const dirs[] = {"/bin", "/sbin", "/usr",  "/etc",
					   "/lib", "/root", "/boot", "/var/lib/dpkg"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (is_beneath(point, dirs[i]))
			return true;
	return strncmp(point, "/lib", 4) == 0;
}

enum sl_inner procinner_of(const struct procinner *in, const struct procmount *mount)
{
	if (strcmp(mount->point, "/") == 0 || mount->shows_nothing || is_given(in, mount))
		return SL_INNER_NONE;
	if (mount->is_kernel)
		return SL_INNER_KERNEL;
	if (is_engine_file(in, mount))
		return SL_INNER_NONE;
	if (is_of_init(mount) || (!in->may_mount && is_part_of_disk(in, mount)))
		return SL_INNER_RUNTIME;
	if (is_system(mount->point))
		return SL_INNER_SYSTEM;
	/* numbers of devices that are no disk begin with 0 */
	return mount->major != 0 ? SL_INNER_DISK : SL_INNER_OTHER;
}

static bool is_listed(const struct sl_processes *p, const char *point)
{
	for (size_t i = 0; i < p->inner_count; i++)
		if (strcmp(p->inner[i].point, point) == 0)
			return true;
	return false;
}

/* Containers in a container mount what they need beneath a root of their own. */
static bool has_same_root(const struct procinner *in, const struct procmounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		const struct procmount *m = &mounts->items[i];

		if (strcmp(m->point, "/") == 0)
			return m->major == in->root->major && m->minor == in->root->minor &&
			       strcmp(m->root, in->root->root) == 0;
	}
	return false;
}

int procinner_add(const struct procinner *in, const struct procmounts *mounts,
		  struct sl_processes *out)
{
	if (in->root->root == NULL || !has_same_root(in, mounts))
		return 0;
	for (size_t i = 0; i < mounts->count && out->inner_count < PROCINNER_MAX; i++) {
		const struct procmount *mount = &mounts->items[i];
		enum sl_inner kind = procinner_of(in, mount);
		struct sl_inner_mount *grown;

		if (kind == SL_INNER_NONE || is_listed(out, mount->point))
			continue;
		grown = reallocarray(out->inner, out->inner_count + 1, sizeof(*grown));
		if (grown != NULL)
			out->inner = grown;
		if (grown == NULL || (grown[out->inner_count].point = strdup(mount->point)) == NULL)
			return -SL_ENOMEM;
		grown[out->inner_count++].kind = kind;
	}
	return 0;
}
