/* SPDX-License-Identifier: Apache-2.0 */
/* Is the database still what was stored? */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "core/words.h"
#include "job/images.h"

struct told {
	struct buf text;
	struct jout json;
};

static int problem_text(void *payload, const struct sl_baseline_problem *p)
{
	struct buf *text = &((struct told *)payload)->text;

	(void)buf_append_str(text, p->image != NULL ? "image '" : "database");
	if (p->image != NULL) {
		(void)quote_bytes(text, p->image, strlen(p->image));
		(void)buf_append_char(text, '\'');
	}
	if (p->layer > 0)
		(void)buf_printf(text, ", layer %zu", p->layer);
	return buf_printf(text, ": %s\n", p->what);
}

static int problem_json(void *payload, const struct sl_baseline_problem *p)
{
	struct jout *j = &((struct told *)payload)->json;

	jout_object(j);
	jout_key_str(j, "image", p->image);
	jout_key(j, "id");
	if (p->config_digest != NULL)
		jout_digest(j, p->config_digest);
	else
		jout_null(j);
	jout_key(j, "layer");
	if (p->layer > 0)
		jout_u64(j, p->layer);
	else
		jout_null(j);
	jout_key_str(j, "what", p->what);
	jout_object_end(j);
	return j->out->status;
}

static int verify_text(const struct job *job, const struct operands *words, struct told *t,
		       struct sl_baseline_check *check, struct sl_error *err)
{
	int rc = job_images_verify(job, words->items, words->count, problem_text, t, check, err);

	(void)buf_printf(
		&t->text, "%zu image%s, %zu layer%s, %" PRIu64 " entries checked: %zu problem%s\n",
		check->images, words_s(check->images), check->layers, words_s(check->layers),
		check->entries, check->problems, words_s(check->problems));
	return rc;
}

static int verify_json(const struct job *job, const struct operands *words, struct told *t,
		       struct sl_baseline_check *check, struct sl_error *err)
{
	struct jout *j = &t->json;
	int rc;

	jout_begin(j, &t->text);
	jout_object(j);
	jout_key_str(j, "schema", "strandline.images-verify/1");
	jout_key(j, "problems");
	jout_array(j);
	rc = job_images_verify(job, words->items, words->count, problem_json, t, check, err);
	jout_array_end(j);
	jout_key_u64(j, "images", check->images);
	jout_key_u64(j, "layers", check->layers);
	jout_key_u64(j, "entries", check->entries);
	jout_object_end(j);
	(void)buf_append_char(&t->text, '\n');
	return rc;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	struct told t = {.text = BUF_INIT((size_t)64 << 20)};
	struct sl_baseline_check check = {0};
	bool json = app->options.format == FORMAT_JSON;
	int rc = cli_job_init(&j, app, 0, &err);

	(void)args;
	if (rc == 0)
		rc = json ? verify_json(&j.job, words, &t, &check, &err)
			  : verify_text(&j.job, words, &t, &check, &err);
	if (rc == 0 && (json || !app->options.quiet || check.problems > 0))
		rc = output_text(app->options.output, &t.text, &err);
	buf_clear(&t.text);
	if (rc < 0)
		return app_fail(app, &err);
	return check.problems > 0 ? EXIT_FOUND : EXIT_DONE;
}

static const char *const formats[] = {"table", "json", NULL};

const struct command command_images_verify = {
	.name = "images verify",
	.summary = "check the stored baselines against their digests",
	.operands = "[REF|ID]...",
	.description =
		"Check the database against itself: every row of every layer against the digest "
		"that was stored with it, configurations against the ids of their images, the "
		"layers that they list, chain ids, rows that belong to nobody, and the file as "
		"SQLite sees it. With REF, only these images.\n\n"
		"An edited database is found, exit status 1. Somebody who rewrote rows and digests "
		"together is not, nor a name, time or anchor that was exchanged for another good "
		"one: keep the tree digests of 'images show' elsewhere, or index again, into "
		"another database, and compare.",
	.formats = formats,
	.operands_max = SIZE_MAX,
	.exits = EXIT_WORKS,
	.examples = {{"strandline images verify", "Was the database edited?"},
		     {"strandline images verify docker:nginx:1.25", "Only one image:"}},
	.run = run,
};
