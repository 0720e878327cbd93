/* SPDX-License-Identifier: Apache-2.0 */
/* Judge a custody record. */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "job/custodyreport.h"
#include "job/verify.h"

struct verify_args {
	struct text_list keys;
	const char *head, *sidecars;
	unsigned int require;
	bool allow_unanchored;
};

static const char *const states[] = {
	[CUSTODY_NOT_COMPARED] = "not compared",
	[CUSTODY_MATCHES] = "is what the first line recorded",
	[CUSTODY_DIFFERS] = "IS NOT what the first line recorded",
	[CUSTODY_ABSENT] = "is not there",
};
static const char *const state_words[] = {"not-compared", "matches", "differs", "absent"};

static int status_of(const struct verify_args *a, const struct custody_report *r)
{
	if (r->verdict == SL_VERDICT_BROKEN)
		return EXIT_FOUND;
	if ((a->require == REQUIRE_SIGNED && r->verdict < SL_VERDICT_SIGNED) ||
	    (a->require == REQUIRE_ANCHORED && r->verdict < SL_VERDICT_ANCHORED))
		return EXIT_FOUND;
	if (r->verdict == SL_VERDICT_INCOMPLETE)
		return EXIT_INCOMPLETE;
	return r->verdict >= SL_VERDICT_SIGNED || a->allow_unanchored ? EXIT_DONE : EXIT_INCOMPLETE;
}

static void quoted(struct buf *out, const char *name, const char *text)
{
	(void)buf_printf(out, "  %-12s ", name);
	(void)quote_bytes(out, text, strlen(text));
	(void)buf_append_char(out, '\n');
}

static void state_text(struct buf *out, const struct custody_chain *c)
{
	char text[CLOCK_TEXT_SIZE];

	if (c->is_disposed)
		(void)buf_append_str(out, "  disposed     yes\n");
	else if (c->holder_name != NULL)
		quoted(out, "held by", c->holder_name);
	if (c->is_open)
		(void)buf_printf(out, "  open         the transfer of line %" PRIu64 "\n",
				 c->open_seq + 1);
	for (size_t i = 0; i < c->hold_count; i++)
		quoted(out, "legal hold", *c->holds[i] != '\0' ? c->holds[i] : "yes");
	if (c->has_until) {
		clock_format_short(text, c->until);
		(void)buf_printf(out, "  kept until   %s UTC\n", text);
	}
	if (c->backwards > 0)
		(void)buf_printf(
			out, "  clocks       %" PRIu64 " lines are dated before the one above\n",
			c->backwards);
}

static void judged_text(struct buf *out, const char *file, const struct custody_report *r)
{
	const struct custody_chain *c = &r->chain;
	char last[2 * SL_SHA256_SIZE + 1];

	(void)quote_bytes(out, file, strlen(file));
	(void)buf_printf(out, ": custody %s\n", sl_verdict_name(r->verdict));
	if (r->problem != NULL)
		(void)buf_printf(out, "  because      %s\n", r->problem);
	hex_encode(last, c->last, sizeof(c->last));
	(void)buf_printf(out, "  events       %" PRIu64 ", %" PRIu64 " of them by unknown keys\n",
			 c->count, r->strangers);
	(void)buf_printf(out, "  last line    %s\n", last);
	(void)buf_printf(out, "  file         %s\n", states[r->state]);
	state_text(out, c);
}

static void state_json(struct jout *j, const struct custody_chain *c)
{
	char key[DSSE_KEY_ID_SIZE];

	jout_key(j, "holder");
	if (c->count == 0) {
		jout_null(j);
	} else {
		jout_object(j);
		jout_key_str(j, "name", c->holder_name);
		jout_key_str(j, "keyid", dsse_key_id(c->holder, key, NULL) == 0 ? key : NULL);
		jout_object_end(j);
	}
	jout_key(j, "open_transfer");
	if (c->is_open)
		jout_u64(j, c->open_seq);
	else
		jout_null(j);
	jout_key(j, "holds");
	jout_array(j);
	for (size_t i = 0; i < c->hold_count; i++)
		jout_str(j, c->holds[i]);
	jout_array_end(j);
	jout_key(j, "retain_until");
	if (c->has_until)
		jout_time(j, c->until);
	else
		jout_null(j);
	jout_key_bool(j, "disposed", c->is_disposed);
	jout_key_u64(j, "clock_backwards", c->backwards);
}

static void judged_json(struct buf *out, const struct custody_report *r, int status)
{
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.custody-verify/1");
	jout_key_str(&j, "verdict", sl_verdict_name(r->verdict));
	jout_key_u64(&j, "exit_status", (uint64_t)status);
	jout_key_str(&j, "problem", r->problem);
	jout_key_u64(&j, "events", r->chain.count);
	jout_key_u64(&j, "by_unknown_keys", r->strangers);
	jout_key_hex(&j, "last", r->chain.last, SL_SHA256_SIZE);
	jout_key_str(&j, "file", state_words[r->state]);
	jout_key_u64(&j, "torn_bytes", r->torn_bytes);
	state_json(&j, &r->chain);
	jout_object_end(&j);
	(void)buf_append_char(out, '\n');
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(custody_report_clear) struct custody_report report = {.problem = NULL};
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);
	const struct verify_args *a = args;
	struct custody_question question = {.file = words->items[0],
					    .sidecars = a->sidecars,
					    .key_files = a->keys.items,
					    .key_count = a->keys.count,
					    .head = a->head,
					    .stop = app->stop};
	int rc = job_custody_report(&question, NULL, NULL, &report, &err), status;

	if (rc == 1)
		rc = sl_fail(&err, SL_ENOTFOUND, 0, "there is no custody record");
	if (rc < 0)
		return app_fail(app, &err);
	status = status_of(a, &report);
	if (app->options.format == FORMAT_JSON)
		judged_json(&text, &report, status);
	else if (!app->options.quiet)
		judged_text(&text, question.file, &report);
	if (text.len > 0 && output_text(app->options.output, &text, &err) < 0)
		return app_fail(app, &err);
	return status;
}

#define AT(member) offsetof(struct verify_args, member)

static const char *const requirements[] = {"nothing", "signed", "anchored", NULL};

static const struct opt options[] = {
	{"key", 0, OPT_LIST, "FILE", NULL, AT(keys),
	 "the public key of somebody who may act; may be repeated"},
	{"head", 0, OPT_TEXT, "SHA256", NULL, AT(head),
	 "the digest of a line, from your notes: it has to be there"},
	{"require", 0, OPT_WORD, "VERDICT", requirements, AT(require),
	 "exit with 1 when the verdict is less than signed or anchored"},
	{"allow-unanchored", 0, OPT_FLAG, NULL, NULL, AT(allow_unanchored),
	 "exit with 0 although lines are signed by keys that were not given"},
	{"sidecars", 0, OPT_TEXT, "DIR", NULL, AT(sidecars),
	 "the record is in DIR instead of beside the bundle"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_custody_verify = {
	.name = "custody verify",
	.summary = "judge a custody record: chain, signatures, rules, the file now",
	.operands = "BUNDLE",
	.description = "Check that every line follows from the one before it, is signed by the key "
		       "that it names, and is allowed by the rules, and that the file is still "
		       "what the first line recorded. The verdict is broken; incomplete (a cut "
		       "line, a transfer that nobody answered, no file); self-consistent; signed, "
		       "when every line is by a key that you gave; or anchored, when the line that "
		       "you noted is there, and what follows it is by keys that you gave. Without "
		       "--head, lines that were cut off at the end are not missed.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct verify_args),
	.exits = EXIT_VERIFIES,
	.examples = {{"strandline custody verify web.tar.zst --key eden.pub --key bell.pub",
		      "Is it signed by those two alone?"},
		     {"strandline custody verify web.tar.zst --head 8f14e45f...",
		      "Is the line that I noted in it?"}},
	.run = run,
};
