/* SPDX-License-Identifier: Apache-2.0 */
/* The record of who answered for what. */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/columns.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"
#include "job/ack.h"

static int row(void *payload, const struct ack *a)
{
	struct columns *c = payload;
	char text[CLOCK_TEXT_SIZE], hex[2 * SL_SHA256_SIZE + 1];

	hex_encode(hex, a->finding, SL_SHA256_SIZE);
	hex[16] = '\0';
	columns_cell(c, hex);
	columns_cell(c, a->is_revoked ? "taken back" : "acknowledged");
	clock_format_short(text, a->at);
	columns_cell(c, text);
	columns_cell(c, a->by);
	if (a->has_until)
		clock_format_short(text, a->until);
	columns_cell(c, a->has_until ? text : "-");
	columns_cell(c, a->reason);
	return 0;
}

static int object(void *payload, const struct ack *a)
{
	struct jout *j = payload;

	jout_object(j);
	jout_key_u64(j, "seq", a->seq);
	jout_key_hex(j, "finding", a->finding, SL_SHA256_SIZE);
	jout_key_bool(j, "revoked", a->is_revoked);
	jout_key_str(j, "by", a->by);
	jout_key_str(j, "reason", a->reason);
	jout_key_time(j, "at", a->at);
	jout_key(j, "until");
	if (a->has_until)
		jout_time(j, a->until);
	else
		jout_null(j);
	jout_key_hex(j, "hash", a->hash, SL_SHA256_SIZE);
	jout_object_end(j);
	return 0;
}

static int list_json(struct app *app, const struct job *job, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)256 << 20);
	struct jout j;
	int rc;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.acks/1");
	jout_key(&j, "acks");
	jout_array(&j);
	rc = job_acks(job, object, &j, err);
	jout_array_end(&j);
	jout_object_end(&j);
	(void)buf_append_char(&text, '\n');
	return rc < 0 ? rc : output_text(app->options.output, &text, err);
}

static int list_table(struct app *app, const struct job *job, struct sl_error *err)
{
	static const char *const headings[] = {"FINDING", "WHAT", "AT", "BY", "UNTIL", "REASON"};
	CLEANUP(columns_clear) struct columns columns = {0};
	int rc;

	columns_init(&columns, headings, ARRAY_SIZE(headings));
	rc = job_acks(job, row, &columns, err);
	return rc < 0 ? rc : output_columns(app->options.output, &columns, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	(void)args;
	(void)words;
	if (rc == 0)
		rc = app->options.format == FORMAT_JSON ? list_json(app, &j.job, &err)
							: list_table(app, &j.job, &err);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

static const char *const formats[] = {"table", "json", NULL};

const struct command command_ack_list = {
	.name = "ack list",
	.summary = "list who answered for which finding, and prove the record",
	.operands = "",
	.description = "List all that was acknowledged and taken back, oldest first. The chain is "
		       "proven on the way: a record that was edited is told, exit status 1. Keep "
		       "the hash of the last row elsewhere: who can write the database can write "
		       "the whole record anew.",
	.formats = formats,
	.exits = EXIT_WORKS,
	.examples = {{"strandline ack list", "Who said that this is all right?"},
		     {"strandline ack list --format json -o acks.json", "For the auditor:"}},
	.run = run,
};
