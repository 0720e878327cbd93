/* SPDX-License-Identifier: Apache-2.0 */
/* Have a third party say that a bundle existed, and when. */
#include "cli/app.h"
#include "cli/unlock.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "job/timestamp.h"

#define MOST_SECONDS 600u

struct timestamp_args {
	const char *tsa, *response, *ca, *sidecars;
	bool offline;
	unsigned int seconds, jobs;
	struct unlock_args unlock;
};

static int check(const struct timestamp_args *a, struct sl_error *err)
{
	int ways = (a->tsa != NULL) + a->offline + (a->response != NULL);

	if (ways != 1)
		return sl_fail(err, SL_EINVAL, 0,
			       "give one of --tsa URL, --offline and --response FILE");
	if (a->offline && a->ca != NULL)
		return sl_fail(err, SL_EINVAL, 0, "--ca judges an answer: there is none offline");
	if (a->seconds == 0 || a->seconds > MOST_SECONDS)
		return sl_fail(err, SL_EINVAL, 0, "--timeout is 1 to %u seconds", MOST_SECONDS);
	return 0;
}

static void tell(struct app *app, const struct timestamp_outcome *o)
{
	char when[CLOCK_TEXT_SIZE];

	if (o->made_note)
		app_note(app, "the checkpoint is in '%s'", o->note);
	if (!o->has_time) {
		app_note(app,
			 "the question is in '%s': have a time stamp authority answer it, then "
			 "give the answer with --response",
			 o->written);
		return;
	}
	clock_format_short(when, o->time);
	app_note(app, "'%s': %s UTC, by %s", o->written, when, o->tsa);
	if (!o->trusted)
		app_note(app, "whether to believe that is for 'verify --ca FILE' to say");
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(timestamp_outcome_clear) struct timestamp_outcome outcome = {.has_time = false};
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	const struct timestamp_args *a = args;
	struct timestamp_request request = {.bundle = words->items[0],
					    .sidecars = a->sidecars,
					    .tsa = a->tsa,
					    .offline = a->offline,
					    .response = a->response,
					    .ca_file = a->ca,
					    .seconds = a->seconds,
					    .threads = app_jobs(a->jobs)};
	int rc = check(a, &err);

	if (rc == 0)
		rc = cli_unlock(&identities, &a->unlock, &err);
	request.identities = identities;
	request.stop = app->stop;
	if (rc == 0)
		rc = job_timestamp(&request, &outcome, &err);
	if (rc == 0) {
		tell(app, &outcome);
		return EXIT_DONE;
	}
	(void)app_fail(app, &err);
	return rc == -SL_EUNTRUSTED ? EXIT_FOUND : EXIT_TROUBLE;
}

#define AT(member) offsetof(struct timestamp_args, member)

static const struct opt options[] = {
	{"tsa", 0, OPT_TEXT, "URL", NULL, AT(tsa),
	 "ask this time stamp authority (RFC 3161), over http or https; only a digest is sent"},
	{"offline", 0, OPT_FLAG, NULL, NULL, AT(offline),
	 "write the question beside the bundle, to be answered later"},
	{"response", 0, OPT_TEXT, "FILE", NULL, AT(response),
	 "take the answer to the question that --offline wrote"},
	{"ca", 0, OPT_TEXT, "FILE", NULL, AT(ca),
	 "keep the answer only when it is believed by one of these certificates, PEM"},
	{"sidecars", 0, OPT_TEXT, "DIR", NULL, AT(sidecars),
	 "the files beside the bundle are in DIR instead"},
	{"timeout", 0, OPT_NUMBER, "SECONDS", NULL, AT(seconds),
	 "how long to wait for the authority; by default 30"},
	CLI_UNLOCK_OPTIONS(struct timestamp_args, unlock),
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that read; by default one a processor, 8 at most"},
};
static const struct timestamp_args defaults = {.seconds = 30};

const struct command command_timestamp = {
	.name = "timestamp",
	.summary = "have a time stamp authority say that a bundle existed now",
	.operands = "BUNDLE",
	.description = "Verify the bundle, then get a time stamp (RFC 3161) over the SHA-256 of "
		       "its last checkpoint, by which all of it is bound. The bundle is not "
		       "changed: the checkpoint is kept as BUNDLE.note, the answer as BUNDLE.tsr, "
		       "a further one as BUNDLE.2.tsr. Stamp again, by another authority or with "
		       "stronger algorithms, before the certificates of the last one run out.\n\n"
		       "The authority learns one digest and your address. 'openssl ts -verify "
		       "-data BUNDLE.note -in BUNDLE.tsr -CAfile ca.pem' says the same as 'verify "
		       "--ca'. Whether a certificate was revoked is not looked at.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct timestamp_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline timestamp web.tar.zst --tsa http://tsa.example --ca tsa.pem",
		      "When did it exist, at the latest?"},
		     {"strandline timestamp web.tar.zst --offline",
		      "On a machine without a network, write the question only:"}},
	.holds_keys = true,
	.run = run,
};
