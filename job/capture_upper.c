/* SPDX-License-Identifier: Apache-2.0 */
/* The writable layer of a container: what changed, in bytes. */
#include <sys/stat.h>

#include "core/cleanup.h"
#include "job/capture_run.h"
#include "snapshot/layertree.h"

/* How much there is to read, by a walk of its own; what goes wrong in it will be met again. */
static void estimate(struct capture *c, const struct sl_stack *stack, int fd)
{
	const struct sl_entry *e;
	struct sl_source *tree = NULL;
	uint64_t total = 0;

	if (layertree_open(&tree, fd, stack->is_whole ? SL_MARKER_NONE : stack->marker,
			   &stack->idmap, NULL) < 0)
		return;
	while (!job_stopped(c->job) && sl_source_next(tree, &e, NULL) == 0) {
		if (S_ISREG(e->mode) && capture_filter_rule(c->filter, e) == NULL)
			total += capture_size(tree, e);
		while (sl_source_gap(tree) != NULL)
			;
	}
	sl_source_close(tree);
	c->tree_total = total;
}

int capture_upper(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	const struct sl_stack *stack = &t->container->stack;
	struct sl_source *upper = NULL;
	AUTO_CLOSE int fd = -1;
	int rc;

	if (stack->unsupported != NULL || stack->upper_fd < 0)
		return capture_gap_of(
			c, t, "upper directory",
			stack->unsupported != NULL ? stack->unsupported : "there is none", 0, err);
	rc = capture_guard(c, t, "upper", stack->upper_fd, &fd, err);
	if (rc == 0 && c->request->estimate)
		estimate(c, stack, fd);
	if (rc == 0)
		rc = layertree_open(&upper, fd, stack->is_whole ? SL_MARKER_NONE : stack->marker,
				    &stack->idmap, err);
	if (rc < 0)
		return rc;
	layertree_is_clone(upper, stack->upper_fd);
	rc = capture_tree(c, t, upper, "upper", t->recording, err);
	sl_source_close(upper);
	return rc;
}
