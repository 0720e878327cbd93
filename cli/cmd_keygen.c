/* SPDX-License-Identifier: Apache-2.0 */
/* Make a long-term signing key. */
#include "cli/app.h"
#include "core/cleanup.h"
#include "job/keygen.h"

struct keygen_args {
	const char *output; /* the private key; the public one gets ".pub" */
};

static int keygen(struct app *app, const struct keygen_args *a)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	if (job_keygen(a->output, &err) < 0)
		return app_fail(app, &err);
	app_note(app, "private key: %s, public key: %s.pub", a->output, a->output);
	return EXIT_DONE;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	const struct keygen_args *a = args;

	(void)words;
	if (a->output == NULL) {
		(void)sl_fail(&err, SL_EINVAL, 0, "where to? give -o FILE");
		return app_fail(app, &err);
	}
	return keygen(app, a);
}

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, "FILE", NULL, offsetof(struct keygen_args, output),
	 "the private key to create; the public key goes to FILE.pub; neither may exist"},
};

const struct command command_keygen = {
	.name = "keygen",
	.summary = "make a key that signs bundles and baselines",
	.operands = "",
	.description = "Make an Ed25519 key pair. Keep the private key away from the machines that "
		       "you examine: a bundle signed by a key that lives on the examined host is "
		       "not anchored by it.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.args_size = sizeof(struct keygen_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline keygen -o ir-team.key", "Make ir-team.key and ir-team.key.pub:"},
		     {"strandline capture web -o web.tar.zst --key ir-team.key", "Sign with it:"}},
	.run = run,
};
