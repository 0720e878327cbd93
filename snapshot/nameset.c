/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/nameset.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

static int compare(const void *a, const void *b)
{
	const struct sl_bytes *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = len > 0 ? memcmp(x->data, y->data, len) : 0;

	if (order != 0)
		return order;
	return x->len < y->len ? -1 : x->len > y->len;
}

static struct sl_bytes as_path(const char *name)
{
	struct sl_bytes path;

	while (name[0] == '/' || (name[0] == '.' && name[1] == '/'))
		name += name[0] == '/' ? 1 : 2;
	path = (struct sl_bytes){name, strlen(name)};
	while (path.len > 0 && name[path.len - 1] == '/')
		path.len--;
	return path;
}

int nameset_take(struct nameset *out, struct buf *names, struct sl_error *err)
{
	size_t count = 0;

	*out = (struct nameset){.text = *names};
	*names = BUF_INIT(names->max);
	for (size_t at = 0; at < out->text.len; at += strlen(out->text.data + at) + 1)
		count++;
	if (count == 0)
		return 0;
	out->paths = calloc(count, sizeof(*out->paths));
	if (out->paths == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "names");
	for (size_t at = 0; at < out->text.len; at += strlen(out->text.data + at) + 1)
		out->paths[out->count++] = as_path(out->text.data + at);
	qsort(out->paths, out->count, sizeof(*out->paths), compare);
	return 0;
}

bool nameset_has(const struct nameset *s, struct sl_bytes path)
{
	return s->count > 0 &&
	       bsearch(&path, s->paths, s->count, sizeof(*s->paths), compare) != NULL;
}

void nameset_clear(struct nameset *s)
{
	free(s->paths);
	buf_clear(&s->text);
	*s = (struct nameset){0};
}
