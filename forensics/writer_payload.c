/* SPDX-License-Identifier: Apache-2.0 */
/* One content, read once: hashed and written at the same time, cut into parts where it is large. */
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/pool.h"

#include "forensics/bundle_name.h"
#include "forensics/bundle_tar.h"
#include "forensics/writer_payload.h"

/* Fewer bytes of holes are stored as the zeros they are. */
#define SPARSE_FROM ((uint64_t)64 << 10)

int payload_begin(struct payload *p, uint64_t size, struct sl_error *err)
{
	struct sl_bundle_writer *w = p->w;
	struct payload_result *out = p->out;
	struct out_position at;
	int rc;

	p->member_size = size;
	/* room for this segment's seal, should it end here, is asked for once more */
	rc = segment_reserve(w,
			     p->member_size + p->beside + 2 * (uint64_t)OUT_MEMBER_OVERHEAD +
				     SEAL_BYTES + 2 * (uint64_t)SL_BUNDLE_LINE_BYTES,
			     TIER_RECORD, err);
	if (rc == 0)
		rc = segment_take(w, p->member_size + (p->in_parts ? 0 : p->beside), err);
	if (rc < 0)
		return rc;
	buf_reset(&out->member);
	if (bundle_member(&out->member, w->journal.tree.size, p->name.data,
			  p->in_parts ? (int64_t)out->parts : -1) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "member name");
	rc = out_begin(&w->out, out->member.data, p->member_size, p->file->entry->mtime.sec, &at,
		       err);
	if (rc < 0)
		return writer_broken(w, rc);
	if (out->parts == 0)
		out->at = at;
	p->member_left = p->member_size;
	p->is_open = true;
	sha256_reset(w->part_hash);
	return 0;
}

static int begin_next(struct payload *p, struct sl_error *err)
{
	uint64_t left = p->promised - p->done;

	return payload_begin(p, left < WRITER_PART_BYTES ? left : WRITER_PART_BYTES, err);
}

static int end_part(struct payload *p, struct sl_error *err);

/* Zeros up to the promised size, then the member's digest. Its first bytes, hashed once for the
 * whole file already, are taken over from there. */
int payload_end(struct payload *p, struct sl_error *err)
{
	static const uint8_t zeros[4096];
	struct sl_bundle_writer *w = p->w;
	uint64_t pad = p->member_left;
	int rc;

	if (p->known != NULL && pad > 0)
		return writer_broken(
			w, sl_fail(err, SL_EINVAL, 0, "content is not what was read before"));
	if (p->out->parts == 0 && !p->out->is_sparse)
		sha256_copy(w->part_hash, w->file_hash);
	for (uint64_t left = pad; left > 0;) {
		size_t n = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);

		sha256_update(w->part_hash, zeros, n);
		left -= n;
	}
	rc = out_zeros(&w->out, pad, err);
	if (rc == 0)
		rc = out_end(&w->out, err);
	if (rc == 0 && p->known != NULL)
		memcpy(p->out->stored.sha256, p->known, SL_SHA256_SIZE);
	else if (rc == 0)
		rc = sha256_final(w->part_hash, p->out->stored.sha256, err);
	if (rc < 0)
		return writer_broken(w, rc);
	p->is_open = false;
	p->out->stored.bytes += p->member_size;
	w->payloads++;
	w->payload_bytes += p->member_size;
	return p->in_parts ? end_part(p, err) : 0;
}

static void map_member(struct jout *j, const struct payload *p)
{
	jout_key(j, "map");
	jout_array(j);
	for (size_t i = 0; i < p->run_count; i++) {
		jout_array(j);
		jout_u64(j, p->runs[i].at);
		jout_u64(j, p->runs[i].len);
		jout_array_end(j);
	}
	jout_array_end(j);
}

static int end_part(struct payload *p, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	struct payload_result *out = p->out;
	struct writer_stored part = {.member = out->member.data, .bytes = p->member_size};
	uint64_t seq = p->w->journal.tree.size;
	struct jout j;
	int rc;

	memcpy(part.sha256, out->stored.sha256, sizeof(part.sha256));
	if (out->parts == 0)
		out->first_part = seq;
	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "role", p->file->role);
	rc = file_path_member(&j, p->path, err);
	jout_key_u64(&j, "of", out->first_part);
	jout_key_u64(&j, "k", out->parts);
	if (out->is_sparse)
		map_member(&j, p);
	file_stored(&j, "stored", &part);
	if (rc == 0 && text.status < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "part record");
	if (rc == 0)
		rc = segment_append(p->w, "part", p->file->target, text.data + 1, err);
	out->parts++;
	/* a member without its record would break the bundle */
	return writer_broken(p->w, rc);
}

/* Bytes that are hashed for their part on one thread, and for the whole file on the other. */
struct piece {
	struct sha256 *hash;
	const void *bytes;
	size_t len;
};

static void hash_piece(void *job, void *worker)
{
	const struct piece *piece = job;

	(void)worker;
	sha256_update(piece->hash, piece->bytes, piece->len);
}

/* Borrows @piece and its bytes until end_piece(). */
static int begin_piece(struct sl_bundle_writer *w, struct piece *piece, struct sl_error *err)
{
	struct pool_options options = {
		.workers = w->is_serial ? 0 : 1, .queue = 1, .run = hash_piece};
	int rc = w->part_hasher == NULL ? pool_new(&w->part_hasher, &options, err) : 0;

	return rc == 0 ? pool_submit(w->part_hasher, piece, err) : rc;
}

static void end_piece(struct sl_bundle_writer *w)
{
	void *job;

	(void)pool_take(w->part_hasher, &job);
}

/* Into the open member; the digests of the file and of its part go on. */
static int put_piece(struct payload *p, const void *bytes, size_t len, struct sl_error *err)
{
	struct piece piece = {p->w->part_hash, bytes, len};
	bool is_later = p->out->parts > 0;
	int rc = is_later ? begin_piece(p->w, &piece, err) : 0;

	if (rc < 0)
		return writer_broken(p->w, rc);
	if (p->known == NULL)
		sha256_update(p->w->file_hash, bytes, len);
	rc = out_data(&p->w->out, bytes, len, err);
	if (is_later)
		end_piece(p->w);
	return writer_broken(p->w, rc);
}

static int take(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct payload *p = container_of(tap, struct payload, tap);
	const uint8_t *at = bytes;

	while (len > 0) {
		size_t n;
		int rc = 0;

		if (p->done == p->promised) {
			p->is_overfull = true;
			return -SL_ECANCELLED; /* ends the reading: no failure */
		}
		if (!p->is_open && (rc = begin_next(p, err)) < 0)
			return rc;
		n = len < p->member_left ? len : (size_t)p->member_left;
		rc = put_piece(p, at, n, err);
		if (rc < 0)
			return rc;
		p->member_left -= n;
		p->done += n;
		at += n;
		len -= n;
		if (p->in_parts && p->member_left == 0 && (rc = payload_end(p, err)) < 0)
			return rc;
	}
	return 0;
}

/* What the reading says, put right by what was stored of it. */
static void settle_read(const struct payload *p, struct sl_read *read)
{
	read->bytes = p->done;
	if (p->is_overfull)
		read->changed = read->changed || !p->out->limited;
	else if (p->done < p->promised)
		read->is_short = true;
}

int payload_settle(struct payload *p, int rc, struct sl_error *why)
{
	struct payload_result *out = p->out;

	if (p->w->status != 0 || !(p->is_open || out->parts > 0 || out->is_sparse))
		return rc;
	/* the bundle is whole: keep what there is, and say why it ends here */
	if (rc == -SL_EIO && why->sys == ENOSPC)
		out->no_space = rc;
	out->read.sys = why->sys != 0 ? why->sys : rc == -SL_ENOMEM ? ENOMEM : EIO;
	return 0;
}

static int read_content(struct payload *p, struct sl_error *err)
{
	struct payload_result *out = p->out;
	struct sl_tap *taps[] = {&p->tap};
	struct sl_error why = SL_ERROR_INIT;
	int rc = 0;

	if (p->promised == 0)
		rc = begin_next(p, &why);
	if (rc == 0)
		rc = sl_content_read(p->file->content, taps, 1, &out->read, &why);
	if (rc == -SL_ECANCELLED && p->is_overfull)
		rc = 0;
	if (rc < 0)
		rc = payload_settle(p, rc, &why);
	if (rc < 0)
		rc = sl_fail(err, (enum sl_code) - rc, why.sys, "%s", sl_error_text(&why));
	sl_error_clear(&why);
	return rc;
}

static int store(struct payload *p, struct sl_error *err)
{
	struct payload_result *out = p->out;
	int rc = bundle_name(&p->name, p->path->data, p->path->len, err);

	sha256_reset(p->w->file_hash);
	if (rc == 0)
		rc = out->is_sparse ? payload_read_sparse(p, err) : read_content(p, err);
	if (rc == 0 && p->is_open)
		rc = payload_end(p, err);
	if (rc < 0)
		return rc;
	settle_read(p, &out->read);
	out->stored.member = out->member.data;
	if ((p->done > 0 || p->promised == 0) && !p->is_unhashed) {
		out->has_sha256 = true;
		if (p->known != NULL)
			memcpy(out->sha256, p->known, SL_SHA256_SIZE);
		else
			rc = sha256_final(p->w->file_hash, out->sha256, err);
	}
	return writer_broken(p->w, rc);
}

int payload_store(struct sl_bundle_writer *w, const struct sl_bundle_file *file,
		  const struct buf *path, uint64_t beside, struct payload_result *out,
		  struct sl_error *err)
{
	struct payload p = {.tap.data = take,
			    .w = w,
			    .file = file,
			    .path = path,
			    .name = BUF_INIT(BUNDLE_MEMBER_MAX),
			    .out = out,
			    .promised = file->entry->size,
			    .beside = beside};
	int rc;

	*out = (struct payload_result){.member = BUF_INIT(BUNDLE_MEMBER_MAX)};
	if (file->max_bytes != 0 && file->max_bytes < p.promised) {
		p.promised = file->max_bytes;
		out->limited = true;
	}
	out->is_sparse = p.promised > 0 && sl_content_is_sparse(file->content) &&
			 sl_content_holes(file->content) >= SPARSE_FROM;
	p.in_parts = out->is_sparse || p.promised + beside > WRITER_PART_BYTES;
	if (file->sha256 != NULL && !p.in_parts && file->sha256_bytes == p.promised)
		p.known = file->sha256;
	rc = store(&p, err);
	buf_clear(&p.name);
	return rc;
}

void payload_clear(struct payload_result *r)
{
	buf_clear(&r->member);
}
