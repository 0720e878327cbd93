/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two texts, parted by the first NUL, behind a byte that says what kind of file they are: their
 * lines are compared, judged and masked. What is listed makes the second text of the first one.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/accountids.h"
#include "diff/linediff.h"
#include "diff/linerules.h"
#include "diff/secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t lines_of(struct sl_bytes text)
{
	size_t count = text.len > 0 && text.data[text.len - 1] != '\n';

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	return count;
}

static void judge(enum textfile what, const struct sl_line *lines, size_t count,
		  struct sl_bytes after)
{
	struct buf message = BUF_INIT(16384), shown = BUF_INIT((size_t)1 << 20);
	struct sl_finding f = {0};
	bool *hits = calloc(count + 1, sizeof(*hits));

	if (hits == NULL || linerules_apply(&f, what, lines, count, hits, &message) != 0)
		abort();
	for (size_t i = 0; i < count; i++)
		if (secrets_mask(&shown, what, lines[i].text) != 0)
			abort();
	if (accountids_only(what, lines, count, after) && count % 2 != 0)
		abort();
	free(hits);
	buf_clear(&message);
	buf_clear(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_bytes before = {(const char *)data + 1, 0}, after;
	struct sl_line *lines;
	size_t count, came = 0, went = 0;
	const char *nul;

	if (size == 0 || size > 16384)
		return 0;
	nul = memchr(before.data, '\0', size - 1);
	before.len = nul != NULL ? (size_t)(nul - before.data) : size - 1;
	after = (struct sl_bytes){before.data + before.len, size - 1 - before.len};
	if (after.len > 0)
		after = (struct sl_bytes){after.data + 1, after.len - 1};
	if (linediff(&lines, &count, before, after, NULL) != 0)
		abort();
	for (size_t i = 0; i < count; i++) {
		came += lines[i].sign == '+';
		went += lines[i].sign == '-';
	}
	if (lines_of(before) - went != lines_of(after) - came)
		abort();
	judge((enum textfile)(data[0] % (TEXTFILE_IMPORTS + 1)), lines, count, after);
	free(lines);
	return 0;
}
