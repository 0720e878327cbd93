/* SPDX-License-Identifier: Apache-2.0 */
/* Make a long-term signing key. */
#include "cli/app.h"
#include "cli/passphrase.h"
#include "core/cleanup.h"
#include "job/keygen.h"

struct keygen_args {
	const char *output; /* the private key; the public one gets ".pub" */
	const char *passphrase_file;
	bool passphrase; /* ask on the terminal */
};

static int keygen(struct app *app, const struct keygen_args *a)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(passphrase_clear) struct passphrase passphrase = {.is_given = false};
	int rc = 0;

	if (a->passphrase_file != NULL)
		rc = passphrase_read(&passphrase, a->passphrase_file, &err);
	else if (a->passphrase)
		rc = passphrase_ask(&passphrase, "passphrase of the new key", true, &err);
	if (rc == 0)
		rc = job_keygen(a->output, passphrase_text(&passphrase), &err);
	if (rc < 0)
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

#define AT(member) offsetof(struct keygen_args, member)

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the private key to create; the public key goes to FILE.pub; neither may exist"},
	{"passphrase", 0, OPT_FLAG, NULL, NULL, AT(passphrase),
	 "encrypt the private key with a passphrase that is asked for on the terminal"},
	{"passphrase-file", 0, OPT_TEXT, "FILE", NULL, AT(passphrase_file),
	 "encrypt it with the first line of FILE"},
};

const struct command command_keygen = {
	.name = "keygen",
	.summary = "make a key that signs bundles, baselines and custody records",
	.operands = "",
	.description = "Make an Ed25519 key pair. Keep the private key away from the machines that "
		       "you examine: a bundle signed by a key that lives on the examined host is "
		       "not anchored by it. With a passphrase the file is PKCS#8 under scrypt and "
		       "AES-256, which openssl reads, too.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.args_size = sizeof(struct keygen_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline keygen -o ir-team.key", "Make ir-team.key and ir-team.key.pub:"},
		     {"strandline capture web -o web.tar.zst --key ir-team.key", "Sign with it:"}},
	.holds_keys = true,
	.run = run,
};
