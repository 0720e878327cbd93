/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/members.h"

#include <stdlib.h>
#include <string.h>

#include "forensics/paxheader.h"
#include "forensics/seektable.h"

struct members {
	struct zframes *frames;
	struct seektable *table;
	/* unread bytes of the current frame */
	const struct zframe_view *frame;
	const uint8_t *bytes;
	size_t len;
	uint64_t frame_offset;
	uint64_t skip; /* of the first frame */
	struct member member;
	char name[MEMBERNAME_MAX + 1];
	uint64_t left;      /* content of the current member not lent yet */
	uint64_t padding;   /* zeros behind it up to the block's end */
	bool ends_in_table; /* the frame read last is a seek table of all before it */
	enum members_end end;
	bool is_ended;
};

static int open_from(struct members **out, struct rfile *file, unsigned int threads,
		     struct sl_error *err)
{
	struct members *m = calloc(1, sizeof(*m));
	int rc;

	if (m == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "bundle reader");
	rc = zframes_open(&m->frames, file, threads, err);
	if (rc == 0)
		rc = seektable_new(&m->table, err);
	if (rc < 0) {
		members_close(m);
		return rc;
	}
	*out = m;
	return 0;
}

int members_open_at(struct members **out, struct rfile *file, uint64_t skip, unsigned int threads,
		    struct sl_error *err)
{
	int rc = open_from(out, file, threads, err);

	if (rc == 0)
		(*out)->skip = skip;
	return rc;
}

void members_close(struct members *m)
{
	if (m == NULL)
		return;
	zframes_close(m->frames);
	seektable_free(m->table);
	free(m);
}

static int contradiction(struct sl_error *err, const char *why)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", why);
}

/* Go on to the next data frame with bytes in it. 1 at the end of the file. */
static int next_frame(struct members *m, struct sl_error *err)
{
	const struct zframe_view *f;

	while (m->len == 0) {
		int rc = zframes_next(m->frames, &f, err);

		if (rc == 1 && zframes_end(m->frames) == ZFRAMES_END_CONTRADICTED)
			rc = contradiction(err, "frame with a changed length");
		else if (rc == 1 && m->ends_in_table &&
			 zframes_end(m->frames) == ZFRAMES_END_BOUNDARY)
			rc = contradiction(err, "a seek table, but no end of the archive");
		if (rc != 0) {
			m->frame_offset = zframes_offset(m->frames);
			return rc;
		}
		m->frame_offset = f->offset;
		if (f->is_skippable && f->index == 0)
			return contradiction(err, "skippable frame at the beginning");
		seektable_add(m->table, f);
		m->ends_in_table = seektable_accounts(f);
		if (!f->is_skippable) {
			size_t skip = m->skip < f->len ? (size_t)m->skip : f->len;

			m->frame = f;
			m->bytes = f->bytes + skip;
			m->len = f->len - skip;
			m->skip = 0;
		}
	}
	return 0;
}

/* Copy exactly len bytes. 1 when the file ends before. */
static int copy(struct members *m, void *out, size_t len, struct sl_error *err)
{
	uint8_t *to = out;

	while (len > 0) {
		int rc = next_frame(m, err);
		size_t n;

		if (rc != 0)
			return rc;
		n = m->len < len ? m->len : len;
		memcpy(to, m->bytes, n);
		m->bytes += n;
		m->len -= n;
		to += n;
		len -= n;
	}
	return 0;
}

/* The zeros that fill up a member's last block: a hiding place otherwise. */
static int skip_padding(struct members *m, struct sl_error *err)
{
	static const uint8_t zeros[PAX_BLOCK];
	uint8_t block[PAX_BLOCK];
	int rc = copy(m, block, (size_t)m->padding, err);

	if (rc == 0 && memcmp(block, zeros, (size_t)m->padding) != 0)
		return contradiction(err, "bytes hidden behind a member");
	m->padding = 0;
	return rc;
}

static void set_content(struct members *m, uint64_t size)
{
	m->left = size;
	m->padding = (PAX_BLOCK - size % PAX_BLOCK) % PAX_BLOCK;
}

int members_data(struct members *m, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	int rc;

	if (m->left == 0)
		return 1;
	rc = next_frame(m, err);
	if (rc == 1)
		m->is_ended = true;
	if (rc != 0)
		return rc;
	*bytes = m->bytes;
	*len = m->len < m->left ? m->len : (size_t)m->left;
	m->bytes += *len;
	m->len -= *len;
	m->left -= *len;
	return 0;
}

/* Behind the first zero block: the second, and a seek table as the last bytes of the file. */
static int read_tail(struct members *m, struct sl_error *err)
{
	uint8_t block[PAX_BLOCK];
	const struct zframe_view *f;
	int rc = copy(m, block, sizeof(block), err);

	if (rc != 0)
		return rc;
	if (!pax_is_zero(block) || m->len != 0)
		return contradiction(err, "bytes behind the end of the archive");
	rc = zframes_next(m->frames, &f, err);
	m->frame_offset = rc == 0 ? f->offset : zframes_offset(m->frames);
	if (rc == 0) {
		if (!f->is_skippable || f->magic != ZFRAMES_SEEK_TABLE)
			return contradiction(err, "bytes behind the end of the archive");
		rc = seektable_check(m->table, f->bytes, f->len, err);
		if (rc < 0)
			return rc;
		rc = zframes_next(m->frames, &f, err);
		if (rc == 0 || rc == -SL_EFORMAT ||
		    (rc == 1 && zframes_end(m->frames) != ZFRAMES_END_BOUNDARY))
			return contradiction(err, "bytes behind the seek table");
		if (rc == 1)
			m->end = MEMBERS_END_CLOSED;
	} else if (rc == 1 && zframes_end(m->frames) == ZFRAMES_END_CONTRADICTED) {
		return contradiction(err, "seek table with a changed length");
	}
	return rc < 0 ? rc : 1;
}

/* Read an extended header's content; the header block behind it is the member's. */
static int read_extended(struct members *m, const struct pax_header *h, struct pax_extended *out,
			 struct sl_error *err)
{
	char text[PAX_EXTENDED_MAX];
	int rc;

	if (h->size > sizeof(text))
		return contradiction(err, "pax header of more than 8 KiB");
	set_content(m, h->size);
	rc = copy(m, text, (size_t)h->size, err);
	if (rc == 0)
		rc = skip_padding(m, err);
	m->left = 0;
	return rc != 0 ? rc : pax_extended_parse(out, text, (size_t)h->size, err);
}

static int read_header(struct members *m, struct sl_error *err)
{
	struct pax_extended extended = {0};
	struct pax_header header;
	uint8_t block[PAX_BLOCK];
	int rc = next_frame(m, err);

	m->member.offset = m->frame_offset;
	if (rc == 0)
		rc = copy(m, block, sizeof(block), err);
	if (rc != 0)
		return rc;
	if (pax_is_zero(block))
		return read_tail(m, err);
	rc = pax_header_parse(&header, block, err);
	if (rc == 0 && header.type == 'x') {
		rc = read_extended(m, &header, &extended, err);
		if (rc == 0)
			rc = copy(m, block, sizeof(block), err);
		if (rc == 0)
			rc = pax_header_parse(&header, block, err);
	}
	if (rc != 0)
		return rc;
	if (header.type != '0')
		return contradiction(err, "member that is no regular file");
	if (extended.path_len > 0) {
		memcpy(header.name, extended.path, extended.path_len + 1);
		header.name_len = extended.path_len;
	}
	memcpy(m->name, header.name, header.name_len + 1);
	if (membername_parse(&m->member.name, m->name, header.name_len) < 0)
		return contradiction(err, "member with a name that no member may have");
	m->member.text = m->name;
	m->member.text_len = header.name_len;
	m->member.size = extended.has_size ? extended.size : header.size;
	set_content(m, m->member.size);
	return 0;
}

int members_next(struct members *m, const struct member **out, struct sl_error *err)
{
	const uint8_t *bytes;
	size_t len;
	int rc = m->is_ended ? 1 : 0;

	while (rc == 0 && m->left > 0)
		rc = members_data(m, &bytes, &len, err);
	if (rc == 0)
		rc = skip_padding(m, err);
	if (rc == 0)
		rc = read_header(m, err);
	m->is_ended = rc != 0;
	*out = &m->member;
	return rc;
}

const struct zframe_view *members_frame(const struct members *m)
{
	return m->frame;
}

const struct zframe_view *members_hold(struct members *m)
{
	return zframes_hold(m->frames);
}

void members_release(struct members *m, const struct zframe_view *frame)
{
	zframes_release(m->frames, frame);
}

enum members_end members_end(const struct members *m)
{
	return m->end;
}

uint64_t members_offset(const struct members *m)
{
	return m->frame_offset;
}
