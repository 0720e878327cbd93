/* SPDX-License-Identifier: Apache-2.0 */
#include "job/relaycode.h"

#include <stdlib.h>
#include <string.h>

/* ---- the pieces ---- */

#define NO_TEXT UINT64_MAX

void relaycode_put(struct buf *b, const void *bytes, size_t len)
{
	(void)buf_append(b, bytes, len);
}

static void put_bytes(struct buf *b, struct sl_bytes bytes)
{
	uint64_t len = bytes.data != NULL ? bytes.len : NO_TEXT;

	relaycode_put(b, &len, sizeof(len));
	if (bytes.data == NULL)
		return;
	if (bytes.len > 0)
		relaycode_put(b, bytes.data, bytes.len);
	(void)buf_append_char(b, '\0');
}

void relaycode_put_text(struct buf *b, const char *text)
{
	put_bytes(b, (struct sl_bytes){text, text != NULL ? strlen(text) : 0});
}

static void put_texts(struct buf *b, const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		relaycode_put_text(b, texts[i]);
}

void relaycode_take(struct relay_reader *r, void *out, size_t len)
{
	if (r->is_bad || (size_t)(r->end - r->at) < len) {
		r->is_bad = true;
		memset(out, 0, len);
		return;
	}
	memcpy(out, r->at, len);
	r->at += len;
}

static struct sl_bytes take_bytes(struct relay_reader *r)
{
	struct sl_bytes out = {NULL, 0};
	uint64_t len;

	relaycode_take(r, &len, sizeof(len));
	if (r->is_bad || len == NO_TEXT)
		return out;
	if (len >= (uint64_t)(r->end - r->at) || r->at[len] != '\0') {
		r->is_bad = true;
		return out;
	}
	out = (struct sl_bytes){r->at, (size_t)len};
	r->at += len + 1;
	return out;
}

const char *relaycode_take_text(struct relay_reader *r)
{
	return take_bytes(r).data;
}

static void take_texts(struct relay_reader *r, const char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		texts[i] = relaycode_take_text(r);
}

/* Room for a list of @count members of @size bytes, each of which takes a byte at least. */
static void *new_list(struct relay_reader *r, size_t count, size_t size)
{
	void *list;

	if (r->is_bad || count == 0)
		return NULL;
	if (count > (size_t)(r->end - r->at) || r->list_count == RELAY_LISTS_MAX ||
	    (list = calloc(count, size)) == NULL) {
		r->is_bad = true;
		return NULL;
	}
	r->lists[r->list_count++] = list;
	return list;
}

static const char *const *take_text_list(struct relay_reader *r, size_t count)
{
	const char **list = new_list(r, count, sizeof(*list));

	if (list != NULL)
		take_texts(r, list, count);
	return list;
}

void relaycode_clear(struct relay_reader *r)
{
	while (r->list_count > 0)
		free(r->lists[--r->list_count]);
}

/* ---- containers ---- */

void relaycode_put_subject(struct buf *b, const struct sl_subject *s)
{
	relaycode_put(b, s, sizeof(*s));
	relaycode_put_text(b, s->image.ref);
	relaycode_put_text(b, s->image.signer);
}

/* Which roots are compared, and the words of checks, are constants: they lie here, too. */
void relaycode_take_subject(struct relay_reader *r, struct sl_subject *out)
{
	relaycode_take(r, out, sizeof(*out));
	out->image.ref = relaycode_take_text(r);
	out->image.signer = relaycode_take_text(r);
	out->container = NULL;
	out->after = NULL;
}

void relaycode_put_summary(struct buf *b, const struct sl_summary *s)
{
	relaycode_put(b, s, sizeof(*s));
	put_texts(b, s->notes, s->note_count);
	for (size_t i = 0; i < s->scanned_count; i++) {
		relaycode_put(b, &s->scanned[i], sizeof(s->scanned[i]));
		relaycode_put_text(b, s->scanned[i].path);
		relaycode_put_text(b, s->scanned[i].type);
	}
}

void relaycode_take_summary(struct relay_reader *r, struct sl_summary *out)
{
	struct sl_scanned *scanned;

	relaycode_take(r, out, sizeof(*out));
	out->subject = NULL;
	out->notes = take_text_list(r, out->note_count);
	out->scanned = scanned = new_list(r, out->scanned_count, sizeof(*scanned));
	for (size_t i = 0; scanned != NULL && i < out->scanned_count; i++) {
		relaycode_take(r, &scanned[i], sizeof(scanned[i]));
		scanned[i].path = relaycode_take_text(r);
		scanned[i].type = relaycode_take_text(r);
	}
}

void relaycode_put_gap(struct buf *b, const struct sl_gap *gap)
{
	relaycode_put(b, gap, sizeof(*gap));
	put_bytes(b, gap->what);
	relaycode_put_text(b, gap->why);
}

void relaycode_take_gap(struct relay_reader *r, struct sl_gap *out)
{
	relaycode_take(r, out, sizeof(*out));
	out->what = take_bytes(r);
	out->why = relaycode_take_text(r);
}

/* ---- findings ---- */

static int append_piece(void *payload, const void *bytes, size_t len)
{
	return buf_append(payload, bytes, len);
}

static void put_entry(struct buf *b, const struct sl_entry *e)
{
	uint64_t xattrs = e->xattr_count;

	relaycode_put(b, &xattrs, sizeof(xattrs));
	(void)sl_entry_encode(e, append_piece, b);
}

static void take_entry(struct relay_reader *r, struct sl_entry *out)
{
	struct sl_xattr *list;
	uint64_t xattrs;
	size_t used;

	relaycode_take(r, &xattrs, sizeof(xattrs));
	list = new_list(r, (size_t)xattrs, sizeof(*list));
	used = r->is_bad ? 0
			 : sl_entry_decode(out, r->at, (size_t)(r->end - r->at), list,
					   (size_t)xattrs);
	if (used == 0)
		r->is_bad = true;
	r->at += used;
}

static void put_change(struct buf *b, const struct sl_change *c)
{
	relaycode_put(b, c, sizeof(*c));
	put_bytes(b, c->path);
	put_bytes(b, c->renamed_from);
	put_bytes(b, c->renamed_to);
	if (c->before != NULL)
		put_entry(b, c->before);
	if (c->after != NULL)
		put_entry(b, c->after);
}

static void take_change(struct relay_reader *r, struct relaycode_finding *out)
{
	struct sl_change *c = &out->change;

	relaycode_take(r, c, sizeof(*c));
	c->path = take_bytes(r);
	c->renamed_from = take_bytes(r);
	c->renamed_to = take_bytes(r);
	if (c->before != NULL)
		take_entry(r, &out->before);
	if (c->after != NULL)
		take_entry(r, &out->after);
	c->before = c->before != NULL ? &out->before : NULL;
	c->after = c->after != NULL ? &out->after : NULL;
}

static void put_notes(struct buf *b, const struct sl_notes *n)
{
	for (size_t i = 0; i < n->line_count; i++) {
		relaycode_put(b, &n->lines[i], sizeof(n->lines[i]));
		put_bytes(b, n->lines[i].text);
	}
	if (n->package != NULL) {
		relaycode_put(b, n->package, sizeof(*n->package));
		relaycode_put_text(b, n->package->manager);
		put_bytes(b, n->package->name);
		put_bytes(b, n->package->version);
	}
	put_bytes(b, n->process);
	relaycode_put_text(b, n->setting);
	relaycode_put_text(b, n->expected);
	relaycode_put_text(b, n->found);
	put_texts(b, n->yara, n->yara_count);
	relaycode_put_text(b, n->listed_as);
	relaycode_put_text(b, n->ack_by);
	relaycode_put_text(b, n->ack_reason);
}

static void take_lines(struct relay_reader *r, struct sl_notes *n)
{
	struct sl_line *lines = new_list(r, n->line_count, sizeof(*lines));

	n->lines = lines;
	for (size_t i = 0; lines != NULL && i < n->line_count; i++) {
		relaycode_take(r, &lines[i], sizeof(lines[i]));
		lines[i].text = take_bytes(r);
	}
}

static void take_package(struct relay_reader *r, struct sl_package *p)
{
	relaycode_take(r, p, sizeof(*p));
	p->manager = relaycode_take_text(r);
	p->name = take_bytes(r);
	p->version = take_bytes(r);
}

static void take_notes(struct relay_reader *r, struct relaycode_finding *out)
{
	struct sl_notes *n = &out->finding.notes;

	take_lines(r, n);
	if (n->package != NULL) {
		take_package(r, &out->package);
		n->package = &out->package;
	}
	n->process = take_bytes(r);
	n->setting = relaycode_take_text(r);
	n->expected = relaycode_take_text(r);
	n->found = relaycode_take_text(r);
	n->yara = take_text_list(r, n->yara_count);
	n->listed_as = relaycode_take_text(r);
	n->ack_by = relaycode_take_text(r);
	n->ack_reason = relaycode_take_text(r);
}

void relaycode_put_finding(struct buf *b, const struct sl_finding *f)
{
	relaycode_put(b, f, sizeof(*f));
	if (f->change != NULL)
		put_change(b, f->change);
	put_bytes(b, f->subject);
	relaycode_put_text(b, f->message);
	put_texts(b, f->rules, f->rule_count);
	put_texts(b, f->reasons, f->rule_count);
	put_texts(b, f->attack, f->attack_count);
	relaycode_put_text(b, f->cause_name);
	relaycode_put_text(b, f->cause_by);
	relaycode_put_text(b, f->cause_reason);
	put_notes(b, &f->notes);
}

void relaycode_take_finding(struct relay_reader *r, struct relaycode_finding *out)
{
	struct sl_finding *f = &out->finding;

	*out = (struct relaycode_finding){0};
	relaycode_take(r, f, sizeof(*f));
	if (f->rule_count > SL_FINDING_MAX_RULES || f->attack_count > SL_FINDING_MAX_RULES) {
		r->is_bad = true;
		return;
	}
	if (f->change != NULL) {
		take_change(r, out);
		f->change = &out->change;
	}
	f->subject = take_bytes(r);
	f->message = relaycode_take_text(r);
	take_texts(r, f->rules, f->rule_count);
	take_texts(r, f->reasons, f->rule_count);
	take_texts(r, f->attack, f->attack_count);
	f->cause_name = relaycode_take_text(r);
	f->cause_by = relaycode_take_text(r);
	f->cause_reason = relaycode_take_text(r);
	take_notes(r, out);
}
