/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that stand in arguments, as "sh -c TEXT" and "nc -e sh", and in single lines of files:
 * which of them do what people and their tools seldom write there. Words prove little; each kind
 * needs two that fit together.
 */
#ifndef CORE_PROCCODE_H
#define CORE_PROCCODE_H

#include <stdbool.h>

enum proccode {
	PROCCODE_PLAIN,
	PROCCODE_DECODES,   /* runs what it decodes first */
	PROCCODE_FETCHES,   /* runs what it fetches from the network */
	PROCCODE_REMOTE,    /* ties a shell to a connection */
	PROCCODE_HANDS_OUT, /* a relay that starts a shell for who connects */
	PROCCODE_ENCODED,   /* holds a long run of encoded bytes */
};

/* @exe: the path of the program; @text: its arguments, the first included, blanks between. */
enum proccode proccode_judge(const char *exe, const char *text);
/* The same of a line that a shell may run: never PROCCODE_HANDS_OUT nor PROCCODE_ENCODED. */
enum proccode proccode_line(const char *line);

#endif
