/* SPDX-License-Identifier: Apache-2.0 */
#include "report/treestack.h"

#include <stdlib.h>
#include <string.h>

#include <strandline/entry.h>

int treestack_begin(struct treestack *t)
{
	t->count = 0;
	buf_reset(&t->path);
	return treestack_push(t, (struct sl_bytes){"", 0});
}

struct tree_level *treestack_top(struct treestack *t)
{
	return &t->levels[t->count - 1];
}

bool treestack_holds(const struct treestack *t, struct sl_bytes path)
{
	size_t len = t->levels[t->count - 1].path_len;

	return path.len > len &&
	       sl_path_within(path, (struct sl_bytes){len > 0 ? t->path.data : "", len});
}

struct tree_level *treestack_full(struct treestack *t)
{
	/* the outermost first: a tree of a thousand small directories is large, too; the root has
	   all of it, and is no reason */
	for (size_t i = 1; i < t->count; i++)
		if (t->levels[i].lines >= TREE_LINES)
			return &t->levels[i];
	return treestack_top(t)->children >= TREE_CHILDREN ? treestack_top(t) : NULL;
}

void treestack_add_line(struct treestack *t)
{
	treestack_top(t)->children++;
	for (size_t i = 0; i < t->count; i++)
		t->levels[i].lines++;
}

int treestack_push(struct treestack *t, struct sl_bytes path)
{
	size_t known = t->path.len;

	if (t->count == t->room) {
		size_t room = t->room > 0 ? 2 * t->room : 64;
		struct tree_level *levels = reallocarray(t->levels, room, sizeof(*levels));

		if (levels == NULL)
			return -SL_ENOMEM;
		t->levels = levels;
		t->room = room;
	}
	if (path.len > known && buf_append(&t->path, path.data + known, path.len - known) < 0)
		return -SL_ENOMEM;
	t->levels[t->count++] = (struct tree_level){.path_len = path.len};
	return 0;
}

void treestack_pop(struct treestack *t)
{
	t->count--;
	t->path.len = t->count > 0 ? treestack_top(t)->path_len : 0;
	if (t->path.data != NULL)
		t->path.data[t->path.len] = '\0';
}

void treestack_clear(struct treestack *t)
{
	buf_clear(&t->path);
	free(t->levels);
	*t = TREESTACK_INIT;
}
