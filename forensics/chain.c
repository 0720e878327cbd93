/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/chain.h"

#include <string.h>

#include "core/encode.h"
#include "core/note.h"
#include "forensics/chainkey.h"

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

/* A member that a record names: it must be there, be that record's own, and be what is said. */
static int claim(struct chain *c, struct segment *g, const struct record *r, const char *key,
		 struct sl_error *err)
{
	struct payload *item;
	struct stored s;
	int rc = record_stored(jval_get(r->doc, key), &s, err);

	if (rc == 1)
		return 0;
	if (rc < 0)
		return rc;
	item = payloads_find(&g->payloads, r->seq, s.member, s.member_len);
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

/* @line with its line feed: that is what is hashed and what is a leaf. */
static int add_line(struct chain *c, struct segment *g, const char *line, size_t len, bool is_last,
		    struct sl_error *err)
{
	struct record r;
	int rc = record_parse(&r, line, len - 1, err);

	c->fault_offset = g->journal_offset;
	if (rc == 0 && r.seq != c->tree.size)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "record %llu stands where %llu should",
			     (unsigned long long)r.seq, (unsigned long long)c->tree.size);
	if (rc == 0 && memcmp(r.prev, c->last_line, SL_SHA256_SIZE) != 0)
		rc = mismatch(err, "record does not continue the chain");
	if (rc == 0)
		rc = c->forgive_payloads ? 0 : claim(c, g, &r, "stored", err);
	if (rc == 0 && !c->forgive_payloads)
		rc = claim(c, g, &r, "attributes", err);
	if (rc == 0) {
		c->fault_offset = g->journal_offset;
		rc = take_record(c, g, &r, is_last, err);
	}
	record_clear(&r);
	if (rc == 0)
		rc = sha256_once(line, len, c->last_line, err);
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
