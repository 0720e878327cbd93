/* SPDX-License-Identifier: Apache-2.0 */
#include "job/undertree.h"

#include <stdlib.h>

#include "core/buf.h"
#include "core/cleanup.h"

#define PATH_LIMIT ((size_t)1 << 30)

struct undertree {
	struct sl_source source;
	struct sl_source *inner;
	size_t prefix_len;
	struct buf path; /* the prefix, and what was lent last */
	struct sl_entry entry;
	struct sl_gap gap;
};

static struct undertree *from(struct sl_source *s)
{
	return container_of(s, struct undertree, source);
}

static int say_path(struct undertree *p, struct sl_bytes *path)
{
	p->path.len = p->prefix_len;
	if (path->len > 0) {
		(void)buf_append_char(&p->path, '/');
		(void)buf_append(&p->path, path->data, path->len);
	}
	*path = (struct sl_bytes){p->path.data, p->path.len};
	return p->path.status;
}

static int next(struct sl_source *s, const struct sl_entry **out, struct sl_error *err)
{
	struct undertree *p = from(s);
	const struct sl_entry *e;
	int rc = sl_source_next(p->inner, &e, err);

	if (rc != 0)
		return rc;
	p->entry = *e;
	if (say_path(p, &p->entry.path) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	*out = &p->entry;
	return 0;
}

static int open_content(struct sl_source *s, struct sl_content **out, struct sl_error *err)
{
	return sl_source_open(from(s)->inner, out, err);
}

static const struct sl_gap *gap(struct sl_source *s)
{
	struct undertree *p = from(s);
	const struct sl_gap *g = sl_source_gap(p->inner);

	if (g == NULL)
		return NULL;
	p->gap = *g;
	(void)say_path(p, &p->gap.what);
	return &p->gap;
}

static void close_tree(struct sl_source *s)
{
	struct undertree *p = from(s);

	sl_source_close(p->inner);
	buf_clear(&p->path);
	free(p);
}

int undertree_open(struct sl_source **out, struct sl_source *inner, const char *prefix,
		   struct sl_error *err)
{
	static const struct sl_source_ops ops = {
		.next = next, .open = open_content, .gap = gap, .close = close_tree};
	struct undertree *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->path = BUF_INIT(PATH_LIMIT), buf_append_str(&p->path, prefix) < 0)) {
		free(p);
		sl_source_close(inner);
		return sl_fail(err, SL_ENOMEM, 0, "path");
	}
	p->source.ops = &ops;
	p->inner = inner;
	p->prefix_len = p->path.len;
	*out = &p->source;
	return 0;
}
