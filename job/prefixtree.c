/* SPDX-License-Identifier: Apache-2.0 */
#include "job/prefixtree.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"

#define PATH_LIMIT ((size_t)1 << 30)

struct prefixtree {
	struct sl_source source;
	struct sl_source *inner;
	char *prefix;
	bool (*is_known)(void *payload, const char *path);
	void *payload;
	struct sl_entry entry;
	struct sl_gap gap;
	struct buf path, gap_path; /* both with a slash in front */
};

static struct prefixtree *from(struct sl_source *s)
{
	return container_of(s, struct prefixtree, source);
}

static int join(const struct prefixtree *p, struct buf *out, struct sl_bytes path)
{
	buf_reset(out);
	(void)buf_append_char(out, '/');
	(void)buf_append_str(out, p->prefix);
	if (path.len > 0) {
		if (p->prefix[0] != '\0')
			(void)buf_append_char(out, '/');
		(void)buf_append(out, path.data, path.len);
	}
	return out->status;
}

static int next(struct sl_source *s, const struct sl_entry **out, struct sl_error *err)
{
	struct prefixtree *p = from(s);
	const struct sl_entry *e;
	int rc = sl_source_next(p->inner, &e, err);

	if (rc != 0)
		return rc;
	p->entry = *e;
	if (join(p, &p->path, e->path) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	p->entry.path = (struct sl_bytes){p->path.data + 1, p->path.len - 1};
	*out = &p->entry;
	return 0;
}

static int seek(struct sl_source *s, struct sl_bytes path, struct sl_error *err)
{
	(void)s;
	(void)path;
	return sl_fail(err, SL_EUNSUPPORTED, 0, "a mount is read once");
}

static int open_content(struct sl_source *s, struct sl_content **out, struct sl_error *err)
{
	return sl_source_open(from(s)->inner, out, err);
}

static const struct sl_gap *gap(struct sl_source *s)
{
	struct prefixtree *p = from(s);
	const struct sl_gap *g;

	while ((g = sl_source_gap(p->inner)) != NULL) {
		if (!g->is_path || join(p, &p->gap_path, g->what) < 0)
			return g;
		if (p->is_known != NULL && p->is_known(p->payload, p->gap_path.data))
			continue;
		p->gap = *g;
		p->gap.what = (struct sl_bytes){p->gap_path.data + 1, p->gap_path.len - 1};
		return &p->gap;
	}
	return NULL;
}

static void close_tree(struct sl_source *s)
{
	struct prefixtree *p = from(s);

	sl_source_close(p->inner);
	buf_clear(&p->path);
	buf_clear(&p->gap_path);
	free(p->prefix);
	free(p);
}

int prefixtree_new(struct sl_source **out, struct sl_source *inner, const char *prefix,
		   bool (*is_known)(void *payload, const char *path), void *payload,
		   struct sl_error *err)
{
	static const struct sl_source_ops ops = {
		.next = next, .seek = seek, .open = open_content, .gap = gap, .close = close_tree};
	struct prefixtree *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->prefix = strdup(prefix);
	if (p == NULL || p->prefix == NULL) {
		sl_source_close(inner);
		free(p);
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	}
	p->source.ops = &ops;
	p->inner = inner;
	p->is_known = is_known;
	p->payload = payload;
	p->path = p->gap_path = BUF_INIT(PATH_LIMIT);
	*out = &p->source;
	return 0;
}
