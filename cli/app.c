/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"

#define SYSTEM_DATABASE "/var/lib/strandline/strandline.db"
#define MOST_JOBS 8u

void app_init(struct app *app)
{
	*app = (struct app){0};
	progress_init(&app->progress, false);
}

static bool is_set(const char *variable)
{
	const char *value = getenv(variable); /* NOLINT(concurrency-mt-unsafe) nothing sets any */

	return value != NULL && *value != '\0';
}

static bool is_dumb(void)
{
	const char *term = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe) */

	return term == NULL || strcmp(term, "dumb") == 0;
}

static bool wants_progress(const struct app_options *o)
{
	if (o->progress == WHEN_AUTO)
		return !o->quiet && isatty(STDERR_FILENO) == 1 && !is_dumb();
	return o->progress == WHEN_ALWAYS;
}

/* $XDG_STATE_HOME/strandline/strandline.db, else ~/.local/state/...; NULL when there is no home. */
static int user_database(char **out)
{
	const char *state = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
	int n = 0;

	*out = NULL;
	if (state != NULL && *state == '/')
		n = asprintf(out, "%s/strandline/strandline.db", state);
	else if (home != NULL && *home == '/')
		n = asprintf(out, "%s/.local/state/strandline/strandline.db", home);
	if (n < 0)
		*out = NULL;
	return n < 0 ? -SL_ENOMEM : 0;
}

int app_start(struct app *app, struct sl_error *err)
{
	const struct app_options *o = &app->options;

	progress_init(&app->progress, wants_progress(o));
	if (o->live && o->root == NULL)
		return sl_fail(err, SL_EINVAL, 0, "--live needs --root");
	if (o->no_db && o->db != NULL)
		return sl_fail(err, SL_EINVAL, 0, "--no-db and --db exclude each other");
	if (o->no_db || (o->root != NULL && o->db == NULL))
		return 0;
	if (o->db != NULL)
		app->db_path = strdup(o->db);
	else if (geteuid() == 0)
		app->db_path = strdup(SYSTEM_DATABASE);
	else
		return user_database(&app->db_path) < 0 ? sl_fail(err, SL_ENOMEM, 0, "options") : 0;
	return app->db_path != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "options");
}

const char *app_database(const struct app *app)
{
	return app->db_path;
}

void app_clear(struct app *app)
{
	progress_erase(&app->progress);
	free(app->options.stores.items);
	free(app->db_path);
	*app = (struct app){0};
}

int app_fail(struct app *app, const struct sl_error *err)
{
	progress_erase(&app->progress);
	(void)fprintf(stderr, "strandline: %s%s%s\n",
		      app->command != NULL ? app->command->name : "",
		      app->command != NULL ? ": " : "", sl_error_text(err));
	return EXIT_TROUBLE;
}

void close_sink(struct sl_sink *const *sink)
{
	sl_sink_close(*sink);
}

void app_note(struct app *app, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list ap;
	int n;

	if (app->options.quiet)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return;
	}
	progress_erase(&app->progress);
	(void)fprintf(stderr, "strandline: %s%s%s\n",
		      app->command != NULL ? app->command->name : "",
		      app->command != NULL ? ": " : "", text);
}

unsigned int app_jobs(unsigned int asked)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (asked > 0)
		return asked;
	if (online < 1)
		return 1;
	return online > (long)MOST_JOBS ? MOST_JOBS : (unsigned int)online;
}

int app_store(const char *text, char **engine, const char **dir, struct sl_error *err)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || equals[1] == '\0')
		return sl_fail(err, SL_EINVAL, 0, "--store needs ENGINE=DIR");
	*engine = strndup(text, (size_t)(equals - text));
	*dir = equals + 1;
	return *engine != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "options");
}

struct report_options app_report_options(const struct app *app, bool is_terminal)
{
	struct report_options r = {.least = SL_SEVERITY_INFO};
	struct winsize size = {0};

	if (app->options.color == WHEN_AUTO)
		r.colour = is_terminal && !is_set("NO_COLOR") && !is_dumb();
	else
		r.colour = app->options.color == WHEN_ALWAYS;
	if (is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		r.width = size.ws_col;
	return r;
}

int app_sink(struct sl_sink **out, const struct app *app, struct ostream *to,
	     const struct report_options *options, struct sl_error *err)
{
	switch ((enum app_format)app->options.format) {
	case FORMAT_TABLE:
		return report_table(out, to, options, err);
	case FORMAT_JSON:
		return report_json(out, to, options, err);
	case FORMAT_JSONL:
		return report_jsonl(out, to, options, err);
	case FORMAT_SARIF:
		return report_sarif(out, to, options, err);
	case FORMAT_OCSF:
		return report_ocsf(out, to, options, err);
	case FORMAT_HTML:
		return report_html(out, to, options, err);
	}
	return sl_fail(err, SL_EINVAL, 0, "unknown format");
}
