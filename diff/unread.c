/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/unread.h"

#include <strandline/entry.h>

#include "core/cleanup.h"
#include "diff/gapcopy.h"

static struct unread_gap *copy_gap(const struct sl_gap *gap)
{
	struct unread_gap *g = calloc(1, sizeof(*g) + gapcopy_size(gap));

	if (g != NULL)
		g->gap = gapcopy_into((char *)(g + 1), gap);
	return g;
}

int unread_add(struct unread *u, const struct sl_gap *gap, struct sl_error *err)
{
	struct unread_gap *g;
	size_t at;

	if (!gap->is_path)
		return u->emit(u->payload, gap, err);
	if (u->count == UNREAD_MAX) {
		u->is_everything = true;
		return u->emit(u->payload, gap, err);
	}
	g = copy_gap(gap);
	if (g == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	for (at = u->count; at > 0; at--) {
		if (sl_path_compare(u->gaps[at - 1]->gap.what, g->gap.what) <= 0)
			break;
		u->gaps[at] = u->gaps[at - 1];
	}
	u->gaps[at] = g;
	u->count++;
	return 0;
}

static int emit_once(struct unread *u, struct unread_gap *g, struct sl_error *err)
{
	if (g->is_emitted)
		return 0;
	g->is_emitted = true;
	return u->emit(u->payload, &g->gap, err);
}

int unread_flush(struct unread *u, struct sl_bytes path, struct sl_error *err)
{
	for (size_t i = 0; i < u->count; i++) {
		int rc;

		if (sl_path_compare(u->gaps[i]->gap.what, path) > 0)
			break;
		rc = emit_once(u, u->gaps[i], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int unread_flush_all(struct unread *u, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < u->count; i++)
		rc = emit_once(u, u->gaps[i], err);
	return rc;
}

void unread_leave(struct unread *u, struct sl_bytes path)
{
	size_t kept = 0;

	u->is_everything = false;
	for (size_t i = 0; i < u->count; i++) {
		struct unread_gap *g = u->gaps[i];

		if (g->is_emitted && sl_path_compare(g->gap.what, path) < 0 &&
		    !sl_path_within(path, g->gap.what))
			free(g);
		else
			u->gaps[kept++] = g;
	}
	u->count = kept;
}

bool unread_covers(const struct unread *u, struct sl_bytes path)
{
	if (u->is_everything)
		return true;
	for (size_t i = 0; i < u->count; i++) {
		const struct sl_gap *gap = &u->gaps[i]->gap;

		if (gap->below ? sl_path_within(path, gap->what)
			       : sl_path_compare(path, gap->what) == 0)
			return true;
	}
	return false;
}

void unread_clear(struct unread *u)
{
	for (size_t i = 0; i < u->count; i++)
		free(u->gaps[i]);
	u->count = 0;
}
