/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/timelinefile.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

enum { DEPTH_MAX = 4096 };

/* A directory above the current path. */
struct parent {
	size_t len; /* of its path */
	struct sl_time mtime;
	bool has_mtime;
};

struct timelinefile {
	struct eventsort *sort;
	struct buf path;    /* of the current record */
	struct buf current; /* path of the last directory: the parents are its beginnings */
	struct buf message;
	struct parent *parents;
	size_t depth, cap;
};

int timelinefile_new(struct timelinefile **out, struct eventsort *sort, struct sl_error *err)
{
	struct timelinefile *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "timeline");
	t->sort = sort;
	t->path = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	t->current = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	t->message = BUF_INIT((size_t)2 * SL_BUNDLE_LINE_BYTES);
	*out = t;
	return 0;
}

void timelinefile_free(struct timelinefile *t)
{
	if (t == NULL)
		return;
	buf_clear(&t->path);
	buf_clear(&t->current);
	buf_clear(&t->message);
	free(t->parents);
	free(t);
}

static bool get_time(const struct jval *src, const char *key, struct sl_time *out)
{
	const char *text = jval_str(jval_get(src, key));

	return text != NULL && clock_parse(out, text, strlen(text)) == 0;
}

/* The path lies in the directory whose path is the first len bytes of current. */
static bool lies_in(const struct timelinefile *t, size_t len)
{
	return t->path.len > len && memcmp(t->path.data, t->current.data, len) == 0 &&
	       (len == 0 || t->path.data[len] == '/' || t->path.data[len - 1] == '/');
}

static int push_parent(struct timelinefile *t, const struct jval *src, struct sl_error *err)
{
	struct parent p = {.len = t->path.len};

	p.has_mtime = get_time(src, "mtime", &p.mtime);
	if (t->depth == DEPTH_MAX)
		return 0;
	if (t->depth == t->cap) {
		size_t cap = t->cap == 0 ? 16 : t->cap * 2;
		struct parent *grown = reallocarray(t->parents, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "timeline");
		t->parents = grown;
		t->cap = cap;
	}
	buf_reset(&t->current);
	if (buf_append(&t->current, t->path.data, t->path.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "timeline");
	t->parents[t->depth++] = p;
	return 0;
}

static int add(struct timelinefile *t, const struct record *r, const char *container,
	       struct sl_time time, enum sl_certainty certainty, const char *description,
	       struct sl_error *err)
{
	struct sl_event e = {
		.time = time,
		.certainty = certainty,
		.source = "file",
		.description = description,
		.subject = {t->path.data, t->path.len},
		.message = {t->message.data, t->message.len},
		.container = container,
		.seq = r->seq,
	};

	return eventsort_add(t->sort, &e, err);
}

static int add_deletion(struct timelinefile *t, const struct record *r, const char *container,
			struct sl_error *err)
{
	const struct parent *p = t->depth > 0 ? &t->parents[t->depth - 1] : NULL;
	const char *slash = memrchr(t->path.data, '/', t->path.len);
	size_t dir_len = slash == NULL ? 0 : (size_t)(slash - t->path.data);
	struct sl_time time = r->time; /* it was gone when the capture looked */

	/* only the directory itself bounds it, not one further up; "/" is the root's own path */
	if (p != NULL && p->has_mtime && (p->len == dir_len || (dir_len == 0 && p->len == 1)))
		time = p->mtime;
	return add(t, r, container, time, SL_CERTAIN_UPPER_BOUND, "Deletion Time", err);
}

static int add_times(struct timelinefile *t, const struct record *r, const struct jval *src,
		     const char *container, struct sl_error *err)
{
	static const struct {
		const char *key, *description;
	} kinds[] = {
		{"mtime", "Content Modification Time"},
		{"ctime", "Metadata Modification Time"},
		{"btime", "Creation Time"},
		{"atime", "Last Access Time"},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		enum sl_certainty certainty = SL_CERTAIN_EXACT;
		struct sl_time time;

		if (!get_time(src, kinds[i].key, &time))
			continue;
		/* whole seconds come from an archive, the epoch itself from a build tool */
		if (i == 0 && time.nsec == 0)
			certainty = time.sec == 0 ? SL_CERTAIN_NORMALISED : SL_CERTAIN_SECOND;
		rc = add(t, r, container, time, certainty, kinds[i].description, err);
	}
	return rc;
}

static int make_message(struct timelinefile *t, const struct jval *src, const char *type,
			struct sl_error *err)
{
	buf_reset(&t->message);
	(void)buf_printf(&t->message, "%s ", type);
	(void)buf_append(&t->message, t->path.data, t->path.len);
	if (jval_get(src, "link") != NULL || jval_get(src, "link_b64") != NULL) {
		(void)buf_append_str(&t->message, " -> ");
		(void)record_bytes(src, "link", &t->message);
	}
	return t->message.status < 0
		       ? sl_fail(err, (enum sl_code) - t->message.status, 0, "timeline")
		       : 0;
}

int timelinefile_add(struct timelinefile *t, const struct record *r, const char *container,
		     struct sl_error *err)
{
	const struct jval *src = jval_get(r->doc, "src");
	const char *role = jval_str(jval_get(r->doc, "role")),
		   *type = jval_str(jval_get(src, "type"));
	int rc;

	if (role == NULL || strcmp(role, "upper") != 0 || type == NULL)
		return 0;
	buf_reset(&t->path);
	/* a path that did not fit its line stands in the attributes: named by digest here */
	if (record_bytes(src, "path", &t->path) != 0 || t->path.data == NULL)
		return 0;
	while (t->depth > 0 && !lies_in(t, t->parents[t->depth - 1].len))
		t->depth--;
	rc = make_message(t, src, type, err);
	if (rc < 0)
		return rc;
	if (strcmp(type, "whiteout") == 0)
		return add_deletion(t, r, container, err);
	rc = add_times(t, r, src, container, err);
	return rc == 0 && strcmp(type, "directory") == 0 ? push_parent(t, src, err) : rc;
}
