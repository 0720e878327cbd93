/* SPDX-License-Identifier: Apache-2.0 */
/* List what a bundle holds. */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/custody.h"
#include "cli/output.h"
#include "cli/unlock.h"
#include "core/cleanup.h"
#include "job/evidence.h"

struct show_args {
	struct text_list types; /* only records of these types */
	bool redact;
	struct custody_access custody;
	struct unlock_args unlock;
};

struct showing {
	const struct app *app;
	struct ostream *to;
	bool any;
};

static int write_text(struct showing *s, const char *text, size_t len, struct sl_error *err)
{
	return ostream_write(s->to, text, len, err);
}

/* Machine formats get the record as it stands in the journal, byte for byte unless redacted. */
static int on_record(void *payload, const struct sl_bundle_record *r, const char *line,
		     struct sl_error *err)
{
	static const char unattested[] = "  (not attested)";
	struct showing *s = payload;
	int rc = 0;

	if (s->app->options.format == FORMAT_JSON)
		rc = write_text(s, s->any ? ",\n" : "[\n", 2, err);
	s->any = true;
	if (rc == 0 && s->app->options.format == FORMAT_TABLE) {
		rc = write_text(s, line, strlen(line), err);
		if (rc == 0 && !r->attested)
			rc = write_text(s, unattested, strlen(unattested), err);
	} else if (rc == 0) {
		rc = write_text(s, r->line, r->len, err);
	}
	if (rc == 0 && s->app->options.format != FORMAT_JSON)
		rc = write_text(s, "\n", 1, err);
	return rc;
}

static int show(struct app *app, const struct show_args *a, const char *bundle,
		uint64_t *unattested, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	struct showing s = {.app = app};
	int rc = cli_unlock(&identities, &a->unlock, err);

	if (rc == 0)
		rc = output_open(&output, app->options.output, err);

	if (rc < 0)
		return rc;
	s.to = output.stream;
	rc = job_show(bundle, identities, app->stop, a->types.items, a->types.count, a->redact,
		      on_record, &s, unattested, err);
	if (rc == 0 && app->options.format == FORMAT_JSON)
		rc = write_text(&s, s.any ? "\n]\n" : "[]\n", 3, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	const struct show_args *a = args;
	uint64_t unattested = 0;

	/* before anything is shown: what cannot be recorded is not done */
	if (custody_record_access(app, &a->custody, words->items[0], NULL, NULL, &err) < 0)
		return app_fail(app, &err);
	if (show(app, args, words->items[0], &unattested, &err) < 0)
		return app_fail(app, &err);
	if (a->redact)
		app_note(app, "redacted: these records are not the bundle's own, and their digests "
			      "do not fit; read them before you hand them on");
	if (unattested > 0)
		app_note(app, "%" PRIu64 " records lie under no good checkpoint", unattested);
	return EXIT_DONE;
}

#define AT(member) offsetof(struct show_args, member)

static const struct opt options[] = {
	{"type", 't', OPT_LIST, "TYPE", NULL, AT(types),
	 "only records of this type, such as file, finding or gap; may be repeated"},
	{"redact", 0, OPT_FLAG, NULL, NULL, AT(redact),
	 "mask what looks like a secret; read it before you hand it on"},
	CUSTODY_ACCESS_OPTIONS(struct show_args, custody),
	CLI_UNLOCK_OPTIONS(struct show_args, unlock),
};
static const char *const formats[] = {"table", "json", "jsonl", NULL};

const struct command command_show = {
	.name = "show",
	.summary = "list what a bundle holds",
	.operands = "BUNDLE",
	.description = "List the records of a bundle, one a line, without judging it. Each says "
		       "whether it lies under a checkpoint whose signature is good. --redact masks "
		       "passwords in arguments and URLs, tokens, private keys, values of "
		       "environments and what stands behind names such as password or secret. It "
		       "finds what looks like a secret: one without a name or a known form, in "
		       "another encoding or in a name of a file stays.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct show_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline show web.tar.zst --type finding", "What was found?"},
		     {"strandline show web.tar.zst --redact --format jsonl | jq .argv",
		      "The records, for another program, without passwords in arguments:"}},
	.holds_keys = true,
	.run = run,
};
