/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables look like as text: help, man page, completion. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/options.h"
#include "core/buf.h"

#define HELP_COLUMNS 80

/* NULL: the program as a whole. */
void help_text(struct buf *out, const struct command *command);
/* strandline(1) in man(7) macros. */
void help_man(struct buf *out);
/* For bash. */
void help_completion(struct buf *out);

#endif
