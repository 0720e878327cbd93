/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and environment of a process: texts that it can write, each ended by a NUL. */
#ifndef HOST_PROCARGS_H
#define HOST_PROCARGS_H

#include <strandline/base.h>

#include "core/buf.h"

/* Arguments that are looked at for a script's name. */
#define PROCARGS_MAX 64

/* Take the first text off @rest; the last may lack its NUL. False at the end. */
bool procargs_next(struct sl_bytes *rest, struct sl_bytes *out);

/* The variable's "NAME=VALUE", borrowed; data NULL when there is none or it is empty. */
struct sl_bytes procargs_variable(struct sl_bytes environment, const char *name);

/* All arguments, separated by blanks, until @out is full. */
void procargs_join(struct buf *out, struct sl_bytes arguments);

/*
 * The argument that names the script which an interpreter runs: the first that is no option. @exe
 * is the path of the program. False: it is no interpreter known here, or it runs no file.
 */
bool procargs_script(struct sl_bytes arguments, const char *exe, struct sl_bytes *out);

/* "http.server" of "python -m http.server". */
bool procargs_module(struct sl_bytes arguments, const char *exe, struct sl_bytes *out);

/* Are its arguments themselves what it runs: "sh -c CODE", "nc -e sh", "socat EXEC:sh"? */
bool procargs_is_code(struct sl_bytes arguments, const char *exe);

/* Is it a shell? */
bool procargs_is_shell(struct sl_bytes arguments, const char *exe);

/* Is the program at this path an interpreter that runs files? */
bool procargs_is_known_program(const char *exe);

/* Is it an interpreter known here? And one that runs what it reads from its standard input? */
bool procargs_is_interpreter(struct sl_bytes arguments, const char *exe);
bool procargs_reads_input(struct sl_bytes arguments, const char *exe);

/*
 * Where the kernel ran a script by its first line, it put the interpreter that is named there
 * first. Are @head the first bytes of a script that these arguments may stem from?
 */
bool procargs_is_shebang(struct sl_bytes arguments, const char *head, size_t len);

#endif
