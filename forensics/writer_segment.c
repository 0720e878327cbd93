/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "core/clock.h"

#include "forensics/bundle_writer.h"

int segment_reserve(struct sl_bundle_writer *w, uint64_t plain, enum writer_tier tier,
		    struct sl_error *err)
{
	uint64_t keep = out_tail_bytes(&w->out);

	/* the journal is not in the tar yet, nor is the index */
	plain += w->journal.lines.len + SEAL_BYTES + w->index.len + OUT_MEMBER_OVERHEAD;
	if (tier == TIER_RECORD)
		keep += w->reserve_bytes;
	else if (tier == TIER_GAP)
		keep += w->reserve_bytes / 4;
	return out_reserve(&w->out, plain, keep, err);
}

/* More than what a clock is slewed by in a segment's time. */
#define CLOCK_STEP_NS 500000000

static bool is_old(const struct sl_bundle_writer *w)
{
	return w->segment_start_ns != 0 && clock_boot_ns() - w->segment_start_ns >= w->segment_ns;
}

static void start(struct sl_bundle_writer *w)
{
	if (w->segment_start_ns == 0)
		w->segment_start_ns = clock_boot_ns();
}

int segment_tick(struct sl_bundle_writer *w, struct sl_error *err)
{
	if (is_old(w) || w->journal.lines.len > JOURNAL_SEGMENT_BYTES - SL_BUNDLE_LINE_BYTES)
		return segment_seal(w, NULL, err);
	return 0;
}

int segment_take(struct sl_bundle_writer *w, uint64_t payload, struct sl_error *err)
{
	int rc;

	if (w->segment_payload + payload > WRITER_PART_BYTES)
		rc = segment_seal(w, NULL, err);
	else
		rc = segment_tick(w, err);
	if (rc < 0)
		return rc;
	start(w);
	w->segment_payload += payload;
	return 0;
}

int segment_append(struct sl_bundle_writer *w, const char *type, uint32_t target,
		   const char *members, struct sl_error *err)
{
	int rc = journal_append(&w->journal, type, target, members, err);

	if (rc == 0)
		start(w);
	/* a refused line left everything as it was */
	return rc == -SL_ELIMIT || rc == -SL_EINVAL ? rc : writer_broken(w, rc);
}

int segment_clock(struct sl_bundle_writer *w, struct sl_error *err)
{
	struct sl_time now = clock_now();
	int64_t ahead = now.sec * 1000000000 + now.nsec - (int64_t)clock_boot_ns();
	int64_t step = w->clock_ahead_ns == 0 ? 0 : ahead - w->clock_ahead_ns;
	char members[64];

	w->clock_ahead_ns = ahead;
	if (step < CLOCK_STEP_NS && step > -CLOCK_STEP_NS)
		return 0;
	(void)snprintf(members, sizeof(members), "\"step_ns\":\"%" PRId64 "\"", step);
	return segment_append(w, "clock", SL_BUNDLE_TARGET_HOST, members, err);
}

static int put_sealed(struct sl_bundle_writer *w, const char *suffix, const struct buf *content,
		      struct sl_error *err)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "j/%06" PRIu64 ".%s", w->seal.epoch, suffix);
	return out_member(&w->out, name, content->data, content->len, clock_now().sec, err);
}

static int put_close(struct sl_bundle_writer *w, const struct buf *note,
		     enum sl_bundle_status status, struct sl_error *err)
{
	struct buf text = BUF_INIT(SEAL_BYTES);
	int rc = seal_close(&w->seal, &w->journal.tree, note, status, &text, err);

	if (rc == 0)
		rc = out_member(&w->out, "j/close.intoto.json", text.data, text.len,
				clock_now().sec, err);
	buf_clear(&text);
	return rc;
}

int segment_settle(struct sl_bundle_writer *w, struct sl_error *err)
{
	int rc;

	if (w->sealed_note.len == 0)
		return 0;
	rc = out_wait(&w->out, err);
	if (rc == 0 && w->checkpoint != NULL)
		w->checkpoint(w->checkpoint_payload, w->sealed_note.data, w->sealed_note.len);
	buf_reset(&w->sealed_note);
	return writer_broken(w, rc);
}

/* Journal, checkpoint, key: once they are on the disk the segment is attested. */
static int write_seal(struct sl_bundle_writer *w, const enum sl_bundle_status *closing,
		      struct buf *note, struct buf *pem, struct sl_error *err)
{
	int rc = seal_note(&w->seal, &w->journal.tree, closing != NULL, note, err);

	if (rc == 0)
		rc = seal_public_pem(&w->seal, pem, err);
	if (rc == 0)
		rc = put_sealed(w, "jsonl", &w->journal.lines, err);
	if (rc == 0)
		rc = put_sealed(w, "note", note, err);
	if (rc == 0)
		rc = put_sealed(w, "pub.pem", pem, err);
	if (rc == 0 && closing != NULL)
		rc = put_close(w, note, *closing, err);
	if (rc == 0)
		rc = segment_settle(w, err);
	return rc == 0 ? out_seal(&w->out, err) : rc;
}

static int append_epoch(struct sl_bundle_writer *w, struct sl_error *err)
{
	struct buf members = BUF_INIT(1024);
	int rc = seal_epoch(&w->seal, &members, err);

	if (rc == 0)
		rc = segment_append(w, "epoch", SL_BUNDLE_TARGET_HOST, members.data, err);
	buf_clear(&members);
	return rc;
}

int segment_seal(struct sl_bundle_writer *w, const enum sl_bundle_status *closing,
		 struct sl_error *err)
{
	struct buf note = BUF_INIT(SEAL_BYTES), pem = BUF_INIT(1024);
	int rc = 0;

	if (w->segment_start_ns == 0)
		return 0;
	if (closing == NULL) {
		rc = segment_clock(w, err);
		if (rc == 0)
			rc = append_epoch(w, err);
	}
	if (rc == 0)
		rc = write_seal(w, closing, &note, &pem, err);
	if (rc == 0) {
		if (buf_append(&w->sealed_note, note.data, note.len) < 0)
			rc = sl_fail(err, SL_ENOMEM, 0, "checkpoint");
		seal_advance(&w->seal);
		journal_next_segment(&w->journal);
		w->segment_start_ns = w->segment_payload = 0;
		if (rc == 0 && w->is_serial)
			rc = segment_settle(w, err);
	}
	buf_clear(&note);
	buf_clear(&pem);
	return writer_broken(w, rc);
}
