/* SPDX-License-Identifier: Apache-2.0 */
/* What the exit status says: the table of the program, its help and its man page. */
#ifndef CLI_EXIT_H
#define CLI_EXIT_H

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FOUND = 1,
	EXIT_TROUBLE = 2,
	EXIT_INCOMPLETE = 3,
};
#define EXIT_STATUSES 4

/* Which kind of statement a command makes. */
enum exit_column {
	EXIT_COMPARES, /* diff */
	EXIT_CHECKS,   /* check */
	EXIT_VERIFIES, /* verify */
	EXIT_WORKS,    /* everything else */
};
#define EXIT_COLUMNS 4

/* One or two sentences, static. */
const char *exit_text(enum exit_column column, enum exit_status status);

#endif
