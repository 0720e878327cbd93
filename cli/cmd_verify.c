/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict on a bundle. */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/custody.h"
#include "cli/itemresult.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/quote.h"
#include "job/verify.h"

struct verify_args {
	const char *fingerprint;
	const char *key;  /* long-term public key, PEM file */
	const char *note; /* file with a checkpoint kept elsewhere */
	const char *item; /* only this path */
	const char *ca;   /* whom to believe about the time */
	const char *sidecars;
	bool no_sidecars;
	struct custody_access custody;
	unsigned int require;
	bool allow_unanchored;
	unsigned int jobs;
	struct unlock_args unlock;
};

static const char *anchors_text(const struct sl_verify_result *r)
{
	if (r->anchored_fingerprint)
		return "the fingerprint you gave";
	if (r->anchored_note)
		return "the checkpoint you gave";
	if (r->anchored_stamp)
		return "a time stamp by an authority you gave: it existed then, compare the time";
	if (r->anchored_key)
		return "the key you gave";
	return "nothing outside itself: compare the fingerprint with your notes";
}

static void stamps_text(struct buf *out, const struct sl_verify_result *r)
{
	char when[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < r->stamp_count; i++) {
		const struct sl_stamp *s = &r->stamps[i];

		(void)buf_append_str(out, "  time stamp   ");
		if (s->has_time) {
			clock_format_short(when, s->time);
			(void)buf_printf(out, "%s UTC, by %s", when, s->tsa);
		}
		(void)buf_printf(out, "%s%s\n", s->has_time && s->problem != NULL ? ": " : "",
				 s->problem != NULL ? s->problem : "");
	}
}

static void beside_text(struct buf *out, const struct beside *b)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct beside_file *f = &b->files[i];

		(void)buf_append_str(out, "  beside it    ");
		(void)quote_bytes(out, f->name, strlen(f->name));
		(void)buf_printf(out, ": %s%s\n",
				 f->contradicts       ? "CONTRADICTS: "
				 : f->problem == NULL ? "agrees"
						      : "",
				 f->problem != NULL ? f->problem : "");
	}
}

static bool is_bound(const struct sl_verify_result *r)
{
	return r->anchored_fingerprint || r->anchored_note || r->anchored_key || r->anchored_stamp;
}

static void result_text(struct buf *out, const char *bundle, const struct sl_verify_result *r,
			const struct beside *beside)
{
	(void)quote_bytes(out, bundle, strlen(bundle));
	(void)buf_printf(out, ": %s\n", sl_verdict_name(r->verdict));
	if (r->has_fault)
		(void)buf_printf(out,
				 "  fault        %s\n               segment %" PRIu64
				 ", record %" PRIu64 ", byte %" PRIu64 "\n",
				 r->fault, r->fault_segment, r->fault_record, r->fault_offset);
	if (r->verdict == SL_VERDICT_BROKEN || r->verdict == SL_VERDICT_INCOMPLETE)
		(void)buf_printf(out,
				 "  still holds  %" PRIu64 " records and %" PRIu64
				 " payloads, %" PRIu64 " bytes, in %" PRIu64
				 " segments before that%s\n",
				 r->trusted_records, r->trusted_payloads, r->trusted_payload_bytes,
				 r->trusted_segments,
				 is_bound(r) ? "" : ", if the fingerprint is the noted one");
	(void)buf_printf(out, "  bundle       %s\n  fingerprint  %s\n", r->bundle_id,
			 r->fingerprint);
	(void)buf_printf(out, "  closed       %s\n",
			 r->closed ? sl_bundle_status_name(r->status) : "no");
	(void)buf_printf(out, "  bound to     %s\n", anchors_text(r));
	(void)buf_printf(out, "  records      %" PRIu64 ", %" PRIu64 " of them attested\n",
			 r->records, r->attested);
	(void)buf_printf(out,
			 "  payloads     %" PRIu64 ", %" PRIu64 " bytes, in %" PRIu64 " segments\n",
			 r->payloads, r->payload_bytes, r->segments);
	(void)buf_printf(out, "  gaps         %" PRIu64 "\n", r->gaps);
	stamps_text(out, r);
	beside_text(out, beside);
}

static void stamps_json(struct jout *j, const struct sl_verify_result *r)
{
	jout_key(j, "timestamps");
	jout_array(j);
	for (size_t i = 0; i < r->stamp_count; i++) {
		const struct sl_stamp *s = &r->stamps[i];

		jout_object(j);
		jout_key(j, "time");
		if (s->has_time)
			jout_time(j, s->time);
		else
			jout_null(j);
		jout_key_str(j, "tsa", s->tsa);
		jout_key_bool(j, "verified", s->verified);
		jout_key_bool(j, "contradicts", s->contradicts);
		jout_key_str(j, "problem", s->problem);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void beside_json(struct jout *j, const struct beside *b)
{
	jout_key(j, "sidecars");
	jout_array(j);
	for (size_t i = 0; i < b->count; i++) {
		const struct beside_file *f = &b->files[i];

		jout_object(j);
		jout_key_str(j, "kind", f->kind);
		jout_key_bytes(j, "name", f->name);
		jout_key_bool(j, "contradicts", f->contradicts);
		jout_key_str(j, "problem", f->problem);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void result_json(struct buf *out, const struct sl_verify_result *r,
			const struct beside *beside, int status)
{
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.verify/1");
	jout_key_str(&j, "verdict", sl_verdict_name(r->verdict));
	jout_key_u64(&j, "exit_status", (uint64_t)status);
	jout_key_str(&j, "bundle", r->bundle_id);
	jout_key_str(&j, "fingerprint", r->fingerprint);
	jout_key_str(&j, "closed", r->closed ? sl_bundle_status_name(r->status) : NULL);
	jout_key(&j, "anchors");
	jout_array(&j);
	if (r->anchored_fingerprint)
		jout_str(&j, "fingerprint");
	if (r->anchored_key)
		jout_str(&j, "key");
	if (r->anchored_note)
		jout_str(&j, "note");
	if (r->anchored_stamp)
		jout_str(&j, "timestamp");
	jout_array_end(&j);
	jout_key_u64(&j, "records", r->records);
	jout_key_u64(&j, "attested", r->attested);
	jout_key_u64(&j, "trusted_records", r->trusted_records);
	jout_key_u64(&j, "trusted_segments", r->trusted_segments);
	jout_key_u64(&j, "trusted_payloads", r->trusted_payloads);
	jout_key_u64(&j, "trusted_payload_bytes", r->trusted_payload_bytes);
	jout_key_u64(&j, "segments", r->segments);
	jout_key_u64(&j, "payloads", r->payloads);
	jout_key_u64(&j, "payload_bytes", r->payload_bytes);
	jout_key_u64(&j, "gaps", r->gaps);
	jout_key_hex(&j, "root", r->root, sizeof(r->root));
	stamps_json(&j, r);
	beside_json(&j, beside);
	jout_key(&j, "fault");
	if (r->has_fault) {
		jout_object(&j);
		jout_key_str(&j, "what", r->fault);
		jout_key_u64(&j, "segment", r->fault_segment);
		jout_key_u64(&j, "record", r->fault_record);
		jout_key_u64(&j, "offset", r->fault_offset);
		jout_object_end(&j);
	} else {
		jout_null(&j);
	}
	jout_object_end(&j);
	(void)buf_append_char(out, '\n');
}

static int run_item(struct app *app, const struct verify_request *request, const char *path,
		    struct sl_error *err)
{
	CLEANUP(item_clear) struct item item = {0};
	int status = EXIT_TROUBLE;

	if (job_verify_inside(request, path, &item, &status, err) < 0)
		return app_fail(app, err);
	return itemresult_print(app, path, &item, status, err);
}

/* Standard input has no name, and nothing beside it. */
static bool looks_beside(const struct verify_args *a, const char *bundle)
{
	return a->sidecars != NULL || (!a->no_sidecars && strcmp(bundle, "-") != 0);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(sl_verify_result_clear) struct sl_verify_result result = {0};
	CLEANUP(beside_clear) struct beside beside = {.at.dir_fd = -1};
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	const struct verify_args *a = args;
	bool looks = looks_beside(a, words->items[0]);
	struct verify_request request = {.bundle = words->items[0],
					 .fingerprint = a->fingerprint,
					 .key_file = a->key,
					 .note_file = a->note,
					 .ca_file = a->ca,
					 .sidecars = a->sidecars,
					 .require = (enum verify_require)a->require,
					 .allow_unanchored = a->allow_unanchored,
					 .threads = app_jobs(a->jobs)};
	int status = EXIT_TROUBLE;

	if (a->no_sidecars && a->sidecars != NULL) {
		(void)sl_fail(&err, SL_EINVAL, 0,
			      "--sidecars and --no-sidecars exclude each other");
		return app_fail(app, &err);
	}
	if (cli_unlock(&identities, &a->unlock, &err) < 0)
		return app_fail(app, &err);
	request.identities = identities;
	request.stop = app->stop;
	if (a->item != NULL)
		return run_item(app, &request, a->item, &err);
	if (job_verify(&request, &result, looks ? &beside : NULL, &status, &err) < 0)
		return app_fail(app, &err);
	if (custody_record_access(app, &a->custody, request.bundle, a->sidecars, &result, &err) < 0)
		return app_fail(app, &err);
	if (app->options.format == FORMAT_JSON)
		result_json(&text, &result, &beside, status);
	else if (!app->options.quiet)
		result_text(&text, request.bundle, &result, &beside);
	if (text.len > 0 && output_text(app->options.output, &text, &err) < 0)
		return app_fail(app, &err);
	return status;
}

#define AT(member) offsetof(struct verify_args, member)

static const char *const requirements[] = {"nothing", "signed", "anchored", NULL};

static const struct opt options[] = {
	{"fingerprint", 0, OPT_TEXT, "TEXT", NULL, AT(fingerprint),
	 "the fingerprint that capture showed, from your notes"},
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key), "the public key of who captured"},
	{"note", 0, OPT_TEXT, "FILE", NULL, AT(note), "a checkpoint that was kept elsewhere"},
	{"item", 0, OPT_TEXT, "PATH", NULL, AT(item),
	 "judge this item alone, as verify-item does, and not the rest"},
	{"ca", 0, OPT_TEXT, "FILE", NULL, AT(ca),
	 "believe time stamps that lead to one of these certificates, PEM; look at the time"},
	{"sidecars", 0, OPT_TEXT, "DIR", NULL, AT(sidecars),
	 "look for the files beside the bundle in DIR instead of its folder"},
	{"no-sidecars", 0, OPT_FLAG, NULL, NULL, AT(no_sidecars),
	 "judge the bundle alone, whatever lies beside it"},
	CUSTODY_ACCESS_OPTIONS(struct verify_args, custody),
	{"require", 0, OPT_WORD, "VERDICT", requirements, AT(require),
	 "exit with 1 when the verdict is less than signed or anchored"},
	{"allow-unanchored", 0, OPT_FLAG, NULL, NULL, AT(allow_unanchored),
	 "exit with 0 although nothing from outside binds the bundle"},
	CLI_UNLOCK_OPTIONS(struct verify_args, unlock),
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that hash; by default one a processor, 8 at most"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_verify = {
	.name = "verify",
	.summary = "judge a bundle: chain, contents, signatures, anchors",
	.operands = "BUNDLE",
	.description = "Check every byte of a bundle against its chain, and the chain against its "
		       "signatures and against what you bring along: a fingerprint, a key, a "
		       "checkpoint, an authority for its time stamps. The verdict is one of "
		       "anchored, signed, self-consistent, unsigned, incomplete and broken; of a "
		       "broken bundle the first thing that is wrong is named. The verify.sh inside "
		       "every bundle says the same with standard tools.\n\n"
		       "What lies beside the bundle under its name is held against it: .note, "
		       ".sha256, .tsr (time stamps) and .custody.jsonl. None of it makes the "
		       "verdict worse, for anybody may have put it there; but what contradicts the "
		       "bundle makes the exit status 1. A time stamp says that the bundle existed "
		       "then, not that it is the one you captured: look at the time.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct verify_args),
	.exits = EXIT_VERIFIES,
	.examples = {{"strandline verify web.tar.zst --fingerprint 3f2a-9b1c-77d0-...",
		      "Is this the bundle whose fingerprint I noted?"},
		     {"strandline verify web.tar.zst --item /usr/bin/evil --fingerprint 3f2a-...",
		      "Is this file as it was captured, whatever became of the rest?"}},
	.holds_keys = true,
	.run = run,
};
