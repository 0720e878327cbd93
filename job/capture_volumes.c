/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of volumes and bind mounts. They have no baseline, and may be large. */
#include <string.h>

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

int capture_volumes(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	const struct sl_container *container = t->container;
	int rc = 0;

	if (c->host == NULL)
		return 0;
	/* what lies in memory is gone with the container, and was taken before */
	for (size_t i = 0; rc == 0 && i < container->mount_count && !job_stopped(c->job); i++)
		if (strcmp(container->mounts[i].type, "tmpfs") != 0)
			rc = take_mount(c, t, &container->mounts[i], err);
	return rc;
}
