/* SPDX-License-Identifier: Apache-2.0 */
#include "job/directory.h"

#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "core/cleanup.h"
#include "core/root.h"

int directory_container(struct sl_container **out, const char *dir, enum sl_marker marker,
			struct sl_error *err)
{
	int rc = sl_container_new(out, err);
	struct sl_container *c = *out;

	if (rc < 0)
		return rc;
	c->engine = strdup("none");
	c->name = strdup(dir);
	c->stack.upper_path = strdup(dir);
	c->stack.marker = marker;
	if (c->engine == NULL || c->name == NULL || c->stack.upper_path == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "container");
	else
		rc = c->stack.upper_fd = root_open_dir(dir, err);
	if (rc < 0) {
		sl_container_free(c);
		*out = NULL;
		return rc;
	}
	return 0;
}

static bool has_prefix(const char *names, size_t len, const char *prefix)
{
	for (size_t i = 0; i < len; i += strlen(names + i) + 1)
		if (strncmp(names + i, prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static enum sl_marker likely_marker(int dir_fd, enum sl_marker given)
{
	char proc[48], names[65536];
	AUTO_CLOSE int aufs = root_open_path(dir_fd, ".wh..wh.aufs", ROOT_NO_LINKS, NULL);
	ssize_t n;

	(void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", dir_fd);
	n = listxattr(proc, names, sizeof(names));
	if (aufs >= 0)
		return SL_MARKER_AUFS;
	if (n <= 0 || has_prefix(names, (size_t)n, "trusted.overlay."))
		return given;
	if (has_prefix(names, (size_t)n, "user.fuseoverlayfs."))
		return SL_MARKER_FUSE_OVERLAY;
	return has_prefix(names, (size_t)n, "user.overlay.") ? SL_MARKER_OVERLAY_USER : given;
}

void directory_hint(const struct sl_container *c, const struct job *job)
{
	enum sl_marker given = c->stack.marker;
	enum sl_marker likely = likely_marker(c->stack.upper_fd, given);

	if (given == SL_MARKER_OVERLAY_TRUSTED && likely != given)
		job_say(job, "'%s' is read as %s, but looks like %s: see --marker",
			c->stack.upper_path, sl_marker_name(given), sl_marker_name(likely));
}
