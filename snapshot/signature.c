/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/signature.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

static void move(struct buf *to, struct buf *from)
{
	if (from == NULL)
		return;
	*to = *from;
	*from = BUF_INIT(from->max);
}

int signature_add(struct sl_signatures **list, enum signature_kind kind, const char *where,
		  struct buf *text, struct buf *payload, struct sl_error *err)
{
	struct signature *s;
	char *copy;

	if (*list == NULL && (*list = calloc(1, sizeof(**list))) == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "list of signatures");
	if ((*list)->count == SIGNATURES_MAX) {
		(*list)->dropped++;
		return 0;
	}
	copy = strdup(where);
	if (copy == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "signature");
	s = &(*list)->items[(*list)->count++];
	s->kind = kind;
	s->where = copy;
	move(&s->text, text);
	move(&s->payload, payload);
	return 0;
}

int signature_add_other(struct sl_signatures **list, const char *where, const char *why,
			struct sl_error *err)
{
	AUTO_FREE char *copy = strdup(why);
	size_t before = *list != NULL ? (*list)->count : 0;
	int rc = copy != NULL ? signature_add(list, SIGNATURE_OTHER, where, NULL, NULL, err)
			      : sl_fail(err, SL_ENOMEM, 0, "signature");

	if (rc == 0 && (*list)->count > before)
		(*list)->items[before].why = take_ptr(&copy);
	return rc;
}

void signatures_free(struct sl_signatures *list)
{
	for (size_t i = 0; list != NULL && i < list->count; i++) {
		struct signature *s = &list->items[i];

		free(s->where);
		free(s->why);
		buf_clear(&s->text);
		buf_clear(&s->payload);
	}
	free(list);
}
