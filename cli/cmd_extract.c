/* SPDX-License-Identifier: Apache-2.0 */
/* Get single items out of a bundle, with proof. */
#include <stdint.h>

#include "cli/app.h"
#include "core/cleanup.h"

#define NO_SEQ UINT64_MAX

struct extract_args {
	uint64_t seq; /* NO_SEQ: by path */
	const char *output;
	bool list;
};

static int check(const struct extract_args *a, const struct operands *words, struct sl_error *err)
{
	bool by_seq = a->seq != NO_SEQ, by_path = words->count > 1;

	if (a->list && (by_seq || by_path))
		return sl_fail(err, SL_EINVAL, 0, "--list takes the bundle alone");
	if (!a->list && by_seq == by_path)
		return sl_fail(err, SL_EINVAL, 0, "give either --seq N or paths");
	if (!a->list && a->output == NULL)
		return sl_fail(err, SL_EINVAL, 0, "where to? give -o FILE, or -o - for a pipe");
	return 0;
}

static int extract(struct app *app, const struct extract_args *a, const struct operands *words)
{
	(void)a;
	(void)words;
	return app_unavailable(app); /* job: extract from words->items[0] */
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	if (check(args, words, &err) < 0)
		return app_fail(app, &err);
	return extract(app, args, words);
}

#define AT(member) offsetof(struct extract_args, member)

static const struct opt options[] = {
	{"seq", 0, OPT_SIZE, "N", NULL, AT(seq), "the file of record N"},
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the file to create, for several paths the directory; - is standard output"},
	{"list", 'l', OPT_FLAG, NULL, NULL, AT(list), "list what can be extracted"},
};
static const struct extract_args defaults = {.seq = NO_SEQ};

const struct command command_extract = {
	.name = "extract",
	.summary = "get single files out of a bundle, checked",
	.operands = "BUNDLE [PATH...]",
	.description = "Write files of a bundle out, each checked against the digest in its "
		       "record. What was captured may be malicious: nothing is made executable, "
		       "and no name from the evidence becomes a path outside the directory given.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct extract_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline extract web.strand --list", "What is in it?"},
		     {"strandline extract web.strand /usr/bin/evil -o evil.bin",
		      "One file, under a name of your choice:"}},
	.run = run,
};
