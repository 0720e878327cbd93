/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/bundle.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/ostream.h"
#include "core/rview.h"
#include "forensics/bundle_read.h"
#include "forensics/bundleindex.h"
#include "forensics/record.h"
#include "forensics/segment.h"
#include "forensics/sparsefile.h"

/* More parts than that would be a file of 16 TiB. */
#define PARTS_MAX (1u << 20)

/* One member that makes up the content. */
struct piece {
	uint64_t seq, bytes;
	char name[MEMBERNAME_MAX + 1];
	uint8_t sha256[SL_SHA256_SIZE];
};

struct extract {
	struct segment_tap tap;
	struct rfile *file; /* borrowed */
	/* Where the content begins, if the index is right; else all is read from the beginning. */
	struct bundleindex index;
	struct bundleplace place;
	bool by_place;
	bundle_data_fn take;
	void *payload;
	struct piece *pieces; /* owned; in the order of the content */
	size_t count, cap;
	size_t next;       /* the piece that is to come */
	uint64_t of;       /* parts: number of the first */
	uint64_t promised; /* parts: how many there are */
	bool has_whole, is_short;
	bool is_sparse; /* the parts hold what is no hole */
	struct sparsefile sparse;
	uint8_t whole[SL_SHA256_SIZE];
	struct sha256 *whole_hash;
	uint64_t passed; /* bytes handed on directly */
};

static int add_piece(struct extract *x, uint64_t seq, const struct stored *s, struct sl_error *err)
{
	struct piece *p;

	if (s->member_len > MEMBERNAME_MAX)
		return sl_fail(err, SL_EFORMAT, 0, "record %llu names no proper member",
			       (unsigned long long)seq);
	if (x->count == PARTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %u parts", PARTS_MAX);
	if (x->count == x->cap) {
		size_t cap = x->cap == 0 ? 8 : x->cap * 2;
		struct piece *grown = reallocarray(x->pieces, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "parts");
		x->pieces = grown;
		x->cap = cap;
	}
	p = &x->pieces[x->count++];
	p->seq = seq;
	p->bytes = s->bytes;
	memcpy(p->name, s->member, s->member_len + 1);
	memcpy(p->sha256, s->sha256, SL_SHA256_SIZE);
	return 0;
}

/* What the file record says of its content. */
static int take_file(struct extract *x, uint64_t seq, const struct jval *doc, struct sl_error *err)
{
	const struct jval *stored = jval_get(doc, "stored");
	const char *hash = jval_str(jval_path(doc, "hash", "sha256", NULL));
	struct stored s;
	int rc;

	(void)jval_bool(jval_path(doc, "read", "short", NULL), &x->is_short);
	x->has_whole =
		hash != NULL && hex_decode(x->whole, SL_SHA256_SIZE, hash, strlen(hash)) == 0;
	rc = record_stored(stored, &s, err);
	if (rc == 0)
		return add_piece(x, seq, &s, err);
	if (rc < 0)
		return rc;
	if (record_u64(jval_get(doc, "hardlink_of"), &x->of) == 0)
		return sl_fail(
			err, SL_ENOTFOUND, 0,
			"record %llu is a further name of the file in record %llu: take that",
			(unsigned long long)seq, (unsigned long long)x->of);
	x->is_sparse = record_u64(jval_get(stored, "size"), &x->sparse.size) == 0;
	if (record_u64(jval_get(stored, "parts"), &x->promised) == 0 && x->promised == 0 &&
	    x->is_sparse)
		return 0; /* nothing but a hole */
	if (x->promised == 0 || record_u64(jval_get(stored, "of"), &x->of) < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "record %llu holds no content",
			       (unsigned long long)seq);
	return 0;
}

/* Part records come before the file record, each the next one's predecessor in the content. */
static int take_part(struct extract *x, const struct record *r, struct sl_error *err)
{
	uint64_t of, k;
	struct stored s;
	int rc;

	if (record_u64(jval_get(r->doc, "of"), &of) < 0 || of != x->of)
		return 0;
	if (record_u64(jval_get(r->doc, "k"), &k) < 0 || k != x->count)
		return sl_fail(err, SL_EFORMAT, 0, "parts of record %llu are out of order",
			       (unsigned long long)x->of);
	rc = record_stored(jval_get(r->doc, "stored"), &s, err);
	if (rc == 1)
		return sl_fail(err, SL_EFORMAT, 0, "part without content");
	if (rc == 0 && x->is_sparse)
		rc = sparsefile_map(&x->sparse, jval_get(r->doc, "map"), s.bytes, err);
	return rc < 0 ? rc : add_piece(x, r->seq, &s, err);
}

/* Parse one record and see what it adds. @is_parts: looking for parts, else for record @seq. */
static int look_at(struct extract *x, const struct sl_bundle_record *record, bool is_parts,
		   struct sl_error *err)
{
	struct record r;
	int rc = record_parse(&r, record->line, record->len, err);

	if (rc == 0)
		rc = is_parts ? take_part(x, &r, err) : take_file(x, r.seq, r.doc, err);
	record_clear(&r);
	return rc;
}

/* @view is for as long as the segments are open. */
static int open_segments(struct segments **out, const struct extract *x, struct rview *view,
			 const struct segments_options *options, struct sl_error *err)
{
	if (!x->by_place)
		return segments_open(out, x->file, options, err);
	rview_init(view, x->file, x->index.seek.offsets[x->place.frame]);
	return segments_open_at(out, &view->file, x->place.offset, options, err);
}

/* 1 when what is looked for is complete. */
static int search_journal(struct extract *x, const struct buf *journal, uint64_t seq, bool is_parts,
			  struct sl_error *err)
{
	const char *line;
	size_t pos = 0, len;
	int rc;

	while ((rc = journal_line(journal, &pos, &line, &len, err)) == 0) {
		struct sl_bundle_record record = {.line = line, .len = len};
		struct record head;

		rc = record_parse_head(&head, line, len, err);
		if (rc == 0 && (is_parts ? strcmp(head.type, "part") == 0 : head.seq == seq))
			rc = look_at(x, &record, is_parts, err);
		if (rc < 0)
			return rc;
		if (is_parts ? x->count == x->promised : head.seq == seq)
			return 1;
	}
	return rc < 0 ? rc : 0;
}

static int search(struct extract *x, uint64_t seq, bool is_parts, struct sl_error *err)
{
	struct segments_options options = {.threads = BUNDLE_READ_THREADS};
	struct segments *segments;
	struct segment *g;
	struct rview view;
	int found = 0, rc = open_segments(&segments, x, &view, &options, err);

	if (rc < 0)
		return rc;
	while (found == 0 && (rc = segments_next(segments, &g, err)) == 0)
		found = search_journal(x, &g->journal, seq, is_parts, err);
	segments_close(segments);
	if (rc < 0 || found < 0)
		return rc < 0 ? rc : found;
	if (found == 1)
		return 0;
	return sl_fail(err, SL_ENOTFOUND, 0, "%s %llu is not in the bundle",
		       is_parts ? "a part of record" : "record", (unsigned long long)seq);
}

static int tap_member(struct segment_tap *tap, const struct member *m, struct sl_error *err)
{
	struct extract *x = container_of(tap, struct extract, tap);
	const struct piece *p = x->next < x->count ? &x->pieces[x->next] : NULL;

	if (p == NULL || m->name.number != p->seq || strcmp(m->text, p->name) != 0)
		return 1;
	if (m->size != p->bytes)
		return sl_fail(err, SL_EUNTRUSTED, 0, "member '%s' has another size than recorded",
			       m->text);
	x->next++;
	return 0;
}

static int check(struct sha256 *hash, const uint8_t want[SL_SHA256_SIZE], struct sl_error *err)
{
	uint8_t got[SL_SHA256_SIZE];
	int rc = sha256_final(hash, got, err);

	if (rc == 0 && memcmp(got, want, sizeof(got)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "content does not match its digest");
	return rc;
}

static int tap_data(struct segment_tap *tap, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	struct extract *x = container_of(tap, struct extract, tap);

	if (x->is_sparse)
		return sparsefile_data(&x->sparse, bytes, len, x->has_whole ? x->whole_hash : NULL,
				       err);
	sha256_update(x->whole_hash, bytes, len);
	return x->take(x->payload, bytes, len, err);
}

static int end_sparse(struct extract *x, struct sl_error *err)
{
	bool is_checked = x->has_whole && x->sparse.size - x->sparse.data <= SPARSEFILE_HASHED_MAX;
	int rc = sparsefile_end(&x->sparse, is_checked ? x->whole_hash : NULL, err);

	return rc == 0 && is_checked ? check(x->whole_hash, x->whole, err) : rc;
}

/* Let the members pass; each piece is checked when the next segment or the end is reached. */
static int copy_pieces(struct extract *x, struct sl_error *err)
{
	struct segments_options options = {
		.threads = BUNDLE_READ_THREADS, .hash = true, .tap = &x->tap};
	struct segments *segments;
	struct segment *g;
	struct rview view;
	size_t checked = 0;
	int rc = open_segments(&segments, x, &view, &options, err);

	if (rc < 0)
		return rc;
	while (checked < x->count && (rc = segments_next(segments, &g, err)) == 0) {
		const struct payload *twice;

		rc = payloads_sort(&g->payloads, &twice, err);
		for (; rc == 0 && checked < x->next; checked++) {
			const struct piece *p = &x->pieces[checked];
			const struct payload *got =
				payloads_find(&g->payloads, p->seq, p->name, strlen(p->name));

			if (got == NULL || memcmp(got->sha256, p->sha256, SL_SHA256_SIZE) != 0)
				rc = sl_fail(err, SL_EUNTRUSTED, 0,
					     "content does not match its digest");
		}
		if (rc < 0)
			break;
	}
	segments_close(segments);
	if (rc < 0)
		return rc;
	if (checked < x->count)
		return sl_fail(err, SL_ENOTFOUND, 0, "the bundle ends before the content does");
	if (x->is_sparse)
		return end_sparse(x, err);
	/* a file that shrank while it was read is stored with zeros its digest does not cover */
	return x->has_whole && !x->is_short ? check(x->whole_hash, x->whole, err) : 0;
}

static int take_direct(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	struct extract *x = payload;

	sha256_update(x->whole_hash, bytes, len);
	x->passed += len;
	return x->take(x->payload, bytes, len, err);
}

/* What passed, against the record that was found in the same segment. */
static int check_direct(struct extract *x, uint64_t seq, const struct buf *line,
			struct sl_error *err)
{
	struct sl_bundle_record record = {.seq = seq, .line = line->data, .len = line->len};
	int rc = look_at(x, &record, false, err);

	if (rc == 0 &&
	    (x->count != 1 || x->pieces[0].seq != seq || x->pieces[0].bytes != x->passed))
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "content has another size than recorded");
	return rc < 0 ? rc : check(x->whole_hash, x->pieces[0].sha256, err);
}

/* One member, where the index says. 1 when it is not there: nothing was handed on then. */
static int extract_member(struct extract *x, uint64_t seq, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf line = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	int rc = bundleindex_visit(&x->index, &x->place, take_direct, x, &line, err);

	return rc != 0 ? rc : check_direct(x, seq, &line, err);
}

static void forget_pieces(struct extract *x)
{
	x->count = x->next = 0;
	x->promised = 0;
	x->is_sparse = false;
	sha256_reset(x->whole_hash);
	sparsefile_clear(&x->sparse);
}

static int find_pieces(struct extract *x, uint64_t seq, struct sl_error *err)
{
	int rc = search(x, seq, false, err);

	return rc == 0 && x->promised > 0 ? search(x, x->of, true, err) : rc;
}

/* By the index, if it leads to the record. 1 when not: nothing was handed on then. */
static int find_by_place(struct extract *x, uint64_t seq, struct sl_error *err)
{
	int rc = bundleindex_read(&x->index, x->file, err);

	if (rc == 0)
		rc = bundleindex_find_seq(&x->index, seq, &x->place);
	return rc;
}

/*
 * What lies in several members: found, then copied. Whatever is wrong there, the bundle from its
 * beginning decides, as long as nothing was handed on.
 */
static int extract_pieces(struct extract *x, uint64_t seq, int fd, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = 1;

	if (x->by_place) {
		rc = find_pieces(x, seq, NULL);
		/* nothing but a hole lies nowhere */
		if (rc == 0 && x->count == 0)
			rc = 1;
		if (rc == 0) {
			sparsefile_begin(&x->sparse, fd, x->take, x->payload);
			rc = copy_pieces(x, &why);
		}
		if (rc == 0)
			return 0;
		if (x->next > 0)
			return sl_fail(err, why.code, why.sys, "%s", sl_error_text(&why));
		x->by_place = false;
		forget_pieces(x);
	}
	rc = find_pieces(x, seq, err);
	sparsefile_begin(&x->sparse, fd, x->take, x->payload);
	return rc < 0 ? rc : copy_pieces(x, err);
}

/* @fd: where @take writes to, or -1. */
static int extract(struct rfile *file, uint64_t seq, int fd, bundle_data_fn take, void *payload,
		   struct sl_error *err)
{
	struct extract x = {
		.tap = {tap_member, tap_data}, .file = file, .take = take, .payload = payload};
	int rc = rfile_needs_twice(file, err);

	if (rc == 0)
		rc = sha256_new(&x.whole_hash, err);
	if (rc == 0)
		rc = find_by_place(&x, seq, err);
	x.by_place = rc == 0;
	if (rc == 0)
		rc = extract_member(&x, seq, err);
	if (rc == 1) {
		forget_pieces(&x);
		rc = extract_pieces(&x, seq, fd, err);
	}
	bundleindex_clear(&x.index);
	sparsefile_clear(&x.sparse);
	sha256_free(x.whole_hash);
	free(x.pieces);
	return rc;
}

int bundle_extract_each(struct rfile *file, uint64_t seq, bundle_data_fn take, void *payload,
			struct sl_error *err)
{
	return extract(file, seq, -1, take, payload, err);
}

static int write_out(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	return fd_write_all(*(const int *)payload, bytes, len, err);
}

int bundle_extract(struct rfile *file, uint64_t seq, int out_fd, struct sl_error *err)
{
	return extract(file, seq, out_fd, write_out, &out_fd, err);
}

int sl_bundle_extract(int fd, uint64_t seq, int out_fd, struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	int own, rc;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return sl_fail(err, SL_EUNSUPPORTED, errno, "bundle that cannot be read twice");
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	rc = own < 0 ? sl_fail(err, SL_EIO, errno, "bundle") : rfile_from_fd(&file, own, err);
	if (rc == 0)
		rc = bundle_unlock(&file, NULL, err);
	return rc < 0 ? rc : bundle_extract(file, seq, out_fd, err);
}
