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

/*
 * Four zeros in a place that is a multiple of four, as any seven zeros have them: neither texts nor
 * what is packed, which is told far sooner than where 0x7f stands in it.
 */
static bool has_zeros(const uint8_t *at, size_t len)
{
	typedef uint32_t words __attribute__((vector_size(16)));
	words is_zero = {0};

	for (; len >= sizeof(words); at += sizeof(words), len -= sizeof(words)) {
		words next;

		memcpy(&next, at, sizeof(next));
		is_zero |= (words)(next == 0);
	}
	for (; len >= 4; at += 4, len -= 4)
		is_zero[0] |= memcmp(at, "\0\0\0\0", 4) == 0;
	return (is_zero[0] | is_zero[1] | is_zero[2] | is_zero[3]) != 0;
}

bool shellcode_has_program(const void *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = at + len;

	if (!has_zeros(at, len))
		return false;
	for (; end - at >= 24 && (at = memchr(at, 0x7f, (size_t)(end - at) - 23)) != NULL; at++)
		if (at[1] == 'E' && is_header(at))
			return true;
	return false;
}

bool shellcode_has_letters(const void *bytes, size_t len)
{
	static const char encoded[] = "f0VMRg"; /* and class, byte order and version */
	const char *from = bytes, *end = from + len;

	/* the rarest of these letters, in texts */
	for (const char *at = from; at < end; at++) {
		at = memchr(at, 'V', (size_t)(end - at));
		if (at == NULL)
			return false;
		if (at - from >= 2 && end - at >= 8 && memcmp(at - 2, encoded, 6) == 0 &&
		    (memcmp(at + 4, "IBAQ", 4) == 0 || memcmp(at + 4, "EBAQ", 4) == 0))
			return true;
	}
	return false;
}
