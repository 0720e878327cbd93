/* SPDX-License-Identifier: Apache-2.0 */
/* One member of a document from its bytes alone: making all its values takes twenty times as long.
 */
#include <string.h>

#include "core/json.h"

struct scan {
	const char *at, *end;
};

static void skip_space(struct scan *s)
{
	while (s->at < s->end && *s->at != '\0' && strchr(" \t\r\n", *s->at) != NULL)
		s->at++;
}

static bool is_next(const struct scan *s, char c)
{
	return s->at < s->end && *s->at == c;
}

/* From one quote to the other. Not plain: its bytes are not what it says, or may be no UTF-8. */
static bool scan_string(struct scan *s, struct sl_bytes *out, bool *is_plain)
{
	const char *from = ++s->at;

	*is_plain = true;
	for (; s->at < s->end && *s->at != '"'; s->at++) {
		if (*s->at < 0x20 || *s->at > 0x7e || *s->at == '\\')
			*is_plain = false;
		if (*s->at == '\\' && s->at + 1 < s->end)
			s->at++;
	}
	*out = (struct sl_bytes){from, (size_t)(s->at - from)};
	if (!is_next(s, '"'))
		return false;
	s->at++;
	return true;
}

/* A string of the outermost object; the value behind it if it is the key. */
static bool scan_member(struct scan *s, const char *key, const struct sl_bytes *word, bool is_plain,
			struct sl_bytes *out)
{
	size_t len = strlen(key);

	skip_space(s);
	if (!is_next(s, ':'))
		return true; /* it was a value */
	if (!is_plain)
		return false;
	if (word->len != len || memcmp(word->data, key, len) != 0)
		return true;
	s->at++;
	skip_space(s);
	return out->data == NULL && is_next(s, '"') && scan_string(s, out, &is_plain) && is_plain;
}

int json_scan_text(const char *text, size_t len, const char *key, struct sl_bytes *out)
{
	struct scan s = {text, text + len};
	size_t depth = 0;

	*out = (struct sl_bytes){0};
	skip_space(&s);
	if (!is_next(&s, '{'))
		return -SL_EFORMAT;
	do {
		struct sl_bytes word;
		bool is_plain;

		if (*s.at == '"') {
			if (!scan_string(&s, &word, &is_plain) ||
			    (depth == 1 && !scan_member(&s, key, &word, is_plain, out)))
				return -SL_EFORMAT;
			continue;
		}
		depth += *s.at == '{' || *s.at == '[';
		depth -= *s.at == '}' || *s.at == ']';
		s.at++;
	} while (depth > 0 && s.at < s.end);
	skip_space(&s);
	if (depth > 0 || s.at < s.end)
		return -SL_EFORMAT;
	return out->data != NULL ? 0 : 1;
}
