/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a damaged bundle. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/output.h"
#include "cli/passphrase.h"
#include "cli/unlock.h"
#include "core/cleanup.h"
#include "job/recover.h"

struct recover_args {
	const char *output;
	const char *directory;
	const char *key, *key_passphrase_file;
	uint64_t max_bytes;
	struct unlock_args unlock;
};

static int write_note(const struct recover_args *a, const struct buf *note, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;

	if (note->len == 0)
		return 0;
	if (asprintf(&path, "%s.note", a->output) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "note");
	}
	return output_text(path, note, err);
}

static int tell(struct app *app, const struct recover_summary *s)
{
	bool whole = s->is_closed && s->lost_bytes == 0 && s->stray_bytes == 0 && s->partial == 0 &&
		     s->missing == 0 && s->attested == s->members &&
		     s->attested_segments == s->segments;

	app_note(app,
		 "%" PRIu64 " payloads are whole, %" PRIu64 " of them attested; %" PRIu64
		 " have lost their end, %" PRIu64 " are named by records and not there",
		 s->members, s->attested, s->partial, s->missing);
	app_note(app,
		 "%" PRIu64 " segments, %" PRIu64 " of them attested; %" PRIu64
		 " bytes are no whole frame, %" PRIu64 " in whole ones belong to no bundle",
		 s->segments, s->attested_segments, s->lost_bytes, s->stray_bytes);
	if (s->not_extracted > 0)
		app_note(app, "%" PRIu64 " payloads were not written", s->not_extracted);
	return whole && s->not_extracted == 0 ? EXIT_DONE : EXIT_INCOMPLETE;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	CLEANUP(passphrase_clear) struct passphrase passphrase = {.typed = NULL};
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(buf_clear) struct buf note = BUF_INIT(1 << 16);
	struct recover_summary summary;
	const struct recover_args *a = args;
	struct recover_request request = {.bundle = words->items[0],
					  .directory = a->directory,
					  .max_bytes = a->max_bytes,
					  .key_file = a->key,
					  .note = &note};
	int rc = 0;

	if (a->output == NULL)
		rc = sl_fail(&err, SL_EINVAL, 0, "where to? give -o FILE, or -o - for a pipe");
	else if (a->key != NULL && strcmp(a->output, "-") == 0)
		rc = sl_fail(&err, SL_EINVAL, 0, "--key signs a file: give -o FILE");
	else
		rc = output_spares(a->output, words->items[0], &err);
	if (rc == 0)
		rc = passphrase_for_key(&passphrase, a->key, a->key_passphrase_file, &err);
	request.key_passphrase = passphrase_text(&passphrase);
	if (rc == 0)
		rc = cli_unlock(&identities, &a->unlock, &err);
	if (rc == 0)
		rc = output_open(&output, a->output, &err);
	request.identities = identities;
	request.stop = app->stop;
	request.report = output.stream;
	if (rc == 0)
		rc = job_recover(&request, &summary, &err);
	if (rc == 0)
		rc = output_commit(&output, &err);
	if (rc == 0)
		rc = write_note(a, &note, &err);
	return rc < 0 ? app_fail(app, &err) : tell(app, &summary);
}

#define AT(member) offsetof(struct recover_args, member)

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the report to write, JSON lines; - is standard output"},
	{"extract", 0, OPT_TEXT, "DIR", NULL, AT(directory),
	 "make DIR and write the payloads there; what is not attested is called so"},
	{"max-bytes", 0, OPT_SIZE, "SIZE", NULL, AT(max_bytes),
	 "write no more than that; 64G by default, 0 for no bound"},
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key),
	 "sign the report with the key of who recovers, as FILE.note"},
	{"key-passphrase-file", 0, OPT_TEXT, "FILE", NULL, AT(key_passphrase_file),
	 CLI_KEY_PASSPHRASE_HELP},
	CLI_UNLOCK_OPTIONS(struct recover_args, unlock),
};
static const struct recover_args defaults = {.max_bytes = UINT64_C(64) << 30};

const struct command command_recover = {
	.name = "recover",
	.summary = "salvage a cut or damaged bundle",
	.operands = "BUNDLE",
	.description =
		"Read what is left of a bundle that was cut, overwritten in parts or lost its "
		"beginning, and report every whole payload: where it stands, its digest, whether a "
		"record names it, and whether the chain from the first record attests it. Where "
		"a segment is missing, later ones can no longer be attested: their links may hold, "
		"but what they continue is gone. The bundle itself is only read.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct recover_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.holds_keys = true,
	.examples = {{"strandline recover web.tar.zst -o web.jsonl",
		      "What of it can still be used?"},
		     {"strandline recover web.tar.zst -o web.jsonl --extract out --key ir.key",
		      "Get it out, and sign for the report:"}},
	.run = run,
};
