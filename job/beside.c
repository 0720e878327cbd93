/* SPDX-License-Identifier: Apache-2.0 */
#include "job/beside.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/note.h"
#include "core/signtime.h"
#include "job/custodyreport.h"

#define FILES_MAX (BESIDE_TOKENS_MAX + 3)
#define LINE_MAX_BYTES 8192
#define PIPE "not compared: the bundle is no regular file"

/* ---- finding ---- */

static int read_tokens(struct beside *b, struct sl_error *err)
{
	char suffix[SIDECAR_SUFFIX_SIZE];
	int rc = 0;

	while (b->token_count < BESIDE_TOKENS_MAX) {
		struct buf *token = &b->tokens[b->token_count];

		sidecars_numbered(suffix, (unsigned int)b->token_count + 1, ".tsr");
		*token = BUF_INIT(SIGNTIME_MAX_BYTES);
		if (!sidecars_has(&b->at, suffix))
			return 0;
		/* one that is a link, or too large, is judged as an empty one */
		rc = sidecars_read(&b->at, suffix, token, NULL);
		if (rc == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "time stamps");
		if (rc != 0)
			buf_clear(token);
		b->token_list[b->token_count].der = token->data;
		b->token_list[b->token_count++].len = token->len;
	}
	return 0;
}

int beside_open(struct beside *out, const char *bundle, const char *dir, struct sl_error *err)
{
	int rc;

	*out = (struct beside){.at.dir_fd = -1};
	rc = sidecars_open(&out->at, bundle, dir, err);
	if (rc < 0)
		return rc;
	out->tokens = calloc(BESIDE_TOKENS_MAX, sizeof(*out->tokens));
	out->token_list = calloc(BESIDE_TOKENS_MAX, sizeof(*out->token_list));
	out->files = calloc(FILES_MAX, sizeof(*out->files));
	if (out->tokens == NULL || out->token_list == NULL || out->files == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "sidecars");
	if (rc == 0)
		rc = read_tokens(out, err);
	if (rc < 0)
		beside_clear(out);
	return rc;
}

void beside_clear(struct beside *b)
{
	for (size_t i = 0; i < b->token_count; i++)
		buf_clear(&b->tokens[i]);
	for (size_t i = 0; i < b->count; i++) {
		free(b->files[i].name);
		free(b->files[i].problem);
	}
	free(b->tokens);
	free(b->token_list);
	free(b->files);
	sidecars_clear(&b->at);
	*b = (struct beside){.at.dir_fd = -1};
}

/* ---- judging ---- */

/* @problem NULL: it agrees. */
static int add(struct beside *b, const char *kind, const char *suffix, bool contradicts,
	       const char *problem, struct sl_error *err)
{
	struct beside_file *f = &b->files[b->count++];

	*f = (struct beside_file){.kind = kind,
				  .name = sidecars_name(&b->at, suffix),
				  .contradicts = contradicts,
				  .problem = problem != NULL ? strdup(problem) : NULL};
	b->contradicts |= contradicts;
	return f->name == NULL || (problem != NULL && f->problem == NULL)
		       ? sl_fail(err, SL_ENOMEM, 0, "sidecars")
		       : 0;
}

static int judge_note(struct beside *b, const struct sl_verify_result *r, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf note = BUF_INIT(NOTE_MAX_BYTES);
	int rc = sidecars_read(&b->at, SIDECAR_NOTE, &note, &why);

	if (rc == 1)
		return 0;
	if (rc < 0)
		return add(b, "note", SIDECAR_NOTE, true, sl_error_text(&why), err);
	if (r->verdict == SL_VERDICT_BROKEN)
		return add(b, "note", SIDECAR_NOTE, false, "not compared: the bundle is broken",
			   err);
	if (r->note == NULL || r->note_len != note.len ||
	    memcmp(r->note, note.data != NULL ? note.data : "", note.len) != 0)
		return add(b, "note", SIDECAR_NOTE, true, "it is not the bundle's last checkpoint",
			   err);
	return add(b, "note", SIDECAR_NOTE, false, NULL, err);
}

/* 1 when it is a pipe, which cannot be read twice. */
static int hash_bundle(struct beside *b, const char *bundle, const volatile sig_atomic_t *stop,
		       struct sl_error *err)
{
	int rc = b->has_digest ? 0 : filedigest_read(&b->digest, bundle, stop, err);

	b->has_digest = rc == 0;
	if (rc != -SL_EINVAL)
		return rc;
	if (err != NULL)
		sl_error_clear(err);
	return 1;
}

/* One line as sha256sum writes it. The name in it is that of another day: ignored. */
static int judge_sha256(struct beside *b, const char *bundle, const volatile sig_atomic_t *stop,
			struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf line = BUF_INIT(LINE_MAX_BYTES);
	uint8_t noted[SL_SHA256_SIZE];
	const size_t digits = 2 * sizeof(noted);
	int rc = sidecars_read(&b->at, SIDECAR_SHA256, &line, &why);

	if (rc == 1)
		return 0;
	if (rc < 0)
		return add(b, "sha256", SIDECAR_SHA256, true, sl_error_text(&why), err);
	if (line.len < digits || hex_decode(noted, sizeof(noted), line.data, digits) < 0 ||
	    (line.len > digits && strchr(" \n", line.data[digits]) == NULL))
		return add(b, "sha256", SIDECAR_SHA256, true, "it holds no SHA-256", err);
	rc = hash_bundle(b, bundle, stop, err);
	if (rc != 0)
		return rc < 0 ? rc : add(b, "sha256", SIDECAR_SHA256, false, PIPE, err);
	if (memcmp(b->digest.sha256, noted, sizeof(noted)) != 0)
		return add(b, "sha256", SIDECAR_SHA256, true, "the file has another SHA-256", err);
	return add(b, "sha256", SIDECAR_SHA256, false, NULL, err);
}

static int judge_tokens(struct beside *b, const struct sl_verify_result *r, struct sl_error *err)
{
	char suffix[SIDECAR_SUFFIX_SIZE];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->stamp_count; i++) {
		sidecars_numbered(suffix, (unsigned int)i + 1, ".tsr");
		rc = add(b, "timestamp", suffix, r->stamps[i].contradicts, r->stamps[i].problem,
			 err);
	}
	return rc;
}

static int judge_custody(struct beside *b, const char *bundle, const volatile sig_atomic_t *stop,
			 struct sl_error *err)
{
	CLEANUP(custody_report_clear) struct custody_report report = {.problem = NULL};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (!sidecars_has(&b->at, SIDECAR_CUSTODY))
		return 0;
	rc = hash_bundle(b, bundle, stop, err);
	if (rc != 0)
		return rc < 0 ? rc : add(b, "custody", SIDECAR_CUSTODY, false, PIPE, err);
	rc = custody_report_read(&report, &b->at, &b->digest, &why);
	if (rc == 1)
		return add(b, "custody", SIDECAR_CUSTODY, true, "it is empty", err);
	/* that says nothing about the record */
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "custody record");
	if (rc < 0)
		return add(b, "custody", SIDECAR_CUSTODY, true, sl_error_text(&why), err);
	/* whose keys those are is for 'custody verify' to say */
	return add(b, "custody", SIDECAR_CUSTODY, report.verdict == SL_VERDICT_BROKEN,
		   report.verdict >= SL_VERDICT_SELF_CONSISTENT ? NULL : report.problem, err);
}

int beside_judge(struct beside *b, const char *bundle, const struct sl_verify_result *r,
		 const volatile sig_atomic_t *stop, struct sl_error *err)
{
	int rc = judge_note(b, r, err);

	if (rc == 0)
		rc = judge_sha256(b, bundle, stop, err);
	if (rc == 0)
		rc = judge_tokens(b, r, err);
	if (rc == 0)
		rc = judge_custody(b, bundle, stop, err);
	return rc;
}
