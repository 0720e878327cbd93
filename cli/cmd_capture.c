/* SPDX-License-Identifier: Apache-2.0 */
/* Keep a container as evidence. */
#include <stdint.h>

#include "cli/app.h"
#include "core/cleanup.h"

struct capture_args {
	const char *output;  /* the bundle; "-" is standard output */
	const char *key;     /* long-term signing key, PEM */
	const char *sidecar; /* directory for checkpoints */
	uint64_t before;     /* most bytes of each image file that changed */
	const char *case_name, *exhibit, *operator_name, *authority, *reason;
	unsigned int jobs;
};

static int capture(struct app *app, const struct capture_args *a, const struct operands *words)
{
	(void)a;
	(void)words;
	return app_unavailable(app); /* job: capture words->items[0] */
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	const struct capture_args *a = args;

	if (a->output == NULL) {
		(void)sl_fail(&err, SL_EINVAL, 0, "where to? give -o FILE, or -o - for a pipe");
		return app_fail(app, &err);
	}
	return capture(app, a, words);
}

#define AT(member) offsetof(struct capture_args, member)

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the bundle to create; it must not exist; - is standard output"},
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key), "sign with this key too, made by keygen"},
	{"sidecar", 0, OPT_TEXT, "DIR", NULL, AT(sidecar),
	 "put each signed checkpoint into DIR too, which should be on another machine"},
	{"before", 0, OPT_SIZE, "SIZE", NULL, AT(before),
	 "keep this much of the image's version of each changed or deleted file; by default 1M"},
	{"case", 0, OPT_TEXT, "NAME", NULL, AT(case_name), "the case it belongs to"},
	{"exhibit", 0, OPT_TEXT, "NUMBER", NULL, AT(exhibit), "its exhibit number"},
	{"operator", 0, OPT_TEXT, "NAME", NULL, AT(operator_name), "who captures"},
	{"authority", 0, OPT_TEXT, "TEXT", NULL, AT(authority), "who allowed it"},
	{"reason", 0, OPT_TEXT, "TEXT", NULL, AT(reason), "why it is done"},
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that compress; by default one a processor, 8 at most"},
};
static const char *const formats[] = {"table", "json", NULL};
static const struct capture_args defaults = {.before = (uint64_t)1 << 20};

const struct command command_capture = {
	.name = "capture",
	.summary = "keep a container as a signed bundle of evidence",
	.operands = "CONTAINER",
	.description =
		"Write the container's changed files, the image's version of them, the engine's "
		"metadata and logs, and the findings into one bundle. Every record is chained and "
		"signed segment by segment while it is written, so that a bundle that was cut off "
		"is still evidence. The fingerprint that is shown at the start belongs into your "
		"notes: it ties the bundle to them.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct capture_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline capture web -o web.strand --case 2026-17 --operator \"A. Eden\"",
		      "Keep a container, and say for which case:"},
		     {"strandline capture web -o - | ssh vault 'cat >web.strand'",
		      "Keep it on another machine, without a local file:"}},
	.run = run,
};
