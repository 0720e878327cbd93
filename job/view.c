/* SPDX-License-Identifier: Apache-2.0 */
#include "job/view.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "snapshot/layertree.h"
#include "snapshot/mergedstack.h"

/* What the kernel allows itself. */
#define LINKS_MAX 40
#define PATH_LIMIT ((size_t)1 << 20)

int view_open(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err)
{
	AUTO_FREE struct sl_lower *all = NULL;
	struct sl_stack together = *stack;

	if (stack->unsupported != NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "%s", stack->unsupported);
	if (stack->upper_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "there is no writable directory");
	if (stack->is_whole)
		return layertree_open(out, stack->upper_fd, SL_MARKER_NONE, &stack->idmap, err);
	all = calloc(stack->lower_count + 1, sizeof(*all));
	if (all == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "view");
	all[0] = (struct sl_lower){.dir_fd = stack->upper_fd, .idmap = stack->idmap};
	if (stack->lower_count > 0)
		memcpy(all + 1, stack->lowers, stack->lower_count * sizeof(*all));
	together.lowers = all;
	together.lower_count++;
	return mergedstack_open_lowers(out, &together, err);
}

int view_find(struct sl_source *view, struct sl_bytes path, const struct sl_entry **out,
	      struct sl_error *err)
{
	int rc = sl_source_seek(view, path, err);

	if (rc == 0)
		rc = sl_source_next(view, out, err);
	if (rc != 0)
		return rc;
	return sl_path_compare((*out)->path, path) != 0;
}

/* A path under way. */
struct way {
	struct buf *done; /* "a/b", ended by NUL */
	struct buf ahead; /* from @at on */
	size_t at;
	unsigned int links;
};

static int fail_memory(const struct buf *b, struct sl_error *err)
{
	return sl_fail(err, b->status == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0, "path");
}

static void cut_last(struct buf *path)
{
	const char *slash = path->len > 0 ? memrchr(path->data, '/', path->len) : NULL;

	path->len = slash != NULL ? (size_t)(slash - path->data) : 0;
	path->data[path->len] = '\0';
}

static int follow(struct way *w, struct sl_bytes target, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(PATH_LIMIT);

	if (++w->links > LINKS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d links in the path", LINKS_MAX);
	(void)buf_append(&path, target.data, target.len);
	(void)buf_append_str(&path, w->ahead.data + w->at);
	if (path.status < 0)
		return fail_memory(&path, err);
	if (target.len > 0 && target.data[0] == '/') {
		w->done->len = 0;
		w->done->data[0] = '\0';
	} else {
		cut_last(w->done);
	}
	buf_clear(&w->ahead);
	w->ahead = path;
	path = (struct buf){0};
	w->at = 0;
	return 0;
}

static int step(struct way *w, struct sl_source *view, const char *name, size_t len, bool last,
		struct sl_error *err)
{
	const struct sl_entry *e;
	int rc;

	if (len == 1 && name[0] == '.')
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		cut_last(w->done);
		return 0;
	}
	if (w->done->len > 0)
		(void)buf_append_char(w->done, '/');
	if (buf_append(w->done, name, len) < 0)
		return fail_memory(w->done, err);
	if (last)
		return 0;
	rc = view_find(view, (struct sl_bytes){w->done->data, w->done->len}, &e, err);
	if (rc == 0 && S_ISLNK(e->mode))
		return follow(w, e->target, err);
	return rc < 0 ? rc : 0;
}

int view_resolve(struct sl_source *view, const char *path, struct buf *out, struct sl_error *err)
{
	struct way w = {.done = out, .ahead = BUF_INIT(PATH_LIMIT)};
	int rc = 0;

	buf_reset(out);
	if (buf_append_str(&w.ahead, path) < 0 || buf_append_str(out, "") < 0)
		rc = fail_memory(&w.ahead, err);
	while (rc == 0) {
		const char *name = w.ahead.data + w.at + strspn(w.ahead.data + w.at, "/");
		size_t len = strcspn(name, "/");

		if (len == 0)
			break;
		w.at = (size_t)(name - w.ahead.data) + len;
		rc = step(&w, view, name, len, name[len + strspn(name + len, "/")] == '\0', err);
	}
	buf_clear(&w.ahead);
	return rc;
}
