/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/placeholders.h"

#include <string.h>

#define WORD_MIN 4 /* letters of a placeholder */
#define WORD_MAX 100
#define VALUE_MAX 300
#define BEHIND 16 /* bytes behind a placeholder by which its place is found again */

static bool is_letter(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

static bool is_of_value(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr(":/._-", byte) != NULL);
}

/* What stands around the letters and goes with them. */
static size_t mark_before(struct sl_bytes text, size_t at)
{
	static const char *const marks[] = {"${", "{{", "%%", "$", "%", "@", "#"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t len = strlen(marks[i]);

		if (at >= len && memcmp(text.data + at - len, marks[i], len) == 0)
			return len;
	}
	return 0;
}

static size_t mark_behind(struct sl_bytes text, size_t at, const char *front, size_t len)
{
	bool is_double = len == 2; /* a single one may be the last byte there is */
	const char *mark = len == 0 || (len == 1 && *front == '$')      ? ""
			   : is_double && memcmp(front, "${", len) == 0 ? "}"
			   : is_double && memcmp(front, "{{", len) == 0 ? "}}"
									: NULL;
	char same[3] = {0};

	if (mark == NULL) {
		memcpy(same, front, len);
		mark = same;
	}
	if (text.len - at < strlen(mark) || memcmp(text.data + at, mark, strlen(mark)) != 0)
		return SIZE_MAX;
	return strlen(mark);
}

/* The placeholder around @at of @text: from and until where; false: none is there. */
static bool find_word(struct sl_bytes text, size_t at, size_t *from, size_t *until)
{
	size_t first = at, last = at, front, behind, letters = 0;

	while (first < text.len && !is_letter(text.data[first]) && first < at + 2)
		first++; /* the difference begins in the mark in front */
	last = first;
	while (first > 0 && is_letter(text.data[first - 1]) && last - first < WORD_MAX)
		first--;
	while (last < text.len && is_letter(text.data[last]) && last - first < WORD_MAX)
		last++;
	for (size_t i = first; i < last; i++)
		letters += text.data[i] >= 'A' && text.data[i] <= 'Z';
	front = mark_before(text, first);
	behind = mark_behind(text, last, text.data + first - front, front);
	if (letters < WORD_MIN || behind == SIZE_MAX)
		return false;
	/* bare letters are a name like any other: two words at least, or lines beneath */
	if (front == 0 && memchr(text.data + first, '_', last - first) == NULL)
		return false;
	*from = first - front;
	*until = last + behind;
	return at < *until;
}

/* As much of what stands behind a placeholder as another one cannot begin in. */
static size_t count_behind(struct sl_bytes rest)
{
	size_t n = 0;

	while (n < rest.len && n < BEHIND && !is_letter(rest.data[n]) &&
	       (rest.data[n] == '\0' || strchr("${%@#", rest.data[n]) == NULL))
		n++;
	return n;
}

/* How long the value at @at is, behind which stands what @rest begins with; false: none. */
static bool find_value(struct sl_bytes after, size_t at, struct sl_bytes rest, size_t *len)
{
	size_t behind = count_behind(rest);

	if (behind == 0 && rest.len > 0)
		return false;

	for (size_t n = 0; n <= VALUE_MAX && at + n <= after.len; n++) {
		if (behind == 0 ? at + n == after.len
				: after.len - at - n >= behind &&
					  memcmp(after.data + at + n, rest.data, behind) == 0) {
			*len = n;
			return true;
		}
		if (at + n == after.len || !is_of_value(after.data[at + n]))
			return false;
	}
	return false;
}

bool placeholders_filled_in(struct sl_bytes before, struct sl_bytes after)
{
	size_t b = 0, a = 0, filled = 0;

	while (b < before.len || a < after.len) {
		size_t from, until, len;

		if (b < before.len && a < after.len && before.data[b] == after.data[a]) {
			b++;
			a++;
			continue;
		}
		if (b >= before.len || !find_word(before, b, &from, &until) || b - from > a)
			return false;
		a -= b - from;
		/* the letters in front are still the same, or an earlier value's end */
		if (memcmp(before.data + from, after.data + a, b - from) != 0 ||
		    !find_value(after, a,
				(struct sl_bytes){before.data + until, before.len - until}, &len))
			return false;
		b = until;
		a += len;
		filled++;
	}
	return filled > 0;
}
