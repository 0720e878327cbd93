/* SPDX-License-Identifier: Apache-2.0 */
/* List a custody record. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/columns.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "job/custodyreport.h"

#define JSON_MAX ((size_t)128 << 20)
#define DETAILS_MAX ((size_t)32 << 10)

struct show_args {
	const char *sidecars;
};

static void detail(struct buf *out, const char *name, const char *text)
{
	if (text != NULL)
		(void)buf_printf(out, "%s%s %s", out->len > 0 ? ", " : "", name, text);
}

static void details(struct buf *out, const struct custody_event *e)
{
	char until[CLOCK_TEXT_SIZE];

	detail(out, "from", e->from);
	detail(out, "to", e->to);
	detail(out, "for", e->purpose);
	detail(out, "at", e->place);
	detail(out, "seal", e->seal);
	detail(out, "matter", e->matter);
	if (e->has_until) {
		clock_format_short(until, e->until);
		detail(out, "until", until);
	}
	if (e->has_made)
		detail(out, "made", e->made.name != NULL ? e->made.name : "a file");
	detail(out, "the bundle was", e->verdict);
	if (!e->matches)
		(void)buf_printf(out, "%sTHE FILE HAD CHANGED", out->len > 0 ? ", " : "");
	if (e->torn_bytes > 0)
		(void)buf_printf(out, "%sa cut line of %" PRIu64 " bytes was taken away",
				 out->len > 0 ? ", " : "", e->torn_bytes);
}

static int row(void *payload, const struct custody_line *line, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(DETAILS_MAX);
	const struct custody_event *e = &line->event;
	struct columns *c = payload;
	char when[CLOCK_TEXT_SIZE], number[24], key[DSSE_KEY_ID_SIZE];
	int rc = dsse_key_id(e->key, key, err);

	if (rc < 0)
		return rc;
	key[16] = '\0';
	clock_format_short(when, e->t);
	(void)snprintf(number, sizeof(number), "%" PRIu64, e->seq + 1);
	details(&text, e);
	columns_cell(c, number);
	columns_cell(c, when);
	columns_cell(c, custody_action_words[e->action]);
	columns_cell(c, e->by);
	columns_cell(c, key);
	columns_cell(c, text.data != NULL ? text.data : "");
	return 0;
}

static int object(void *payload, const struct custody_line *line, struct sl_error *err)
{
	char key[DSSE_KEY_ID_SIZE];
	struct jout *j = payload;
	int rc = dsse_key_id(line->event.key, key, err);

	if (rc < 0)
		return rc;
	jout_object(j);
	jout_key_hex(j, "hash", line->hash, SL_SHA256_SIZE);
	jout_key_str(j, "keyid", key);
	jout_key(j, "event");
	jout_raw(j, line->envelope.payload.data, line->envelope.payload.len);
	jout_object_end(j);
	return 0;
}

static int show_json(const struct custody_question *q, struct custody_report *r, struct buf *text,
		     struct sl_error *err)
{
	struct jout j;
	int rc;

	jout_begin(&j, text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.custody/1");
	jout_key(&j, "events");
	jout_array(&j);
	rc = job_custody_report(q, object, &j, r, err);
	jout_array_end(&j);
	jout_key(&j, "whole");
	jout_bool(&j, rc == 0 && r->verdict != SL_VERDICT_BROKEN && r->torn_bytes == 0);
	jout_key_str(&j, "problem", r->problem);
	jout_object_end(&j);
	if (rc >= 0 && buf_append_char(text, '\n') < 0)
		rc = sl_fail(err, SL_ELIMIT, 0, "the record is too large for one document");
	return rc;
}

static int show(struct app *app, const struct custody_question *q, struct custody_report *r,
		struct sl_error *err)
{
	static const char *const headings[] = {"LINE", "AT", "ACTION", "BY", "KEY", "DETAILS"};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(JSON_MAX);
	CLEANUP(columns_clear) struct columns columns = {0};
	int rc;

	if (app->options.format == FORMAT_JSON) {
		rc = show_json(q, r, &text, err);
		return rc != 0 ? rc : output_text(app->options.output, &text, err);
	}
	columns_init(&columns, headings, ARRAY_SIZE(headings));
	rc = job_custody_report(q, row, &columns, r, err);
	return rc != 0 ? rc : output_columns(app->options.output, &columns, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(custody_report_clear) struct custody_report report = {.problem = NULL};
	const struct show_args *a = args;
	struct custody_question question = {.file = words->items[0],
					    .sidecars = a->sidecars,
					    .no_file = true,
					    .stop = app->stop};
	int rc = show(app, &question, &report, &err);

	if (rc == 1)
		rc = sl_fail(&err, SL_ENOTFOUND, 0, "there is no custody record");
	if (rc < 0)
		return app_fail(app, &err);
	if (report.problem != NULL && report.verdict != SL_VERDICT_SELF_CONSISTENT)
		app_note(app, "%s: %s", sl_verdict_name(report.verdict), report.problem);
	return report.verdict == SL_VERDICT_BROKEN ? EXIT_FOUND : EXIT_DONE;
}

static const struct opt options[] = {
	{"sidecars", 0, OPT_TEXT, "DIR", NULL, offsetof(struct show_args, sidecars),
	 "the record is in DIR instead of beside the bundle"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_custody_show = {
	.name = "custody show",
	.summary = "list who had a bundle",
	.operands = "BUNDLE",
	.description =
		"List the events of a custody record, oldest first, as far as they follow from "
		"each other; what breaks the record is named, exit status 1. The bundle itself "
		"is not looked at: 'custody verify' does that.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct show_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline custody show web.tar.zst", "Who had it?"},
		     {"strandline custody show web.tar.zst --format json -o custody.json",
		      "For the file:"}},
	.run = run,
};
