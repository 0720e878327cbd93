/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/bundle.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/pool.h"
#include "forensics/anchors.h"
#include "forensics/bundle_read.h"
#include "forensics/chain.h"
#include "forensics/stamps.h"

struct verify {
	const struct sl_verify_options *options;
	struct anchors anchors;
	struct segments *segments;
	/* Reads and hashes the next segment while the chain is checked up to this one. */
	struct pool *reader;
	struct segment *segment; /* the reader's, like the two below, while a job is with it */
	int segment_rc;
	struct sl_error segment_error;
	struct chain chain;
	struct sl_verify_result *out;
};

const char *sl_verdict_name(enum sl_verdict v)
{
	static const char *const names[] = {
		[SL_VERDICT_BROKEN] = "broken",
		[SL_VERDICT_INCOMPLETE] = "incomplete",
		[SL_VERDICT_UNSIGNED] = "unsigned",
		[SL_VERDICT_SELF_CONSISTENT] = "self-consistent",
		[SL_VERDICT_SIGNED] = "signed",
		[SL_VERDICT_ANCHORED] = "anchored",
	};

	return names[v];
}

/* The open record against what the user brought, and the head of the file against it. */
static int check_first(struct verify *v, struct sl_error *err)
{
	struct chain *c = &v->chain;
	int rc = anchors_check(&v->anchors, c, &v->out->anchored_fingerprint, &v->out->anchored_key,
			       err);

	c->anchor_failed = rc < 0;
	if (rc < 0)
		return rc;
	if (memcmp(segments_readme(v->segments), c->readme, SL_SHA256_SIZE) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "README.txt is not the one of the record");
	if (memcmp(segments_script(v->segments), c->script, SL_SHA256_SIZE) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "verify.sh is not the one of the record");
	return 0;
}

/* Nothing is wrong: how far does it go? */
static enum sl_verdict judge(const struct verify *v)
{
	const struct sl_verify_result *r = v->out;

	if (!r->closed || r->status != SL_BUNDLE_COMPLETE)
		return SL_VERDICT_INCOMPLETE;
	if (v->chain.signed_notes == 0)
		return SL_VERDICT_UNSIGNED;
	if (r->anchored_fingerprint || r->anchored_note || r->anchored_stamp)
		return SL_VERDICT_ANCHORED;
	return r->anchored_key ? SL_VERDICT_SIGNED : SL_VERDICT_SELF_CONSISTENT;
}

static void set_fault(struct verify *v, uint64_t offset, const char *text)
{
	struct sl_verify_result *r = v->out;

	r->has_fault = true;
	r->fault_segment = v->chain.segments;
	r->fault_record = v->chain.tree.size;
	r->fault_offset = offset;
	free(r->fault);
	r->fault = strdup(text);
}

static void set_counts(struct verify *v)
{
	const struct chain *c = &v->chain;
	struct sl_verify_result *r = v->out;

	r->records = c->tree.size;
	r->attested = c->signed_notes > 0 ? c->attested : 0;
	/* a forged bundle holds together, too: only an anchor that fits outweighs one that does not
	 */
	if (c->signed_notes > 0 && (!c->anchor_failed || r->anchored_fingerprint)) {
		r->trusted_records = c->attested;
		r->trusted_segments = c->segments;
		r->trusted_payloads = c->attested_payloads;
		r->trusted_payload_bytes = c->attested_payload_bytes;
	}
	r->segments = c->segments;
	r->payloads = c->payloads;
	r->payload_bytes = c->payload_bytes;
	r->gaps = c->gaps;
	memcpy(r->bundle_id, c->bundle, sizeof(c->bundle));
	memcpy(r->fingerprint, c->fingerprint, sizeof(c->fingerprint));
	memcpy(r->root, c->root, sizeof(r->root));
	r->anchored_note = c->anchor_met;
}

/* What a time stamp is over. */
static int keep_note(struct verify *v, const struct segment *g, struct sl_error *err)
{
	struct sl_verify_result *r = v->out;

	free(r->note);
	r->note_len = g->note.len;
	r->note = strndup(g->note.data, g->note.len);
	return r->note != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "checkpoint");
}

static void read_segment(void *job, void *worker)
{
	struct verify *v = job;

	(void)worker;
	v->segment_rc = segments_next(v->segments, &v->segment, &v->segment_error);
}

/* As segments_next(), with the one behind it asked for already. */
static int take_segment(struct verify *v, struct segment **out, struct sl_error *err)
{
	void *job;

	if (pool_take(v->reader, &job) != 0)
		return sl_fail(err, SL_EINVAL, 0, "segment lost");
	*out = v->segment;
	if (v->segment_rc < 0)
		return sl_fail(err, (enum sl_code) - v->segment_rc, 0, "%s",
			       sl_error_text(&v->segment_error));
	return v->segment_rc == 0 ? pool_submit(v->reader, v, err) : v->segment_rc;
}

static int start_reader(struct verify *v, unsigned int threads, struct sl_error *err)
{
	struct pool_options options = {
		.workers = threads > 0 ? 1 : 0, .queue = 1, .run = read_segment};
	int rc = pool_new(&v->reader, &options, err);

	return rc == 0 ? pool_submit(v->reader, v, err) : rc;
}

static void stop_reader(struct verify *v)
{
	void *job;

	if (v->reader != NULL)
		(void)pool_take(v->reader, &job);
	pool_free(v->reader);
	sl_error_clear(&v->segment_error);
}

/* All segments, one after the other. 1 when all fit. */
static int walk(struct verify *v, struct sl_error *err)
{
	struct chain *c = &v->chain;
	struct segment *g = NULL;
	bool has_close = false;
	int rc;

	while ((rc = take_segment(v, &g, err)) == 0) {
		rc = chain_add(c, g, err);
		if (rc == 0)
			rc = keep_note(v, g, err);
		if (rc == 0 && g->number == 0) {
			c->fault_offset = 0;
			rc = check_first(v, err);
		}
		if (rc == 0 && g->has_close) {
			c->fault_offset = g->close_offset;
			rc = c->is_closed ? chain_check_close(c, g, err)
					  : sl_fail(err, SL_EFORMAT, 0,
						    "close statement without a close record");
			has_close = true;
		}
		if (rc < 0)
			return rc;
	}
	c->fault_offset = segments_offset(v->segments);
	if (rc < 0)
		return rc;
	if (segments_is_closed(v->segments) && !has_close)
		return sl_fail(err, SL_EFORMAT, 0, "tail of a bundle without a close statement");
	v->out->closed = segments_is_closed(v->segments);
	v->out->status = c->status;
	c->anchor_failed = c->anchor != NULL && c->anchor->size > c->attested;
	if (c->anchor_failed)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "the noted checkpoint proves %llu records, %llu are there",
			       (unsigned long long)c->anchor->size,
			       (unsigned long long)c->attested);
	return 1;
}

static int verify_run(struct verify *v, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc = walk(v, &why);

	set_counts(v);
	if (rc == -SL_EFORMAT || rc == -SL_EUNTRUSTED) {
		v->out->verdict = SL_VERDICT_BROKEN;
		set_fault(v, v->chain.fault_offset, sl_error_text(&why));
		rc = stamps_judge(v->options, v->out, err);
	} else if (rc < 0) {
		rc = sl_fail(err, (enum sl_code) - rc, 0, "%s", sl_error_text(&why));
	} else {
		v->out->verdict = SL_VERDICT_INCOMPLETE;
		rc = stamps_judge(v->options, v->out, err);
		v->out->verdict = judge(v);
		if (!v->out->closed)
			set_fault(v, v->chain.fault_offset, "the file ends before it was closed");
		else if (v->out->status != SL_BUNDLE_COMPLETE)
			set_fault(v, v->chain.fault_offset, "closed, but not as complete");
	}
	sl_error_clear(&why);
	return rc;
}

int bundle_verify(struct rfile *file, const struct sl_verify_options *options,
		  struct sl_verify_result *out, struct sl_error *err)
{
	struct segments_options reading = {.threads = options->threads, .hash = true};
	struct verify v = {.options = options, .out = out, .segment_error = SL_ERROR_INIT};
	int rc = anchors_parse(&v.anchors, options, err);

	*out = (struct sl_verify_result){0};
	if (rc == 0)
		rc = chain_init(&v.chain, err);
	if (rc == 0)
		rc = segments_open(&v.segments, file, &reading, err);
	if (rc == 0)
		rc = start_reader(&v, options->threads, err);
	if (rc == 0) {
		v.chain.judge_payloads = true;
		v.chain.anchor = v.anchors.has_note ? &v.anchors.note : NULL;
		rc = verify_run(&v, err);
	}
	stop_reader(&v);
	segments_close(v.segments);
	chain_clear(&v.chain);
	if (rc < 0)
		sl_verify_result_clear(out);
	return rc;
}

int sl_bundle_verify(int fd, const struct sl_verify_options *options, struct sl_verify_result *out,
		     struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	int rc = own < 0 ? sl_fail(err, SL_EIO, errno, "bundle") : rfile_from_fd(&file, own, err);

	*out = (struct sl_verify_result){0};
	if (rc == 0)
		rc = bundle_unlock(&file, NULL, err);
	return rc < 0 ? rc : bundle_verify(file, options, out, err);
}

void sl_verify_result_clear(struct sl_verify_result *r)
{
	free(r->fault);
	free(r->note);
	stamps_clear(r);
	*r = (struct sl_verify_result){0};
}
