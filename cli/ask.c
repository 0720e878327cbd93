/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX 1024

bool cli_can_ask(const struct app *app)
{
	return !app->options.quiet && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

int cli_ask(char **out, const char *question, struct sl_error *err)
{
	char line[ANSWER_MAX + 2];
	size_t len;

	*out = NULL;
	(void)fprintf(stderr, "%s: ", question);
	(void)fflush(stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return 0;
	len = strcspn(line, "\r\n");
	if (len > ANSWER_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "answer of more than %d bytes", ANSWER_MAX);
	if (len == 0)
		return 0;
	*out = strndup(line, len);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "answer");
}
