/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/bundle_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/pool.h"

#include "forensics/builtin.h"
#include "forensics/bundle_name.h"

#define DEFAULT_SEGMENT_NS 1000000000u
#define DEFAULT_RESERVE_BYTES (1u << 20)
#define DEFAULT_MAX_HOLES ((uint64_t)4 << 30)
/* The closing records fit four times into a quarter of this. */
#define MIN_RESERVE_BYTES (512u << 10)
#define IN_FORCE_BYTES (32u << 10)

int writer_ready(const struct sl_bundle_writer *w, struct sl_error *err)
{
	if (w->status != 0)
		return sl_fail(err, (enum sl_code) - w->status, 0,
			       "writing the bundle failed before");
	if (w->is_closed)
		return sl_fail(err, SL_EINVAL, 0, "the bundle is closed");
	return 0;
}

int writer_broken(struct sl_bundle_writer *w, int rc)
{
	if (rc < 0 && w->status == 0)
		w->status = rc;
	return rc;
}

/* ---- start ---- */

/* README, verifier and the first record: segment 0 begins. */
static int write_start(struct sl_bundle_writer *w, const struct sl_bundle_options *options,
		       struct sl_error *err)
{
	const char *readme = options->readme != NULL ? options->readme : builtin_readme;
	const char *script =
		options->verify_script != NULL ? options->verify_script : builtin_verify_script;
	struct buf text = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	uint8_t readme_sha256[SL_SHA256_SIZE], script_sha256[SL_SHA256_SIZE];
	int64_t now = clock_now().sec;
	struct jout j;
	int rc = sha256_once(readme, strlen(readme), readme_sha256, err);

	if (rc == 0)
		rc = sha256_once(script, strlen(script), script_sha256, err);
	if (rc == 0)
		rc = segment_reserve(
			w, strlen(readme) + strlen(script) + 4 * (uint64_t)OUT_MEMBER_OVERHEAD,
			TIER_RECORD, err);
	if (rc == 0)
		rc = out_member(&w->out, "README.txt", readme, strlen(readme), now, err);
	if (rc == 0)
		rc = out_member(&w->out, "verify.sh", script, strlen(script), now, err);
	jout_begin(&j, &text);
	jout_object(&j);
	if (rc == 0)
		rc = seal_open(&w->seal, &j, err);
	jout_key_hex(&j, "readme_sha256", readme_sha256, sizeof(readme_sha256));
	jout_key_hex(&j, "verify_sha256", script_sha256, sizeof(script_sha256));
	if (options->open_members != NULL && options->open_members[0] != '\0') {
		(void)buf_append_char(&text, ',');
		(void)buf_append_str(&text, options->open_members);
	}
	if (rc == 0 && text.status < 0)
		rc = sl_fail(err, (enum sl_code) - text.status, 0, "open record");
	if (rc == 0)
		rc = segment_append(w, "open", SL_BUNDLE_TARGET_HOST, text.data + 1, err);
	buf_clear(&text);
	return rc;
}

static int start(struct sl_bundle_writer *w, const struct sl_bundle_options *options,
		 struct sl_error *err)
{
	int rc = journal_init(&w->journal, err);

	if (rc == 0)
		rc = sha256_new(&w->file_hash, err);
	if (rc == 0)
		rc = sha256_new(&w->part_hash, err);
	if (rc == 0)
		rc = seal_init(&w->seal, options->key_pem, options->key_passphrase, err);
	return rc == 0 ? write_start(w, options, err) : rc;
}

/* Takes over @inner, also on failure. */
static int open_out(struct sl_bundle_writer *w, struct ostream *inner, int fd,
		    const struct sl_bundle_options *options, struct sl_error *err)
{
	struct age_recipients *r = NULL;
	int rc = 0;

	if (options->recipients != NULL || options->encryption_passphrase != NULL)
		rc = age_recipients_new(&r, err);
	if (rc == 0 && options->recipients != NULL)
		rc = age_recipients_parse(r, options->recipients, strlen(options->recipients), err);
	if (rc == 0 && options->encryption_passphrase != NULL)
		rc = age_recipients_passphrase(r, options->encryption_passphrase,
					       strlen(options->encryption_passphrase), err);
	if (rc == 0)
		rc = out_open(&w->out, inner, fd, options->level, options->threads, r, err);
	else
		ostream_close(inner);
	age_recipients_free(r);
	return rc;
}

/*
 * A bundle on any stream. Takes over @inner, also on failure. @fd is the regular file where the
 * bytes end up, borrowed until the writer is freed, or -1: there room is reserved.
 */
static int open_on(struct sl_bundle_writer **out, struct ostream *inner, int fd,
		   const struct sl_bundle_options *options, struct sl_error *err)
{
	struct sl_bundle_writer *w = calloc(1, sizeof(*w));
	int rc;

	*out = NULL;
	if (w == NULL) {
		ostream_close(inner);
		return sl_fail(err, SL_ENOMEM, 0, "bundle writer");
	}
	w->sealed_note = BUF_INIT(SEAL_BYTES);
	w->checkpoint = options->checkpoint;
	w->checkpoint_payload = options->payload;
	w->segment_ns = options->segment_ns != 0 ? options->segment_ns : DEFAULT_SEGMENT_NS;
	w->reserve_bytes =
		options->reserve_bytes != 0 ? options->reserve_bytes : DEFAULT_RESERVE_BYTES;
	if (w->reserve_bytes < MIN_RESERVE_BYTES)
		w->reserve_bytes = MIN_RESERVE_BYTES;
	w->holes_left = options->max_holes != 0 ? options->max_holes : DEFAULT_MAX_HOLES;
	w->is_serial = options->threads == 0;
	spool_init(&w->index);
	spool_init(&w->out.frames);
	rc = open_out(w, inner, fd, options, err);
	if (rc == 0)
		rc = segment_clock(w, err);
	if (rc == 0)
		rc = start(w, options, err);
	if (rc < 0) {
		sl_bundle_writer_free(w);
		return rc;
	}
	*out = w;
	return 0;
}

int sl_bundle_create(struct sl_bundle_writer **out, int fd, const struct sl_bundle_options *options,
		     struct sl_error *err)
{
	static const struct sl_bundle_options defaults;
	struct ostream *inner = NULL;
	int rc = ostream_to_fd(&inner, fd, err);

	*out = NULL;
	return rc < 0 ? rc : open_on(out, inner, fd, options != NULL ? options : &defaults, err);
}

const char *sl_bundle_fingerprint(const struct sl_bundle_writer *w)
{
	return w->seal.fingerprint;
}

const char *sl_bundle_id(const struct sl_bundle_writer *w)
{
	return w->seal.id;
}

/* ---- records ---- */

/* Room, limits, line: the way of every record that has no payload. */
static int append(struct sl_bundle_writer *w, const char *type, uint32_t target,
		  const char *members, enum writer_tier tier, uint64_t *seq, struct sl_error *err)
{
	size_t len = members != NULL ? strlen(members) : 0;
	int rc = segment_tick(w, err);

	if (rc == 0)
		rc = segment_reserve(w, len + JOURNAL_HEAD_BYTES, tier, err);
	if (rc == 0)
		rc = segment_append(w, type, target, members, err);
	if (rc < 0)
		return rc;
	if (seq != NULL)
		*seq = w->journal.tree.size - 1;
	return segment_tick(w, err);
}

/* Types that carry promises which only the writer itself can keep. */
static bool is_reserved(const char *type)
{
	static const char *const reserved[] = {"open", "target", "file", "part",
					       "gap",  "epoch",  "close"};

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(type, reserved[i]) == 0)
			return true;
	return false;
}

int sl_bundle_record(struct sl_bundle_writer *w, const char *type, uint32_t target,
		     const char *members, uint64_t *seq, struct sl_error *err)
{
	int rc = writer_ready(w, err);

	if (rc < 0)
		return rc;
	if (is_reserved(type))
		return sl_fail(err, SL_EINVAL, 0, "record type '%s' has a function of its own",
			       type);
	if (target > w->targets)
		return sl_fail(err, SL_EINVAL, 0, "no such target: %" PRIu32, target);
	return append(w, type, target, members, TIER_RECORD, seq, err);
}

int sl_bundle_target(struct sl_bundle_writer *w, const char *members, uint32_t *target,
		     struct sl_error *err)
{
	int rc = writer_ready(w, err);

	if (rc == 0)
		rc = append(w, "target", w->targets + 1, members, TIER_RECORD, NULL, err);
	if (rc < 0)
		return rc;
	*target = ++w->targets;
	return 0;
}

static int gap_members(struct buf *text, const struct sl_gap *gap, struct sl_error *err)
{
	struct jout j;
	int rc = 0;

	jout_begin(&j, text);
	jout_object(&j);
	/* a byte takes at most six in JSON */
	if (gap->what.len > SL_BUNDLE_LINE_BYTES / 8) {
		uint8_t digest[SL_SHA256_SIZE];

		rc = sha256_once(gap->what.data, gap->what.len, digest, err);
		jout_key_hex(&j, "what_sha256", digest, sizeof(digest));
	} else {
		jout_bytes(&j, "what", gap->is_path ? "/" : "", gap->what);
	}
	jout_key_str(&j, "why", gap->why);
	if (gap->sys != 0) {
		jout_key(&j, "errno");
		jout_i64(&j, gap->sys);
	}
	if (gap->by_plan)
		jout_key_str(&j, "kind", "policy");
	if (gap->is_path)
		jout_key_bool(&j, "is_path", true);
	if (gap->below)
		jout_key_bool(&j, "below", true);
	if (rc == 0 && text->status < 0)
		rc = sl_fail(err, (enum sl_code) - text->status, 0, "gap record");
	return rc;
}

int sl_bundle_gap(struct sl_bundle_writer *w, uint32_t target, const struct sl_gap *gap,
		  struct sl_error *err)
{
	struct buf text = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	int rc = writer_ready(w, err);

	if (rc == 0)
		rc = gap_members(&text, gap, err);
	if (rc == 0)
		rc = append(w, "gap", target, text.data + 1, TIER_GAP, NULL, err);
	if (rc == 0)
		w->gaps++;
	buf_clear(&text);
	return rc;
}

int sl_bundle_sync(struct sl_bundle_writer *w, struct sl_error *err)
{
	int rc = writer_ready(w, err);

	if (rc == 0)
		rc = segment_seal(w, NULL, err);
	return rc == 0 ? segment_settle(w, err) : rc;
}

/* ---- end ---- */

int sl_bundle_in_force(struct sl_bundle_writer *w, const char *json_array, struct sl_error *err)
{
	size_t len = strlen(json_array);
	char *copy;

	if (len < 2 || len > IN_FORCE_BYTES || json_array[0] != '[' || json_array[len - 1] != ']')
		return sl_fail(err, SL_EINVAL, 0, "changes in force: not an array");
	copy = strdup(json_array);
	if (copy == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "changes in force");
	free(w->in_force);
	w->in_force = copy;
	return 0;
}

static int append_close(struct sl_bundle_writer *w, enum sl_bundle_status status,
			struct sl_error *err)
{
	struct buf text = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	const char *in_force = w->in_force != NULL ? w->in_force : "[]";
	struct jout j;
	int rc;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "status", sl_bundle_status_name(status));
	jout_key_u64(&j, "records", w->journal.tree.size + 1);
	jout_key_u64(&j, "payloads", w->payloads);
	jout_key_u64(&j, "payload_bytes", w->payload_bytes);
	jout_key_u64(&j, "gaps", w->gaps);
	jout_key(&j, "in_force");
	jout_raw(&j, in_force, strlen(in_force));
	if (text.status < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "close record");
	else
		rc = segment_append(w, "close", SL_BUNDLE_TARGET_HOST, text.data + 1, err);
	buf_clear(&text);
	return rc;
}

static int index_piece(void *payload, const void *bytes, size_t len, struct sl_error *err)
{
	return out_data(payload, bytes, len, err);
}

static int write_index(struct sl_bundle_writer *w, struct sl_error *err)
{
	static const char head[] = "strandline-index 1\n";
	int rc = out_begin(&w->out, "j/index", sizeof(head) - 1 + w->index.len, clock_now().sec,
			   NULL, err);

	if (rc == 0)
		rc = out_data(&w->out, head, sizeof(head) - 1, err);
	if (rc == 0)
		rc = spool_read(&w->index, index_piece, &w->out, err);
	return rc == 0 ? out_end(&w->out, err) : rc;
}

int sl_bundle_close(struct sl_bundle_writer *w, enum sl_bundle_status status, struct sl_error *err)
{
	int rc = writer_ready(w, err);

	if (rc < 0)
		return rc;
	rc = segment_reserve(w, 2 * JOURNAL_HEAD_BYTES, TIER_CLOSE, err);
	if (rc == 0)
		rc = segment_clock(w, err);
	if (rc == 0)
		rc = append_close(w, status, err);
	if (rc == 0)
		rc = segment_seal(w, &status, err);
	if (rc == 0)
		rc = segment_settle(w, err);
	if (rc == 0)
		rc = write_index(w, err);
	if (rc == 0)
		rc = out_finish(&w->out, err);
	if (rc == 0)
		w->is_closed = true;
	return writer_broken(w, rc);
}

void sl_bundle_writer_free(struct sl_bundle_writer *w)
{
	if (w == NULL)
		return;
	/* a segment that was ended may still be in memory */
	if (w->out.z != NULL)
		(void)segment_settle(w, NULL);
	buf_clear(&w->sealed_note);
	out_close(&w->out);
	journal_clear(&w->journal);
	seal_clear(&w->seal);
	spool_clear(&w->index);
	sha256_free(w->file_hash);
	pool_free(w->part_hasher);
	sha256_free(w->part_hash);
	free(w->in_force);
	free(w);
}
