/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file with holes: its parts hold what is stored of it alone, and say where that belongs. A
 * terabyte of hole costs nothing here, unless it is to be hashed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "forensics/writer_payload.h"

/* As JSON beside a long path they still fit one record. */
#define RUNS_MAX 512

struct sparse {
	struct sl_sparse_tap tap;
	struct payload *p;
	uint8_t *bytes; /* of the part that is being filled: its size must be known first */
	size_t len;
	struct payload_run runs[RUNS_MAX];
	size_t run_count;
};

/* The part that is full becomes a member. When there is no room for it, it was never read. */
static int flush(struct sparse *s, struct sl_error *err)
{
	struct payload *p = s->p;
	int rc;

	if (s->len == 0)
		return 0;
	p->runs = s->runs;
	p->run_count = s->run_count;
	rc = payload_begin(p, s->len, err);
	if (rc < 0) {
		p->done = s->runs[0].at;
		p->is_unhashed = true;
		return rc;
	}
	sha256_update(p->w->part_hash, s->bytes, s->len);
	rc = out_data(&p->w->out, s->bytes, s->len, err);
	if (rc < 0)
		return writer_broken(p->w, rc);
	p->member_left = 0;
	s->len = 0;
	s->run_count = 0;
	return payload_end(p, err);
}

/* Bytes of @len that still belong to the file as it was promised. */
static uint64_t within(struct payload *p, uint64_t len)
{
	uint64_t left = p->promised - p->done;

	if (len > left)
		p->is_overfull = true;
	return len < left ? len : left;
}

static void extend(struct sparse *s, const uint8_t *bytes, size_t len)
{
	struct payload *p = s->p;
	struct payload_run *last = s->run_count > 0 ? &s->runs[s->run_count - 1] : NULL;

	if (last != NULL && last->at + last->len == p->done)
		last->len += len;
	else
		s->runs[s->run_count++] = (struct payload_run){p->done, len};
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	p->done += len;
}

static int take_data(struct sl_sparse_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct sparse *s = container_of(tap, struct sparse, tap);
	const uint8_t *at = bytes;
	size_t left = (size_t)within(s->p, len);

	while (left > 0) {
		size_t room = WRITER_PART_BYTES - s->len, n = left < room ? left : room;
		int rc = 0;

		if (n == 0 || s->run_count == RUNS_MAX)
			rc = flush(s, err);
		if (rc < 0)
			return rc;
		if (n == 0)
			continue;
		if (!s->p->is_unhashed)
			sha256_update(s->p->w->file_hash, at, n);
		extend(s, at, n);
		at += n;
		left -= n;
	}
	return s->p->is_overfull ? -SL_ECANCELLED : 0;
}

static void hash_zeros(struct sha256 *h, uint64_t len)
{
	static const uint8_t zeros[65536];

	while (len > 0) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);

		sha256_update(h, zeros, n);
		len -= n;
	}
}

static int take_hole(struct sl_sparse_tap *tap, uint64_t len, struct sl_error *err)
{
	struct payload *p = container_of(tap, struct sparse, tap)->p;
	uint64_t n = within(p, len);

	(void)err;
	p->is_unhashed |= n > p->w->holes_left;
	if (!p->is_unhashed) {
		p->w->holes_left -= n;
		hash_zeros(p->w->file_hash, n);
	}
	p->done += n;
	return p->is_overfull ? -SL_ECANCELLED : 0;
}

static int read_parts(struct sparse *s, struct sl_error *err)
{
	struct payload *p = s->p;
	struct sl_error why = SL_ERROR_INIT, last = SL_ERROR_INIT;
	int rc = sl_content_read_sparse(p->file->content, &s->tap, &p->out->read, &why), more = 0;

	if (rc == -SL_ECANCELLED && p->is_overfull)
		rc = 0;
	/* what came before the reading broke off is kept */
	if (p->w->status == 0 && !(rc < 0 && why.sys == ENOSPC))
		more = flush(s, &last);
	if (rc == 0 && more < 0) {
		rc = more;
		why = last;
		last = (struct sl_error)SL_ERROR_INIT;
	}
	if (rc < 0)
		rc = payload_settle(p, rc, &why);
	if (rc < 0)
		rc = sl_fail(err, (enum sl_code) - rc, why.sys, "%s", sl_error_text(&why));
	sl_error_clear(&why);
	sl_error_clear(&last);
	return rc;
}

int payload_read_sparse(struct payload *p, struct sl_error *err)
{
	struct sparse *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "sparse file");
	s->tap = (struct sl_sparse_tap){.data = take_data, .hole = take_hole};
	s->p = p;
	s->bytes = malloc(WRITER_PART_BYTES);
	/* where even the first look says that it is too much, nothing is hashed in vain */
	p->is_unhashed = sl_content_holes(p->file->content) > p->w->holes_left;
	rc = s->bytes != NULL ? read_parts(s, err) : sl_fail(err, SL_ENOMEM, 0, "sparse file");
	free(s->bytes);
	free(s);
	return rc;
}
