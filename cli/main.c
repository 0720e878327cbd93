/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "core/cleanup.h"
#include "core/digest.h"

/*
 * Started with standard descriptors closed, the first file we open would become one of them. Each
 * is filled the wrong way round, so that whoever writes to a closed output is told.
 */
static bool have_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", flags) != fd) /* NOLINT(android-cloexec-open) */
			return false;
	}
	return true;
}

/* What was printed must have arrived: a full disk is a failure. */
static int close_stdout(struct app *app, int status)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)sl_fail(&err, SL_EIO, errno, "standard output");
	return app_fail(app, &err);
}

static int print_help(struct app *app)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);

	help_text(&text, app->command);
	if (text.status < 0)
		return EXIT_TROUBLE;
	(void)fputs(text.data, stdout);
	return EXIT_DONE;
}

static int usage_error(struct app *app, const struct sl_error *err)
{
	(void)app_fail(app, err);
	(void)fprintf(stderr, "try 'strandline %s%s--help'\n",
		      app->command != NULL ? app->command->name : "",
		      app->command != NULL ? " " : "");
	return EXIT_TROUBLE;
}

/*
 * Not dumpable: no core file, and no process of the same user may attach or read the memory. The
 * limit says the same to whoever catches crashes in the kernel's place.
 */
static void keep_keys_inside(struct app *app)
{
	const struct rlimit none = {0};

	if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		app_note(app, "a crash could leave keys in a core file");
}

/* Evidence is never written over, by whatever name. */
static int spare_evidence(const struct app *app, const struct call *call, struct sl_error *err)
{
	const char *operands = call->command->operands;
	int rc = 0;

	if (strncmp(operands, "BUNDLE", 6) != 0 && strncmp(operands, "FILE", 4) != 0 &&
	    strstr(operands, "--bundles") == NULL)
		return 0;
	for (size_t i = 0; rc == 0 && i < call->words.count; i++)
		rc = output_spares(app->options.output, call->words.items[i], err);
	return rc;
}

static int run(struct app *app, int argc, char **argv)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(call_clear) struct call call = {0};

	if (options_parse(&call, app, argc, argv, &err) < 0)
		return usage_error(app, &err);
	if (app->options.version) {
		(void)puts("strandline " STRANDLINE_VERSION);
		return EXIT_DONE;
	}
	if (app->options.help)
		return print_help(app);
	if (call.command == NULL) {
		(void)sl_fail(&err, SL_EINVAL, 0, "which command?");
		return usage_error(app, &err);
	}
	if (app_start(app, &err) < 0)
		return usage_error(app, &err);
	if (spare_evidence(app, &call, &err) < 0)
		return usage_error(app, &err);
	if (call.command->holds_keys)
		keep_keys_inside(app);
	app->stop = signals_watch();
	return call.command->run(app, call.args, &call.words);
}

int main(int argc, char **argv)
{
	struct app app;
	int status;

	if (!have_standard_descriptors() || digest_ignore_config() < 0)
		return EXIT_TROUBLE;
	app_init(&app);
	status = run(&app, argc, argv);
	status = close_stdout(&app, status);
	app_clear(&app);
	return status;
}
