/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in containers since their images were built. */
#include <stdint.h>

#include "cli/app.h"
#include "cli/diff_args.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "job/crew.h"
#include "job/diff.h"
#include "job/diff_bundles.h"
#include "job/diff_images.h"
#include "job/outplace.h"

/* The sink for --format, --summary and --tree. */
static int open_sink(struct sl_sink **out, const struct app *app, const struct diff_args *a,
		     const struct output *output, struct sl_error *err)
{
	struct report_options o = app_report_options(app, output->is_terminal);

	o.show_touched = a->show_touched;
	o.show_explained = a->show_explained;
	o.show_ids = a->show_ids;
	o.show_posture = a->posture;
	o.only_containers = a->summary;
	if (a->tree)
		return report_tree(out, output->stream, &o, err);
	if (a->summary && app->options.format == FORMAT_TABLE)
		return report_summary(out, output->stream, &o, err);
	return app_sink(out, app, output->stream, &o, err);
}

static int compare_images(const struct job *job, const struct diff_args *a,
			  const struct operands *words, struct sl_sink *sink, int *found,
			  struct sl_error *err)
{
	struct diff_images_request request = {.before = words->items[0],
					      .after = words->items[1],
					      .no_index = a->no_index,
					      .fail_on = (enum sl_severity)a->fail_on,
					      .accept_unproven = a->accept_unproven};

	return job_diff_images(job, &request, sink, found, err);
}

static int compare_bundles(const struct job *job, const struct diff_args *a,
			   const struct operands *words, struct sl_sink *sink, int *found,
			   struct sl_error *err)
{
	CLEANUP(cli_identities_free) struct age_identities *identities = NULL;
	struct diff_bundles_request request = {.before = words->items[0],
					       .after = words->items[1],
					       .fail_on = (enum sl_severity)a->fail_on,
					       .accept_unproven = a->accept_unproven,
					       .show_touched = a->show_touched};

	int rc = cli_unlock(&identities, &a->unlock, err);

	request.identities = identities;
	request.target = a->target;
	return rc < 0 ? rc : job_diff_bundles(job, &request, sink, found, err);
}

/* Compare everything that was asked for; *status is the job's verdict on all containers. */
static int compare(const struct cli_job *j, const char *output, const struct diff_args *a,
		   const struct operands *words, struct sl_sink *sink, enum exit_status *status,
		   struct sl_error *err)
{
	struct diff_request request = {.containers = (const char *const *)words->items,
				       .container_count = words->count,
				       .all = a->all,
				       .stopped = a->stopped,
				       .sandboxes = a->sandboxes,
				       .orphans = a->orphans,
				       .upper = a->upper,
				       .marker = (enum sl_marker)a->marker,
				       .rootfs = a->rootfs,
				       .image = a->image,
				       .output = output,
				       .no_index = a->no_index,
				       .check = a->check,
				       .parallel = a->parallel,
				       .quick = a->quick,
				       .paranoid = a->paranoid,
				       .max_holes = a->max_holes,
				       .freeze_seconds = a->freeze ? a->freeze_limit : 0,
				       .max_seconds = a->max_time != DIFF_NO_TIME ? a->max_time : 0,
				       .max_bytes =
					       a->max_bytes != DIFF_NO_BYTES ? a->max_bytes : 0,
				       .show_touched = a->show_touched,
				       .policies = a->policies.items,
				       .policy_count = a->policies.count,
				       .no_processes = a->no_processes,
				       .fail_on = (enum sl_severity)a->fail_on,
				       .accept_unproven = a->accept_unproven,
				       .fail_on_new = a->fail_on_new,
				       .volumes = a->volumes,
				       .yara = a->yara,
				       .posture = a->posture,
				       .hashes = a->hashes.items,
				       .hash_count = a->hashes.count};
	int found = EXIT_TROUBLE, rc;

	rc = a->images    ? compare_images(&j->job, a, words, sink, &found, err)
	     : a->bundles ? compare_bundles(&j->job, a, words, sink, &found, err)
			  : job_diff(&j->job, &request, sink, &found, err);
	*status = (enum exit_status)found;
	return rc;
}

static int prepare(struct cli_job *j, struct app *app, const struct diff_args *a,
		   struct sl_error *err)
{
	int rc = cli_job_init(j, app, a->jobs, err);

	if (a->all && !a->no_idle)
		cli_job_idle();
	if (rc == 0)
		rc = cli_job_limits(j, &a->limits, err);
	if (rc == 0)
		rc = cli_job_rules(j, app, &a->rules, err);
	if (rc == 0)
		rc = outplace_check(&j->job, app->options.output,
				    a->upper != NULL ? a->upper : a->rootfs, err);
	return rc;
}

static int diff(struct app *app, const struct diff_args *a, const struct operands *words,
		struct sl_error *err)
{
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	CLEANUP(output_clear) struct output output = {0};
	CLEANUP(close_sink) struct sl_sink *sink = NULL;
	enum exit_status status = EXIT_TROUBLE;
	int rc = diff_args_check(a, words, app->options.format, err);

	if (rc == 0)
		rc = prepare(&j, app, a, err);
	if (rc == 0)
		rc = output_open(&output, app->options.output, err);
	if (rc < 0)
		return rc;
	rc = open_sink(&sink, app, a, &output, err);
	if (rc == 0)
		rc = compare(&j, app->options.output, a, words, sink, &status, err);
	progress_erase(&app->progress);
	if (rc == 0)
		rc = output_commit(&output, err);
	return rc < 0 ? rc : (int)status;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	int rc = diff(app, args, words, &err);

	return rc < 0 ? cli_job_fail(app, &err) : rc;
}

#define AT(member) offsetof(struct diff_args, member)

static const char *const severities[] = {"info", "low", "medium", "high", "critical", NULL};

static const struct opt options[] = {
	{"all", 'a', OPT_FLAG, NULL, NULL, AT(all), "every container that runs or is paused",
	 "Which containers"},
	{"stopped", 0, OPT_FLAG, NULL, NULL, AT(stopped), "with --all: stopped ones too"},
	{"sandboxes", 0, OPT_FLAG, NULL, NULL, AT(sandboxes),
	 "with --all: what holds the namespaces of pods (pause), too"},
	{"orphans", 0, OPT_FLAG, NULL, NULL, AT(orphans),
	 "with --all: writable directories that belong to no container, or to an image build, too"},
	{"parallel", 0, OPT_NUMBER, "N", NULL, AT(parallel),
	 "compare N containers at a time, each in a process of its own that takes as much memory "
	 "as a run does, which pays for large ones; what is said stays the same, in the same "
	 "order; by default 1"},
	{"no-idle", 0, OPT_FLAG, NULL, NULL, AT(no_idle),
	 "with --all: read at the usual I/O priority, not only while nobody else reads"},
	{"volumes", 0, OPT_FLAG, NULL, NULL, AT(volumes),
	 "look through volumes, bind mounts and tmpfs, too: they have no baseline, so programs, "
	 "keys and what rules name are listed and the rest is counted",
	 "What is read"},
	{"yara", 0, OPT_TEXT, "FILE", NULL, AT(yara), CLI_YARA_HELP},
	{"no-processes", 0, OPT_FLAG, NULL, NULL, AT(no_processes),
	 "do not look at what runs in running containers"},
	{"check", 0, OPT_FLAG, NULL, NULL, AT(check),
	 "first hold the layer directories below against their layers, file by file; what was "
	 "tampered with there is a finding"},
	{"no-index", 0, OPT_FLAG, NULL, NULL, AT(no_index),
	 "do not index an unknown image first: compare with the layers as found on disk, or, "
	 "where there are none, fail"},
	{"quick", 0, OPT_FLAG, NULL, NULL, AT(quick),
	 "compare contents by size and XXH3 only; never says that anything is equal"},
	{"paranoid", 0, OPT_FLAG, NULL, NULL, AT(paranoid),
	 "read every file: do not take one that is the same inode with the same size and times as "
	 "in an earlier run for what it was then"},
	{"max-time", 0, OPT_NUMBER, "SECONDS", NULL, AT(max_time),
	 "for the files of each container; what is left then is a gap (the exit status is 3 or 1, "
	 "never 0)"},
	{"max-bytes", 0, OPT_SIZE, "SIZE", NULL, AT(max_bytes),
	 "of contents to be read of each container; a file that does not fit any more is a gap"},
	{"max-holes", 0, OPT_SIZE, "SIZE", NULL, AT(max_holes),
	 "hash so many bytes of holes, of all sparse files of a container together; a file with "
	 "more is compared by its size alone, and is a gap; by default 16G"},
	{"freeze", 0, OPT_FLAG, NULL, NULL, AT(freeze),
	 "stop the processes of a running container while it is read, by its control group; they "
	 "are started again whatever happens to this program"},
	{"freeze-limit", 0, OPT_NUMBER, "SECONDS", NULL, AT(freeze_limit), CLI_FREEZE_LIMIT_HELP},
	{"limit", 0, OPT_LIST, "NAME=VALUE", NULL, AT(limits), CLI_LIMIT_HELP},
	{"jobs", 'j', OPT_NUMBER, "N", NULL, AT(jobs),
	 "threads that read and hash; by default one a processor, 8 at most"},
	{"policy", 'p', OPT_LIST, "FILE", NULL, AT(policies), CLI_POLICY_HELP, "How it is judged"},
	{"hashes", 0, OPT_LIST, "FILE", NULL, AT(hashes), CLI_HASHES_HELP},
	{"rules", 0, OPT_LIST, "DIR", NULL, AT(rules), CLI_RULES_HELP},
	{"posture", 0, OPT_FLAG, NULL, NULL, AT(posture),
	 "list what is risky about the containers' settings by itself, and count it in the exit "
	 "status"},
	{"fail-on", 0, OPT_WORD, "SEVERITY", severities, AT(fail_on),
	 "least severity that makes the exit status 1: info, low, medium, high or critical; by "
	 "default low"},
	{"fail-on-new", 0, OPT_FLAG, NULL, NULL, AT(fail_on_new),
	 "leave out of the exit status what was acknowledged (see 'ack') and what the last run "
	 "with this option found in the container, too; this one is remembered for the next"},
	{"accept-unproven", 0, OPT_FLAG, NULL, NULL, AT(accept_unproven),
	 "exit with 0 although the layers are not proven to be the image's"},
	{"summary", 0, OPT_FLAG, NULL, NULL, AT(summary),
	 "table: one line a container; jsonl: only the container records", "How it is said"},
	{"tree", 0, OPT_FLAG, NULL, NULL, AT(tree),
	 "table: the changed paths as a tree with marks"},
	{"show-touched", 0, OPT_FLAG, NULL, NULL, AT(show_touched),
	 "list what was copied up or touched but equals the image"},
	{"show-explained", 0, OPT_FLAG, NULL, NULL, AT(show_explained),
	 "table: list changes with a known benign cause too"},
	{"show-ids", 0, OPT_FLAG, NULL, NULL, AT(show_ids),
	 "table: the id of each finding beneath it, as 'ack' takes it; nothing is folded"},
	{"upper", 0, OPT_TEXT, "DIR", NULL, AT(upper),
	 "compare the overlay upper directory DIR with --image", "Instead of containers"},
	{"rootfs", 0, OPT_TEXT, "DIR", NULL, AT(rootfs),
	 "compare the whole tree below DIR with --image"},
	{"image", 0, OPT_TEXT, "REF", NULL, AT(image),
	 "the image that --upper or --rootfs is compared with"},
	{"marker", 0, OPT_WORD, "DIALECT", cli_marker_words, AT(marker), CLI_MARKER_HELP},
	{"images", 0, OPT_FLAG, NULL, NULL, AT(images),
	 "the operands are two images: say what changed from the first to the second"},
	{"bundles", 0, OPT_FLAG, NULL, NULL, AT(bundles),
	 "the operands are two bundles of one container: say what changed from one capture to the "
	 "next; nothing but the bundles is read"},
	{"target", 0, OPT_TEXT, "NAME", NULL, AT(target),
	 "of bundles that hold several containers compare this one: its number, name or id"},
	CLI_UNLOCK_OPTIONS(struct diff_args, unlock),
};
static const char *const formats[] = {"table", "json", "jsonl", "sarif", "ocsf", "html", NULL};
static const struct diff_args defaults = {.marker = SL_MARKER_OVERLAY_TRUSTED,
					  .fail_on = SL_SEVERITY_LOW,
					  .freeze_limit = DIFF_FREEZE_DEFAULT,
					  .max_time = DIFF_NO_TIME,
					  .max_bytes = DIFF_NO_BYTES};

const struct command command_diff = {
	.name = "diff",
	.summary = "say what changed in a container since its image was built",
	.operands = "[CONTAINER... | --images A B | --bundles A B]",
	.description =
		"Compare containers with their images, and say of every difference how severe it "
		"is and why. An image that is not known yet is indexed from the local store first. "
		"Where its layers cannot be proven, the layers on disk are used, and the result "
		"says so. What could not be read is a gap, and a result with a gap is never clean. "
		"Volumes and other mounts have nothing to be compared with; they are listed, and "
		"--volumes looks through them.\n\n"
		"An image is named as for index, or by the id that images shows. A recorded tree "
		"(rootfs:, rootfs-tar:) is compared as it was recorded when it is named like then; "
		"recordings are not proven, so that nothing found ends with exit status 3.\n\n"
		"The formats table and html are for people; html is one page that stands alone. "
		"json, jsonl, sarif (2.1.0) and ocsf (1.5.0, one event a line) are for programs. "
		"All of them hold the same findings in the same order, but the table, which sorts "
		"by severity and folds what is alike.\n\n" CLI_CONTAINER_HELP
		" A pod without a container stands for all that runs in it.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.formats = formats,
	.operands_max = SIZE_MAX,
	.args_size = sizeof(struct diff_args),
	.defaults = &defaults,
	.exits = EXIT_COMPARES,
	.examples = {{"strandline diff web", "What changed in the container \"web\"?"},
		     {"strandline diff --all --format jsonl -o drift.jsonl",
		      "Everything that runs, for another program:"}},
	.run = run,
};
