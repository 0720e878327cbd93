/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/segment.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "forensics/memberhash.h"

enum { NOTE_MAX = 64 << 10, KEY_MAX = 4 << 10, CLOSE_MAX = 1 << 20 };

struct segments {
	struct segments_options options;
	struct members *members;
	struct sha256 *hash;        /* of the head */
	struct memberhash *digests; /* of payloads; NULL when they are not asked for */
	struct segment segments[2]; /* in turns: being read, and given out last */
	struct segment *segment;    /* being read */
	uint64_t next_number;
	bool begins_inside;         /* of a segment: its number is the first journal's */
	const struct member *ahead; /* read, but not taken yet */
	uint8_t readme[SL_SHA256_SIZE], script[SL_SHA256_SIZE];
	bool has_head;
	bool has_close; /* the last segment had one: only the tail may follow */
	bool is_ended, is_closed;
	/* what went wrong while looking ahead: told when it is its turn */
	int failed;
	struct sl_error failure;
};

static void segment_init(struct segment *g)
{
	*g = (struct segment){.payloads = PAYLOADS_INIT,
			      .journal = BUF_INIT(SEGMENT_JOURNAL_MAX),
			      .note = BUF_INIT(NOTE_MAX),
			      .key = BUF_INIT(KEY_MAX),
			      .close = BUF_INIT(CLOSE_MAX)};
}

static void segment_clear(struct segment *g)
{
	payloads_clear(&g->payloads);
	buf_clear(&g->journal);
	buf_clear(&g->note);
	buf_clear(&g->key);
	buf_clear(&g->close);
}

static void take_digest(void *payload, size_t id, const uint8_t sha256[SL_SHA256_SIZE])
{
	const struct segments *s = payload;

	memcpy(s->segment->payloads.items[id].sha256, sha256, SL_SHA256_SIZE);
}

static int open_at(struct segments **out, struct rfile *file, uint64_t skip,
		   const struct segments_options *options, struct sl_error *err)
{
	struct segments *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "bundle reader");
	s->options = *options;
	for (size_t i = 0; i < ARRAY_SIZE(s->segments); i++)
		segment_init(&s->segments[i]);
	s->segment = &s->segments[0];
	rc = members_open_at(&s->members, file, skip, options->threads, err);
	if (rc == 0)
		rc = sha256_new(&s->hash, err);
	if (rc == 0 && options->hash)
		rc = memberhash_new(&s->digests, s->members, options->threads, take_digest, s, err);
	if (rc < 0) {
		segments_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

int segments_open(struct segments **out, struct rfile *file, const struct segments_options *options,
		  struct sl_error *err)
{
	return open_at(out, file, 0, options, err);
}

int segments_open_at(struct segments **out, struct rfile *file, uint64_t skip,
		     const struct segments_options *options, struct sl_error *err)
{
	int rc = open_at(out, file, skip, options, err);

	if (rc == 0)
		(*out)->has_head = (*out)->begins_inside = true;
	return rc;
}

void segments_close(struct segments *s)
{
	if (s == NULL)
		return;
	memberhash_free(s->digests);
	members_close(s->members);
	sl_error_clear(&s->failure);
	sha256_free(s->hash);
	for (size_t i = 0; i < ARRAY_SIZE(s->segments); i++)
		segment_clear(&s->segments[i]);
	free(s);
}

/* The member that comes next. 1 at the end of the file. */
static int peek(struct segments *s, const struct member **out, struct sl_error *err)
{
	int rc = 0;

	if (s->ahead == NULL && !s->is_ended)
		rc = members_next(s->members, &s->ahead, err);
	if (rc == 1)
		s->is_ended = true;
	if (rc != 0)
		s->ahead = NULL;
	*out = s->ahead;
	return rc == 0 && s->is_ended ? 1 : rc;
}

static int misplaced(const struct member *m, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "member '%s' is out of place", m->text);
}

/* Who gets the content of a member. */
struct takers {
	struct sha256 *hash;
	struct memberhash *digests;
	struct buf *text;
	struct segment_tap *tap;
};

/* Pass all content of the member on. 1 when the file was cut inside it. */
static int drain(struct segments *s, uint64_t size, const struct takers *to, struct sl_error *err)
{
	const uint8_t *bytes;
	uint64_t got = 0;
	size_t len;
	int rc;

	s->ahead = NULL;
	while ((rc = members_data(s->members, &bytes, &len, err)) == 0) {
		got += len;
		if (to->hash != NULL)
			sha256_update(to->hash, bytes, len);
		if (to->text != NULL && buf_append(to->text, bytes, len) < 0)
			return sl_fail(err, -to->text->status, 0, "member of more than %zu bytes",
				       to->text->max);
		if (to->digests != NULL)
			rc = memberhash_data(to->digests, bytes, len, err);
		if (rc == 0 && to->tap != NULL)
			rc = to->tap->data(to->tap, bytes, len, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : got < size ? 1 : 0;
}

static int read_text(struct segments *s, const struct member *m, struct buf *out, uint64_t *offset,
		     struct sl_error *err)
{
	*offset = m->offset;
	buf_reset(out);
	/* only the journal may pass our bound honestly: anything else that large is no part of it
	 */
	if (m->size > out->max)
		return sl_fail(err, m->name.kind == MEMBER_JOURNAL ? SL_ELIMIT : SL_EFORMAT, 0,
			       "member '%s' of more than %zu bytes", m->text, out->max);
	return drain(s, m->size, &(struct takers){.text = out}, err);
}

static int read_digest(struct segments *s, enum membername_kind kind, uint8_t *out,
		       struct sl_error *err)
{
	const struct member *m;
	int rc = peek(s, &m, err);

	if (rc == 0 && m->name.kind != kind)
		return misplaced(m, err);
	if (rc != 0)
		return rc;
	sha256_reset(s->hash);
	rc = drain(s, m->size, &(struct takers){.hash = s->hash}, err);
	return rc != 0 ? rc : sha256_final(s->hash, out, err);
}

static int read_head(struct segments *s, struct sl_error *err)
{
	int rc = read_digest(s, MEMBER_README, s->readme, err);

	if (rc == 0)
		rc = read_digest(s, MEMBER_VERIFY, s->script, err);
	s->has_head = rc == 0;
	return rc;
}

static int read_payload(struct segments *s, const struct member *m, struct sl_error *err)
{
	struct payload item = {.seq = m->name.number, .bytes = m->size, .offset = m->offset};
	struct takers to = {.digests = s->digests};
	int rc;

	if (s->options.tap != NULL) {
		rc = s->options.tap->member(s->options.tap, m, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			to.tap = s->options.tap;
		else
			to.digests = NULL;
	}
	/* the name is lent until the content has been read */
	rc = payloads_add(&s->segment->payloads, &item, m->text, m->text_len, err);
	if (rc < 0)
		return rc;
	if (to.digests != NULL)
		memberhash_begin(to.digests, s->segment->payloads.count - 1);
	rc = drain(s, item.bytes, &to, err);
	return rc != 0 || to.digests == NULL ? rc : memberhash_end(to.digests, err);
}

/* The tail: j/index, then nothing that is a member. */
static int read_index(struct segments *s, const struct member *m, struct sl_error *err)
{
	int rc = drain(s, m->size, &(struct takers){0}, err);

	if (rc == 0)
		rc = peek(s, &m, err);
	if (rc == 0)
		return misplaced(m, err);
	if (rc == 1)
		s->is_closed = members_end(s->members) == MEMBERS_END_CLOSED;
	return rc;
}

static int read_sealed(struct segments *s, enum membername_kind kind, struct buf *out,
		       uint64_t *offset, struct sl_error *err)
{
	const struct member *m;
	int rc = peek(s, &m, err);

	if (rc == 0 && (m->name.kind != kind || m->name.number != s->segment->number))
		return misplaced(m, err);
	return rc != 0 ? rc : read_text(s, m, out, offset, err);
}

static int read_payloads(struct segments *s, struct sl_error *err)
{
	const struct member *m;
	int rc;

	payloads_reset(&s->segment->payloads);
	while ((rc = peek(s, &m, err)) == 0) {
		if (s->has_close)
			return m->name.kind == MEMBER_INDEX ? read_index(s, m, err)
							    : misplaced(m, err);
		if (m->name.kind == MEMBER_JOURNAL)
			return s->digests != NULL ? memberhash_flush(s->digests, err) : 0;
		if (m->name.kind != MEMBER_PAYLOAD)
			return misplaced(m, err);
		rc = read_payload(s, m, err);
		if (rc != 0)
			return rc;
	}
	return rc;
}

static int read_segment(struct segments *s, struct sl_error *err)
{
	struct segment *g = s->segment;
	const struct member *m;
	uint64_t ignored;
	int rc = s->has_head ? 0 : read_head(s, err);

	if (rc == 0)
		rc = read_payloads(s, err);
	if (rc == 0 && s->begins_inside && s->ahead != NULL) {
		s->next_number = s->ahead->name.number;
		s->begins_inside = false;
	}
	g->number = s->next_number;
	if (rc == 0)
		rc = read_sealed(s, MEMBER_JOURNAL, &g->journal, &g->journal_offset, err);
	if (rc == 0)
		rc = read_sealed(s, MEMBER_NOTE, &g->note, &g->note_offset, err);
	if (rc == 0)
		rc = read_sealed(s, MEMBER_KEY, &g->key, &ignored, err);
	if (rc != 0)
		return rc;
	s->next_number++;
	/* the close statement belongs to this segment; a cut or a fault behind it does not */
	g->has_close = false;
	rc = peek(s, &m, &s->failure);
	s->failed = rc < 0 ? rc : 0;
	if (rc == 0 && m->name.kind == MEMBER_CLOSE) {
		rc = read_text(s, m, &g->close, &g->close_offset, err);
		g->has_close = rc == 0;
		return rc < 0 ? rc : 0;
	}
	return 0;
}

int segments_next(struct segments *s, struct segment **out, struct sl_error *err)
{
	int rc;

	if (s->failed < 0)
		return sl_fail(err, s->failure.code, 0, "%s", sl_error_text(&s->failure));
	rc = s->is_ended ? 1 : read_segment(s, err);
	*out = s->segment;
	if (rc == 0) {
		if (s->digests != NULL && (rc = memberhash_settle(s->digests, err)) < 0)
			return rc;
		s->has_close = s->segment->has_close;
		s->segment = s->segment == s->segments ? &s->segments[1] : s->segments;
	}
	if (rc == 1) {
		s->is_ended = true;
		if (members_end(s->members) == MEMBERS_END_CLOSED && !s->is_closed)
			return sl_fail(err, SL_EFORMAT, 0, "tail of a bundle that was not closed");
	}
	return rc;
}

bool segments_is_closed(const struct segments *s)
{
	return s->is_closed;
}

uint64_t segments_offset(const struct segments *s)
{
	return members_offset(s->members);
}

const uint8_t *segments_readme(const struct segments *s)
{
	return s->readme;
}

const uint8_t *segments_script(const struct segments *s)
{
	return s->script;
}
