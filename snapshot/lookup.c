/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/lookup.h"

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "look-up");
}

static struct sl_bytes cursor_of(const struct lookup *l)
{
	return (struct sl_bytes){l->cursor.data, l->cursor.len};
}

static bool set_cursor(struct lookup *l, struct sl_bytes path, bool after)
{
	l->after = after;
	buf_reset(&l->cursor);
	return buf_append(&l->cursor, path.data, path.len) == 0;
}

int lookup_step(struct lookup *l, struct sl_error *err)
{
	int rc;

	if (!set_cursor(l, l->head->path, true))
		return fail_memory(err);
	rc = sl_source_next(l->src, &l->head, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		l->head = NULL;
	return 0;
}

int lookup_aim(struct lookup *l, struct sl_bytes path, bool after, struct sl_error *err)
{
	int back = l->loaded ? sl_path_compare(cursor_of(l), path) : 1;
	bool keep = back < 0 || (back == 0 && (after || !l->after));

	/* between the old question and its answer there is nothing */
	if (keep && l->head != NULL) {
		int order = sl_path_compare(path, l->head->path);

		if (after && order == 0)
			return lookup_step(l, err);
		keep = order <= 0;
	}
	if (!set_cursor(l, path, after))
		return fail_memory(err);
	l->loaded = keep;
	return 0;
}

int lookup_load(struct lookup *l, struct sl_error *err)
{
	struct sl_bytes cursor = cursor_of(l);
	int rc;

	if (l->loaded)
		return 0;
	rc = sl_source_seek(l->src, cursor, err);
	if (rc == 0)
		rc = sl_source_next(l->src, &l->head, err);
	if (rc == 0 && l->after && sl_path_compare(l->head->path, cursor) == 0)
		rc = sl_source_next(l->src, &l->head, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		l->head = NULL;
	l->loaded = true;
	return 0;
}

int lookup_find(struct lookup *l, struct sl_bytes path, const struct sl_entry **out,
		struct sl_error *err)
{
	int rc = lookup_aim(l, path, false, err);

	if (rc == 0)
		rc = lookup_load(l, err);
	*out = rc == 0 && l->head != NULL && sl_path_compare(l->head->path, path) == 0 ? l->head
										       : NULL;
	return rc;
}

void lookup_clear(struct lookup *l)
{
	sl_source_close(l->src);
	buf_clear(&l->cursor);
}
