/* SPDX-License-Identifier: Apache-2.0 */
/* The record of who answered for what. */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/listing.h"
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

static int list_json(const struct job *job, struct jout *to, struct sl_error *err)
{
	return job_acks(job, object, to, err);
}

static int list_table(const struct job *job, struct columns *to, struct sl_error *err)
{
	return job_acks(job, row, to, err);
}

static const char *const headings[] = {"FINDING", "WHAT", "AT", "BY", "UNTIL", "REASON"};
static const struct listing listing = {
	.schema = "strandline.acks/1",
	.key = "acks",
	.headings = headings,
	.heading_count = ARRAY_SIZE(headings),
	.table = list_table,
	.json = list_json,
};

struct list_args {
	const char *anchor;
};

static int prove(struct app *app, const char *anchor)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = job_ack_anchor(&j.job, anchor, &err);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	const struct list_args *a = args;
	int status = a->anchor != NULL ? prove(app, a->anchor) : EXIT_DONE;

	(void)words;
	return status == EXIT_DONE ? listing_run(app, &listing) : status;
}

static const struct opt options[] = {
	{"anchor", 0, OPT_TEXT, "HASH", NULL, offsetof(struct list_args, anchor),
	 "the hash of a row, kept elsewhere: unless the record has it, the exit status is 1"},
};

const struct command command_ack_list = {
	.name = "ack list",
	.summary = "list who answered for which finding, and prove the record",
	.operands = "",
	.description = "List all that was acknowledged and taken back, oldest first. The chain is "
		       "proven on the way: a record that was edited is told, exit status 1. Keep "
		       "the hash of the last row elsewhere, and give it to --anchor: who can write "
		       "the database can write the whole record anew, or cut its end off.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.args_size = sizeof(struct list_args),
	.formats = listing_formats,
	.exits = EXIT_WORKS,
	.examples = {{"strandline ack list", "Who said that this is all right?"},
		     {"strandline ack list --format json -o acks.json", "For the auditor:"}},
	.run = run,
};
