/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that run what they are given, known by their names. What a process runs, what its
 * arguments say and what a line of a script says are judged by the same names.
 */
#ifndef CORE_PROGRAMS_H
#define CORE_PROGRAMS_H

#include <strandline/base.h>

enum program_kind {
	PROGRAM_OTHER,
	PROGRAM_SHELL,    /* where it is given no file, it runs its input: commands */
	PROGRAM_LANGUAGE, /* the same in a language of its own */
	PROGRAM_RELAY,    /* ties a connection to what it is told, as "nc -e sh" does */
};

/* What a program is called, without its directory and its version: "python3.11" is python. */
struct sl_bytes program_name(struct sl_bytes path);

/* "/usr/bin/python3.11"; a name alone is a path, too. */
enum program_kind program_kind(struct sl_bytes path);

/*
 * The same of a word without slashes, anywhere in a text: "grep node" and "tar -C ruby-3.2" name no
 * program.
 */
enum program_kind program_kind_of_word(struct sl_bytes word);

#endif
