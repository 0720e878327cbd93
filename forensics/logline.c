/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/logline.h"

#include <string.h>

#include "core/cleanup.h"

void logline_stream(struct logline *out, const char *word, size_t len)
{
	static const char *const known[] = {"stdout", "stderr"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i]) == len && memcmp(known[i], word, len) == 0)
			memcpy(out->stream, known[i], len + 1);
}

int logline_text(struct buf *text, const char *bytes, size_t len)
{
	size_t room = text->max - text->len;

	while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		len--;
	return buf_append(text, bytes, len < room ? len : room);
}
