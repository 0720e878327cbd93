/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict on one item that came without its bundle. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/itemresult.h"
#include "core/cleanup.h"

struct item_args {
	const char *proof;
	const char *fingerprint;
	const char *key;
	const char *note;
	unsigned int require;
	bool allow_unanchored;
};

/* Beside the item, where extract --proof put it. */
static int default_proof(char **out, const char *file, struct sl_error *err)
{
	if (strcmp(file, "-") == 0)
		return sl_fail(err, SL_EINVAL, 0, "an item from a pipe: give its --proof FILE");
	if (asprintf(out, "%s" ITEMPROOF_SUFFIX, file) < 0) {
		*out = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "proof");
	}
	return 0;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(item_clear) struct item item = {0};
	AUTO_FREE char *beside = NULL;
	const struct item_args *a = args;
	const char *file = words->items[0];
	struct verify_request request = {.fingerprint = a->fingerprint,
					 .key_file = a->key,
					 .note_file = a->note,
					 .require = (enum verify_require)a->require,
					 .allow_unanchored = a->allow_unanchored};
	int status = EXIT_TROUBLE;

	if (a->proof == NULL && default_proof(&beside, file, &err) < 0)
		return app_fail(app, &err);
	if (job_verify_item(&request, file, a->proof == NULL ? beside : a->proof, &item, &status,
			    &err) < 0)
		return app_fail(app, &err);
	return itemresult_print(app, file, &item, status, &err);
}

#define AT(member) offsetof(struct item_args, member)

static const char *const requirements[] = {"nothing", "signed", "anchored", NULL};

static const struct opt options[] = {
	{"proof", 0, OPT_TEXT, "FILE", NULL, AT(proof),
	 "what proves it; without, FILE.tlog-proof beside it"},
	{"fingerprint", 0, OPT_TEXT, "TEXT", NULL, AT(fingerprint),
	 "the fingerprint that capture showed, from your notes"},
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key), "the public key of who captured"},
	{"note", 0, OPT_TEXT, "FILE", NULL, AT(note),
	 "a checkpoint that was kept elsewhere: the last one, or one up to the item's"},
	{"require", 0, OPT_WORD, "VERDICT", requirements, AT(require),
	 "exit with 1 when the verdict is less than signed or anchored"},
	{"allow-unanchored", 0, OPT_FLAG, NULL, NULL, AT(allow_unanchored),
	 "exit with 0 although nothing from outside binds the item"},
};
static const char *const formats[] = {"table", "json", NULL};

const struct command command_verify_item = {
	.name = "verify-item",
	.summary = "judge one item by its proof, without its bundle",
	.operands = "FILE",
	.description =
		"Check a file that extract --proof got out of a bundle: its content against its "
		"record, the record against a signed checkpoint, and the key of that against the "
		"fingerprint, key or checkpoint that you bring along. The verdict is one of "
		"anchored, signed, self-consistent, unsigned and broken; it is about this item, "
		"and says nothing of the rest of the bundle.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct item_args),
	.exits = EXIT_VERIFIES,
	.examples = {{"strandline verify-item evil.bin --fingerprint 3f2a-9b1c-77d0-...",
		      "Is this the file that was captured?"},
		     {"strandline verify-item evil.bin --proof evil.tlog-proof --note web.note",
		      "Does the checkpoint that I kept cover it?"}},
	.run = run,
};
