/* SPDX-License-Identifier: Apache-2.0 */
/* Path patterns over bytes. */
#ifndef DIFF_GLOB_H
#define DIFF_GLOB_H

#include <strandline/base.h>

/*
 * Does the whole of @text fit @pattern? `?` is one byte other than '/', `*` any run of such bytes;
 * `**` standing as a whole component is any number of components: in front ("**" "/x") also none,
 * at the end ("x/" "**") at least one. Everything else is itself. No recursion, no allocation; work
 * is at most the product of the two lengths.
 */
bool glob_match(const char *pattern, size_t pattern_len, const char *text, size_t text_len);

#endif
