/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the person at the terminal. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <stdbool.h>

#include "cli/app.h"

/* May anything be asked? Only where a person sits at both ends, and did not ask for silence. */
bool cli_can_ask(const struct app *app);

/*
 * One line as the answer to @question. @out is owned; NULL when nothing was typed. One of more
 * than 1024 bytes is -SL_ELIMIT.
 */
int cli_ask(char **out, const char *question, struct sl_error *err);

#endif
