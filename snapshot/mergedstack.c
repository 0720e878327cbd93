/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/mergedstack.h"

#include "core/cleanup.h"
#include "snapshot/layertree.h"
#include "snapshot/merged.h"

/* One layer of a stack, from the top; the upper directory is none of the @stack's lowers. */
static int open_lower(struct sl_source **out, const struct sl_stack *stack, size_t index,
		      size_t *data_only, struct sl_error *err)
{
	const struct sl_lower *lower = &stack->lowers[index];
	bool is_data = lower->kind == SL_LOWER_DATA;
	bool is_plain = is_data || lower->is_whole;
	int rc;

	/* nothing in a data-only layer or a whole tree is a marker */
	rc = !is_data && *data_only > 0
		     ? sl_fail(err, SL_EINVAL, 0, "it is below one that holds data alone")
		     : layertree_open(out, lower->dir_fd, is_plain ? SL_MARKER_NONE : stack->marker,
				      &lower->idmap, err);
	*data_only += rc == 0 && is_data;
	return rc < 0 ? sl_wrap(err, rc, "lower directory %zu", index + 1) : 0;
}

static int open_stack(struct sl_source **out, const struct sl_stack *stack, bool with_upper,
		      struct sl_error *err)
{
	AUTO_FREE struct sl_source **layers =
		calloc(stack->lower_count + 1, sizeof(struct sl_source *));
	size_t count = 0, data_only = 0;
	int rc = 0;

	if (layers == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "merged view");
	if (with_upper) {
		rc = layertree_open(&layers[0], stack->upper_fd, stack->marker, &stack->idmap, err);
		count += rc == 0;
	}
	for (size_t i = 0; rc == 0 && i < stack->lower_count; i++) {
		rc = open_lower(&layers[count], stack, i, &data_only, err);
		count += rc == 0;
	}
	if (rc == 0)
		return merged_open_with_data(out, layers, count, data_only, err);
	while (count > 0)
		sl_source_close(layers[--count]);
	return rc;
}

int mergedstack_open_lowers(struct sl_source **out, const struct sl_stack *stack,
			    struct sl_error *err)
{
	return open_stack(out, stack, false, err);
}

int mergedstack_open(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err)
{
	if (stack->is_whole)
		return layertree_open(out, stack->upper_fd, SL_MARKER_NONE, &stack->idmap, err);
	return open_stack(out, stack, true, err);
}
