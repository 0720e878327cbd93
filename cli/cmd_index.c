/* SPDX-License-Identifier: Apache-2.0 */
/* Read, verify and store baselines. */
#include <stdint.h>

#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "job/index.h"

struct index_args {
	const char *platform; /* "linux/arm64": which image of an index */
	const char *expect;   /* digest that the operator brought along */
};

static void outcome_text(struct buf *out, const struct index_outcome *o)
{
	double seconds = (double)o->elapsed_ns / 1e9, mib = (double)o->result.bytes / (1 << 20);
	char id[DIGEST_TEXT_SIZE];

	digest_format(id, o->config_digest);
	(void)quote_bytes(out, o->reference, strlen(o->reference));
	(void)buf_printf(out, "\n  image    %s\n", id);
	if (o->has_manifest_digest) {
		digest_format(id, o->manifest_digest);
		(void)buf_printf(out, "  manifest %s\n", id);
	}
	(void)buf_printf(out, "  layers   %zu, %zu of them already known\n", o->result.layers,
			 o->result.layers_known);
	(void)buf_printf(out, "  entries  %" PRIu64 "\n", o->result.entries);
	(void)buf_printf(out, "  proven   %.1f MiB in %.2f s", mib, seconds);
	if (o->result.bytes > 0 && seconds > 0)
		(void)buf_printf(out, ", %.0f MiB/s", mib / seconds);
	(void)buf_append_char(out, '\n');
}

static void outcome_json(struct jout *j, const struct index_outcome *o)
{
	jout_object(j);
	jout_key_str(j, "ref", o->reference);
	jout_key(j, "id");
	jout_digest(j, o->config_digest);
	jout_key(j, "digest");
	if (o->has_manifest_digest)
		jout_digest(j, o->manifest_digest);
	else
		jout_null(j);
	jout_key_u64(j, "layers", o->result.layers);
	jout_key_u64(j, "layers_known", o->result.layers_known);
	jout_key_u64(j, "entries", o->result.entries);
	jout_key_u64(j, "bytes", o->result.bytes);
	jout_key_u64(j, "compressed", o->result.compressed);
	jout_key_u64(j, "elapsed_ns", o->elapsed_ns);
	jout_object_end(j);
}

/* Index each; what went before a failure is stored and printed. */
static int index_all(const struct job *job, const struct index_args *a,
		     const struct operands *words, struct buf *text, struct jout *j,
		     struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < words->count; i++) {
		struct index_request request = {words->items[i], a->platform, a->expect};
		struct index_outcome outcome;

		rc = job_index(job, &request, &outcome, err);
		if (rc == 0 && j != NULL)
			outcome_json(j, &outcome);
		else if (rc == 0)
			outcome_text(text, &outcome);
		index_outcome_clear(&outcome);
	}
	return rc;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT, late = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)16 << 20);
	bool json = app->options.format == FORMAT_JSON;
	struct jout out;
	int rc = cli_job_init(&j, app, 0, &err);

	if (rc < 0)
		return app_fail(app, &err);
	jout_begin(&out, &text);
	if (json) {
		jout_object(&out);
		jout_key_str(&out, "schema", "strandline.index/1");
		jout_key(&out, "images");
		jout_array(&out);
	}
	rc = index_all(&j.job, args, words, &text, json ? &out : NULL, &err);
	progress_erase(&app->progress);
	if (json) {
		jout_array_end(&out);
		jout_object_end(&out);
		(void)buf_append_char(&text, '\n');
	}
	if (text.len > 0 && !(app->options.quiet && !json) &&
	    output_text(app->options.output, &text, &late) < 0)
		return app_fail(app, &late);
	sl_error_clear(&late);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

#define AT(member) offsetof(struct index_args, member)

static const struct opt options[] = {
	{"platform", 0, OPT_TEXT, "PLATFORM", NULL, AT(platform),
	 "which image of a multi-platform one, such as linux/arm64; by default this machine's"},
	{"expect", 0, OPT_TEXT, "DIGEST", NULL, AT(expect),
	 "the image digest as you know it from elsewhere: anything else is refused, and results "
	 "say that the image was anchored by you and not by the examined host"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_index = {
	.name = "index",
	.summary = "read, verify and store what images hold",
	.operands = "REF...",
	.description =
		"Read every layer of an image, prove it against the digests from the image's "
		"configuration down, and store what it holds as the baseline that containers are "
		"compared with. When the bytes contradict a digest, nothing is stored.\n\n"
		"REF is oci:DIR[:TAG], an OCI image layout; oci-archive:FILE[:TAG], a tar of one; "
		"docker-archive:FILE[:NAME], what any version of \"docker save\" writes; or "
		"docker:NAME or docker:ID, an image in the store of Docker. Without a transport, "
		"an existing path is taken for what it holds, anything else is looked up in the "
		"engines' stores.\n\n"
		"Archives are read in place. One that is compressed as a whole, or comes through "
		"a pipe (FILE may be one, and - is standard input), is first unpacked into a "
		"nameless temporary file, in /var/tmp unless TMPDIR names another directory.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct index_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline index docker:nginx:1.25", "Index an image of the local Docker:"},
		     {"strandline index --expect sha256:0d0a... docker-archive:web.tar",
		      "Index what docker save wrote, when you know the image id:"}},
	.run = run,
};
