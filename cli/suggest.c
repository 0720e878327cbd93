/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/options.h"

#define LONGEST 32

/* Levenshtein distance; words longer than any of ours are far away. */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > LONGEST || lb > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *suggest(const char *word, const char *(*name_at)(void *payload, size_t i),
		    void *payload)
{
	const char *best = NULL, *name;
	size_t nearest = 3; /* two slips are a typing error, three are another word */

	for (size_t i = 0; (name = name_at(payload, i)) != NULL; i++) {
		size_t d = distance(word, name);

		if (d < nearest && d < strlen(name)) {
			nearest = d;
			best = name;
		}
	}
	return best;
}
