/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the program: what every subcommand is handed. Made in main, nowhere else. */
#ifndef CLI_APP_H
#define CLI_APP_H

#include <signal.h>

#include "cli/options.h"
#include "cli/progress.h"
#include "report/report.h"

/* Order of the words of --format. */
enum app_format {
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_JSONL,
	FORMAT_SARIF,
	FORMAT_OCSF,
	FORMAT_HTML,
};
/* Order of the words of --color and --progress. */
enum app_when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* The options that every command takes. Texts live as long as the command line. */
struct app_options {
	const char *root;        /* NULL: this machine */
	bool live;               /* root is the root of the running machine */
	struct text_list stores; /* "ENGINE=DIR" */
	const char *ns;          /* containerd's namespace, or NULL: all */
	bool no_db;
	const char *db;
	unsigned int format; /* enum app_format */
	const char *output;  /* NULL or "-": standard output */
	bool quiet;
	unsigned int verbose;
	unsigned int color, progress; /* enum app_when */
	bool help, version;
};

struct app {
	struct app_options options;
	const struct command *command;     /* NULL until one is known */
	const volatile sig_atomic_t *stop; /* set by SIGINT, SIGTERM and SIGHUP */
	struct progress progress;
	char *db_path; /* owned: what app_database() worked out */
};

void app_init(struct app *app);
/* After parsing: decide about progress and the database. */
int app_start(struct app *app, struct sl_error *err);
void app_clear(struct app *app);

/* "strandline: diff: message" on standard error. Returns EXIT_TROUBLE. */
int app_fail(struct app *app, const struct sl_error *err);
/* The same for things that do not end the run; nothing with --quiet. */
void app_note(struct app *app, const char *fmt, ...) SL_PRINTF(2, 3);

/* For CLEANUP: close a sink that may be NULL. */
void close_sink(struct sl_sink *const *sink);

/* Where baselines are kept; NULL: a private, temporary database (--no-db, or --root of a dead
 * disk, which is never written to). */
const char *app_database(const struct app *app);
/* Threads to use: as asked for, or when 0 as many as there are processors, 8 at most. */
unsigned int app_jobs(unsigned int asked);
/* One "ENGINE=DIR" of --store taken apart. @engine is owned by the caller. */
int app_store(const char *text, char **engine, const char **dir, struct sl_error *err);

/* Options for the sinks in report/: colour and width as the terminal and the user want them. */
struct report_options app_report_options(const struct app *app, bool is_terminal);
/* The sink for --format. */
int app_sink(struct sl_sink **out, const struct app *app, struct ostream *to,
	     const struct report_options *options, struct sl_error *err);

/* The subcommands, one a file. */
extern const struct command command_index;
extern const struct command command_images, command_images_list, command_images_show,
	command_images_rm, command_images_verify, command_images_dump, command_images_load,
	command_images_vacuum;
extern const struct command command_baseline, command_baseline_export, command_baseline_import,
	command_baseline_show;
extern const struct command command_ps, command_diff, command_check;
extern const struct command command_rules, command_rules_list, command_rules_check;
extern const struct command command_ack, command_ack_list, command_ack_rm;
extern const struct command command_policy, command_policy_check, command_policy_learn,
	command_policy_test;
extern const struct command command_approve, command_approve_list, command_approve_show,
	command_approve_rm;
extern const struct command command_capture, command_verify, command_verify_item, command_recover,
	command_show, command_extract, command_timeline, command_keygen, command_timestamp;
extern const struct command command_custody, command_custody_add, command_custody_show,
	command_custody_verify, command_custody_hold, command_custody_release,
	command_custody_extend;
extern const struct command command_help, command_man, command_completion;

#endif
