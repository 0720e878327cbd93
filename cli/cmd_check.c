/* SPDX-License-Identifier: Apache-2.0 */
/* Are the layers on disk still those of the image? */
#include <stdint.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "job/check.h"
#include "job/outplace.h"
#include "report/check.h"

struct check_args {
	bool all;
	const char *image;
	const char *platform;
	bool no_index, accept_unproven;
	struct text_list limits;
	unsigned int jobs; /* 0: as many as there are processors */
};

static void sink_cleanup(struct sl_check_sink *const *sink)
{
	report_check_close(*sink);
}

static int open_sink(struct sl_check_sink **out, const struct app *app, struct ostream *to,
		     struct sl_error *err)
{
	switch ((enum app_format)app->options.format) {
	case FORMAT_TABLE:
		return report_check_table(out, to, app->options.verbose > 0, err);
	case FORMAT_JSON:
		return report_check_json(out, to, err);
	case FORMAT_JSONL:
		return report_check_jsonl(out, to, err);
	case FORMAT_SARIF:
	case FORMAT_OCSF:
	case FORMAT_HTML:
		break; /* not among the formats of this command */
	}
	return sl_fail(err, SL_EINVAL, 0, "unknown format");
}

static int check(struct app *app, const struct check_args *a, const struct operands *words,
		 struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(sink_cleanup) struct sl_check_sink *sink = NULL;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	const struct check_request request = {.containers = (const char *const *)words->items,
					      .container_count = words->count,
					      .image = a->image,
					      .platform = a->platform,
					      .all = a->all,
					      .no_index = a->no_index,
					      .accept_unproven = a->accept_unproven};
	int rc, status = EXIT_TROUBLE;

	if (a->all + (a->image != NULL) + (words->count > 0) != 1)
		return sl_fail(err, SL_EINVAL, 0, "give either containers, or --image, or --all");
	rc = cli_job_init(&j, app, a->jobs, err);
	if (rc == 0)
		rc = cli_job_limits(&j, &a->limits, err);
	if (rc == 0)
		rc = outplace_check(&j.job, app->options.output, NULL, err);
	if (rc == 0)
		rc = output_open(&output, app->options.output, err);
	if (rc == 0)
		rc = open_sink(&sink, app, output.stream, err);
	if (rc == 0)
		rc = job_check(&j.job, &request, sink, &status, err);
	progress_erase(&app->progress);
	if (rc == 0)
		rc = output_commit(&output, err);
	return rc < 0 ? rc : status;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	int rc = check(app, args, words, &err);

	return rc < 0 ? cli_job_fail(app, &err) : rc;
}

#define AT(member) offsetof(struct check_args, member)

static const struct opt options[] = {
	{"all", 'a', OPT_FLAG, NULL, NULL, AT(all),
	 "every image of every store, and what containers have besides"},
	{"image", 0, OPT_TEXT, "REF", NULL, AT(image),
	 "the layer directories of this image of a store"},
	{"platform", 0, OPT_TEXT, "OS/ARCH", NULL, AT(platform),
	 "which image of a multi-platform one --image means"},
	{"no-index", 0, OPT_FLAG, NULL, NULL, AT(no_index),
	 "do not store the baseline of an image that is not known yet"},
	{"accept-unproven", 0, OPT_FLAG, NULL, NULL, AT(accept_unproven),
	 "exit with 0 although some layers are not proven to be the image's"},
	{"limit", 0, OPT_LIST, "NAME=VALUE", NULL, AT(limits), CLI_LIMIT_HELP},
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that read and hash; by default one a processor, 8 at most"},
};
static const char *const formats[] = {"table", "json", "jsonl", NULL};

const struct command command_check = {
	.name = "check",
	.summary = "prove that layers on disk are still the image's, file by file",
	.operands = "[CONTAINER...]",
	.description =
		"Hold the lower directories of containers, or the layer directories of images, "
		"against the layers that the image's digests name. A file that was changed, "
		"added, removed or given other rights in such a directory changes every "
		"container on it, and no digest of the image shows it.\n\n"
		"What a layer is comes from the best source there is, and the result says which: "
		"a stored baseline that is proven or signed; the layer's blob, or the tar that "
		"tar-split and the directory make, each hashed to its digest; a recorded "
		"baseline; or nothing, and then nothing is proven. An image that is not known "
		"yet is indexed first, unless tar-split alone proves its layers.\n\n"
		"Each directory is one of: intact; tampered with; unproven, because nothing says "
		"what belongs there, or because of something that engines and builders leave "
		"behind as well (owners that were all moved alike, attributes that builders "
		"leave out of a tar); unread. Directories' times are not compared. Results are "
		"kept in the database, and diff reports the last one.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct check_args),
	.exits = EXIT_CHECKS,
	.examples = {{"strandline check web", "Are the layers under \"web\" what its image says?"},
		     {"strandline check --all --format json -o layers.json",
		      "Every layer on this host, for another program:"}},
	.run = run,
};
