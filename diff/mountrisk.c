/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/mountrisk.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

/* What listens there does whatever it is told, as root. */
static const char *const sockets[] = {
	"/run/docker.sock",
	"/run/containerd/containerd.sock",
	"/run/podman/podman.sock",
	"/run/crio/crio.sock",
	"/run/cri-dockerd.sock",
	"/run/dockershim.sock",
	"/run/k3s/containerd/containerd.sock",
	"/run/buildkit/buildkitd.sock",
};

/* Wherever they lie: rootless daemons have theirs in their user's directory. */
static const char *const socket_names[] = {
	"docker.sock",      "containerd.sock", "podman.sock",    "crio.sock",
	"cri-dockerd.sock", "dockershim.sock", "buildkitd.sock",
};

/* Where writing is power over the machine, and reading often is. */
static const struct {
	const char *path;
	bool all_beneath; /* whatever lies there is the system's, too, if it can be written */
} places[] = {
	{"/bin", true},
	{"/boot", true},
	{"/dev", true},
	{"/etc", true},
	{"/home", false},
	{"/lib", true},
	{"/lib32", true},
	{"/lib64", true},
	{"/opt", false},
	{"/proc", true},
	{"/root", true},
	{"/sbin", true},
	{"/sys", true},
	{"/usr", true},
	{"/var/lib/containerd", false},
	{"/var/lib/containers", false},
	{"/var/lib/docker", false},
	{"/var/lib/kubelet", false},
	{"/var/lib/rancher", false},
	{"/var/log", false},
	{"/var/spool/cron", true},
};

/* The path as text without "//", "/./", "/x/.." and a slash at its end; "" is the root. */
static char *tidy(const char *path)
{
	char *out = calloc(1, strlen(path) + 2);
	size_t len = 0;

	while (out != NULL && *path != '\0') {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (len > 0 && out[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		out[len] = '\0';
		path += n + (path[n] == '/');
	}
	return out;
}

/* Is @path the same as @base or beneath it? */
static bool within(const char *path, const char *base)
{
	size_t len = strlen(base);

	return strncmp(path, base, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool is_socket(const char *path)
{
	const char *name = strrchr(path, '/');

	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(socket_names); i++)
		if (strcmp(name + 1, socket_names[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		if (within(sockets[i], path))
			return true;
	return false;
}

/* Memory that is shared, and a log of how a container ended, are made in /dev for containers. */
static bool is_made_for_it(const char *path)
{
	return strcmp(path, "/dev/shm") == 0 || strcmp(path, "/dev/null") == 0;
}

static bool is_sensitive(const char *path, bool rw)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (within(places[i].path, path))
			return true;
		if (rw && places[i].all_beneath && within(path, places[i].path) &&
		    !is_made_for_it(path))
			return true;
	}
	return false;
}

enum mount_risk mount_risk(const struct sl_setting_mount *m)
{
	AUTO_FREE char *path = NULL;
	const char *rest;

	if (m->source == NULL || m->source[0] != '/' || strcmp(m->type, "bind") != 0)
		return MOUNT_HARMLESS;
	path = tidy(m->source);
	if (path == NULL)
		return MOUNT_SENSITIVE; /* out of memory: rather too much */
	if (path[0] == '\0')
		return MOUNT_ROOT;
	/* /var/run is a link to /run wherever these engines run */
	rest = within(path, "/var/run") ? path + strlen("/var") : path;
	if (is_socket(rest))
		return MOUNT_SOCKET;
	return is_sensitive(rest, m->rw) ? MOUNT_SENSITIVE : MOUNT_HARMLESS;
}
