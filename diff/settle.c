/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/settle.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "diff/contentscan.h"
#include "diff/logprefix.h"

/* --quick: the same size and XXH3 pass for "nothing to see", never for proof. */
static uint32_t excuse_quickly(const struct sl_entry *before, const struct sl_entry *after,
			       uint32_t fields)
{
	uint32_t both = before->fields & after->fields;

	if ((fields & SL_FIELD_SIZE) != 0 || (both & SL_ENTRY_SHA256) != 0 ||
	    (both & SL_ENTRY_XXH3) == 0 || memcmp(before->xxh3, after->xxh3, SL_XXH3_SIZE) != 0)
		return fields;
	return fields & ~(uint32_t)SL_FIELD_CONTENT;
}

static uint32_t compare(const struct settle *s, const struct pair *p)
{
	uint32_t fields = sl_entry_compare(p->before, p->after);

	return s->quick ? excuse_quickly(p->before, p->after, fields) : fields;
}

/*
 * Attributes of the tar that the engine could not restore on this disk are missing in a copy of
 * the lower object for the same reason: leave them out of the before side. The list is the pair's
 * own copy.
 */
static void forget_unrestored(struct settle *s, struct pair *p)
{
	struct sl_xattr *list = (struct sl_xattr *)(uintptr_t)p->before->xattrs;
	size_t kept = 0;

	for (size_t i = 0; i < p->before->xattr_count; i++) {
		if (sl_entry_xattr(p->after, list[i].name) == NULL &&
		    !lower_has_xattr(&s->lower, p->before, list[i].name))
			continue;
		list[kept++] = list[i];
	}
	p->before->xattr_count = kept;
}

/* Before is the lower object on disk once its layer is proven, else the tar header. */
static uint32_t compare_with_lower(struct settle *s, struct pair *p, uint32_t fields)
{
	struct sl_time mtime;

	if ((fields & SL_FIELD_TYPE) != 0 || (p->before->flags & SL_ENTRY_IMPLIED) != 0)
		return fields;
	if (S_ISDIR(p->after->mode) && (fields & SL_FIELD_XATTRS) == 0)
		return fields; /* its mtime alone is no drift */
	if (!lower_find(&s->lower, p->before, &mtime))
		return fields;
	p->before->mtime = mtime;
	p->before->fields |= SL_ENTRY_MTIME;
	p->before->flags &= ~(uint32_t)SL_ENTRY_COARSE_TIME;
	if ((fields & SL_FIELD_XATTRS) != 0)
		forget_unrestored(s, p);
	return compare(s, p);
}

/* dpkg and debconf let what was there keep its time when they give it this name. */
static bool is_kept_copy(struct sl_bytes path)
{
	static const char *const dirs[] = {"var/lib/dpkg/", "var/cache/debconf/"};

	if (path.len < 4 || memcmp(path.data + path.len - 4, "-old", 4) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (path.len > strlen(dirs[i]) && memcmp(path.data, dirs[i], strlen(dirs[i])) == 0)
			return true;
	return false;
}

static bool is_forged(const struct pair *p, uint32_t fields)
{
	return !is_kept_copy(p->path) && S_ISREG(p->before->mode) && S_ISREG(p->after->mode) &&
	       (fields & SL_FIELD_CONTENT) != 0 && (fields & SL_FIELD_MTIME) == 0 &&
	       ((p->before->flags | p->after->flags) & SL_ENTRY_IMPLIED) == 0;
}

static int report_gap(struct settle *s, const struct pair *p, const struct reading *r,
		      struct sl_error *err)
{
	struct sl_gap gap = {.what = p->path, .why = r->why, .sys = r->sys, .is_path = true};

	return r->why != NULL ? s->gap(s->payload, &gap, err) : 0;
}

/*
 * What an unread content leaves to say: a size that differs proves a change of bytes; metadata that
 * differs proves a change whose kind must not claim equal bytes; otherwise there is only the gap.
 */
static uint32_t without_content(uint32_t fields)
{
	if ((fields & (SL_FIELD_TYPE | SL_FIELD_SIZE)) != 0)
		return fields;
	return (fields & ~(uint32_t)SL_FIELD_CONTENT) != 0 ? fields : 0;
}

/* The overlay's redirect names the lower object: "/a/b" from the root, "b" beside the path. */
static int redirect_source(const struct sl_entry *e, struct buf *out)
{
	const char *slash;

	if (e->redirect.len > 0 && e->redirect.data[0] == '/')
		return buf_append(out, e->redirect.data + 1, e->redirect.len - 1);
	slash = memrchr(e->path.data, '/', e->path.len);
	if (slash != NULL)
		(void)buf_append(out, e->path.data, (size_t)(slash - e->path.data) + 1);
	return buf_append(out, e->redirect.data, e->redirect.len);
}

/* What was moved away and back again has a redirect to its own place: it was not renamed. */
static bool is_elsewhere(struct sl_bytes path, const struct buf *from)
{
	return from->len != path.len || memcmp(from->data, path.data, path.len) != 0;
}

static int emit(struct settle *s, const struct pair *p, struct sl_change *c, struct sl_error *err)
{
	struct buf from = BUF_INIT(1 << 20);
	int rc;

	c->before = p->before;
	c->after = p->after;
	c->path = p->path;
	c->signals |= p->signals | p->after_read.signals;
	c->head_len = p->after_read.head_len;
	memcpy(c->head, p->after_read.head, sizeof(c->head));
	if (c->head_len == 0 && c->after != NULL && (c->after->fields & SL_ENTRY_HEAD) != 0) {
		c->head_len = c->after->head_len;
		memcpy(c->head, c->after->head, sizeof(c->head));
	}
	if (c->after != NULL)
		c->signals |= contentscan_signals(c->after->flags);
	if (p->after_read.is_unstable)
		c->signals |= SL_SIGNAL_UNSTABLE;
	if (p->after != NULL && p->after->redirect.data != NULL &&
	    redirect_source(p->after, &from) == 0 && is_elsewhere(p->path, &from)) {
		c->signals |= SL_SIGNAL_RENAMED;
		c->renamed_from = (struct sl_bytes){from.data, from.len};
	}
	rc = s->change(s->payload, c, err);
	buf_clear(&from);
	return rc;
}

/* A name that is deleted although the image never had it: no entry on either side. */
static int emit_stray(struct settle *s, const struct pair *p, struct sl_error *err)
{
	struct sl_change c = {.kind = SL_CHANGE_DELETED, .signals = p->signals, .path = p->path};

	return s->change(s->payload, &c, err);
}

static int settle_both(struct settle *s, struct pair *p, struct sl_error *err)
{
	bool is_unread = p->after_read.why != NULL || p->before_read.why != NULL;
	uint32_t fields = compare_with_lower(s, p, compare(s, p));
	struct sl_change c = {0};

	if (p->after_read.is_unstable || p->before_read.is_unstable)
		fields |= SL_FIELD_CONTENT;
	else if (is_unread)
		fields = without_content(fields);
	if (fields == 0 && (is_unread || !s->sparse || p->after->path.len == 0))
		return 0;
	if (!is_unread && logprefix_is_rewritten(p))
		c.signals |= SL_SIGNAL_REWRITTEN;
	if (is_forged(p, fields) && (!is_unread || (fields & SL_FIELD_SIZE) != 0))
		c.signals |= SL_SIGNAL_FORGED_MTIME;
	c.fields = fields;
	c.kind = sl_change_kind_of(fields, p->after->mode);
	return emit(s, p, &c, err);
}

int settle_pair(struct settle *s, struct pair *p, struct sl_error *err)
{
	struct sl_change c = {.kind = p->after == NULL ? SL_CHANGE_DELETED : SL_CHANGE_ADDED};
	int rc;

	s->bytes_read += p->after_read.bytes_read + p->before_read.bytes_read;
	if (p->after != NULL)
		reading_apply(&p->after_read, p->after);
	if (p->before != NULL)
		reading_apply(&p->before_read, p->before);
	rc = report_gap(s, p, &p->after_read, err);
	if (rc >= 0)
		rc = report_gap(s, p, &p->before_read, err);
	if (rc < 0)
		return rc;
	if ((p->signals & SL_SIGNAL_STRAY_WHITEOUT) != 0)
		return emit_stray(s, p, err);
	if (p->before != NULL && p->after != NULL)
		return settle_both(s, p, err);
	return emit(s, p, &c, err);
}
