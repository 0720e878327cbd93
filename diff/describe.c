/* SPDX-License-Identifier: Apache-2.0 */
/* A change in one line: what the fields of its entries say, in words. */
#include "diff/describe.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "core/words.h"
#include "diff/acl.h"
#include "diff/caps.h"

#define ANY_EXECUTE 0111u

/* A text that grows by facts: "a, b, c". */
struct facts {
	struct buf *out;
	bool any;
	bool alike; /* leave out what differs from path to path */
};

static struct buf *next_fact(struct facts *f)
{
	if (f->any)
		(void)buf_append_str(f->out, ", ");
	f->any = true;
	return f->out;
}

/* ---- rights ---- */

static const struct {
	uint32_t bits;
	const char *name;
} rights[] = {
	{S_ISUID, "setuid"},         {S_ISGID, "setgid"},          {S_ISVTX, "sticky"},
	{ANY_EXECUTE, "executable"}, {S_IWOTH, "writable by all"},
};

/* " (now setuid, executable)": what of @mode is there that @other has not. */
static void rights_beyond(struct buf *out, const char *word, uint32_t mode, uint32_t other,
			  size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if ((mode & rights[i].bits) == 0 || (other & rights[i].bits) != 0)
			continue;
		(void)buf_printf(out, "%s%s%s", any ? ", " : " (", any ? "" : word, rights[i].name);
		any = true;
	}
	if (any)
		(void)buf_append_char(out, ')');
}

/* "mode 04755": one digit in front, three or four behind. */
static void append_mode(struct buf *out, uint32_t mode)
{
	(void)buf_append_str(out, "mode 0");
	for (int shift = (mode & 07000) != 0 ? 9 : 6; shift >= 0; shift -= 3)
		(void)buf_append_char(out, (char)('0' + (mode >> shift & 7)));
}

static void fact_mode(struct facts *f, const struct sl_entry *b, const struct sl_entry *a)
{
	struct buf *out = next_fact(f);
	uint32_t was = b->mode, is = a->mode;

	(void)buf_printf(out, "mode 0%03o -> 0%03o", was & 07777, is & 07777);
	/* whoever may enter a directory runs nothing in it */
	if (S_ISDIR(is))
		was |= ANY_EXECUTE, is |= ANY_EXECUTE;
	rights_beyond(out, "now ", is, was, ARRAY_SIZE(rights));
	rights_beyond(out, "no longer ", was, is, ARRAY_SIZE(rights));
}

/* ---- attributes ---- */

static void append_caps(struct buf *out, const struct sl_xattr *x)
{
	CLEANUP(buf_clear) struct buf set = BUF_INIT(4096);
	struct caps caps;

	if (x == NULL) {
		(void)buf_append_str(out, "none");
		return;
	}
	if (caps_decode(&caps, x->value, x->size) < 0) {
		(void)buf_append_str(out, "unreadable");
		return;
	}
	(void)caps_format(&set, &caps);
	(void)buf_append_str(out, set.len > 0 ? set.data : "empty");
	if (caps.has_root_id && caps.root_id != 0)
		(void)buf_printf(out, " for root id %u", caps.root_id);
}

static void append_acl(struct buf *out, const struct sl_xattr *x)
{
	if (x == NULL)
		(void)buf_append_str(out, "none");
	else if (acl_format(out, x->value, x->size) == -SL_EFORMAT)
		(void)buf_append_str(out, "unreadable");
}

static void append_label(struct buf *out, const struct sl_xattr *x)
{
	size_t len = x != NULL ? x->size : 0;

	if (len > 0 && ((const char *)x->value)[len - 1] == '\0')
		len--;
	if (x == NULL)
		(void)buf_append_str(out, "none");
	else
		(void)quote_bytes(out, x->value, len < 256 ? len : 256);
}

/* Attributes whose values have words. */
static const struct {
	const char *name, *called;
	void (*append)(struct buf *out, const struct sl_xattr *x);
} decoded[] = {
	{"security.capability", "capabilities", append_caps},
	{"system.posix_acl_access", "ACL", append_acl},
	{"system.posix_acl_default", "default ACL", append_acl},
	{"security.selinux", "SELinux label", append_label},
};

/* Index in decoded, or their number. */
static size_t find_decoded(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(decoded) && strcmp(decoded[i].name, name) != 0)
		i++;
	return i;
}

/* Came (+), went (-) or has another value (~). Values are anything: only their sizes are said. */
static void fact_other(struct facts *f, const struct sl_xattr *was, const struct sl_xattr *is)
{
	const struct sl_xattr *x = is != NULL ? is : was;
	struct buf *out = next_fact(f);

	(void)buf_append_char(out, was == NULL ? '+' : is == NULL ? '-' : '~');
	(void)quote_bytes(out, x->name, strlen(x->name));
	if (f->alike || is == NULL)
		return;
	(void)buf_append_str(out, " (");
	words_size(out, is->size);
	(void)buf_append_char(out, ')');
}

static void fact_xattr(struct facts *f, const struct sl_xattr *was, const struct sl_xattr *is)
{
	size_t i = find_decoded(was != NULL ? was->name : is->name);
	struct buf *out;

	if (i == ARRAY_SIZE(decoded)) {
		fact_other(f, was, is);
		return;
	}
	out = next_fact(f);
	(void)buf_printf(out, "%s ", decoded[i].called);
	decoded[i].append(out, was);
	(void)buf_append_str(out, " -> ");
	decoded[i].append(out, is);
}

/* Two sorted lists, one walk. */
static void facts_xattrs(struct facts *f, const struct sl_entry *b, const struct sl_entry *a)
{
	size_t i = 0, j = 0;

	while (i < b->xattr_count || j < a->xattr_count) {
		const struct sl_xattr *x = i < b->xattr_count ? &b->xattrs[i] : NULL;
		const struct sl_xattr *y = j < a->xattr_count ? &a->xattrs[j] : NULL;
		int order = x == NULL ? 1 : y == NULL ? -1 : strcmp(x->name, y->name);

		if (order < 0)
			fact_xattr(f, x, NULL);
		else if (order > 0)
			fact_xattr(f, NULL, y);
		else if (!sl_xattr_same(x, y))
			fact_xattr(f, x, y);
		i += order <= 0;
		j += order >= 0;
	}
}

/* Of an object that is new: what its attributes let it do. */
static void facts_own_xattrs(struct facts *f, const struct sl_entry *e)
{
	for (size_t i = 0; i < e->xattr_count; i++) {
		size_t at = find_decoded(e->xattrs[i].name);
		struct buf *out;

		/* the host labels every file */
		if (at == ARRAY_SIZE(decoded) || decoded[at].append == append_label)
			continue;
		out = next_fact(f);
		(void)buf_printf(out, "%s ", decoded[at].called);
		decoded[at].append(out, &e->xattrs[i]);
	}
}

/* ---- objects ---- */

/* What an object is: "file 5 B, mode 04755 (setuid)", "symlink -> /bin/sh". */
static void fact_object(struct facts *f, const struct sl_entry *e)
{
	struct buf *out = next_fact(f);

	(void)buf_append_str(out, sl_type_name(e->mode));
	if (f->alike)
		return;
	if (S_ISLNK(e->mode)) {
		(void)buf_append_str(out, " -> ");
		(void)quote_bytes(out, e->target.data, e->target.len);
		return;
	}
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		(void)buf_printf(out, " %u:%u", e->rdev_major, e->rdev_minor);
	if (S_ISREG(e->mode)) {
		(void)buf_append_char(out, ' ');
		words_size(out, e->size);
	}
	out = next_fact(f);
	append_mode(out, e->mode);
	rights_beyond(out, "", e->mode, 0, 3);
	facts_own_xattrs(f, e);
}

static void fact_target(struct facts *f, const struct sl_change *c)
{
	struct buf *out = next_fact(f);

	(void)buf_append_str(out, "target");
	if (f->alike)
		return;
	(void)buf_append_char(out, ' ');
	(void)quote_bytes(out, c->before->target.data, c->before->target.len);
	(void)buf_append_str(out, " -> ");
	(void)quote_bytes(out, c->after->target.data, c->after->target.len);
}

static void facts_content(struct facts *f, const struct sl_change *c)
{
	const struct sl_entry *b = c->before, *a = c->after;

	if ((c->fields & SL_FIELD_CONTENT) != 0)
		(void)buf_append_str(next_fact(f), "content");
	if ((c->fields & SL_FIELD_SIZE) != 0) {
		struct buf *out = next_fact(f);

		(void)buf_append_str(out, "size");
		if (!f->alike) {
			(void)buf_append_char(out, ' ');
			words_size(out, b->size);
			(void)buf_append_str(out, " -> ");
			words_size(out, a->size);
		}
	}
	if ((c->fields & SL_FIELD_TARGET) != 0)
		fact_target(f, c);
	if ((c->fields & SL_FIELD_RDEV) != 0)
		(void)buf_printf(next_fact(f), "device %u:%u -> %u:%u", b->rdev_major,
				 b->rdev_minor, a->rdev_major, a->rdev_minor);
}

static void fact_mtime(struct facts *f, const struct sl_change *c)
{
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];

	if (c->kind != SL_CHANGE_METADATA)
		return; /* new content has a new time: nothing to say */
	if (f->alike) {
		(void)buf_append_str(next_fact(f), "mtime");
		return;
	}
	clock_format_short(from, c->before->mtime);
	clock_format_short(to, c->after->mtime);
	(void)buf_printf(next_fact(f), "mtime %s -> %s", from, to);
}

static void facts_metadata(struct facts *f, const struct sl_change *c)
{
	const struct sl_entry *b = c->before, *a = c->after;

	if ((c->fields & SL_FIELD_MODE) != 0)
		fact_mode(f, b, a);
	if ((c->fields & SL_FIELD_OWNER) != 0)
		(void)buf_printf(next_fact(f), "owner %u:%u -> %u:%u", b->uid, b->gid, a->uid,
				 a->gid);
	if ((c->fields & SL_FIELD_XATTRS) != 0)
		facts_xattrs(f, b, a);
	if ((c->fields & SL_FIELD_MTIME) != 0)
		fact_mtime(f, c);
}

/* ---- what else is known ---- */

static bool is_later(struct sl_time a, struct sl_time b)
{
	return clock_compare(a, b) > 0;
}

/*
 * The kernel alone sets ctime: what claims to have been written or born after that was told so, or
 * the clock was put back.
 */
static void facts_times(struct facts *f, const struct sl_change *c)
{
	const struct sl_entry *a = c->after;

	if (a == NULL || c->kind == SL_CHANGE_TOUCHED || (a->fields & SL_ENTRY_CTIME) == 0)
		return;
	if ((a->fields & SL_ENTRY_MTIME) != 0 && is_later(a->mtime, a->ctime))
		(void)buf_append_str(next_fact(f), "mtime set ahead of its last change");
	if ((a->fields & SL_ENTRY_BTIME) != 0 && is_later(a->btime, a->ctime))
		(void)buf_append_str(next_fact(f), "born after its last change");
}

static void fact_path(struct facts *f, const char *word, struct sl_bytes path)
{
	struct buf *out = next_fact(f);

	(void)buf_append_str(out, word);
	if (f->alike)
		return;
	(void)buf_append_str(out, " /");
	(void)quote_bytes(out, path.data, path.len);
}

static void facts_signals(struct facts *f, const struct sl_change *c)
{
	static const struct {
		uint64_t bit;
		const char *text;
	} said[] = {
		{SL_SIGNAL_FORGED_MTIME, "mtime forged"},
		{SL_SIGNAL_TRUNCATED, "truncated"},
		{SL_SIGNAL_OPAQUE, "replaced as a whole"},
		{SL_SIGNAL_UNSTABLE, "changed while it was read"},
		{SL_SIGNAL_UNDER_MOUNT, "hidden beneath a mount"},
		{SL_SIGNAL_STRAY_WHITEOUT, "deletes what the image never had"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(said); i++)
		if ((c->signals & said[i].bit) != 0)
			(void)buf_append_str(next_fact(f), said[i].text);
	facts_times(f, c);
	if (c->renamed_from.data != NULL)
		fact_path(f, "renamed from", c->renamed_from);
	if (c->renamed_to.data != NULL)
		fact_path(f, "renamed to", c->renamed_to);
}

static void facts(struct facts *f, const struct sl_change *c)
{
	if (c->before != NULL && c->after != NULL && (c->fields & SL_FIELD_TYPE) != 0) {
		(void)buf_printf(next_fact(f), "%s -> ", sl_type_name(c->before->mode));
		f->any = false;
		fact_object(f, c->after);
	} else if (c->before != NULL && c->after != NULL) {
		facts_content(f, c);
		facts_metadata(f, c);
	} else if (c->after != NULL) {
		fact_object(f, c->after);
	} else if (c->before != NULL) {
		(void)buf_append_str(f->out, "was ");
		fact_object(f, c->before);
	}
	facts_signals(f, c);
}

int describe_change(struct buf *out, const struct sl_change *c, bool alike)
{
	struct facts f = {.out = out, .alike = alike};

	facts(&f, c);
	if (out->status == -SL_ELIMIT)
		out->status = 0;       /* what is too long for a line is cut */
	(void)buf_append_str(out, ""); /* so that there is a text at all */
	return out->status;
}

char *sl_change_describe(const struct sl_change *c, bool alike)
{
	struct buf out = BUF_INIT(DESCRIBE_MAX);

	if (describe_change(&out, c, alike) < 0) {
		buf_clear(&out);
		return NULL;
	}
	return buf_take(&out);
}
