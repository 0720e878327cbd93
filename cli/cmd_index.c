/* SPDX-License-Identifier: Apache-2.0 */
/* Read, verify and store baselines. */
#include <stdint.h>

#include "cli/app.h"
#include "core/cleanup.h"

struct index_args {
	const char *platform; /* "linux/arm64": which image of an index */
	const char *expect;   /* digest that the operator brought along */
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	const struct index_args *a = args;

	(void)a;
	(void)words;
	return app_unavailable(app); /* job: index each of words->items */
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
		"REF is oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], "
		"docker:NAME or docker:ID, rootfs:DIR or rootfs-tar:FILE. Without a transport, an "
		"existing path is looked at, anything else is looked up in the engines' stores.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct index_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline index docker:nginx:1.25", "Index an image of the local Docker:"},
		     {"strandline index --expect sha256:0d0a... oci:./nginx",
		      "Index an image layout whose digest you know:"}},
	.run = run,
};
