/* SPDX-License-Identifier: Apache-2.0 */
#include "report/tablerow.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/words.h"
#include "report/packagefold.h"
#include "report/tablenotes.h"
#include "report/words.h"

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

/* Of what is no file there are no facts but its message. */
static void facts(struct buf *out, const struct sl_finding *f, bool alike)
{
	AUTO_FREE char *said = NULL;
	const char *text = f->message;

	if (f->change != NULL && (alike || text == NULL))
		text = said = sl_change_describe(f->change, alike);
	else if (alike)
		text = NULL;
	if (text != NULL)
		(void)quote_sentence(out, text, strlen(text));
}

static void separate(struct buf *out, size_t start)
{
	if (out->len > start)
		(void)buf_append_str(out, "; ");
}

static void sentence(struct buf *out, const struct sl_finding *f, bool alike)
{
	size_t start = out->len, end;

	if (f->cause != SL_CAUSE_NONE)
		words_cause(out, f);
	else if (f->rule_count > 0 && f->reasons[0] != NULL)
		(void)buf_append_str(out, f->reasons[0]);
	if (out->len > start)
		(void)buf_append_str(out, f->change != NULL ? "; " : ": ");
	end = out->len;
	facts(out, f, alike);
	/* nothing came */
	if (out->len == end && end > start)
		out->len -= 2, out->data[out->len] = '\0';
	if (!notes_has_clause(&f->notes))
		return;
	separate(out, start);
	notes_clause(out, &f->notes);
}

/* What lists and package databases say of a file. */
static void known(struct buf *out, const struct sl_finding *f, size_t start)
{
	const char *digest = packagefold_digest(f);

	if (f->change == NULL)
		return;
	if (f->notes.listed_as != NULL) {
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

enum tablerow_type tablerow_type(const struct sl_finding *f)
{
	const struct sl_entry *e = object(f);

	if (e == NULL)
		return TABLEROW_OTHER;
	if (S_ISREG(e->mode))
		return TABLEROW_FILE;
	if (S_ISDIR(e->mode))
		return TABLEROW_DIRECTORY;
	return S_ISLNK(e->mode) ? TABLEROW_LINK : TABLEROW_OTHER;
}

uint64_t tablerow_bytes(const struct sl_finding *f)
{
	const struct sl_entry *e = object(f);

	return e != NULL && S_ISREG(e->mode) ? e->size : 0;
}

static void add_number(struct buf *out, unsigned int n)
{
	(void)buf_append_number(out, n);
	(void)buf_append_char(out, '|');
}

void tablerow_key(struct buf *out, const struct sl_finding *f)
{
	struct sl_bytes path = f->change != NULL ? f->change->path : f->subject;
	bool is_metadata = f->change != NULL && f->change->kind == SL_CHANGE_METADATA;
	size_t top = 0;

	if (packagefold_applies(f))
		packagefold_key(out, f);
	add_number(out, (unsigned int)f->severity);
	add_number(out, (unsigned int)f->kind);
	add_number(out, (unsigned int)f->cause);
	(void)buf_append_str(out, tablerow_word(f));
	(void)buf_append_char(out, '|');
	/* one chown or chmod of a whole tree is one line, whatever is in the tree */
	if (!is_metadata)
		add_number(out, (unsigned int)tablerow_type(f));
	for (size_t i = 0; i < f->rule_count; i++) {
		(void)buf_append_str(out, f->rules[i]);
		(void)buf_append_char(out, ',');
	}
	(void)buf_append_char(out, '|');
	tablerow_alike(out, f);
	(void)buf_append_char(out, '|');
	if (packagefold_applies(f))
		return;
	/* the top directory: a line for /srv and one for /usr say more than one for / */
	while (top < path.len && path.data[top] != '/')
		top++;
	if (top < path.len || tablerow_type(f) == TABLEROW_DIRECTORY)
		(void)quote_bytes(out, path.data, top);
}
