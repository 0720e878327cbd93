/* SPDX-License-Identifier: Apache-2.0 */
/* Make a long-term signing key, or an identity that opens encrypted bundles. */
#include "cli/app.h"
#include "cli/output.h"
#include "cli/passphrase.h"
#include "core/cleanup.h"
#include "job/keygen.h"

struct keygen_args {
	const char *output; /* the private key; the public one gets ".pub" */
	const char *passphrase_file;
	bool passphrase; /* ask on the terminal */
	bool age;        /* one that opens encrypted bundles */
};

/* The recipient is the product: it may be needed in a script. */
static int keygen_age(struct app *app, const struct keygen_args *a)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(2 * AGE_RECIPIENT_SIZE);
	char recipient[AGE_RECIPIENT_SIZE];

	if (job_keygen_age(a->output, recipient, &err) < 0)
		return app_fail(app, &err);
	app_note(app, "identity, which is secret: %s; encrypt to its recipient:", a->output);
	(void)buf_printf(&text, "%s\n", recipient);
	return output_text(NULL, &text, &err) < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static int keygen(struct app *app, const struct keygen_args *a)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(passphrase_clear) struct passphrase passphrase = {.typed = NULL};
	int rc = 0;

	if (a->passphrase_file != NULL)
		rc = passphrase_read(&passphrase, a->passphrase_file, &err);
	else if (a->passphrase)
		rc = passphrase_new(&passphrase, &err);
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
	return a->age ? keygen_age(app, a) : keygen(app, a);
}

#define AT(member) offsetof(struct keygen_args, member)

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the private key to create; the public key goes to FILE.pub; neither may exist"},
	{"passphrase", 0, OPT_FLAG, NULL, NULL, AT(passphrase),
	 "encrypt the private key with a passphrase that is asked for on the terminal"},
	{"passphrase-file", 0, OPT_TEXT, "FILE", NULL, AT(passphrase_file),
	 "encrypt it with the first line of FILE"},
	{"age", 0, OPT_FLAG, NULL, NULL, AT(age),
	 "make an age identity instead, which opens encrypted bundles, and print its recipient"},
};

const struct command command_keygen = {
	.name = "keygen",
	.summary = "make a key that signs (bundles, baselines, custody) or opens bundles",
	.operands = "",
	.description =
		"Make an Ed25519 key pair. Keep the private key away from the machines that "
		"you examine: a bundle signed by a key that lives on the examined host is "
		"not anchored by it. With a passphrase the file is PKCS#8 under scrypt and "
		"AES-256, which openssl reads, too.\n\n"
		"With --age, make an X25519 identity as age-keygen does. Captures encrypt to "
		"its recipient, and nobody on the examined machine can read them after.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.args_size = sizeof(struct keygen_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline keygen -o ir-team.key", "Make ir-team.key and ir-team.key.pub:"},
		     {"strandline capture web -o web.tar.zst --key ir-team.key", "Sign with it:"}},
	.holds_keys = true,
	.run = run,
};
