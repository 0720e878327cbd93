/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/shellcode.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/proccode.h"
#include "core/programs.h"

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

/* "/dev/tcp/", "/dev/udp/", "-e /bin/": asked at each slash, since these are few in most texts. */
static bool is_connection(const char *from, const char *slash, const char *end)
{
	static const char *const devices[] = {"dev/tcp/", "dev/udp/"};
	size_t left = (size_t)(end - slash - 1);

	if (left >= 8 && slash[1] == 'd')
		return memcmp(slash + 1, devices[0], 8) == 0 ||
		       memcmp(slash + 1, devices[1], 8) == 0;
	return left >= 4 && slash - from >= 3 && slash[1] == 'b' &&
	       memcmp(slash + 1, "bin/", 4) == 0 && memcmp(slash - 3, "-e ", 3) == 0;
}

static bool has_connection(const char *from, const char *end, size_t *budget)
{
	for (const char *at = from; *budget > 0 && at < end; at++) {
		at = memchr(at, '/', (size_t)(end - at));
		if (at == NULL)
			break;
		if (!is_connection(from, at, end))
			continue;
		--*budget;
		if (judge(from, at, end))
			return true;
	}
	return false;
}

/* What stands behind a pipe: an interpreter, or what is put in front of one? */
static bool may_run(const char *at, const char *end)
{
	static const char *const words[] = {"sudo", "env", "exec", "busybox", "nohup", "doas"};
	enum program_kind kind;
	const char *word;
	size_t n;

	while (at < end && (*at == ' ' || *at == '&' || *at == '('))
		at++;
	word = at;
	for (; at < end && ((*at >= 'a' && *at <= 'z') || *at == '/'); at++)
		if (*at == '/')
			word = at + 1;
	n = (size_t)(at - word);
	if (n < 2 || n > 7)
		return false;
	kind = program_kind((struct sl_bytes){word, n});
	if (kind == PROGRAM_SHELL || kind == PROGRAM_LANGUAGE)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == n && memcmp(words[i], word, n) == 0)
			return true;
	return false;
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
