/* SPDX-License-Identifier: Apache-2.0 */
#include "job/custodyreport.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/halt.h"
#include "job/custodylog.h"
#include "job/filedigest.h"
#include "job/signkey.h"

struct reading {
	struct custody_report *out;
	uint8_t (*keys)[SIGN_PUBLIC_SIZE]; /* owned */
	size_t key_count;
	bool has_head;
	uint8_t head[SL_SHA256_SIZE];
	custody_line_fn each;
	void *payload;
	bool ended; /* by @each, not by the record */
	const volatile sig_atomic_t *stop;
};

static void reading_clear(struct reading *r)
{
	free(r->keys);
}

/* ---- lines ---- */

static bool is_known(const struct reading *r, const uint8_t key[SIGN_PUBLIC_SIZE])
{
	for (size_t i = 0; i < r->key_count; i++)
		if (memcmp(r->keys[i], key, SIGN_PUBLIC_SIZE) == 0)
			return true;
	return false;
}

static int on_line(void *payload, uint64_t seq, const char *line, size_t len, struct sl_error *err)
{
	CLEANUP(custody_line_clear) struct custody_line l = {.event.seq = seq};
	struct reading *r = payload;
	int rc = halted(r->stop, err);

	if (rc == 0)
		rc = custody_read(&l, line, len, err);
	if (rc == 0)
		rc = custody_chain_add(&r->out->chain, &l, err);
	if (rc < 0)
		return rc;
	r->out->strangers += !is_known(r, l.event.key);
	if (r->has_head && memcmp(r->head, l.hash, sizeof(r->head)) == 0) {
		r->out->head_met = true;
		r->out->strangers = 0; /* whoever they are, nothing was changed since */
	}
	rc = r->each != NULL ? r->each(r->payload, &l, err) : 0;
	r->ended = rc < 0;
	return rc;
}

/* ---- the verdict ---- */

static int say(struct custody_report *out, enum sl_verdict verdict, const char *text,
	       struct sl_error *err)
{
	out->verdict = verdict;
	out->problem = strdup(text);
	return out->problem != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "custody record");
}

static int judge_broken(const struct reading *r, struct sl_error *err)
{
	struct custody_report *out = r->out;
	char text[96];

	if (out->chain.contradicted) {
		(void)snprintf(text, sizeof(text),
			       "line %" PRIu64 " says that the file had changed",
			       out->chain.contradicted_seq + 1);
		return say(out, SL_VERDICT_BROKEN, text, err);
	}
	if (out->state == CUSTODY_DIFFERS)
		return say(out, SL_VERDICT_BROKEN, "the file is not what the first line recorded",
			   err);
	if (r->has_head && !out->head_met)
		return say(out, SL_VERDICT_BROKEN, "the noted line is not there", err);
	return 1;
}

static int judge_incomplete(const struct reading *r, struct sl_error *err)
{
	struct custody_report *out = r->out;
	char text[96];

	if (out->torn_bytes > 0)
		return say(out, SL_VERDICT_INCOMPLETE, "the last line was cut off", err);
	if (out->chain.is_open) {
		(void)snprintf(text, sizeof(text),
			       "the transfer of line %" PRIu64 " waits to be received",
			       out->chain.open_seq + 1);
		return say(out, SL_VERDICT_INCOMPLETE, text, err);
	}
	if (out->state == CUSTODY_ABSENT && !out->chain.is_disposed)
		return say(out, SL_VERDICT_INCOMPLETE, "the file is not there", err);
	return 1;
}

static int judge(const struct reading *r, struct sl_error *err)
{
	struct custody_report *out = r->out;
	char text[96];
	int rc = judge_broken(r, err);

	if (rc == 1)
		rc = judge_incomplete(r, err);
	if (rc != 1)
		return rc;
	out->verdict = out->head_met ? SL_VERDICT_ANCHORED : SL_VERDICT_SIGNED;
	if (out->strangers == 0)
		return 0;
	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 " lines are signed by keys that you did not give",
		       out->strangers);
	return say(out, SL_VERDICT_SELF_CONSISTENT, text, err);
}

static void compare_file(struct custody_report *out, const struct filedigest *now)
{
	bool is_same = now->bytes == out->chain.file.bytes &&
		       memcmp(now->sha256, out->chain.file.sha256, SL_SHA256_SIZE) == 0;

	out->state = is_same ? CUSTODY_MATCHES : CUSTODY_DIFFERS;
}

/* What is wrong with the record is a result. */
static int read_record(struct reading *r, const struct sidecars *at, const struct filedigest *now,
		       struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(custodylog_close) struct custodylog log = {.fd = -1};
	int rc = custodylog_read(&log, at, err);

	if (rc != 0)
		return rc;
	r->out->torn_bytes = custodylog_torn(&log);
	rc = custodylog_each(&log, on_line, r, &why);
	if (rc == -SL_EFORMAT || rc == -SL_EUNTRUSTED || (rc == -SL_ELIMIT && !r->ended))
		return say(r->out, SL_VERDICT_BROKEN, sl_error_text(&why), err);
	if (rc < 0)
		return sl_fail(err, why.code, why.sys, "%s", sl_error_text(&why));
	if (r->out->chain.count == 0)
		return say(r->out, SL_VERDICT_BROKEN, "it has no whole line", err);
	if (now != NULL)
		compare_file(r->out, now);
	return judge(r, err);
}

int custody_report_read(struct custody_report *out, const struct sidecars *at,
			const struct filedigest *now, struct sl_error *err)
{
	struct reading r = {.out = out};

	*out = (struct custody_report){.verdict = SL_VERDICT_BROKEN};
	return read_record(&r, at, now, err);
}

/* ---- a question ---- */

static int read_question(struct reading *r, const struct custody_question *q, struct sl_error *err)
{
	int rc = 0;

	r->has_head = q->head != NULL;
	if (r->has_head && hex_decode(r->head, sizeof(r->head), q->head, strlen(q->head)) < 0)
		return sl_fail(err, SL_EINVAL, 0, "--head is a SHA-256, 64 hexadecimal digits");
	r->keys = calloc(q->key_count + 1, sizeof(*r->keys));
	if (r->keys == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "keys");
	for (; rc == 0 && r->key_count < q->key_count; r->key_count++)
		rc = signkey_read_public(r->keys[r->key_count], q->key_files[r->key_count], err);
	return rc;
}

/* @now is left alone when there is no file. */
static int read_file(struct custody_report *out, const struct custody_question *q,
		     struct filedigest *now, struct sl_error *err)
{
	int rc;

	if (q->no_file)
		return 1;
	rc = filedigest_read(now, q->file, q->stop, err);
	if (rc != -SL_ENOTFOUND)
		return rc;
	if (err != NULL)
		sl_error_clear(err);
	out->state = CUSTODY_ABSENT;
	return 1;
}

int job_custody_report(const struct custody_question *q, custody_line_fn each, void *payload,
		       struct custody_report *out, struct sl_error *err)
{
	CLEANUP(reading_clear)
	struct reading r = {.out = out, .each = each, .payload = payload, .stop = q->stop};
	CLEANUP(sidecars_clear) struct sidecars at = {.dir_fd = -1};
	struct filedigest now;
	int rc, has_file;

	*out = (struct custody_report){.verdict = SL_VERDICT_BROKEN};
	rc = read_question(&r, q, err);
	if (rc == 0)
		rc = sidecars_open(&at, q->file, q->sidecars, err);
	if (rc < 0)
		return rc;
	has_file = read_file(out, q, &now, err);
	return has_file < 0 ? has_file : read_record(&r, &at, has_file == 0 ? &now : NULL, err);
}

void custody_report_clear(struct custody_report *r)
{
	free(r->problem);
	custody_chain_clear(&r->chain);
	*r = (struct custody_report){.verdict = SL_VERDICT_BROKEN};
}
