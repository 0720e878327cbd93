/* SPDX-License-Identifier: Apache-2.0 */
/* Signed baselines into the database. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/words.h"
#include "job/travel.h"

struct import_args {
	struct text_list keys;
};

static void say_imported(const char *path, const struct import_result *r)
{
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	char signer[DIGEST_TEXT_SIZE];

	digest_format(signer, r->signer);
	(void)printf("imported %s: %zu image%s, %zu layer%s, %zu of them already known, %" PRIu64
		     " entries, signed by key %s\n",
		     shown != NULL ? shown : "?", r->images, words_s(r->images), r->layers,
		     words_s(r->layers), r->layers_known, r->entries, signer);
}

/* The file itself is at fault, and not what became of reading or storing it. */
static bool is_refusal(int rc)
{
	return rc == -SL_EUNTRUSTED || rc == -SL_EFORMAT || rc == -SL_ELIMIT ||
	       rc == -SL_EUNSUPPORTED;
}

static int import_one(struct app *app, const struct job *job, const char *path,
		      const struct travel_trust *trust)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	struct import_result result;
	int rc = job_baseline_import(job, path, trust, &result, &err);

	if (rc < 0) {
		(void)sl_wrap(&err, rc, "'%s'", shown != NULL ? shown : "?");
		(void)app_fail(app, &err);
		return is_refusal(rc) ? EXIT_FOUND : EXIT_TROUBLE;
	}
	if (!app->options.quiet)
		say_imported(path, &result);
	return EXIT_DONE;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(travel_trust_clear) struct travel_trust trust = {.count = 0};
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct import_args *a = args;
	struct travel_keys keys = {a->keys.items, a->keys.count};
	int status = EXIT_DONE;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc == 0 && keys.count == 0)
		rc = sl_fail(&err, SL_EINVAL, 0,
			     "whom do you trust? give --key FILE, the public key of who signed");
	if (rc == 0)
		rc = travel_trust_read(&trust, &keys, &err);
	if (rc < 0)
		return app_fail(app, &err);
	for (size_t i = 0; i < words->count; i++) {
		int one = import_one(app, &j.job, words->items[i], &trust);

		/* a refused file is told before one that could not be read */
		if (status == EXIT_DONE || one == EXIT_FOUND)
			status = one;
	}
	return status;
}

static const struct opt options[] = {
	{"key", 0, OPT_LIST, "FILE", NULL, offsetof(struct import_args, keys),
	 "a public key that you trust to sign; may be repeated"},
};

const struct command command_baseline_import = {
	.name = "baseline import",
	.summary = "store baselines that somebody trusted has signed",
	.operands = "FILE...",
	.description =
		"Store the baselines of files that 'baseline export' wrote, if one of the keys "
		"signed them. Their trust is then signed: 'diff' may say that a container equals "
		"its image. Each file is stored whole or not at all. One that was edited or cut "
		"off, that is not signed, that another key signed, or that contradicts a layer "
		"which is proven or signed here already is refused, exit status 1.\n\n"
		"FILE may be - for standard input. The images are called by their ids, unless they "
		"have a name here. Indexing an image later proves it.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct import_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline baseline import shop.signed --key ci.key.pub",
		      "Store what the build pipeline has proven:"},
		     {"zstd -dc web.signed.zst | strandline baseline import - --key ci.key.pub",
		      "The same of a compressed file:"}},
	.run = run,
};
