/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/shellcode.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/proccode.h"

/* A longer line is looked at as far as this on either side. */
#define LINE_HALF 512

/* A comment says what might be done. */
static bool is_comment(const char *line)
{
	line += strspn(line, " \t");
	return *line == '#' && line[1] != '!';
}

static bool judge(const char *from, const char *at, const char *end)
{
	const char *first = at - from > LINE_HALF ? at - LINE_HALF : from;
	const char *last = end - at > LINE_HALF ? at + LINE_HALF : end;
	const char *feed = memrchr(first, '\n', (size_t)(at - first));
	char line[2 * LINE_HALF + 1];
	size_t len;

	first = feed != NULL ? feed + 1 : first;
	feed = memchr(at, '\n', (size_t)(last - at));
	last = feed != NULL ? feed : last;
	len = (size_t)(last - first);
	memcpy(line, first, len);
	line[len] = '\0';
	return !is_comment(line) && proccode_line(line) != PROCCODE_PLAIN;
}

static bool has_connection(const char *from, const char *end, size_t *budget)
{
	static const char *const devices[] = {"/dev/tcp/", "/dev/udp/", "-e /bin/"};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		for (const char *at = from; *budget > 0 && at < end; at++, --*budget) {
			at = memmem(at, (size_t)(end - at), devices[i], strlen(devices[i]));
			if (at == NULL)
				break;
			if (judge(from, at, end))
				return true;
		}
	return false;
}

/* What stands behind a pipe: letters that interpreters, and what is put in front of them, begin
 * with. */
static bool may_run(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '&' || *at == '('))
		at++;
	return at < end && *at != '\0' && strchr("sbdazkprnelix/", *at) != NULL;
}

bool shellcode_has(const void *bytes, size_t len, size_t *budget)
{
	const char *from = bytes, *end = from + len;

	if (len == 0)
		return false;
	for (const char *at = from; *budget > 0 && at < end; at++) {
		at = memchr(at, '|', (size_t)(end - at));
		if (at == NULL)
			break;
		if (!may_run(at + 1, end))
			continue;
		--*budget;
		if (judge(from, at, end))
			return true;
	}
	return has_connection(from, end, budget);
}

/* ---- programs ---- */

/* Class, byte order, version, and padding at the end of the first 16 bytes; a type and a version
 * behind. */
static bool is_header(const uint8_t *at)
{
	return memcmp(at + 1, "ELF", 3) == 0 && (at[4] == 1 || at[4] == 2) &&
	       (at[5] == 1 || at[5] == 2) && at[6] == 1 &&
	       memcmp(at + 9, "\0\0\0\0\0\0\0", 7) == 0 && (at[16] | at[17]) >= 1 &&
	       (at[16] | at[17]) <= 4 && (at[20] | at[23]) == 1;
}

bool shellcode_has_program(const void *bytes, size_t len)
{
	static const char encoded[] = "f0VMRg"; /* and class, byte order and version */
	const uint8_t *at = bytes, *end = at + len;
	const char *text = bytes, *last = text + len;

	for (; end - at >= 24 && (at = memchr(at, 0x7f, (size_t)(end - at) - 23)) != NULL; at++)
		if (is_header(at))
			return true;
	for (; last - text >= 10; text++) {
		text = memmem(text, (size_t)(last - text) - 4, encoded, sizeof(encoded) - 1);
		if (text == NULL)
			return false;
		if (memcmp(text + 6, "IBAQ", 4) == 0 || memcmp(text + 6, "EBAQ", 4) == 0)
			return true;
	}
	return false;
}
