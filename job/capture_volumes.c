/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of volumes and bind mounts. They have no baseline, and may be large. */
#include <string.h>

#include "core/cleanup.h"
#include "host/volume.h"
#include "job/capture_run.h"
#include "job/volumetree.h"

static int not_walked(struct capture *c, const struct capture_target *t, const struct sl_mount *m,
		      const char *why, int sys, struct sl_error *err)
{
	const char *path = m->path + strspn(m->path, "/");
	struct sl_gap gap = {.what = {path, strlen(path)},
			     .why = why,
			     .sys = sys,
			     .is_path = true,
			     .below = true};

	return capture_gap(c, t, &gap, err);
}

static int take_mount(struct capture *c, const struct capture_target *t, const struct sl_mount *m,
		      struct sl_error *err)
{
	struct sl_source *tree = NULL;
	const char *why;
	int sys, rc = volumetree_open(&tree, c->host, t->container, m, &why, &sys, err);

	if (rc > 0)
		return why != NULL ? not_walked(c, t, m, why, sys, err) : 0;
	if (rc == 0)
		rc = capture_tree(c, t, tree, "volume", NULL, err);
	sl_source_close(tree);
	return rc;
}

/* What lies in memory is gone with the container, and was taken before. */
static int is_memory(struct capture *c, const struct capture_target *t, const struct sl_mount *m,
		     bool *out, struct sl_error *err)
{
	CLEANUP(host_volume_clear) struct host_volume v = {.dir_fd = -1};
	int rc;

	*out = strcmp(m->type, "tmpfs") == 0;
	if (*out)
		return 0;
	rc = host_volume_open(c->host, t->container, m, &v, err);
	*out = v.is_shm && (v.dir_fd < 0 || c->request->profile >= CAPTURE_STANDARD);
	return rc;
}

int capture_volumes(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	const struct sl_container *container = t->container;
	int rc = 0;

	if (c->host == NULL)
		return 0;
	for (size_t i = 0; rc == 0 && i < container->mount_count && !job_stopped(c->job); i++) {
		bool skip;

		rc = is_memory(c, t, &container->mounts[i], &skip, err);
		if (rc == 0 && !skip)
			rc = take_mount(c, t, &container->mounts[i], err);
	}
	return rc;
}
