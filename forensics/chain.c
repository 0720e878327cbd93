/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/chain.h"

#include <string.h>

#include "core/encode.h"
#include "core/note.h"
#include "forensics/chainkey.h"
#include "forensics/recordscan.h"

/* A record as a document, or, where its plain bytes tell enough, without one. */
struct line {
	struct recordscan scan;
	struct record record;
};

int chain_init(struct chain *c, struct sl_error *err)
{
	int rc;

	*c = (struct chain){0};
	rc = sha256_new(&c->hash, err);
	if (rc == 0)
		merkle_init(&c->tree, c->hash);
	return rc;
}

void chain_clear(struct chain *c)
{
	sha256_free(c->hash);
	c->hash = NULL;
}

static int mismatch(struct sl_error *err, const char *what)
{
	return sl_fail(err, SL_EUNTRUSTED, 0, "%s", what);
}

static int parse_line(struct line *l, const char *text, size_t len, struct sl_error *err)
{
	if (recordscan(&l->scan, text, len) != 0)
		return record_parse(&l->record, text, len, err);
	l->record = l->scan.head;
	return 0;
}

/* 1 when it names no member there. */
static int named_member(const struct line *l, enum recordscan_member which, struct stored *out,
			struct sl_error *err)
{
	if (l->record.doc != NULL)
		return record_stored(jval_get(l->record.doc, recordscan_key(which)), out, err);
	*out = l->scan.said[which];
	return l->scan.has[which] ? 0 : 1;
}

/* A member that a record names: it must be there, be that record's own, and be what is said. */
static int claim(struct chain *c, struct segment *g, const struct line *l,
		 enum recordscan_member which, struct sl_error *err)
{
	struct payload *item;
	struct stored s;
	int rc = named_member(l, which, &s, err);

	if (rc == 1)
		return 0;
	if (rc < 0)
		return rc;
	item = payloads_find(&g->payloads, l->record.seq, s.member, s.member_len);
	if (item == NULL)
		return sl_fail(err, SL_EUNTRUSTED, 0, "record names a member that is not there");
	c->fault_offset = item->offset;
	if (item->is_claimed)
		return mismatch(err, "two records name the same member");
	if (item->bytes != s.bytes)
		return mismatch(err, "payload has another size than its record says");
	if (c->judge_payloads && memcmp(item->sha256, s.sha256, SL_SHA256_SIZE) != 0)
		return mismatch(err, "payload has another digest than its record says");
	item->is_claimed = true;
	c->payloads++;
	c->payload_bytes += s.bytes;
	return 0;
}

/* What only some types of record say. @is_last: nothing follows in this segment. */
static int take_record(struct chain *c, const struct segment *g, const struct record *r,
		       bool is_last, struct sl_error *err)
{
	bool is_link = strcmp(r->type, "epoch") == 0, is_close = strcmp(r->type, "close") == 0;

	if ((strcmp(r->type, "open") == 0) != (r->seq == 0))
		return sl_fail(err, SL_EFORMAT, 0, "open record out of place");
	if ((is_link || is_close) != is_last)
		return sl_fail(err, SL_EFORMAT, 0,
			       is_last ? "segment does not end in an epoch or close record"
				       : "%s record before the end of its segment",
			       r->type);
	if (r->seq == 0)
		return chainkey_open(c, r->doc, err);
	if (is_link)
		return chainkey_epoch(c, r->doc, g->number + 1, err);
	if (is_close)
		return chainkey_close(c, r->doc, err);
	if (strcmp(r->type, "gap") == 0)
		c->gaps++;
	return 0;
}

static int check_anchor(struct chain *c, struct sl_error *err)
{
	uint8_t root[SL_SHA256_SIZE];
	int rc;

	if (c->anchor == NULL || c->tree.size != c->anchor->size)
		return 0;
	rc = merkle_root(&c->tree, root, err);
	c->anchor_failed = rc == 0 && memcmp(root, c->anchor->root, sizeof(root)) != 0;
	if (c->anchor_failed)
		return mismatch(err, "records are not those of the noted checkpoint");
	c->anchor_met = rc == 0;
	return rc;
}

static int check_line(struct chain *c, struct segment *g, const struct line *l, bool is_last,
		      struct sl_error *err)
{
	const struct record *r = &l->record;
	int rc = 0;

	if (r->seq != c->tree.size)
		return sl_fail(err, SL_EUNTRUSTED, 0, "record %llu stands where %llu should",
			       (unsigned long long)r->seq, (unsigned long long)c->tree.size);
	if (memcmp(r->prev, c->last_line, SL_SHA256_SIZE) != 0)
		return mismatch(err, "record does not continue the chain");
	if (!c->forgive_payloads)
		rc = claim(c, g, l, RECORDSCAN_STORED, err);
	if (rc == 0 && !c->forgive_payloads)
		rc = claim(c, g, l, RECORDSCAN_ATTRIBUTES, err);
	if (rc < 0)
		return rc;
	c->fault_offset = g->journal_offset;
	return take_record(c, g, r, is_last, err);
}

/* @line with its line feed: that is what is hashed and what is a leaf. */
static int add_line(struct chain *c, struct segment *g, const char *line, size_t len, bool is_last,
		    struct sl_error *err)
{
	struct line l;
	int rc = parse_line(&l, line, len - 1, err);

	c->fault_offset = g->journal_offset;
	if (rc == 0)
		rc = check_line(c, g, &l, is_last, err);
	record_clear(&l.record);
	if (rc == 0) {
		sha256_reset(c->hash);
		sha256_update(c->hash, line, len);
		rc = sha256_final(c->hash, c->last_line, err);
	}
	if (rc == 0)
		rc = merkle_append(&c->tree, line, len, err);
	return rc < 0 ? rc : check_anchor(c, err);
}

static int add_journal(struct chain *c, struct segment *g, struct sl_error *err)
{
	const char *line;
	size_t pos = 0, len;
	int rc;

	c->fault_offset = g->journal_offset;
	if (g->journal.len == 0)
		return sl_fail(err, SL_EFORMAT, 0, "segment without records");
	while ((rc = journal_line(&g->journal, &pos, &line, &len, err)) == 0) {
		rc = add_line(c, g, line, len + 1, pos == g->journal.len, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

static int check_coverage(struct chain *c, const struct segment *g, struct sl_error *err)
{
	for (size_t i = 0; !c->forgive_payloads && i < g->payloads.count; i++) {
		const struct payload *p = &g->payloads.items[i];

		if (p->is_claimed)
			continue;
		c->fault_offset = p->offset;
		return sl_fail(err, SL_EUNTRUSTED, 0, "no record names member '%.*s'",
			       (int)p->name_len, payloads_name(&g->payloads, p));
	}
	return 0;
}

int chain_add(struct chain *c, struct segment *g, struct sl_error *err)
{
	const struct payload *twice = NULL;
	uint8_t key[SIGN_PUBLIC_SIZE];
	int rc;

	if (c->is_closed) {
		c->fault_offset = g->journal_offset;
		return sl_fail(err, SL_EFORMAT, 0, "segment behind the close record");
	}
	rc = payloads_sort(&g->payloads, &twice, err);
	if (rc < 0) {
		c->fault_offset = twice != NULL ? twice->offset : g->journal_offset;
		return rc;
	}
	/* the last record replaces it with the next segment's */
	memcpy(key, c->epoch_key, sizeof(key));
	rc = add_journal(c, g, err);
	if (rc == 0)
		rc = check_coverage(c, g, err);
	if (rc < 0)
		return rc;
	c->fault_offset = g->note_offset;
	rc = chainkey_note(c, g, g->number == 0 ? c->first_key : key, err);
	if (rc == 0)
		rc = sha256_once(g->note.data, g->note.len, c->note_sha256, err);
	if (rc < 0)
		return rc;
	c->segments++;
	c->attested = c->tree.size;
	c->attested_payloads = c->payloads;
	c->attested_payload_bytes = c->payload_bytes;
	return 0;
}
