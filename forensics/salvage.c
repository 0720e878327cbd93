/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/salvage.h"

#include <strandline/bundle.h>

#include <string.h>
#include <sys/types.h>

#include "core/zsalvage.h"
#include "forensics/paxheader.h"
#include "forensics/segment.h"

enum state {
	STATE_SYNC,     /* somewhere: every block may be a header */
	STATE_HEADER,   /* the next block must be one, or zeros */
	STATE_EXTENDED, /* content of a pax header */
	STATE_DATA,
	STATE_PADDING,
};

struct salvage {
	const struct salvage_events *events;
	enum state state, behind; /* behind: what follows the padding */
	uint8_t block[PAX_BLOCK];
	size_t have; /* of the block */
	char text[PAX_EXTENDED_MAX];
	size_t text_len;
	bool has_extended;
	struct pax_extended extended;
	uint64_t left, padding;
	struct salvage_member member;
	char name[MEMBERNAME_MAX + 1];
	/* of the frame at hand */
	uint64_t offset, frame, plain;
	uint64_t stray;
};

static uint64_t padding_of(uint64_t size)
{
	return (PAX_BLOCK - size % PAX_BLOCK) % PAX_BLOCK;
}

static void lose_step(struct salvage *s)
{
	s->state = STATE_SYNC;
	s->has_extended = false;
	s->have = 0;
}

/* A block that no bundle has: whoever put it there, it belongs to nothing. */
static void meet_stranger(struct salvage *s)
{
	s->stray += PAX_BLOCK;
	lose_step(s);
}

/* Larger than anything a writer may write is no member, whatever its header says. */
static uint64_t largest(enum membername_kind kind)
{
	return kind == MEMBER_PAYLOAD ? SL_BUNDLE_PART_BYTES : SEGMENT_JOURNAL_MAX;
}

static int begin_member(struct salvage *s, const struct pax_header *h, struct sl_error *err)
{
	struct salvage_member *m = &s->member;
	bool renamed = s->has_extended && s->extended.path_len > 0;
	size_t len = renamed ? s->extended.path_len : h->name_len;
	uint64_t size = s->has_extended && s->extended.has_size ? s->extended.size : h->size;
	int rc;

	memcpy(s->name, renamed ? s->extended.path : h->name, len + 1);
	s->has_extended = false;
	if (membername_parse(&m->name, s->name, len) < 0 || size > largest(m->name.kind)) {
		meet_stranger(s);
		return 0;
	}
	m->text = s->name;
	m->text_len = len;
	m->size = s->left = size;
	m->offset = s->offset;
	m->frame = s->frame;
	m->plain_offset = s->plain;
	s->padding = padding_of(size);
	s->behind = STATE_HEADER;
	s->state = STATE_DATA;
	rc = s->events->begin(s->events->payload, m, err);
	if (rc == 0 && size == 0) {
		s->state = STATE_PADDING;
		rc = s->events->end(s->events->payload, true, err);
	}
	return rc;
}

static int take_block(struct salvage *s, struct sl_error *err)
{
	struct pax_header h;

	s->have = 0;
	if (pax_is_zero(s->block)) {
		s->has_extended = false;
		return 0;
	}
	if (pax_header_parse(&h, s->block, NULL) < 0) {
		meet_stranger(s);
		return 0;
	}
	if (h.type == 'x' && h.size <= sizeof(s->text)) {
		s->text_len = 0;
		s->left = h.size;
		s->padding = padding_of(h.size);
		s->state = STATE_EXTENDED;
		return 0;
	}
	if (h.type == '0')
		return begin_member(s, &h, err);
	meet_stranger(s);
	return 0;
}

static void end_extended(struct salvage *s)
{
	s->extended = (struct pax_extended){0};
	s->has_extended = pax_extended_parse(&s->extended, s->text, s->text_len, NULL) == 0;
	s->behind = STATE_HEADER;
	s->state = STATE_PADDING;
	if (!s->has_extended)
		meet_stranger(s);
}

/* Some of the bytes. @return how many were taken, or a negative code */
static ssize_t take_some(struct salvage *s, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	size_t n;
	int rc = 0;

	switch (s->state) {
	case STATE_SYNC:
	case STATE_HEADER:
		n = PAX_BLOCK - s->have < len ? PAX_BLOCK - s->have : len;
		memcpy(s->block + s->have, bytes, n);
		s->have += n;
		if (s->have == PAX_BLOCK)
			rc = take_block(s, err);
		break;
	case STATE_EXTENDED:
		n = s->left < len ? (size_t)s->left : len;
		memcpy(s->text + s->text_len, bytes, n);
		s->text_len += n;
		s->left -= n;
		if (s->left == 0)
			end_extended(s);
		break;
	case STATE_DATA:
		n = s->left < len ? (size_t)s->left : len;
		s->left -= n;
		rc = s->events->data(s->events->payload, bytes, n, err);
		if (rc == 0 && s->left == 0) {
			s->state = STATE_PADDING;
			rc = s->events->end(s->events->payload, true, err);
		}
		break;
	case STATE_PADDING:
	default:
		n = s->padding < len ? (size_t)s->padding : len;
		s->padding -= n;
		if (s->padding == 0)
			s->state = s->behind;
		break;
	}
	return rc < 0 ? rc : (ssize_t)n;
}

static int take_frame(struct salvage *s, const struct zsalvage_frame *f, struct sl_error *err)
{
	s->offset = f->offset;
	for (size_t at = 0; at < f->len;) {
		ssize_t n;

		s->plain = at - s->have;
		n = take_some(s, f->bytes + at, f->len - at, err);
		if (n < 0)
			return (int)n;
		at += (size_t)n;
	}
	s->frame++;
	return 0;
}

/* Bytes are missing here: a member that was not at its end lacks it. */
static int take_damage(struct salvage *s, uint64_t offset, uint64_t bytes, struct sl_error *err)
{
	int rc = 0;

	if (bytes == 0)
		return 0;
	if (s->state == STATE_DATA)
		rc = s->events->end(s->events->payload, false, err);
	lose_step(s);
	return rc < 0 ? rc : s->events->damage(s->events->payload, offset, bytes, err);
}

int salvage_run(struct rfile *bundle, const struct salvage_events *events,
		struct salvage_totals *totals, struct sl_error *err)
{
	struct salvage s = {.events = events, .state = STATE_SYNC};
	struct zsalvage_frame f;
	struct zsalvage *z;
	int rc = zsalvage_open(&z, bundle, err);

	if (rc < 0)
		return rc;
	while ((rc = zsalvage_next(z, &f, err)) == 0) {
		rc = take_damage(&s, f.offset - f.lost, f.lost, err);
		if (rc == 0)
			rc = take_frame(&s, &f, err);
		if (rc < 0)
			break;
	}
	if (rc == 1)
		rc = take_damage(&s, f.offset - f.lost, f.lost, err);
	if (rc >= 0 && s.state == STATE_DATA)
		rc = events->end(events->payload, false, err);
	zsalvage_close(z);
	*totals = (struct salvage_totals){.frames = s.frame, .stray_bytes = s.stray};
	return rc;
}
