/* SPDX-License-Identifier: Apache-2.0 */
/* Get single items out of a bundle, with proof. */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/custody.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "job/evidence.h"

#define NO_SEQ UINT64_MAX

struct extract_args {
	uint64_t seq; /* NO_SEQ: by path */
	const char *output;
	const char *target; /* which container, or NULL */
	bool list, prove, redact;
	struct custody_access custody;
	struct unlock_args unlock;
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
	if (a->prove && (a->list || strcmp(a->output, "-") == 0))
		return sl_fail(err, SL_EINVAL, 0,
			       "--proof writes a file beside the item: give -o FILE");
	if (a->prove && a->redact)
		return sl_fail(err, SL_EINVAL, 0,
			       "--proof and --redact exclude each other: what is redacted is not "
			       "what was captured, and nothing proves it");
	return 0;
}

/* Only what has content can be got out. */
static int list_item(void *payload, const struct sl_bundle_record *r, const char *line,
		     struct sl_error *err)
{
	struct ostream *to = payload;
	struct jval *doc = NULL;
	bool has_content;
	int rc = jval_parse(&doc, r->line, r->len, NULL);

	/* a further name of a file comes out as its first one does */
	has_content = rc == 0 && (jval_type(jval_get(doc, "stored")) == JVAL_OBJECT ||
				  jval_get(doc, "hardlink_of") != NULL);
	jval_free(doc);
	if (!has_content)
		return 0;
	rc = ostream_write(to, line, strlen(line), err);
	return rc < 0 ? rc : ostream_write(to, "\n", 1, err);
}

static int list(const struct app *app, const char *bundle, const struct age_identities *identities,
		bool redact, struct sl_error *err)
{
	static const char *const files[] = {"file"};
	CLEANUP(output_clear) struct output output = {0};
	uint64_t unattested;
	int rc = output_open(&output, NULL, err);

	if (rc == 0)
		rc = job_show(bundle, identities, app->stop, files, ARRAY_SIZE(files), redact,
			      list_item, output.stream, &unattested, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

static void told(void *payload, uint64_t seq, const char *file)
{
	app_note(payload, "record %" PRIu64 ": %s", seq, file);
}

static int extract(struct app *app, const struct extract_args *a, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	struct extract_request request = {.bundle = words->items[0],
					  .by_seq = a->seq != NO_SEQ,
					  .seq = a->seq,
					  .paths = (const char *const *)words->items + 1,
					  .path_count = words->count - 1,
					  .output = a->output,
					  .prove = a->prove,
					  .redact = a->redact,
					  .extracted = told,
					  .payload = app};
	int rc = cli_unlock(&identities, &a->unlock, &err);

	request.identities = identities;
	request.stop = app->stop;
	request.target = a->target;
	if (rc == 0)
		rc = a->list ? list(app, words->items[0], identities, a->redact, &err)
			     : job_extract(&request, &err);
	if (rc == 0 && a->redact && !a->list)
		app_note(app, "redacted: this is not what was captured, its digests do not fit and "
			      "nothing proves it; read it before you hand it on");
	if (rc == 0)
		return EXIT_DONE;
	(void)app_fail(app, &err);
	return rc == -SL_EUNTRUSTED ? EXIT_FOUND : EXIT_TROUBLE;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	const struct extract_args *a = args;

	if (check(a, words, &err) < 0)
		return app_fail(app, &err);
	/* before anything is taken out: what cannot be recorded is not done */
	if (custody_record_access(app, &a->custody, words->items[0], NULL, NULL, &err) < 0)
		return app_fail(app, &err);
	return extract(app, args, words);
}

#define AT(member) offsetof(struct extract_args, member)

static const struct opt options[] = {
	{"seq", 0, OPT_SIZE, "N", NULL, AT(seq), "the file of record N"},
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the file to create, for several paths the directory; - is standard output"},
	{"proof", 0, OPT_FLAG, NULL, NULL, AT(prove),
	 "write beside each item what proves it without the bundle, as FILE.tlog-proof"},
	{"redact", 0, OPT_FLAG, NULL, NULL, AT(redact),
	 "mask what looks like a secret, in text alone; read it before you hand it on"},
	{"target", 0, OPT_TEXT, "NAME", NULL, AT(target),
	 "of a bundle that holds several containers the files of this one: its number, name or id"},
	{"list", 'l', OPT_FLAG, NULL, NULL, AT(list), "list what can be extracted"},
	CUSTODY_ACCESS_OPTIONS(struct extract_args, custody),
	CLI_UNLOCK_OPTIONS(struct extract_args, unlock),
};
static const struct extract_args defaults = {.seq = NO_SEQ};

const struct command command_extract = {
	.name = "extract",
	.summary = "get single files out of a bundle, checked",
	.operands = "BUNDLE [PATH...]",
	.description = "Write files of a bundle out, each checked against the digest in its "
		       "record. What was captured may be malicious: nothing is made executable, "
		       "and no name from the evidence becomes a path outside the directory given. "
		       "Whether the record itself is attested is judged by verify, or proved to "
		       "somebody else by --proof and verify-item. --redact masks, line by line, "
		       "values of environments, what stands behind names such as password or "
		       "secret, private keys, password hashes, tokens and passwords in URLs, and "
		       "refuses what is no text. It finds what looks like a secret: one without a "
		       "name or a known form, or in another encoding, stays.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct extract_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline extract web.tar.zst /usr/bin/evil -o evil.bin --proof",
		      "One file, and what proves it to somebody without the bundle:"},
		     {"strandline extract web.tar.zst /etc/app.conf -o app.conf --redact",
		      "A configuration without its passwords, for another team:"}},
	.holds_keys = true,
	.run = run,
};
