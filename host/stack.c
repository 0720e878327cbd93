/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/stack.h>

#include <stdlib.h>

#include "core/cleanup.h"

void sl_lower_clear(struct sl_lower *lower)
{
	if (lower->dir_fd >= 0)
		close(lower->dir_fd);
	free(lower->dir_path);
	free(lower->idmap.uids);
	free(lower->idmap.gids);
	*lower = (struct sl_lower){.dir_fd = -1};
}

int sl_stack_add_lower(struct sl_stack *stack, struct sl_lower *lower, struct sl_error *err)
{
	struct sl_lower *grown =
		reallocarray(stack->lowers, stack->lower_count + 1, sizeof(*grown));

	if (grown == NULL) {
		sl_lower_clear(lower);
		return sl_fail(err, SL_ENOMEM, 0, "lower directory");
	}
	stack->lowers = grown;
	grown[stack->lower_count++] = *lower;
	*lower = (struct sl_lower){.dir_fd = -1};
	return 0;
}

void sl_stack_clear(struct sl_stack *stack)
{
	for (size_t i = 0; i < stack->lower_count; i++)
		sl_lower_clear(&stack->lowers[i]);
	free(stack->lowers);
	if (stack->upper_fd >= 0)
		close(stack->upper_fd);
	free(stack->upper_path);
	free(stack->unsupported);
	free(stack->idmap.uids);
	free(stack->idmap.gids);
	*stack = SL_STACK_INIT;
}
