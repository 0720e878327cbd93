/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/itemproof.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/note.h"
#include "core/tlogproof.h"
#include "forensics/bundle_read.h"
#include "forensics/chain.h"

struct prover {
	uint64_t seq;
	struct sha256 *hash;
	struct merkle tree; /* over the same lines as the chain's */
	struct merkle_watch first, last, item;
	struct buf first_line, last_line, item_line, note;
	bool has_item;
	uint64_t item_note_size; /* leaves below the checkpoint of the item's segment */
	struct buf *out;
};

static int prover_init(struct prover *p, uint64_t seq, struct buf *out, struct sl_error *err)
{
	*p = (struct prover){.seq = seq,
			     .first_line = BUF_INIT(SL_BUNDLE_LINE_BYTES),
			     .last_line = BUF_INIT(SL_BUNDLE_LINE_BYTES),
			     .item_line = BUF_INIT(SL_BUNDLE_LINE_BYTES),
			     .note = BUF_INIT(NOTE_MAX_BYTES),
			     .out = out};
	int rc = sha256_new(&p->hash, err);

	if (rc == 0)
		merkle_init(&p->tree, p->hash);
	return rc;
}

static void prover_clear(struct prover *p)
{
	sha256_free(p->hash);
	buf_clear(&p->first_line);
	buf_clear(&p->last_line);
	buf_clear(&p->item_line);
	buf_clear(&p->note);
}

static int keep(struct buf *to, const char *bytes, size_t len, struct sl_error *err)
{
	buf_reset(to);
	return buf_append(to, bytes, len) < 0 ? sl_fail(err, -to->status, 0, "record") : 0;
}

/* A line with its line feed. */
static int take_line(struct prover *p, const char *line, size_t len, bool is_last,
		     struct sl_error *err)
{
	uint64_t seq = p->tree.size;
	int rc = 0;

	if (seq == 0) {
		merkle_watch(&p->tree, &p->first);
		rc = keep(&p->first_line, line, len, err);
	}
	if (rc == 0 && seq == p->seq) {
		merkle_watch(&p->tree, &p->item);
		rc = keep(&p->item_line, line, len, err);
		p->has_item = true;
	}
	if (rc == 0 && is_last) {
		merkle_watch(&p->tree, &p->last);
		rc = keep(&p->last_line, line, len, err);
	}
	return rc < 0 ? rc : merkle_append(&p->tree, line, len, err);
}

static int emit(struct prover *p, const struct merkle_watch *w, const struct buf *line,
		struct sl_error *err)
{
	struct sl_bytes note = {p->note.data, p->note.len};
	struct merkle_proof proof;
	int rc = merkle_prove(&p->tree, w, &proof, err);

	if (rc == 0 && tlogproof_write(p->out, line->data, line->len, w->index, &proof, note) < 0)
		rc = sl_fail(err, -p->out->status, 0, "proof");
	return rc;
}

static int take_lines(struct prover *p, const struct buf *journal, struct sl_error *err)
{
	const char *line;
	size_t pos = 0, len;
	int rc;

	while ((rc = journal_line(journal, &pos, &line, &len, err)) == 0) {
		rc = take_line(p, line, len + 1, pos == journal->len, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

/* A segment that holds: what of it belongs into the proof? */
static int take_segment(struct prover *p, const struct segment *g, struct sl_error *err)
{
	bool had_item = p->has_item;
	int rc = keep(&p->note, g->note.data, g->note.len, err);

	if (rc == 0)
		rc = take_lines(p, &g->journal, err);
	if (rc == 0 && g->number == 0)
		rc = emit(p, &p->first, &p->first_line, err);
	if (rc == 0 && !p->has_item)
		rc = emit(p, &p->last, &p->last_line, err);
	if (rc == 0 && p->has_item && !had_item) {
		rc = emit(p, &p->item, &p->item_line, err);
		p->item_note_size = p->tree.size;
	}
	merkle_unwatch(&p->tree, &p->first);
	merkle_unwatch(&p->tree, &p->last);
	return rc;
}

/* Up to the end, or to where the bundle stops holding: what was attested before stays so. */
static int walk(struct prover *p, struct rfile *bundle, struct chain *c, struct sl_error *err)
{
	struct segments_options options = {.threads = BUNDLE_READ_THREADS};
	struct segments *segments = NULL;
	struct segment *g;
	int rc = segments_open(&segments, bundle, &options, err);

	while (rc == 0) {
		rc = segments_next(segments, &g, err);
		if (rc == 0)
			rc = chain_add(c, g, err);
		if (rc == 0)
			rc = take_segment(p, g, err);
	}
	segments_close(segments);
	if (rc < 0 && (!p->has_item || (rc != -SL_EFORMAT && rc != -SL_EUNTRUSTED)))
		return rc;
	return 0;
}

static int check_provable(const struct prover *p, struct sl_error *err)
{
	struct item_content ignored;

	if (!p->has_item)
		return sl_fail(err, SL_ENOTFOUND, 0, "no checkpoint covers record %llu",
			       (unsigned long long)p->seq);
	return item_content_of(p->item_line.data, p->item_line.len, &ignored, err);
}

int itemproof_write(struct rfile *bundle, uint64_t seq, struct buf *out, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct chain chain = {0};
	struct prover p;
	int rc = prover_init(&p, seq, out, err);

	if (rc == 0)
		rc = chain_init(&chain, err);
	if (rc == 0) {
		rc = walk(&p, bundle, &chain, &why);
		if (rc < 0)
			rc = sl_fail(err, why.code == SL_EFORMAT ? SL_EUNTRUSTED : why.code,
				     why.sys, "the bundle does not hold up to record %llu: %s",
				     (unsigned long long)seq, sl_error_text(&why));
	}
	if (rc == 0)
		rc = check_provable(&p, err);
	/* for those who kept the last checkpoint */
	if (rc == 0 && p.tree.size > p.item_note_size)
		rc = emit(&p, &p.item, &p.item_line, err);
	chain_clear(&chain);
	prover_clear(&p);
	return rc;
}
