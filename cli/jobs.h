/* SPDX-License-Identifier: Apache-2.0 */
/* From the options of a command line to what jobs want to know. */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include <strandline/image.h>

#include "cli/app.h"
#include "job/job.h"

struct cli_job {
	struct job job;
	struct job_store stores[16];
	char *engines[16], *dirs[16]; /* owned */
	struct sl_limits limits;
	struct job_rules *rules; /* owned */
};

/* The words of --marker: sl_marker_name() of each enum sl_marker, NULL-terminated. */
extern const char *const cli_marker_words[];

/* What --marker and --freeze-limit of diff and capture are told. */
#define CLI_MARKER_HELP                                                                            \
	"how --upper marks deletions: overlay-trusted (default), overlay-user (mounted with "      \
	"userxattr), fuse-overlayfs, aufs, oci (.wh. files) or none"
#define CLI_FREEZE_LIMIT_HELP                                                                      \
	"with --freeze: start them again after so long at the latest; by default 10"

/* @asked is --jobs, 0 when it was not given. Borrows @app. Clear with cli_job_clear(). */
int cli_job_init(struct cli_job *out, struct app *app, unsigned int asked, struct sl_error *err);
/* Read only while nobody else does (I/O class idle), this process and the threads it starts. */
void cli_job_idle(void);

void cli_job_clear(struct cli_job *j);

/* What --limit of the commands that index is told, and takes: "NAME=VALUE", any number of times. */
#define CLI_LIMIT_HELP                                                                             \
	"raise or lower a limit on what one layer may cost: bytes, entries, ratio, path, depth, "  \
	"name, pax, xattrs or window; VALUE may end in K, M or G; may be repeated"
int cli_job_limits(struct cli_job *j, const struct text_list *given, struct sl_error *err);

/* What findings are judged by, in diff and capture. */
#define CLI_POLICY_HELP                                                                            \
	"drift that FILE expects is explained: counted, and listed with --show-explained "         \
	"(repeatable; see 'policy')"
#define CLI_HASHES_HELP                                                                            \
	"SHA-256 digests of known files, one a line: bad ones make a finding critical; good ones " \
	"(good:FILE) explain new files; may be repeated"
#define CLI_YARA_HELP                                                                              \
	"YARA rules, a file or a directory of *.yar and *.yara: applied to changed files, to "     \
	"volumes with --volumes, and to programs that run"

/* What --rules of the commands that judge drift is told, and takes: directories. */
#define CLI_RULES_HELP                                                                             \
	"judge by the rules in the .yaml files of DIR too; one with the id of a built-in rule "    \
	"replaces it, which --verbose says; may be repeated"
int cli_job_rules(struct cli_job *j, const struct app *app, const struct text_list *given,
		  struct sl_error *err);

/* What CONTAINER may be, for the descriptions of commands. */
#define CLI_CONTAINER_HELP                                                                         \
	"CONTAINER is a name, an id or the unique beginning of one, with ENGINE: in front where "  \
	"that is needed (docker, containerd, podman, cri-o, buildah, other); or "                  \
	"pod:NAMESPACE/POD[/CONTAINER], which is the running attempt or else the newest, with "    \
	"@previous or @N behind for another; or the path of an upper directory, of an orphan "     \
	"too. "                                                                                    \
	"Sandboxes and orphans have no names, only ids and paths."

/*
 * The exit status for a job that failed: an image that contradicts its digests is a finding (1),
 * anything else is trouble (2). Prints the message.
 */
int cli_job_fail(struct app *app, const struct sl_error *err);

#endif
