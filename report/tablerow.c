/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tablerow.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "report/packagefold.h"
#include "report/tablenotes.h"
#include "report/words.h"

/* A text that grows by facts: "a, b, c". */
struct facts {
	struct buf *out;
	bool any;
};

static struct buf *next_fact(struct facts *f)
{
	if (f->any)
		(void)buf_append_str(f->out, ", ");
	f->any = true;
	return f->out;
}

const char *tablerow_word(const struct sl_finding *f)
{
	return f->change != NULL ? sl_change_name(f->change->kind) : sl_finding_kind_name(f->kind);
}

void tablerow_path(struct buf *out, const struct sl_finding *f)
{
	struct sl_bytes b = f->change != NULL ? f->change->path : f->subject;

	if (f->change != NULL)
		(void)buf_append_char(out, '/');
	(void)quote_bytes(out, b.data, b.len);
}

/* What an object is: "file 5 B, mode 04755", "symlink -> /bin/sh". */
static void fact_object(struct facts *f, const struct sl_entry *e, bool alike)
{
	struct buf *out = next_fact(f);

	(void)buf_append_str(out, words_type(e->mode));
	if (alike)
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
	(void)buf_printf(next_fact(f), "mode 0%03o", e->mode & 07777);
}

static void fact_target(struct facts *f, const struct sl_change *c, bool alike)
{
	struct buf *out = next_fact(f);

	(void)buf_append_str(out, "target");
	if (alike)
		return;
	(void)buf_append_char(out, ' ');
	(void)quote_bytes(out, c->before->target.data, c->before->target.len);
	(void)buf_append_str(out, " -> ");
	(void)quote_bytes(out, c->after->target.data, c->after->target.len);
}

static void facts_content(struct facts *f, const struct sl_change *c, bool alike)
{
	const struct sl_entry *b = c->before, *a = c->after;

	if ((c->fields & SL_FIELD_CONTENT) != 0)
		(void)buf_append_str(next_fact(f), "content");
	if ((c->fields & SL_FIELD_SIZE) != 0) {
		struct buf *out = next_fact(f);

		(void)buf_append_str(out, "size");
		if (!alike) {
			(void)buf_append_char(out, ' ');
			words_size(out, b->size);
			(void)buf_append_str(out, " -> ");
			words_size(out, a->size);
		}
	}
	if ((c->fields & SL_FIELD_TARGET) != 0)
		fact_target(f, c, alike);
	if ((c->fields & SL_FIELD_RDEV) != 0)
		(void)buf_printf(next_fact(f), "device %u:%u -> %u:%u", b->rdev_major,
				 b->rdev_minor, a->rdev_major, a->rdev_minor);
}

static void fact_xattr(struct facts *f, const char *sign, const struct sl_xattr *x)
{
	struct buf *out = next_fact(f);

	(void)buf_append_str(out, sign);
	(void)quote_bytes(out, x->name, strlen(x->name));
}

/* The names that came (+), went (-) or got another value (~): two sorted lists, one walk. */
static void facts_xattrs(struct facts *f, const struct sl_entry *b, const struct sl_entry *a)
{
	size_t i = 0, j = 0;

	while (i < b->xattr_count || j < a->xattr_count) {
		const struct sl_xattr *x = &b->xattrs[i], *y = &a->xattrs[j];
		int order = i == b->xattr_count   ? 1
			    : j == a->xattr_count ? -1
						  : strcmp(x->name, y->name);

		if (order < 0)
			fact_xattr(f, "-", x);
		else if (order > 0)
			fact_xattr(f, "+", y);
		else if (x->size != y->size ||
			 (x->size > 0 && memcmp(x->value, y->value, x->size) != 0))
			fact_xattr(f, "~", y);
		i += order <= 0;
		j += order >= 0;
	}
}

static void facts_metadata(struct facts *f, const struct sl_change *c, bool alike)
{
	const struct sl_entry *b = c->before, *a = c->after;

	if ((c->fields & SL_FIELD_MODE) != 0)
		(void)buf_printf(next_fact(f), "mode 0%03o -> 0%03o", b->mode & 07777,
				 a->mode & 07777);
	if ((c->fields & SL_FIELD_OWNER) != 0)
		(void)buf_printf(next_fact(f), "owner %u:%u -> %u:%u", b->uid, b->gid, a->uid,
				 a->gid);
	if ((c->fields & SL_FIELD_XATTRS) != 0)
		facts_xattrs(f, b, a);
	if ((c->fields & SL_FIELD_MTIME) == 0)
		return;
	if (alike || c->kind != SL_CHANGE_METADATA) {
		if (c->kind == SL_CHANGE_METADATA)
			(void)buf_append_str(next_fact(f), "mtime");
		return; /* new content has a new time: nothing to say */
	}
	char from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];

	clock_format_short(from, b->mtime);
	clock_format_short(to, a->mtime);
	(void)buf_printf(next_fact(f), "mtime %s -> %s", from, to);
}

static void facts_signals(struct facts *f, const struct sl_change *c, bool alike)
{
	static const struct {
		uint32_t bit;
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
	if (c->renamed_from.data != NULL && !alike) {
		struct buf *out = next_fact(f);

		(void)buf_append_str(out, "renamed from /");
		(void)quote_bytes(out, c->renamed_from.data, c->renamed_from.len);
	}
}

static void facts(struct buf *out, const struct sl_change *c, bool alike)
{
	struct facts f = {.out = out};

	if (c->before != NULL && c->after != NULL && (c->fields & SL_FIELD_TYPE) != 0) {
		(void)buf_printf(next_fact(&f), "%s -> ", words_type(c->before->mode));
		f.any = false;
		fact_object(&f, c->after, alike);
	} else if (c->before != NULL && c->after != NULL) {
		facts_content(&f, c, alike);
		facts_metadata(&f, c, alike);
	} else if (c->after != NULL) {
		fact_object(&f, c->after, alike);
	} else if (c->before != NULL) {
		(void)buf_append_str(out, "was ");
		fact_object(&f, c->before, alike);
	}
	facts_signals(&f, c, alike);
}

static void sentence(struct buf *out, const struct sl_finding *f, bool alike)
{
	size_t start = out->len;

	if (f->cause != SL_CAUSE_NONE)
		words_cause(out, f);
	else if (f->rule_count > 0 && f->reasons[0] != NULL)
		(void)buf_append_str(out, f->reasons[0]);
	else if (f->message != NULL)
		(void)quote_bytes(out, f->message, strlen(f->message));
	/* what is no file has no facts of its own: its message is all there is to say */
	if (f->change == NULL && f->message != NULL && f->rule_count > 0 && !alike) {
		(void)buf_append_str(out, ": ");
		(void)quote_bytes(out, f->message, strlen(f->message));
	}
	if (f->change != NULL) {
		if (out->len > start)
			(void)buf_append_str(out, "; ");
		facts(out, f->change, alike);
	}
	if (!notes_has_clause(&f->notes))
		return;
	if (out->len > start)
		(void)buf_append_str(out, "; ");
	notes_clause(out, &f->notes);
}

static void separate(struct buf *out, size_t start)
{
	if (out->len > start)
		(void)buf_append_str(out, "; ");
}

/* What is known of a file beside its change. */
static void known(struct buf *out, const struct sl_finding *f, size_t start)
{
	const char *digest = packagefold_digest(f);

	if (f->change == NULL)
		return;
	if (f->message != NULL && (f->rule_count > 0 || f->cause != SL_CAUSE_NONE)) {
		separate(out, start);
		(void)quote_bytes(out, f->message, strlen(f->message));
	} else if (f->message == NULL && f->notes.listed_as != NULL) {
		separate(out, start);
		(void)buf_append_str(out, "listed as ");
		(void)quote_bytes(out, f->notes.listed_as, strlen(f->notes.listed_as));
	}
	if (f->notes.package == NULL)
		return;
	(void)buf_append_str(out, out->len > start ? "; file" : "file");
	packagefold_of(out, f);
	if (*digest != '\0')
		(void)buf_printf(out, " %s", digest);
}

void tablerow_detail(struct buf *out, const struct sl_finding *f)
{
	size_t start = out->len;

	sentence(out, f, false);
	known(out, f, start);
}

/* Files of one package change in many ways: what they share is why they are named. */
static void package_alike(struct buf *out, const struct sl_finding *f)
{
	size_t start = out->len;

	if (f->cause != SL_CAUSE_NONE)
		words_cause(out, f);
	else if (f->rule_count > 0 && f->reasons[0] != NULL)
		(void)buf_append_str(out, f->reasons[0]);
	if (*packagefold_digest(f) != '\0') {
		separate(out, start);
		(void)buf_append_str(out, packagefold_digest(f));
	}
}

void tablerow_alike(struct buf *out, const struct sl_finding *f)
{
	if (packagefold_applies(f))
		package_alike(out, f);
	else
		sentence(out, f, true);
}

static const struct sl_entry *object(const struct sl_finding *f)
{
	if (f->change == NULL)
		return NULL;
	return f->change->after != NULL ? f->change->after : f->change->before;
}

const char *tablerow_plural(const struct sl_finding *f)
{
	const struct sl_entry *e = object(f);

	if (e == NULL)
		return "findings";
	if (S_ISREG(e->mode))
		return "files";
	if (S_ISDIR(e->mode))
		return "directories";
	return S_ISLNK(e->mode) ? "symlinks" : "special files";
}

uint64_t tablerow_bytes(const struct sl_finding *f)
{
	const struct sl_entry *e = object(f);

	return e != NULL && S_ISREG(e->mode) ? e->size : 0;
}

void tablerow_key(struct buf *out, const struct sl_finding *f)
{
	struct sl_bytes path = f->change != NULL ? f->change->path : f->subject;
	size_t top = 0;

	if (packagefold_applies(f))
		packagefold_key(out, f);
	(void)buf_printf(out, "%d|%d|%d|%s|%s|", (int)f->severity, (int)f->kind, (int)f->cause,
			 tablerow_word(f), tablerow_plural(f));
	for (size_t i = 0; i < f->rule_count; i++)
		(void)buf_printf(out, "%s,", f->rules[i]);
	(void)buf_append_char(out, '|');
	tablerow_alike(out, f);
	(void)buf_append_char(out, '|');
	if (packagefold_applies(f))
		return;
	/* the top directory: a line for /srv and one for /usr say more than one for / */
	while (top < path.len && path.data[top] != '/')
		top++;
	if (top < path.len)
		(void)quote_bytes(out, path.data, top);
}
