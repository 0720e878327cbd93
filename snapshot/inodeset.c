/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/inodeset.h"

#include <stdlib.h>

/* 16 MiB of them. */
#define INODES_MAX ((size_t)2 << 20)

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int inodeset_add(struct inodeset *s, uint64_t ino, struct sl_error *err)
{
	if (s->count == INODES_MAX)
		return sl_fail(err, SL_ELIMIT, 0,
			       "more than %zu files with several names that differ", INODES_MAX);
	if (s->count == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 16;
		uint64_t *grown = reallocarray(s->list, room, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "inode numbers");
		s->list = grown;
		s->room = room;
	}
	s->list[s->count++] = ino;
	s->is_sorted = false;
	return 0;
}

bool inodeset_has(struct inodeset *s, uint64_t ino)
{
	if (s->count == 0)
		return false;
	if (!s->is_sorted)
		qsort(s->list, s->count, sizeof(*s->list), compare);
	s->is_sorted = true;
	return bsearch(&ino, s->list, s->count, sizeof(*s->list), compare) != NULL;
}

void inodeset_clear(struct inodeset *s)
{
	free(s->list);
	*s = (struct inodeset){0};
}
