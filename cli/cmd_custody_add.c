/* SPDX-License-Identifier: Apache-2.0 */
/* Add an event to a custody record. */
#include "cli/app.h"
#include "cli/custody.h"
#include "core/cleanup.h"

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	const struct custody_args *a = args;

	if (a->action == CUSTODY_ACTIONS) {
		(void)sl_fail(&err, SL_EINVAL, 0, "what happened? give --action");
		return app_fail(app, &err);
	}
	return custody_run(app, a, (enum custody_action)a->action, words->items[0]);
}

static const struct opt options[] = {
	{"action", 0, OPT_WORD, "WHAT", custody_action_words, CUSTODY_AT(action),
	 "what happened: acquired, transferred, received, accessed, verified, copied, redacted, "
	 "held, released, extended or disposed"},
	CUSTODY_OPTIONS,
	{"from", 0, OPT_TEXT, "WHO", NULL, CUSTODY_AT(from), "who gave it"},
	{"to", 0, OPT_TEXT, "WHO", NULL, CUSTODY_AT(to), "who gets it"},
	{"to-key", 0, OPT_TEXT, "FILE", NULL, CUSTODY_AT(to_key),
	 "the public key of who gets it, who alone can sign for it (transferred)"},
	{"place", 0, OPT_TEXT, "TEXT", NULL, CUSTODY_AT(place), "where"},
	{"seal", 0, OPT_TEXT, "TEXT", NULL, CUSTODY_AT(seal),
	 "the number of a seal or bag, or the id of a lock"},
	{"made", 0, OPT_TEXT, "FILE", NULL, CUSTODY_AT(made),
	 "the copy or the redacted file that was made (copied, redacted)"},
	{"matter", 0, OPT_TEXT, "NAME", NULL, CUSTODY_AT(matter),
	 "what a legal hold is for (held, released)"},
	{"retain-until", 0, OPT_TEXT, "DATE", NULL, CUSTODY_AT(until),
	 "it must not be disposed of before DATE (2027-01-31, or with a time)"},
	CLI_UNLOCK_OPTIONS(struct custody_args, unlock),
	{"jobs", 'j', OPT_NUMBER, "N", NULL, CUSTODY_AT(jobs),
	 "threads that verify; by default one a processor, 8 at most"},
};
static const struct custody_args defaults = {.action = CUSTODY_ACTIONS};

const struct command command_custody_add = {
	.name = "custody add",
	.summary = "add a signed event to a bundle's custody record",
	.operands = "BUNDLE",
	.description =
		"Hash the bundle, ask the rules, and append one line, signed with your key. A "
		"record begins with acquired, or with received from somebody who kept none; then "
		"the bundle is verified, too. A transfer is two lines: the giver's names the "
		"receiver's key, the receiver's answers it, and until then it is open. The giver "
		"can answer it himself, which takes it back.\n\n"
		"Exit status 1 means that nothing was written: the file is no longer what the "
		"first line says, the record is broken, or a rule forbids it. Only who holds it "
		"hands it over or disposes of it; nothing is disposed of under a legal hold or "
		"before its date; nothing comes after that. Disposing is recorded, not done.\n\n"
		"The digest that is shown belongs into your notes: 'custody verify --head' tells "
		"with it whether the end of the record was cut off.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct custody_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline custody add b.zst --action transferred --to-key b.pub "
		      "--key me",
		      "Hand it over:"},
		     {"strandline custody add web.tar.zst --action received --key bell.key",
		      "Sign for it:"}},
	.holds_keys = true,
	.run = run,
};
