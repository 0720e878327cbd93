/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/stamps.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/signtime.h"

static void free_token(struct signtime *const *t)
{
	signtime_free(*t);
}

static int set_problem(struct sl_stamp *s, bool contradicts, const char *text)
{
	s->contradicts = contradicts;
	s->problem = strdup(text);
	return s->problem != NULL ? 0 : -SL_ENOMEM;
}

/* What is wrong with a token is a result; only a lack of memory, or of certificates, is a failure.
 */
static int judge_token(struct sl_stamp *out, const struct signtime *t,
		       const struct sl_verify_options *o, const struct sl_verify_result *r,
		       struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	uint8_t digest[SL_SHA256_SIZE];
	int rc;

	if (r->verdict == SL_VERDICT_BROKEN)
		return set_problem(out, false, "not compared: the bundle is broken");
	if (r->note == NULL)
		return set_problem(out, true, "the bundle has no checkpoint that it could be over");
	rc = sha256_once(r->note, r->note_len, digest, err);
	if (rc < 0)
		return rc;
	if (signtime_covers(t, digest, NULL) < 0)
		return set_problem(out, true,
				   "it is over something else than this bundle's last checkpoint");
	if (o->ca_pem == NULL)
		return set_problem(out, false, "not verified: no certificate authority was given");
	rc = signtime_trust(t, o->ca_pem, strlen(o->ca_pem), &why);
	if (rc == -SL_EUNTRUSTED)
		return set_problem(out, false, sl_error_text(&why));
	if (rc < 0)
		return sl_fail(err, why.code, 0, "certificate authority: %s", sl_error_text(&why));
	out->verified = true;
	return 0;
}

static int judge_one(struct sl_stamp *out, const struct sl_token *token,
		     const struct sl_verify_options *o, const struct sl_verify_result *r,
		     struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(free_token) struct signtime *t = NULL;
	int rc = signtime_parse(&t, token->der, token->len, &why);

	if (rc == -SL_EFORMAT || rc == -SL_EUNTRUSTED || rc == -SL_ELIMIT)
		return set_problem(out, true, sl_error_text(&why));
	if (rc < 0)
		return sl_fail(err, why.code, 0, "%s", sl_error_text(&why));
	out->has_time = true;
	out->time = signtime_time(t);
	out->tsa = strdup(signtime_signer(t));
	if (out->tsa == NULL)
		return -SL_ENOMEM;
	return judge_token(out, t, o, r, err);
}

int stamps_judge(const struct sl_verify_options *o, struct sl_verify_result *r,
		 struct sl_error *err)
{
	int rc = 0;

	if (o->token_count == 0)
		return 0;
	r->stamps = calloc(o->token_count, sizeof(*r->stamps));
	if (r->stamps == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "time stamps");
	for (size_t i = 0; rc == 0 && i < o->token_count; i++) {
		rc = judge_one(&r->stamps[r->stamp_count++], &o->tokens[i], o, r, err);
		r->anchored_stamp |= r->stamps[i].verified;
	}
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "time stamps") : rc;
}

void stamps_clear(struct sl_verify_result *r)
{
	for (size_t i = 0; i < r->stamp_count; i++) {
		free(r->stamps[i].tsa);
		free(r->stamps[i].problem);
	}
	free(r->stamps);
	r->stamps = NULL;
	r->stamp_count = 0;
}
