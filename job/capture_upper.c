/* SPDX-License-Identifier: Apache-2.0 */
/* The writable layer of a container: what changed, in bytes. */
#include "core/cleanup.h"
#include "job/capture_run.h"
#include "snapshot/layertree.h"

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
	if (rc == 0)
		rc = layertree_open(&upper, fd, stack->is_whole ? SL_MARKER_NONE : stack->marker,
				    &stack->idmap, err);
	if (rc < 0)
		return rc;
	rc = capture_tree(c, t, upper, "upper", t->recording, err);
	sl_source_close(upper);
	return rc;
}
