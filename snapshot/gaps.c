/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/gaps.h"

#include <stdlib.h>
#include <string.h>

struct gap_node {
	struct sl_gap gap;
	struct gap_node *next;
	char what[];
};

int gaps_add(struct gaps *g, struct sl_bytes what, const char *why, int sys, bool below,
	     struct sl_error *err)
{
	struct gap_node *node = malloc(sizeof(*node) + what.len + 1);

	if (node == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	if (what.len > 0)
		memcpy(node->what, what.data, what.len);
	node->what[what.len] = '\0';
	node->next = NULL;
	node->gap = (struct sl_gap){.what = {node->what, what.len},
				    .why = why,
				    .sys = sys,
				    .is_path = true,
				    .below = below};
	if (g->last != NULL)
		g->last->next = node;
	else
		g->first = node;
	g->last = node;
	return 0;
}

const struct sl_gap *gaps_next(struct gaps *g)
{
	free(g->lent);
	g->lent = g->first;
	if (g->lent == NULL)
		return NULL;
	g->first = g->lent->next;
	if (g->first == NULL)
		g->last = NULL;
	return &g->lent->gap;
}

void gaps_clear(struct gaps *g)
{
	while (gaps_next(g) != NULL)
		;
}
