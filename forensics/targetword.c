/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/targetword.h"

#include <stdio.h>
#include <string.h>

#define PREFIX_MIN 4

bool targetword_fits(const struct record *r, const char *word)
{
	const char *name = jval_str(jval_get(r->doc, "name"));
	const char *id = jval_str(jval_get(r->doc, "id"));
	size_t len = strlen(word);
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", r->target);
	return strcmp(number, word) == 0 || (name != NULL && strcmp(name, word) == 0) ||
	       (id != NULL && len >= PREFIX_MIN && strncmp(id, word, len) == 0);
}
