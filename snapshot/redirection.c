/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/redirection.h"

#include <string.h>
#include <sys/stat.h>

#include "snapshot/dialect.h"

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "redirect");
}

static int set(struct buf *b, const char *data, size_t len)
{
	buf_reset(b);
	return buf_append(b, data, len);
}

int redirection_begin(struct redirection *r, struct sl_bytes redirect, struct sl_error *err)
{
	r->malformed = !dialect_redirect_is_valid(redirect);
	r->absolute = !r->malformed && redirect.data[0] == '/';
	if (set(&r->target, redirect.data + r->absolute, redirect.len - r->absolute) < 0)
		return fail_memory(err);
	return 0;
}

/*
 * The component of the target from @at to @end was renamed: below, ask elsewhere. What follows the
 * component stays.
 */
static int turn(struct redirection *r, struct sl_bytes redirect, size_t at, size_t end,
		struct sl_error *err)
{
	if (!dialect_redirect_is_valid(redirect)) {
		r->malformed = true;
		return 0;
	}
	if (redirect.data[0] == '/') {
		(void)set(&r->next, redirect.data + 1, redirect.len - 1);
		r->absolute = true;
	} else {
		r->next.len -= r->target.len - at;
		(void)buf_append(&r->next, redirect.data, redirect.len);
	}
	if (buf_append(&r->next, r->target.data + end, r->target.len - end) < 0)
		return fail_memory(err);
	return 0;
}

/* Judge what the layer has at the component from @at to @end. 1: the answer is in @out. */
static int judge(struct redirection *r, const struct sl_entry *e, size_t at, size_t end,
		 struct redirection_found *out, struct sl_error *err)
{
	bool is_last = end == r->target.len, is_file;
	int rc = 0;

	if (e == NULL)
		return 1;
	is_file = (e->flags & SL_ENTRY_WHITEOUT) != 0 || !S_ISDIR(e->mode);
	if (is_file && (!is_last || (e->flags & SL_ENTRY_WHITEOUT) != 0)) {
		out->stop = true;
		return 1;
	}
	if (is_file)
		out->stop = (e->flags & SL_ENTRY_METACOPY) == 0;
	else if ((e->flags & SL_ENTRY_OPAQUE) != 0)
		out->stop = true;
	if (e->redirect.data != NULL && (is_file || (e->flags & SL_ENTRY_OPAQUE) == 0)) {
		rc = turn(r, e->redirect, at, end, err);
		/* an opaque directory on the way does not hide what an absolute path names */
		out->stop = out->stop && (r->malformed || e->redirect.data[0] != '/');
	}
	if (is_last)
		out->entry = e;
	return rc < 0 ? rc : is_last;
}

static int walk(struct redirection *r, struct layercursor *c, struct redirection_found *out,
		struct sl_error *err)
{
	for (size_t at = 0;;) {
		const char *from = r->target.data + at;
		const char *slash = memchr(from, '/', r->target.len - at);
		size_t end = slash != NULL ? (size_t)(slash - r->target.data) : r->target.len;
		const struct sl_entry *e;
		int rc;

		if (r->own.len > 0)
			(void)buf_append_char(&r->own, '/');
		if (buf_append(&r->own, from, end - at) < 0)
			return fail_memory(err);
		rc = layercursor_find(c, (struct sl_bytes){r->own.data, r->own.len}, &e, err);
		if (rc == 0)
			rc = judge(r, e, at, end, out, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		at = end + 1;
	}
}

int redirection_step(struct redirection *r, struct layercursor *c, struct sl_bytes parent,
		     struct redirection_found *out, struct sl_error *err)
{
	struct buf target;
	int rc = 0;

	*out = (struct redirection_found){.stop = r->malformed};
	if (r->malformed)
		return 0;
	if (r->absolute)
		rc = set(&r->own, "", 0) < 0 ? fail_memory(err) : 0;
	else
		rc = layercursor_own(c, parent, &r->own, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (set(&r->next, r->target.data, r->target.len) < 0)
		return fail_memory(err);
	rc = walk(r, c, out, err);
	target = r->target;
	r->target = r->next;
	r->next = target;
	out->stop = out->stop || r->malformed;
	return rc;
}

void redirection_clear(struct redirection *r)
{
	buf_clear(&r->target);
	buf_clear(&r->own);
	buf_clear(&r->next);
}
