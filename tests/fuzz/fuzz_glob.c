/* SPDX-License-Identifier: Apache-2.0 */
/* Pattern, NUL, text. The matcher must end, stay in bounds, and keep what every pattern promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *pattern = (const char *)data;
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	size_t pattern_len = nul != NULL ? (size_t)(nul - data) : size;
	const char *text = nul != NULL ? pattern + pattern_len + 1 : pattern + size;
	size_t text_len = nul != NULL ? size - pattern_len - 1 : 0;
	bool fits = glob_match(pattern, pattern_len, text, text_len);

	/* a pattern without wildcards is itself; "**" fits everything but nothing */
	if (memchr(pattern, '*', pattern_len) == NULL &&
	    memchr(pattern, '?', pattern_len) == NULL &&
	    fits != (pattern_len == text_len &&
		     (text_len == 0 || memcmp(pattern, text, text_len) == 0)))
		abort();
	if (glob_match("**", 2, text, text_len) != (text_len > 0))
		abort();
	return 0;
}
