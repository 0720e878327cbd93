/* SPDX-License-Identifier: Apache-2.0 */
/* Proven baselines as a signed file. */
#include <inttypes.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "cli/passphrase.h"
#include "core/cleanup.h"
#include "core/words.h"
#include "job/travel.h"

struct export_args {
	const char *key, *key_passphrase_file;
};

static int export_to(struct app *app, const struct job *job, const struct signkey_file *key,
		     const struct operands *words, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	struct export_result result = {0};
	int rc = output_open(&output, app->options.output, err);

	if (rc == 0)
		rc = job_baseline_export(job, words->items, words->count, key, output.stream,
					 &result, err);
	if (rc == 0)
		rc = output_commit(&output, err);
	if (rc == 0)
		app_note(app,
			 "exported %zu image%s, %zu layer%s, %" PRIu64 " entries, %" PRIu64
			 " bytes",
			 result.images, words_s(result.images), result.layers,
			 words_s(result.layers), result.entries, result.bytes);
	return rc;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(passphrase_clear) struct passphrase passphrase = {.typed = NULL};
	const struct export_args *a = args;
	struct signkey_file key = {.path = a->key};
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0 && a->key == NULL)
		rc = sl_fail(&err, SL_EINVAL, 0,
			     "who signs? give --key FILE, a private key of 'strandline keygen'");
	if (rc == 0)
		rc = passphrase_for_key(&passphrase, a->key, a->key_passphrase_file, &err);
	key.passphrase = passphrase_text(&passphrase);
	if (rc == 0)
		rc = export_to(app, &j.job, &key, words, &err);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

#define AT(member) offsetof(struct export_args, member)

static const struct opt options[] = {
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key),
	 "the private key to sign with; 'keygen' makes one"},
	{"key-passphrase-file", 0, OPT_TEXT, "FILE", NULL, AT(key_passphrase_file),
	 CLI_KEY_PASSPHRASE_HELP},
};

const struct command command_baseline_export = {
	.name = "baseline export",
	.summary = "write proven baselines as one signed file",
	.operands = "REF|ID...",
	.description =
		"Write the stored baselines of these images as one text, signed with your key. "
		"Layers that they share are in it once. An image that is not proven here is "
		"refused, exit status 1. The same images and the same key give the same bytes, in "
		"whatever order they are named; no name and no time is in them. The file can be "
		"checked with sha256sum and openssl.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct export_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline baseline export docker:db:2 docker:web:7 --key ci.key -o shop",
		      "Sign for two images:"},
		     {"strandline baseline export 4f67c8 --key ci.key | zstd > web.signed.zst",
		      "Sign for one, and compress what is written:"}},
	.holds_keys = true,
	.run = run,
};
