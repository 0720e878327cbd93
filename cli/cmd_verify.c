/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict on a bundle. */
#include "cli/app.h"
#include "core/cleanup.h"

/* Order of the words of --require, the first meaning nothing. */
enum verify_require { REQUIRE_NOTHING, REQUIRE_SIGNED, REQUIRE_ANCHORED };

struct verify_args {
	const char *fingerprint;
	const char *key;  /* long-term public key, PEM file */
	const char *note; /* file with a checkpoint kept elsewhere */
	unsigned int require;
	bool allow_unanchored;
	unsigned int jobs;
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	const struct verify_args *a = args;

	(void)a;
	(void)words;
	return app_unavailable(app); /* job: verify words->items[0] */
}

#define AT(member) offsetof(struct verify_args, member)

static const char *const requirements[] = {"nothing", "signed", "anchored", NULL};

static const struct opt options[] = {
	{"fingerprint", 0, OPT_TEXT, "TEXT", NULL, AT(fingerprint),
	 "the fingerprint that capture showed, from your notes"},
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key), "the public key of who captured"},
	{"note", 0, OPT_TEXT, "FILE", NULL, AT(note), "a checkpoint that was kept elsewhere"},
	{"require", 0, OPT_WORD, "VERDICT", requirements, AT(require),
	 "exit with 1 when the verdict is less than signed or anchored"},
	{"allow-unanchored", 0, OPT_FLAG, NULL, NULL, AT(allow_unanchored),
	 "exit with 0 although nothing from outside binds the bundle"},
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that hash; by default one a processor, 8 at most"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_verify = {
	.name = "verify",
	.summary = "judge a bundle: chain, contents, signatures, anchors",
	.operands = "BUNDLE",
	.description =
		"Check every byte of a bundle against its chain, and the chain against its "
		"signatures and against what you bring along: a fingerprint, a key, a checkpoint. "
		"The verdict is one of anchored, signed, self-consistent, unsigned, incomplete and "
		"broken; of a broken bundle the first thing that is wrong is named. The verify.sh "
		"inside every bundle says the same with standard tools.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct verify_args),
	.exits = EXIT_VERIFIES,
	.examples = {{"strandline verify web.strand --fingerprint 3f2a-9b1c-77d0-...",
		      "Is this the bundle whose fingerprint I noted?"},
		     {"strandline verify web.strand --key ir-team.pub --require anchored",
		      "Is it signed by the team's key?"}},
	.run = run,
};
