/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns, parted by newlines, and behind the first NUL a text: each fits it or not, asked alone
 * and asked together.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/glob.h"
#include "diff/globset.h"

#define PATTERNS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* A pattern without wildcards is itself; "**" fits everything but nothing. */
static void check_one(const char *pattern, struct sl_bytes text)
{
	size_t len = strlen(pattern);
	bool is_itself = len == text.len && (len == 0 || memcmp(pattern, text.data, len) == 0);

	must(strpbrk(pattern, "*?") != NULL ||
	     glob_match(pattern, len, text.data, text.len) == is_itself);
	must(glob_match("**", 2, text.data, text.len) == (text.len > 0));
}

static void check_all(const char *const *patterns, size_t count, struct sl_bytes text)
{
	CLEANUP(globset_clear) struct globset set = {0};
	globset_bits got = {0};

	for (size_t i = 0; i < count; i++)
		must(globset_add(&set, patterns[i], i, NULL) == 0);
	globset_ready(&set);
	globset_match(&set, text, got);
	for (size_t i = 0; i < count; i++)
		must((got[i / 64] >> (i % 64) & 1) ==
		     glob_match(patterns[i], strlen(patterns[i]), text.data, text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	size_t len = nul != NULL ? (size_t)(nul - data) : size;
	struct sl_bytes text = {"", 0};
	AUTO_FREE char *copy = strndup((const char *)data, len);
	const char *patterns[PATTERNS_MAX];
	char *rest = copy;
	size_t count = 0;

	must(copy != NULL);
	if (nul != NULL)
		text = (struct sl_bytes){(const char *)nul + 1, size - len - 1};
	while (rest != NULL && count < PATTERNS_MAX) {
		patterns[count] = strsep(&rest, "\n");
		check_one(patterns[count++], text);
	}
	check_all(patterns, count, text);
	return 0;
}
