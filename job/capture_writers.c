/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_writers.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "host/procmounts.h"

/* Values in the line of one open file. */
#define LINE_VALUES 64
/* Processes that are named for one file. */
#define NAMED_MAX 16

void capture_writers_clear(struct capture_writers *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].path);
	free(w->items);
	*w = (struct capture_writers){0};
}

/* The number behind "KEY:\t" at the beginning of a line of fdinfo. */
static bool number_of(const char *info, const char *key, int base, uint64_t *out)
{
	size_t len = strlen(key);

	for (const char *at = info; at != NULL; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, len) != 0 || at[len] != ':')
			continue;
		*out = strtoull(at + len + 1, NULL, base);
		return true;
	}
	return false;
}

/* The kernel writes its flags in octal. */
static bool can_write(const char *info)
{
	uint64_t flags;

	if (!number_of(info, "flags", 8, &flags) || (flags & O_PATH) != 0)
		return false;
	return (flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR;
}

static int add(struct capture_writers *w, const char *path, bool is_root, int64_t pid,
	       struct sl_error *err)
{
	char *copy;

	if (w->count >= CAPTURE_WRITERS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu files are open for writing",
			       CAPTURE_WRITERS_MAX);
	if (w->count == w->cap) {
		size_t cap = w->cap == 0 ? 64 : w->cap * 2;
		struct capture_writer *grown = reallocarray(w->items, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "open files");
		w->items = grown;
		w->cap = cap;
	}
	copy = strdup(path);
	if (copy == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "open files");
	w->items[w->count++] = (struct capture_writer){copy, is_root, pid};
	w->is_sorted = false;
	return 0;
}

/* What the link shows; NULL: it shows no path, or is not to be had. Owned. */
static char *path_of(const struct jval *doc)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT((size_t)64 * 1024);
	const char *link = jval_str(jval_get(doc, "link"));
	const char *coded = jval_str(jval_get(doc, "link_b64"));

	if (link != NULL)
		return link[0] == '/' ? strdup(link) : NULL;
	if (coded == NULL || base64_decode(&bytes, coded, strlen(coded)) < 0 || bytes.len == 0 ||
	    bytes.data[0] != '/' || memchr(bytes.data, '\0', bytes.len) != NULL)
		return NULL;
	return buf_take(&bytes);
}

static int take_line(struct capture_writers *w, int64_t pid, struct sl_bytes line,
		     const struct procmounts *mounts, const char *root, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	AUTO_FREE char *link = NULL;
	const char *type, *info, *path;
	const struct procmount *on;
	uint64_t id;

	if (jval_parse_bounded(&doc, line.data, line.len, LINE_VALUES, NULL) < 0)
		return 0;
	link = path_of(doc);
	type = jval_str(jval_get(doc, "type"));
	info = jval_str(jval_get(doc, "fdinfo"));
	if (link == NULL || type == NULL || strcmp(type, "file") != 0 || info == NULL ||
	    !can_write(info) || !number_of(info, "mnt_id", 10, &id))
		return 0;
	on = procmounts_by_id(mounts, id);
	path = procmounts_behind(link, root);
	if (on == NULL || path == NULL || path[0] != '/')
		return 0;
	return add(w, path, strcmp(on->point, "/") == 0, pid, err);
}

int capture_writers_add(struct capture_writers *w, int64_t pid, struct sl_bytes fds,
			const struct procmounts *mounts, const char *root, struct sl_error *err)
{
	int rc = 0;

	while (rc == 0 && fds.len > 0) {
		const char *end = memchr(fds.data, '\n', fds.len);
		size_t len = end != NULL ? (size_t)(end - fds.data) : fds.len;

		rc = take_line(w, pid, (struct sl_bytes){fds.data, len}, mounts, root, err);
		fds.data += len + (end != NULL);
		fds.len -= len + (end != NULL);
	}
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct capture_writer *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order == 0)
		order = (int)x->is_root - (int)y->is_root;
	return order != 0 ? order : (x->pid > y->pid) - (x->pid < y->pid);
}

/* -1, 0, 1: @w->path against "/" and @path. */
static int compare_path(const struct capture_writer *w, struct sl_bytes path)
{
	const char *own = w->path + 1;
	size_t len = strlen(own);
	int order =
		memcmp(own, path.data != NULL ? path.data : "", len < path.len ? len : path.len);

	return order != 0 ? order : (len > path.len) - (len < path.len);
}

/* The first of this path, or behind it. */
static size_t find(const struct capture_writers *w, struct sl_bytes path)
{
	size_t low = 0, high = w->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_path(&w->items[middle], path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void capture_writers_member(struct capture_writers *w, struct sl_bytes path, bool is_root,
			    struct buf *out)
{
	size_t named = 0;
	int64_t last = -1;

	if (w->count > 1 && !w->is_sorted)
		qsort(w->items, w->count, sizeof(*w->items), compare);
	w->is_sorted = true;
	for (size_t i = find(w, path); i < w->count && named < NAMED_MAX; i++) {
		if (compare_path(&w->items[i], path) != 0)
			break;
		if (w->items[i].is_root != is_root || w->items[i].pid == last)
			continue;
		last = w->items[i].pid;
		if (named == 0)
			(void)buf_printf(out, "%s\"open_for_writing\":[", out->len > 0 ? "," : "");
		(void)buf_printf(out, "%s%" PRId64, named > 0 ? "," : "", last);
		named++;
	}
	if (named > 0)
		(void)buf_append_char(out, ']');
}
