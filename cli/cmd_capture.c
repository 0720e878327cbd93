/* SPDX-License-Identifier: Apache-2.0 */
/* Keep a container as evidence. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "cli/app.h"
#include "cli/ask.h"
#include "cli/capture_args.h"
#include "cli/capture_plan.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "cli/passphrase.h"
#include "cli/unlock.h"
#include "core/cleanup.h"
#include "core/words.h"
#include "job/capture.h"

/* Everything goes to standard error: standard output may be the bundle. */
static void tell(struct app *app, const struct capture_args *a, const struct capture_outcome *o,
		 bool is_encrypted)
{
	const uint64_t *n = o->by_severity;

	app_note(app, "%s: %" PRIu64 " file%s, %" PRIu64 " bytes, closed as %s", a->output,
		 o->records_files, words_s(o->records_files), o->payload_bytes,
		 sl_bundle_status_name(o->closed_as));
	if (o->has_findings)
		app_note(app,
			 "findings: %" PRIu64 " critical, %" PRIu64 " high, %" PRIu64
			 " medium, %" PRIu64 " low, %" PRIu64 " info",
			 n[SL_SEVERITY_CRITICAL], n[SL_SEVERITY_HIGH], n[SL_SEVERITY_MEDIUM],
			 n[SL_SEVERITY_LOW], n[SL_SEVERITY_INFO]);
	if (o->was_frozen)
		app_note(app, "the processes stood still for %" PRIu64 " ms",
			 (o->frozen_ns + 999999) / 1000000);
	if (o->gaps > 0)
		app_note(app, "%" PRIu64 " gap%s: 'strandline show --type gap' lists %s", o->gaps,
			 words_s(o->gaps), o->gaps == 1 ? "it" : "them");
	if (o->left_out > 0)
		app_note(app, "%" PRIu64 " left out as asked for", o->left_out);
	if (o->contradicted)
		app_note(app, "the image on disk contradicts its digests: see the findings");
	app_note(app, is_encrypted
			      ? "it may hold secrets and malware: keep them locked up when it "
				"is opened"
			      : "it may hold secrets and malware in clear: keep it as you keep "
				"those");
}

/* 1 when it was not asked for. */
static int encrypt(struct encryption *out, const struct capture_args *a, struct sl_error *err)
{
	CLEANUP(cli_passphrase_free) char *typed = NULL;
	struct encryption_request request = {.recipients = a->recipients.items,
					     .recipient_count = a->recipients.count,
					     .files = a->recipient_files.items,
					     .file_count = a->recipient_files.count,
					     .passphrase.file = a->passphrase_file};
	int rc = a->passphrase ? cli_passphrase(&typed, "Passphrase of the bundle", true, err) : 0;

	request.passphrase.typed = typed;
	return rc < 0 ? rc : encryption_open(out, &request, err);
}

/* What a person at the terminal can say beside what was given. */
struct answers {
	char *operator_name, *reason; /* owned */
};

static void answers_clear(struct answers *a)
{
	free(a->operator_name);
	free(a->reason);
}

static int ask(const struct app *app, struct answers *a, struct capture_request *r,
	       struct sl_error *err)
{
	int rc = 0;

	if (!cli_can_ask(app))
		return 0;
	if (r->operator_name == NULL)
		rc = cli_ask(&a->operator_name, "who captures (--operator)", err);
	if (rc == 0 && r->reason == NULL)
		rc = cli_ask(&a->reason, "why (--reason)", err);
	if (rc == 0 && *app->stop != 0)
		rc = sl_fail(err, SL_ECANCELLED, 0, "stopped by a signal");
	if (rc < 0)
		return rc;
	r->asked = a->operator_name != NULL || a->reason != NULL;
	if (a->operator_name != NULL)
		r->operator_name = a->operator_name;
	if (a->reason != NULL)
		r->reason = a->reason;
	return 0;
}

static int print_plan(struct app *app, const struct job *job, const struct capture_request *request,
		      int *status, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(capture_plan_clear) struct capture_plan plan = {0};
	int rc = job_capture_plan(job, request, &plan, status, err);

	if (rc == 0)
		rc = output_open(&output, NULL, err);
	if (rc == 0)
		rc = app->options.format == FORMAT_JSON
			     ? capture_plan_json(output.stream, &plan, err)
			     : capture_plan_text(output.stream, &plan, err);
	return rc < 0 ? rc : output_commit(&output, err);
}

/* Directories of every layer of every container stay open: more than the usual soft limit. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int capture(struct app *app, const struct capture_args *a, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(passphrase_clear) struct passphrase passphrase = {.typed = NULL};
	CLEANUP(encryption_clear) struct encryption encryption = {0};
	struct capture_request request = {0};
	CLEANUP(answers_clear) struct answers answers = {0};
	struct capture_outcome outcome = {0};
	int status = EXIT_TROUBLE;
	int rc = capture_args_request(&request, a, words, &err);

	if (rc == 0)
		rc = cli_job_init(&j, app, a->jobs, &err);
	allow_descriptors();
	request.estimate = app->progress.enabled;
	/* nothing but the bundle is written, unless a database was named */
	j.job.db = app->options.db;
	if (rc == 0)
		rc = cli_job_rules(&j, app, &a->rules, &err);
	if (rc == 0 && a->dry_run) {
		rc = print_plan(app, &j.job, &request, &status, &err);
		return rc < 0 ? app_fail(app, &err) : status;
	}
	if (rc == 0)
		rc = ask(app, &answers, &request, &err);
	if (rc == 0)
		rc = passphrase_for_key(&passphrase, a->key, a->key_passphrase_file, &err);
	request.passphrase = passphrase_text(&passphrase);
	if (rc == 0 && (rc = encrypt(&encryption, a, &err)) == 0)
		request.encryption = &encryption;
	if (rc >= 0)
		rc = job_capture(&j.job, &request, &outcome, &status, &err);
	progress_erase(&app->progress);
	if (rc < 0)
		return app_fail(app, &err);
	tell(app, a, &outcome, request.encryption != NULL);
	return status;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	int rc = capture_args_check(args, app->options.format, &err);

	return rc < 0 ? app_fail(app, &err) : capture(app, args, words);
}

#define AT(member) offsetof(struct capture_args, member)

/* In the order of enum capture_profile. */
static const char *const profiles[] = {"triage", "standard", "full", NULL};
/* In the order of enum capture_memory. */
static const char *const memory_words[] = {"auto", "none", "mini", "full", NULL};

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, "FILE", NULL, AT(output),
	 "the bundle to create; it must not exist; - is standard output", "Where to, and how much"},
	{"profile", 0, OPT_WORD, "PROFILE", profiles, AT(profile),
	 "how much to take: triage (seconds: what is small and what is lost first), standard (the "
	 "default) or full"},
	{"dry-run", 0, OPT_FLAG, NULL, NULL, AT(dry_run),
	 "write nothing: say what would be taken and left out, and how large it is"},
	{"deadline", 0, OPT_TEXT, "TIME", NULL, AT(deadline),
	 "close the bundle after TIME, such as 90s, 15m or 2h, with what there is by then"},
	{"max-bytes", 0, OPT_SIZE, "SIZE", NULL, AT(max_bytes),
	 "store at most SIZE of contents in all; what finds no room is a gap"},
	{"max-file", 0, OPT_SIZE, "SIZE", NULL, AT(max_file),
	 "do not read changed files larger than SIZE; 1M with --profile triage, else none is"},
	{"max-holes", 0, OPT_SIZE, "SIZE", NULL, AT(max_holes),
	 "hash at most SIZE of holes in all; 4G by default; a file with more of them is stored "
	 "without a digest of the whole"},
	{"include", 0, OPT_LIST, "GLOB", NULL, AT(include),
	 "store only files whose path fits GLOB, or that lie in a directory that does; * stops at "
	 "a slash, ** does not; without a slash any name that fits; may be repeated"},
	{"exclude", 0, OPT_LIST, "GLOB", NULL, AT(exclude),
	 "do not read files that fit GLOB: they keep their records, without content; may be "
	 "repeated"},
	{"before", 0, OPT_SIZE, "SIZE", NULL, AT(before),
	 "keep this much of the image's version of each changed or deleted file; by default 1M"},
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that compress; by default one a processor, 8 at most"},
	{"volumes", 0, OPT_FLAG, NULL, NULL, AT(volumes),
	 "take the contents of volumes and bind mounts, too, and list what is telling in them",
	 "What else to take"},
	{"memory", 0, OPT_WORD, "HOW", memory_words, AT(memory),
	 "the memory of the processes, as ELF core files that gdb opens: none, mini (stacks, the "
	 "beginning of what is writable, code that is no file's) or full; auto, the default, is "
	 "full in a full capture, else none"},
	{"memory-limit", 0, OPT_SIZE, "SIZE", NULL, AT(memory_limit),
	 "at most so much memory of each process; what lies beyond is a gap; by default 4G"},
	{"registers", 0, OPT_FLAG, NULL, NULL, AT(registers),
	 "with --memory: all registers of each thread, which is stopped for a moment (ptrace); "
	 "else only those that a waiting thread shows"},
	{"freeze", 0, OPT_FLAG, NULL, NULL, AT(freeze),
	 "stop the processes while what goes away first is read, by their control group; they are "
	 "started again whatever happens to this program"},
	{"freeze-limit", 0, OPT_NUMBER, "SECONDS", NULL, AT(freeze_limit), CLI_FREEZE_LIMIT_HELP},
	{"check", 0, OPT_FLAG, NULL, NULL, AT(check),
	 "first hold the layer directories below against their layers, file by file; what was "
	 "tampered with there is taken and is a finding"},
	{"no-findings", 0, OPT_FLAG, NULL, NULL, AT(no_findings),
	 "collect only: compare nothing with the image", "Findings"},
	{"policy", 'p', OPT_LIST, "FILE", NULL, AT(policies), CLI_POLICY_HELP},
	{"hashes", 0, OPT_LIST, "FILE", NULL, AT(hashes), CLI_HASHES_HELP},
	{"yara", 0, OPT_TEXT, "FILE", NULL, AT(yara), CLI_YARA_HELP},
	{"rules", 0, OPT_LIST, "DIR", NULL, AT(rules), CLI_RULES_HELP},
	{"case", 0, OPT_TEXT, "NAME", NULL, AT(case_name), "the case it belongs to",
	 "The case, as declared"},
	{"exhibit", 0, OPT_TEXT, "NUMBER", NULL, AT(exhibit), "its exhibit number"},
	{"operator", 0, OPT_TEXT, "NAME", NULL, AT(operator_name),
	 "who captures; asked for on a terminal, not with --quiet"},
	{"authority", 0, OPT_TEXT, "TEXT", NULL, AT(authority), "who allowed it"},
	{"reason", 0, OPT_TEXT, "TEXT", NULL, AT(reason), "why it is done; asked for, too"},
	{"key", 0, OPT_TEXT, "FILE", NULL, AT(key), "sign with this key too, made by keygen",
	 "Keys and encryption"},
	{"key-passphrase-file", 0, OPT_TEXT, "FILE", NULL, AT(key_passphrase_file),
	 CLI_KEY_PASSPHRASE_HELP},
	{"sidecar", 0, OPT_TEXT, "DIR", NULL, AT(sidecar),
	 "put each signed checkpoint into DIR too, which should be on another machine"},
	{"recipient", 0, OPT_LIST, "AGE1...", NULL, AT(recipients),
	 "encrypt with age to this recipient, made by keygen --age or age-keygen; may be repeated"},
	{"recipients-file", 0, OPT_LIST, "FILE", NULL, AT(recipient_files),
	 "encrypt to the recipients in FILE, one a line; may be repeated"},
	{"passphrase-file", 0, OPT_TEXT, "FILE", NULL, AT(passphrase_file),
	 "encrypt with the passphrase in the first line of FILE; - is standard input"},
	{"passphrase", 0, OPT_FLAG, NULL, NULL, AT(passphrase),
	 "encrypt with a passphrase that is asked for on the terminal"},
	{"upper", 0, OPT_TEXT, "DIR", NULL, AT(upper),
	 "capture the overlay upper directory DIR, made on --image, instead of a container",
	 "Instead of containers"},
	{"marker", 0, OPT_WORD, "DIALECT", cli_marker_words, AT(marker), CLI_MARKER_HELP},
	{"rootfs", 0, OPT_TEXT, "DIR", NULL, AT(rootfs),
	 "capture the whole tree DIR, such as a mounted disk; with --image it is compared, too"},
	{"image", 0, OPT_TEXT, "REF", NULL, AT(image),
	 "the image that --upper was made on, or --rootfs is to be"},
};
/* Of the plan. */
static const char *const formats[] = {"table", "json", NULL};
static const struct capture_args defaults = {.profile = CAPTURE_STANDARD,
					     .before = (uint64_t)1 << 20,
					     .memory_limit = CAPTURE_MEMORY_LIMIT,
					     .freeze_limit = CAPTURE_FREEZE_DEFAULT,
					     .marker = SL_MARKER_OVERLAY_TRUSTED};

const struct command command_capture = {
	.name = "capture",
	.summary = "keep a container as a signed bundle of evidence",
	.operands = "[CONTAINER...]",
	.description =
		"Write what there is of containers into one bundle, what is lost first at the "
		"beginning: sockets and processes, memory if asked for, deleted files that are "
		"still open, file systems in memory, the engine's metadata, changed files and the "
		"image's version of them, logs, volumes if asked for, the machine around them, and "
		"the findings. Every record is chained and signed segment by segment while it is "
		"written, so that a bundle that was cut off is still evidence. The fingerprint "
		"that is shown at the start belongs into your notes: it ties the bundle to "
		"them.\n\n" CLI_CONTAINER_HELP,
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct capture_args),
	.defaults = &defaults,
	.exits = EXIT_WORKS,
	.examples = {{"strandline capture web -o web.tar.zst --case 2026-17 --operator \"A. Eden\"",
		      "Keep a container, and say for which case:"},
		     {"strandline capture web -o - | ssh vault 'cat >web.tar.zst'",
		      "Keep it on another machine, without a local file:"}},
	.holds_keys = true,
	.run = run,
};
