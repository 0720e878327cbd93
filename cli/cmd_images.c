/* SPDX-License-Identifier: Apache-2.0 */
/* List and forget baselines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/columns.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"
#include "job/images.h"

static int image_row(void *payload, const struct sl_baseline_info *info)
{
	struct columns *c = payload;
	char id[DIGEST_TEXT_SIZE], number[32], time[CLOCK_TEXT_SIZE];

	columns_cell(c, info->name);
	digest_format(id, info->config_digest);
	id[7 + 12] = '\0';
	columns_cell(c, id + 7);
	columns_cell(c, sl_trust_name(info->trust));
	columns_cell(c, sl_anchor_name(info->anchor));
	(void)snprintf(number, sizeof(number), "%zu", info->layers);
	columns_cell(c, number);
	(void)snprintf(number, sizeof(number), "%" PRIu64, info->entries);
	columns_cell(c, number);
	clock_format_short(time, info->indexed_at);
	columns_cell(c, time);
	if (info->has_checked_at)
		clock_format_short(time, info->checked_at);
	columns_cell(c, info->has_checked_at ? time : "never");
	return 0;
}

static int image_json(void *payload, const struct sl_baseline_info *info)
{
	struct jout *j = payload;

	jout_object(j);
	jout_key_str(j, "name", info->name);
	jout_key(j, "id");
	jout_digest(j, info->config_digest);
	jout_key(j, "digest");
	if (info->has_manifest_digest)
		jout_digest(j, info->manifest_digest);
	else
		jout_null(j);
	jout_key_str(j, "trust", sl_trust_name(info->trust));
	jout_key_str(j, "anchor", sl_anchor_name(info->anchor));
	jout_key_str(j, "signer", info->signer);
	jout_key(j, "anchored_at");
	if (info->has_anchored_at)
		jout_time(j, info->anchored_at);
	else
		jout_null(j);
	jout_key_u64(j, "layers", info->layers);
	jout_key_u64(j, "entries", info->entries);
	jout_key_u64(j, "bytes", info->bytes);
	jout_key_time(j, "indexed_at", info->indexed_at);
	jout_key(j, "checked_at");
	if (info->has_checked_at)
		jout_time(j, info->checked_at);
	else
		jout_null(j);
	jout_object_end(j);
	return 0;
}

static int list_json(struct app *app, const struct job *job, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)64 << 20);
	struct jout j;
	int rc;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.images/1");
	jout_key(&j, "images");
	jout_array(&j);
	rc = job_images(job, image_json, &j, err);
	jout_array_end(&j);
	jout_object_end(&j);
	(void)buf_append_char(&text, '\n');
	return rc < 0 ? rc : output_text(app->options.output, &text, err);
}

static int list_table(struct app *app, const struct job *job, struct sl_error *err)
{
	static const char *const headings[] = {"IMAGE",  "ID",      "TRUST",   "ANCHOR",
					       "LAYERS", "ENTRIES", "INDEXED", "CHECKED"};
	CLEANUP(columns_clear) struct columns columns = {0};
	CLEANUP(output_clear) struct output output = {0};
	int rc;

	columns_init(&columns, headings, ARRAY_SIZE(headings));
	rc = job_images(job, image_row, &columns, err);
	if (rc == 0)
		rc = output_open(&output, app->options.output, err);
	if (rc == 0)
		rc = columns_write(&columns, output.stream, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

static int list_images(struct app *app)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0)
		rc = app->options.format == FORMAT_JSON ? list_json(app, &j.job, &err)
							: list_table(app, &j.job, &err);
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static int remove_images(struct app *app, char *const *refs, size_t count)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		uint8_t digest[SL_SHA256_SIZE];
		char id[DIGEST_TEXT_SIZE];

		rc = job_forget(&j.job, refs[i], digest, &err);
		if (rc == 0 && !app->options.quiet) {
			digest_format(id, digest);
			(void)printf("forgot %s\n", id);
		}
	}
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	struct sl_error err = SL_ERROR_INIT;
	int status;

	(void)args;
	if (words->count == 0)
		return list_images(app);
	if (strcmp(words->items[0], "rm") != 0)
		(void)sl_fail(&err, SL_EINVAL, 0, "the only word after images is rm");
	else if (words->count == 1)
		(void)sl_fail(&err, SL_EINVAL, 0, "rm: missing operand: REF or ID");
	else
		return remove_images(app, words->items + 1, words->count - 1);
	status = app_fail(app, &err);
	sl_error_clear(&err);
	return status;
}

static const char *const formats[] = {"table", "json", NULL};

const struct command command_images = {
	.name = "images",
	.summary = "list and forget what was indexed",
	.operands = "[rm REF|ID...]",
	.description = "List the images whose baselines are stored, with their trust, what their "
		       "digests are anchored to, and the time they were indexed. With rm, forget "
		       "images; layers that no other image uses "
		       "go with them.",
	.formats = formats,
	.operands_max = SIZE_MAX,
	.exits = EXIT_WORKS,
	.examples = {{"strandline images --format json", "List for another program:"},
		     {"strandline images rm docker:nginx:1.25", "Forget one:"}},
	.run = run,
};
