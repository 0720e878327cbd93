/* SPDX-License-Identifier: Apache-2.0 */
#include "job/timestamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/httppost.h"
#include "core/note.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/signtime.h"
#include "job/sidecar.h"
#include "job/verify.h"

#define CA_FILE_MAX (4u << 20)
#define QUERY_MAX 4096

struct stamping {
	const struct timestamp_request *request;
	struct timestamp_outcome *out;
	struct sidecars at;
	struct sl_verify_result bundle;
	struct buf query, answer, ca;
	char query_suffix[SIDECAR_SUFFIX_SIZE], token_suffix[SIDECAR_SUFFIX_SIZE];
};

static void stamping_clear(struct stamping *s)
{
	sidecars_clear(&s->at);
	sl_verify_result_clear(&s->bundle);
	buf_clear(&s->query);
	buf_clear(&s->answer);
	buf_clear(&s->ca);
}

static void free_token(struct signtime *const *t)
{
	signtime_free(*t);
}

/* ---- what is stamped ---- */

static int judge_bundle(struct stamping *s, struct sl_error *err)
{
	struct verify_request request = {.bundle = s->request->bundle,
					 .sidecars = s->request->sidecars,
					 .allow_unanchored = true,
					 .threads = s->request->threads,
					 .identities = s->request->identities,
					 .stop = s->request->stop};
	CLEANUP(beside_clear) struct beside beside = {.at.dir_fd = -1};
	int status, rc = job_verify(&request, &s->bundle, &beside, &status, err);

	if (rc < 0)
		return rc;
	if (s->bundle.verdict == SL_VERDICT_BROKEN)
		return sl_fail(err, SL_EUNTRUSTED, 0, "the bundle is broken: %s",
			       s->bundle.fault != NULL ? s->bundle.fault : "see verify");
	for (size_t i = 0; i < beside.count; i++) {
		const struct beside_file *f = &beside.files[i];
		AUTO_FREE char *shown = quote_dup(f->name, strlen(f->name));

		if (f->contradicts)
			return sl_fail(err, SL_EUNTRUSTED, 0, "beside the bundle, '%s': %s",
				       shown != NULL ? shown : "?", f->problem);
	}
	if (s->bundle.note == NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "the bundle has no checkpoint that could be stamped");
	return 0;
}

/* An existing one was compared already. */
static int keep_note(struct stamping *s, struct sl_error *err)
{
	s->out->note = sidecars_shown(&s->at, SIDECAR_NOTE);
	if (s->out->note == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "checkpoint");
	if (sidecars_has(&s->at, SIDECAR_NOTE))
		return 0;
	s->out->made_note = true;
	return sidecars_create(&s->at, SIDECAR_NOTE, s->bundle.note, s->bundle.note_len, err);
}

/* The first number that no token has. */
static int choose_number(struct stamping *s, struct sl_error *err)
{
	for (unsigned int n = 1; n <= BESIDE_TOKENS_MAX; n++) {
		sidecars_numbered(s->token_suffix, n, ".tsr");
		sidecars_numbered(s->query_suffix, n, ".tsq");
		if (!sidecars_has(&s->at, s->token_suffix))
			return 0;
	}
	return sl_fail(err, SL_ELIMIT, 0, "there are %d time stamps beside the bundle already",
		       BESIDE_TOKENS_MAX);
}

static int note_digest(const struct stamping *s, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	return sha256_once(s->bundle.note, s->bundle.note_len, out, err);
}

/* ---- asking ---- */

static int make_query(struct stamping *s, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	int rc = note_digest(s, digest, err);

	return rc < 0 ? rc : signtime_query(&s->query, digest, err);
}

static int write_query(struct stamping *s, struct sl_error *err)
{
	int rc;

	s->out->written = sidecars_shown(&s->at, s->query_suffix);
	if (s->out->written == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "query");
	if (sidecars_has(&s->at, s->query_suffix))
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' waits for its answer: give that with --response, or remove it",
			       s->out->written);
	rc = make_query(s, err);
	return rc < 0 ? rc
		      : sidecars_create(&s->at, s->query_suffix, s->query.data, s->query.len, err);
}

static int ask_now(struct stamping *s, struct sl_error *err)
{
	struct httppost post = {.url = s->request->tsa,
				.type = "application/timestamp-query",
				.accept = "application/timestamp-reply",
				.seconds = s->request->seconds,
				.stop = s->request->stop};
	int rc = make_query(s, err);

	post.body = s->query.data;
	post.len = s->query.len;
	return rc < 0 ? rc : httppost(&post, &s->answer, err);
}

/* The answer to a question that was written down; without that only what it is over is checked. */
static int read_answer(struct stamping *s, struct sl_error *err)
{
	int rc = root_read_named(s->request->response, &s->answer, err);

	if (rc == 0)
		rc = sidecars_read(&s->at, s->query_suffix, &s->query, err);
	return rc < 0 ? rc : 0;
}

/* ---- the answer ---- */

static int check_answer(struct stamping *s, const struct signtime *t, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	int rc = note_digest(s, digest, err);

	if (rc == 0)
		rc = signtime_covers(t, digest, err);
	if (rc == 0 && s->query.len > 0)
		rc = signtime_answers(t, s->query.data, s->query.len, err);
	if (rc == 0 && s->request->ca_file != NULL) {
		rc = signtime_trust(t, s->ca.data != NULL ? s->ca.data : "", s->ca.len, err);
		s->out->trusted = rc == 0;
		rc = rc < 0 ? sl_wrap(err, rc, "'%s'", signtime_signer(t)) : 0;
	}
	return rc;
}

static int keep_answer(struct stamping *s, struct sl_error *err)
{
	CLEANUP(free_token) struct signtime *t = NULL;
	int rc = signtime_parse(&t, s->answer.data, s->answer.len, err);

	if (rc == 0)
		rc = check_answer(s, t, err);
	if (rc < 0)
		return sl_wrap(err, rc, "answer");
	s->out->has_time = true;
	s->out->time = signtime_time(t);
	s->out->tsa = strdup(signtime_signer(t));
	s->out->written = sidecars_shown(&s->at, s->token_suffix);
	if (s->out->tsa == NULL || s->out->written == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "time stamp");
	return sidecars_create(&s->at, s->token_suffix, s->answer.data, s->answer.len, err);
}

int job_timestamp(const struct timestamp_request *request, struct timestamp_outcome *out,
		  struct sl_error *err)
{
	CLEANUP(stamping_clear)
	struct stamping s = {.request = request,
			     .out = out,
			     .at.dir_fd = -1,
			     .query = BUF_INIT(QUERY_MAX),
			     .answer = BUF_INIT(SIGNTIME_MAX_BYTES),
			     .ca = BUF_INIT(CA_FILE_MAX)};
	int rc = 0;

	*out = (struct timestamp_outcome){.has_time = false};
	if (request->ca_file != NULL)
		rc = root_read_named(request->ca_file, &s.ca, err);
	if (rc == 0)
		rc = sidecars_open(&s.at, request->bundle, request->sidecars, err);
	if (rc == 0)
		rc = judge_bundle(&s, err);
	if (rc == 0)
		rc = keep_note(&s, err);
	if (rc == 0)
		rc = choose_number(&s, err);
	if (rc == 0 && request->offline)
		return write_query(&s, err);
	if (rc == 0)
		rc = request->response != NULL ? read_answer(&s, err) : ask_now(&s, err);
	return rc < 0 ? rc : keep_answer(&s, err);
}

void timestamp_outcome_clear(struct timestamp_outcome *o)
{
	free(o->note);
	free(o->written);
	free(o->tsa);
	*o = (struct timestamp_outcome){.has_time = false};
}
