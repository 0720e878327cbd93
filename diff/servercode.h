/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code for a web server anywhere in a file: a picture with PHP behind its header is a picture to
 * whoever looks at its first bytes, and a program to a server that was told to run it.
 */
#ifndef DIFF_SERVERCODE_H
#define DIFF_SERVERCODE_H

#include <strandline/base.h>

/* The longest beginning that is told from others, in bytes of either width. */
#define SERVERCODE_MARK_MAX 256

/*
 * Does it begin at the '<' that @at points to? Behind it stands one of SERVERCODE_SECOND, or a zero
 * in UTF-16: whoever searches need not ask elsewhere.
 */
bool servercode_at(const uint8_t *at, size_t len);
#define SERVERCODE_SECOND "?%!jJsS"

/*
 * In code for a web server: does it run what a request brings, or what it unpacks first? Calls
 * only, with both in one: eval(base64_decode(...)), shell_exec($_GET[...]).
 */
bool servercode_runs_input(const void *bytes, size_t len);

#endif
