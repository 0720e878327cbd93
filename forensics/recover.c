/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/recover.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "forensics/chain.h"
#include "forensics/chainkey.h"
#include "forensics/itemfile.h"
#include "forensics/salvage.h"

enum { NOTE_BYTES = 64 << 10, KEY_BYTES = 4 << 10, LINE_BYTES = 4 << 10 };

/* How far the records of a segment can be believed. */
enum belief {
	BELIEF_NONE,       /* lines, links or signature contradict, or there is no checkpoint */
	BELIEF_CONSISTENT, /* links hold and a key signed, but what goes before is missing */
	BELIEF_ATTESTED,   /* the chain holds from record 0 up to here */
};
static const char *const belief_names[] = {"none", "consistent", "attested"};

struct recover {
	const struct recover_options *options;
	struct recover_summary *out;
	struct chain chain;
	struct segment segment; /* payloads that wait for their journal, and its members so far */
	bool has_journal, has_note, has_key;
	uint64_t journal_offset;
	struct buf line; /* of the report */
	/* the member at hand */
	struct salvage_member member;
	char name[MEMBERNAME_MAX + 1];
	struct sha256 *hash;
	struct itemfile file;
	uint64_t written; /* below the directory */
};

/* ---- the report */

static int write_line(struct recover *r, struct sl_error *err)
{
	(void)buf_append_char(&r->line, '\n');
	if (r->line.status < 0)
		return sl_fail(err, -r->line.status, 0, "report");
	return ostream_write(r->options->report, r->line.data, r->line.len, err);
}

static void begin_line(struct recover *r, struct jout *j, const char *record)
{
	buf_reset(&r->line);
	jout_begin(j, &r->line);
	jout_object(j);
	jout_key_str(j, "record", record);
}

static int report_start(struct recover *r, struct sl_error *err)
{
	struct jout j;

	begin_line(r, &j, "recover");
	jout_key_str(&j, "schema", "strandline.recover/1");
	jout_key_bytes(&j, "bundle", r->options->source);
	jout_object_end(&j);
	return write_line(r, err);
}

static int report_end(struct recover *r, struct sl_error *err)
{
	const struct recover_summary *s = r->out;
	struct jout j;

	begin_line(r, &j, "summary");
	jout_key_str(&j, "bundle_id", r->chain.bundle);
	jout_key_str(&j, "fingerprint", r->chain.fingerprint);
	jout_key_u64(&j, "frames", s->frames);
	jout_key_u64(&j, "lost_bytes", s->lost_bytes);
	jout_key_u64(&j, "stray_bytes", s->stray_bytes);
	jout_key_u64(&j, "members", s->members);
	jout_key_u64(&j, "partial", s->partial);
	jout_key_u64(&j, "missing", s->missing);
	jout_key_u64(&j, "attested", s->attested);
	jout_key_u64(&j, "segments", s->segments);
	jout_key_u64(&j, "attested_segments", s->attested_segments);
	jout_key_u64(&j, "attested_records", r->chain.attested);
	jout_key_bool(&j, "closed", s->is_closed);
	jout_object_end(&j);
	return write_line(r, err);
}

static int on_damage(void *payload, uint64_t offset, uint64_t bytes, struct sl_error *err)
{
	struct recover *r = payload;
	struct jout j;

	r->out->lost_bytes += bytes;
	begin_line(r, &j, "damage");
	jout_key_u64(&j, "offset", offset);
	jout_key_u64(&j, "bytes", bytes);
	jout_object_end(&j);
	return write_line(r, err);
}

static int report_payload(struct recover *r, const struct payload *p, enum belief belief,
			  struct sl_error *err)
{
	bool attested = p->is_claimed && belief == BELIEF_ATTESTED;
	struct jout j;

	begin_line(r, &j, "member");
	jout_key(&j, "name");
	jout_strn(&j, payloads_name(&r->segment.payloads, p), p->name_len);
	jout_key_u64(&j, "seq", p->seq);
	jout_key_u64(&j, "bytes", p->bytes);
	jout_key_hex(&j, "sha256", p->sha256, SL_SHA256_SIZE);
	jout_key_u64(&j, "frame_offset", p->offset);
	jout_key_bool(&j, "recorded", p->is_claimed);
	jout_key_bool(&j, "attested", attested);
	jout_object_end(&j);
	r->out->attested += attested;
	return write_line(r, err);
}

static int report_partial(struct recover *r, struct sl_error *err)
{
	struct jout j;

	r->out->partial++;
	begin_line(r, &j, "partial");
	jout_key(&j, "name");
	jout_strn(&j, r->member.text, r->member.text_len);
	jout_key_u64(&j, "bytes", r->member.size);
	jout_key_u64(&j, "frame_offset", r->member.offset);
	jout_object_end(&j);
	return write_line(r, err);
}

/* ---- segments */

static int report_missing(struct recover *r, uint64_t seq, const struct stored *s,
			  struct sl_error *err)
{
	struct jout j;

	r->out->missing++;
	begin_line(r, &j, "missing");
	jout_key(&j, "name");
	jout_strn(&j, s->member, s->member_len);
	jout_key_u64(&j, "seq", seq);
	jout_key_u64(&j, "bytes", s->bytes);
	jout_key_hex(&j, "sha256", s->sha256, SL_SHA256_SIZE);
	jout_object_end(&j);
	return write_line(r, err);
}

/* The member that a record names: of that size and digest. Others of its name may be forged. */
static struct payload *find_payload(struct payloads *all, uint64_t seq, const struct stored *s)
{
	struct payload *p = payloads_find(all, seq, s->member, s->member_len);

	for (; p != NULL && p < all->items + all->count; p++) {
		if (p->seq != seq || p->name_len != s->member_len ||
		    memcmp(payloads_name(all, p), s->member, s->member_len) != 0)
			break;
		if (p->bytes == s->bytes && memcmp(p->sha256, s->sha256, SL_SHA256_SIZE) == 0)
			return p;
	}
	return NULL;
}

/* Mark the payloads that a record names with their size and digest. */
static int claim_payloads(struct recover *r, const struct record *record, struct sl_error *err)
{
	static const char *const keys[] = {"stored", "attributes"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(keys); i++) {
		struct payload *p;
		struct stored s;

		if (record_stored(jval_get(record->doc, keys[i]), &s, NULL) != 0)
			continue;
		p = find_payload(&r->segment.payloads, record->seq, &s);
		if (p != NULL)
			p->is_claimed = true;
		else
			rc = report_missing(r, record->seq, &s, err);
	}
	return rc;
}

/* What can be said of records whose predecessors are missing. */
struct run {
	bool holds;
	uint64_t first, next;
	uint8_t prev[SL_SHA256_SIZE];
};

static int follow_line(struct recover *r, struct run *run, const char *line, size_t len,
		       struct sl_error *err)
{
	struct record record;
	int rc = 0;

	/* a journal may be nothing but line feeds: nothing is spent on what is no record */
	if (record_parse(&record, line, len - 1, NULL) < 0) {
		run->holds = false;
		record_clear(&record);
		return 0;
	}
	if (run->next == UINT64_MAX)
		run->first = record.seq;
	else if (record.seq != run->next || memcmp(record.prev, run->prev, SL_SHA256_SIZE) != 0)
		run->holds = false;
	run->next = record.seq + 1;
	rc = claim_payloads(r, &record, err);
	record_clear(&record);
	return rc < 0 ? rc : sha256_once(line, len, run->prev, err);
}

static int follow_lines(struct recover *r, struct run *run, struct sl_error *err)
{
	const char *line;
	size_t pos = 0, len;
	int rc;

	*run = (struct run){.holds = true, .next = UINT64_MAX};
	while ((rc = journal_line(&r->segment.journal, &pos, &line, &len, NULL)) == 0) {
		rc = follow_line(r, run, line, len + 1, err);
		if (rc < 0)
			return rc;
	}
	if (rc < 0 || run->next == UINT64_MAX)
		run->holds = false;
	return 0;
}

/* Signed by the key that lies beside it: that says who, at most, not that it was the capturer. */
static bool is_signed(const struct segment *g, uint64_t records)
{
	static const char prefix[] = "strandline/bundle/";
	uint8_t key[SIGN_PUBLIC_SIZE];
	struct checkpoint said;
	struct note n;
	char name[128];

	if (note_parse(&n, g->note.data, g->note.len, NULL) < 0 ||
	    note_checkpoint_parse(&said, n.text, NULL) < 0 || said.size != records ||
	    sign_public_pem_parse(g->key.data, g->key.len, key, NULL) < 0 ||
	    said.origin.len != strlen(prefix) + CHAIN_BUNDLE_DIGITS ||
	    memcmp(said.origin.data, prefix, strlen(prefix)) != 0)
		return false;
	(void)snprintf(name, sizeof(name), "%.*s/epoch/%llu", (int)said.origin.len,
		       said.origin.data, (unsigned long long)g->number);
	return note_verify(&n, name, key, NULL) == 0;
}

/*
 * Does the whole chain hold up to here? What does not fit leaves it as it was: it may be a piece of
 * another bundle that was captured, and the true segment may follow.
 */
static bool extend_chain(struct recover *r, struct segment *g)
{
	struct chain before = r->chain;

	if (g->number == before.segments && chain_add(&r->chain, g, NULL) == 0)
		return r->chain.signed_notes > 0;
	r->chain = before;
	return false;
}

static int report_segment(struct recover *r, const struct run *run, enum belief belief,
			  struct sl_error *err)
{
	struct jout j;

	r->out->segments++;
	r->out->attested_segments += belief == BELIEF_ATTESTED;
	begin_line(r, &j, "segment");
	jout_key_u64(&j, "segment", r->segment.number);
	jout_key_u64(&j, "frame_offset", r->journal_offset);
	jout_key_u64(&j, "first_record", run->first);
	jout_key_u64(&j, "records", run->next == UINT64_MAX ? 0 : run->next - run->first);
	jout_key_bool(&j, "links_hold", run->holds);
	jout_key_bool(&j, "checkpoint", r->has_note && r->has_key);
	jout_key_str(&j, "belief", belief_names[belief]);
	jout_object_end(&j);
	return write_line(r, err);
}

static int settle_files(struct recover *r, enum belief belief, struct sl_error *err)
{
	struct payloads *payloads = &r->segment.payloads;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < payloads->count; i++) {
		const struct payload *p = &payloads->items[i];

		rc = report_payload(r, p, belief, err);
		if (rc == 0 && p->is_claimed && belief == BELIEF_ATTESTED && p->copy > 0)
			itemfile_attest(r->options->dir_fd, payloads_name(payloads, p), p->name_len,
					p->copy);
	}
	payloads_reset(payloads);
	return rc;
}

/* Judge what has come together since the segment before, and forget it. */
static int end_segment(struct recover *r, struct sl_error *err)
{
	struct segment *g = &r->segment;
	const struct payload *twice;
	enum belief belief = BELIEF_NONE;
	struct run run = {0};
	int rc = 0;

	(void)payloads_sort(&g->payloads, &twice, NULL);
	if (r->has_journal) {
		bool sealed = r->has_note && r->has_key;

		rc = follow_lines(r, &run, err);
		if (rc < 0)
			return rc;
		if (sealed && extend_chain(r, g))
			belief = BELIEF_ATTESTED;
		else if (sealed && run.holds && is_signed(g, run.next))
			belief = BELIEF_CONSISTENT;
		r->out->is_closed = belief == BELIEF_ATTESTED && r->chain.is_closed;
		rc = report_segment(r, &run, belief, err);
	}
	if (rc == 0)
		rc = settle_files(r, belief, err);
	r->has_journal = r->has_note = r->has_key = false;
	return rc;
}

/* ---- members */

static struct buf *buffer_of(struct recover *r)
{
	switch (r->member.name.kind) {
	case MEMBER_JOURNAL:
		return &r->segment.journal;
	case MEMBER_NOTE:
		return &r->segment.note;
	case MEMBER_KEY:
		return &r->segment.key;
	case MEMBER_README:
	case MEMBER_VERIFY:
	case MEMBER_PAYLOAD:
	case MEMBER_CLOSE:
	case MEMBER_INDEX:
	default:
		return NULL;
	}
}

static int open_file(struct recover *r, const struct salvage_member *m)
{
	uint64_t max = r->options->max_bytes;

	if (r->options->dir_fd < 0)
		return 0;
	if ((max != 0 && (m->size > max || r->written > max - m->size)) ||
	    itemfile_open(&r->file, r->options->dir_fd, m->text, m->text_len) < 0)
		r->out->not_extracted++;
	else
		r->written += m->size;
	return 0;
}

static bool is_full(const struct payloads *p)
{
	return p->count == PAYLOADS_MAX || p->names.len > PAYLOADS_NAMES_MAX - MEMBERNAME_MAX;
}

static int on_begin(void *payload, const struct salvage_member *m, struct sl_error *err)
{
	struct recover *r = payload;
	struct buf *to;
	int rc = 0;

	/* a segment ends with its key; what begins before that shows that its end is missing */
	if (r->has_key ||
	    (r->has_journal && m->name.kind != MEMBER_NOTE && m->name.kind != MEMBER_KEY) ||
	    (m->name.kind == MEMBER_PAYLOAD && is_full(&r->segment.payloads)))
		rc = end_segment(r, err);
	r->member = *m;
	memcpy(r->name, m->text, m->text_len + 1);
	r->member.text = r->name;
	sha256_reset(r->hash);
	to = buffer_of(r);
	if (to != NULL)
		buf_reset(to);
	if (rc == 0 && m->name.kind == MEMBER_PAYLOAD)
		rc = open_file(r, m);
	return rc;
}

static int on_data(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	struct recover *r = payload;
	struct buf *to = buffer_of(r);

	if (to != NULL && buf_append(to, bytes, len) == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "journal");
	if (r->member.name.kind != MEMBER_PAYLOAD)
		return 0;
	sha256_update(r->hash, bytes, len);
	return itemfile_write(&r->file, bytes, len, err);
}

static int end_payload(struct recover *r, bool is_whole, struct sl_error *err)
{
	struct payload item = {
		.seq = r->member.name.number, .bytes = r->member.size, .offset = r->member.offset};
	bool wrote = itemfile_close(&r->file, is_whole);
	int rc = is_whole ? sha256_final(r->hash, item.sha256, err) : report_partial(r, err);

	item.copy = wrote ? r->file.copy : 0;
	r->out->extracted += wrote;
	if (rc < 0 || !is_whole)
		return rc;
	r->out->members++;
	return payloads_add(&r->segment.payloads, &item, r->member.text, r->member.text_len, err);
}

static int on_end(void *payload, bool is_whole, struct sl_error *err)
{
	struct recover *r = payload;
	const struct membername *name = &r->member.name;
	struct segment *g = &r->segment;

	if (name->kind == MEMBER_PAYLOAD)
		return end_payload(r, is_whole, err);
	if (!is_whole || (buffer_of(r) != NULL && buffer_of(r)->status < 0))
		return is_whole ? 0 : report_partial(r, err);
	if (name->kind == MEMBER_JOURNAL) {
		g->number = name->number;
		r->journal_offset = g->journal_offset = r->member.offset;
		r->has_journal = true;
	} else if (name->kind == MEMBER_NOTE) {
		r->has_note = r->has_journal && name->number == g->number;
	} else if (name->kind == MEMBER_KEY) {
		r->has_key = r->has_note && name->number == g->number;
	}
	return 0;
}

static int recover_init(struct recover *r, struct sl_error *err)
{
	int rc = sha256_new(&r->hash, err);

	r->segment = (struct segment){.payloads = PAYLOADS_INIT,
				      .journal = BUF_INIT(SEGMENT_JOURNAL_MAX),
				      .note = BUF_INIT(NOTE_BYTES),
				      .key = BUF_INIT(KEY_BYTES)};
	r->line = BUF_INIT(LINE_BYTES + SL_BUNDLE_LINE_BYTES);
	r->file = ITEMFILE_INIT;
	if (rc == 0)
		rc = chain_init(&r->chain, err);
	r->chain.forgive_payloads = true;
	return rc;
}

static void recover_clear(struct recover *r)
{
	(void)itemfile_close(&r->file, false);
	sha256_free(r->hash);
	chain_clear(&r->chain);
	payloads_clear(&r->segment.payloads);
	buf_clear(&r->segment.journal);
	buf_clear(&r->segment.note);
	buf_clear(&r->segment.key);
	buf_clear(&r->line);
}

int recover_run(struct rfile *bundle, const struct recover_options *options,
		struct recover_summary *out, struct sl_error *err)
{
	struct recover r = {.options = options, .out = out};
	const struct salvage_events events = {on_begin, on_data, on_end, on_damage, &r};
	struct salvage_totals totals = {0};
	int rc = recover_init(&r, err);

	*out = (struct recover_summary){0};
	if (rc == 0)
		rc = report_start(&r, err);
	if (rc == 0)
		rc = salvage_run(bundle, &events, &totals, err);
	out->frames = totals.frames;
	out->stray_bytes = totals.stray_bytes;
	if (rc == 0)
		rc = end_segment(&r, err);
	if (rc == 0)
		rc = report_end(&r, err);
	recover_clear(&r);
	return rc;
}
