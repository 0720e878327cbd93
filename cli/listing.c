/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"

const char *const listing_formats[] = {"table", "json", NULL};

static int list_json(const struct listing *l, const char *path, const struct job *job,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)256 << 20);
	struct jout j;
	int rc;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", l->schema);
	jout_key(&j, l->key);
	jout_array(&j);
	rc = l->json(job, &j, err);
	jout_array_end(&j);
	jout_object_end(&j);
	(void)buf_append_char(&text, '\n');
	if (rc == 0 && jout_end(&j) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "%s", l->key);
	return rc < 0 ? rc : output_text(path, &text, err);
}

static int list_table(const struct listing *l, const char *path, const struct job *job,
		      struct sl_error *err)
{
	CLEANUP(columns_clear) struct columns columns = {0};
	int rc;

	columns_init(&columns, l->headings, l->heading_count);
	rc = l->table(job, &columns, err);
	return rc < 0 ? rc : output_columns(path, &columns, err);
}

int listing_run(struct app *app, const struct listing *l)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0 && app->options.format == FORMAT_JSON)
		rc = list_json(l, app->options.output, &j.job, &err);
	else if (rc == 0)
		rc = list_table(l, app->options.output, &j.job, &err);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}
