/* SPDX-License-Identifier: Apache-2.0 */
/* What single lines of settings and commands mean: rules of diff/linerules.c. */
#ifndef DIFF_LINESETTINGS_H
#define DIFF_LINESETTINGS_H

#include "diff/lineread.h"

/* Each: is it true of the line? Then the message says what. */

/* of commands */
bool linesettings_unpacks(struct look *l);
bool linesettings_sets_id(struct look *l);
bool linesettings_mines(struct look *l);
bool linesettings_sources(struct look *l);

/* of files with a form of their own */
bool linesettings_sshd(struct look *l);
bool linesettings_pam(struct look *l);
bool linesettings_prepends(struct look *l);
bool linesettings_php(struct look *l);
bool linesettings_handler(struct look *l);
bool linesettings_module(struct look *l);
bool linesettings_hook(struct look *l);
bool linesettings_kernel(struct look *l);
bool linesettings_import(struct look *l);

/* A log-in shell that lets nobody in, or none. */
bool linesettings_is_no_shell(struct sl_bytes shell);
/* Behind a pipe stands something that runs what it is sent. */
bool linesettings_is_piped(struct sl_bytes text);

#endif
