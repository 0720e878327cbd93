/* SPDX-License-Identifier: Apache-2.0 */
/* Keep a container as evidence. */
#include <inttypes.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "core/cleanup.h"
#include "job/capture.h"

/* All objects of the image that travel with a bundle, together. */
#define BEFORE_TOTAL ((uint64_t)64 << 20)

struct capture_args {
	const char *output;  /* the bundle; "-" is standard output */
	const char *key;     /* long-term signing key, PEM */
	const char *sidecar; /* directory for checkpoints */
	uint64_t before;     /* most bytes of each image file that changed */
	const char *case_name, *exhibit, *operator_name, *authority, *reason;
	const char *upper, *image;
	unsigned int marker; /* enum sl_marker of upper */
	bool no_findings, volumes, check;
	const char *yara;
	struct text_list rules, policies, hashes;
	unsigned int jobs;
};

/* Everything goes to standard error: standard output may be the bundle. */
static void tell(struct app *app, const struct capture_args *a, const struct capture_outcome *o)
{
	const uint64_t *n = o->by_severity;

	app_note(app, "%s: %" PRIu64 " files, %" PRIu64 " bytes, closed as %s", a->output,
		 o->records_files, o->payload_bytes, sl_bundle_status_name(o->closed_as));
	if (o->has_findings)
		app_note(app,
			 "findings: %" PRIu64 " critical, %" PRIu64 " high, %" PRIu64
			 " medium, %" PRIu64 " low, %" PRIu64 " info",
			 n[SL_SEVERITY_CRITICAL], n[SL_SEVERITY_HIGH], n[SL_SEVERITY_MEDIUM],
			 n[SL_SEVERITY_LOW], n[SL_SEVERITY_INFO]);
	if (o->gaps > 0)
		app_note(app, "%" PRIu64 " gaps: 'strandline show --type gap' lists them", o->gaps);
	if (o->contradicted)
		app_note(app, "the image on disk contradicts its digests: see the findings");
	app_note(app, "it may hold secrets and malware in clear: keep it as you keep those");
}

static int capture(struct app *app, const struct capture_args *a, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	struct capture_request request = {.container = words->count > 0 ? words->items[0] : NULL,
					  .upper = a->upper,
					  .marker = (enum sl_marker)a->marker,
					  .image = a->image,
					  .output = a->output,
					  .sidecar = a->sidecar,
					  .key_file = a->key,
					  .profile = CAPTURE_STANDARD,
					  .before_bytes = a->before,
					  .before_total = BEFORE_TOTAL,
					  .case_name = a->case_name,
					  .exhibit = a->exhibit,
					  .operator_name = a->operator_name,
					  .authority = a->authority,
					  .reason = a->reason,
					  .no_findings = a->no_findings,
					  .volumes = a->volumes,
					  .check = a->check,
					  .enrich = {.policies = a->policies.items,
						     .policy_count = a->policies.count,
						     .hashes = a->hashes.items,
						     .hash_count = a->hashes.count,
						     .yara = a->yara}};
	struct capture_outcome outcome = {0};
	int status = EXIT_TROUBLE;
	int rc = cli_job_init(&j, app, a->jobs, &err);

	/* nothing but the bundle is written, unless a database was named */
	j.job.db = app->options.db;
	if (rc == 0)
		rc = cli_job_rules(&j, app, &a->rules, &err);
	if (rc == 0)
		rc = job_capture(&j.job, &request, &outcome, &status, &err);
	if (rc < 0)
		return app_fail(app, &err);
	tell(app, a, &outcome);
	return status;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	const struct capture_args *a = args;

	if ((a->upper != NULL) == (words->count > 0)) {
		(void)sl_fail(&err, SL_EINVAL, 0,
			      "give either a container, or --upper DIR with --image REF");
		return app_fail(app, &err);
	}
	if (a->marker != SL_MARKER_OVERLAY_TRUSTED && a->upper == NULL) {
		(void)sl_fail(&err, SL_EINVAL, 0, "--marker goes with --upper");
		return app_fail(app, &err);
	}
	if ((a->volumes || a->check) && a->upper != NULL) {
		(void)sl_fail(&err, SL_EINVAL, 0, "%s goes with a container",
			      a->volumes ? "--volumes" : "--check");
		return app_fail(app, &err);
	}
	if (a->no_findings && (a->policies.count > 0 || a->hashes.count > 0 || a->yara != NULL)) {
		(void)sl_fail(&err, SL_EINVAL, 0,
			      "--no-findings excludes --policy, --hashes and --yara");
		return app_fail(app, &err);
	}
	if (a->output == NULL) {
		(void)sl_fail(&err, SL_EINVAL, 0, "where to? give -o FILE, or -o - for a pipe");
		return app_fail(app, &err);
	}
	return capture(app, a, words);
}

#define AT(member) offsetof(struct capture_args, member)

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the bundle to create; it must not exist; - is standard output"},
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key), "sign with this key too, made by keygen"},
	{"sidecar", 0, OPT_TEXT, "DIR", NULL, AT(sidecar),
	 "put each signed checkpoint into DIR too, which should be on another machine"},
	{"before", 0, OPT_SIZE, "SIZE", NULL, AT(before),
	 "keep this much of the image's version of each changed or deleted file; by default 1M"},
	{"case", 0, OPT_TEXT, "NAME", NULL, AT(case_name), "the case it belongs to"},
	{"exhibit", 0, OPT_TEXT, "NUMBER", NULL, AT(exhibit), "its exhibit number"},
	{"operator", 0, OPT_TEXT, "NAME", NULL, AT(operator_name), "who captures"},
	{"authority", 0, OPT_TEXT, "TEXT", NULL, AT(authority), "who allowed it"},
	{"reason", 0, OPT_TEXT, "TEXT", NULL, AT(reason), "why it is done"},
	{"upper", 0, OPT_TEXT, "DIR", NULL, AT(upper),
	 "capture the overlay upper directory DIR, made on --image, instead of a container"},
	{"marker", 0, OPT_WORD, "DIALECT", cli_marker_words, AT(marker),
	 "how --upper marks deletions: overlay-trusted (default), overlay-user (mounted with "
	 "userxattr), fuse-overlayfs, aufs, oci (.wh. files) or none"},
	{"image", 0, OPT_TEXT, "REF", NULL, AT(image), "the image that --upper was made on"},
	{"volumes", 0, OPT_FLAG, NULL, NULL, AT(volumes),
	 "take the contents of volumes and bind mounts, too, and list what is telling in them"},
	{"check", 0, OPT_FLAG, NULL, NULL, AT(check),
	 "first hold the layer directories below against their layers, file by file; what was "
	 "tampered with there is taken and is a finding"},
	{"policy", 'p', OPT_LIST, "FILE", NULL, AT(policies), CLI_POLICY_HELP},
	{"hashes", 0, OPT_LIST, "FILE", NULL, AT(hashes), CLI_HASHES_HELP},
	{"yara", 0, OPT_TEXT, "FILE", NULL, AT(yara), CLI_YARA_HELP},
	{"rules", 0, OPT_LIST, "DIR", NULL, AT(rules), CLI_RULES_HELP},
	{"no-findings", 0, OPT_FLAG, NULL, NULL, AT(no_findings),
	 "collect only: compare nothing with the image"},
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that compress; by default one a processor, 8 at most"},
};
static const struct capture_args defaults = {.before = (uint64_t)1 << 20,
					     .marker = SL_MARKER_OVERLAY_TRUSTED};

const struct command command_capture = {
	.name = "capture",
	.summary = "keep a container as a signed bundle of evidence",
	.operands = "[CONTAINER]",
	.description =
		"Write the container's changed files, the image's version of them, the engine's "
		"metadata and logs, and the findings into one bundle. Every record is chained and "
		"signed segment by segment while it is written, so that a bundle that was cut off "
		"is still evidence. The fingerprint that is shown at the start belongs into your "
		"notes: it ties the bundle to them.\n\n" CLI_CONTAINER_HELP,
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_max = 1,
	.args_size = sizeof(struct capture_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline capture web -o web.tar.zst --case 2026-17 --operator \"A. Eden\"",
		      "Keep a container, and say for which case:"},
		     {"strandline capture web -o - | ssh vault 'cat >web.tar.zst'",
		      "Keep it on another machine, without a local file:"}},
	.run = run,
};
