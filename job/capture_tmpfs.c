/* SPDX-License-Identifier: Apache-2.0 */
/* What a container keeps in memory: /dev/shm, /run, /tmp where they are file systems of its own. */
#include <string.h>

#include "core/cleanup.h"
#include "host/tmpfsmounts.h"
#include "host/volume.h"
#include "job/capture_seen.h"
#include "job/prefixtree.h"
#include "snapshot/layertree.h"

static bool is_mounted(void *payload, const char *path)
{
	return tmpfs_mounts_has(payload, path);
}

static int path_gap(struct capture *c, const struct capture_target *t, const char *path,
		    const char *why, int sys, struct sl_error *err)
{
	struct sl_gap gap = {.why = why, .sys = sys, .is_path = true, .below = true};

	path += strspn(path, "/");
	gap.what = (struct sl_bytes){path, strlen(path)};
	return capture_gap(c, t, &gap, err);
}

static int take_tree(struct capture *c, struct capture_target *t, struct tmpfs_mounts *all,
		     const char *point, int dir_fd, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_source *tree = NULL;
	int rc = layertree_open(&tree, dir_fd, SL_MARKER_NONE, &t->container->stack.idmap, &why);

	if (rc < 0)
		return path_gap(c, t, point, "cannot be read", why.sys, err);
	rc = prefixtree_new(&tree, tree, point + strspn(point, "/"), is_mounted, all, err);
	if (rc < 0)
		return rc;
	rc = capture_tree(c, t, tree, "tmpfs", NULL, err);
	sl_source_close(tree);
	return rc;
}

static int take_mount(struct capture *c, struct capture_target *t, struct tmpfs_mounts *all,
		      char *point, struct sl_error *err)
{
	char type[] = "tmpfs";
	struct sl_mount mount = {.path = point, .type = type};
	struct host_volume volume;
	int rc = host_volume_open(c->host, t->container, &mount, &volume, err);

	if (rc < 0)
		return rc;
	rc = volume.dir_fd < 0 ? path_gap(c, t, point, volume.why, volume.sys, err)
			       : take_tree(c, t, all, point, volume.dir_fd, err);
	host_volume_clear(&volume);
	return rc;
}

int capture_tmpfs(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(tmpfs_mounts_clear) struct tmpfs_mounts mounts = {0};
	const char *why;
	int rc = capture_look(c, t, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = host_tmpfs_mounts(c->host, t->container, &mounts, &why, err);
	if (rc == 1)
		return capture_gap_of(c, t, "tmpfs", why, 0, err);
	for (size_t i = 0; rc == 0 && i < mounts.count && !job_stopped(c->job); i++)
		rc = take_mount(c, t, &mounts, mounts.items[i].point, err);
	return rc;
}
