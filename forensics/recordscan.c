/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/recordscan.h"

#include <string.h>

#include "core/encode.h"

/* Deeper, or with more members in objects that are open at once, is no plain form. */
enum { LEVELS_MAX = 8, KEYS_MAX = 96, DIGITS_MAX = 18 };

struct level {
	bool is_object;
	size_t first_key;
};

/* The text of a value, where it is a string or a number. */
struct said {
	struct sl_bytes member, bytes, sha256;
};

struct scan {
	const char *at, *end;
	struct level levels[LEVELS_MAX];
	size_t depth;
	struct sl_bytes keys[KEYS_MAX]; /* of all objects that are open */
	size_t key_count;
	struct said said[RECORDSCAN_MEMBERS];
};

static const char *const names[RECORDSCAN_MEMBERS] = {
	[RECORDSCAN_STORED] = "stored",
	[RECORDSCAN_ATTRIBUTES] = "attributes",
};

const char *recordscan_key(enum recordscan_member which)
{
	return names[which];
}

static bool is_text(struct sl_bytes word, const char *text)
{
	return word.len == strlen(text) && memcmp(word.data, text, word.len) == 0;
}

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Printable ASCII without escapes, so that its bytes are what it says. */
static bool scan_string(struct scan *s, struct sl_bytes *out)
{
	const char *p;

	if (!take(s, '"'))
		return false;
	for (p = s->at; p < s->end && *p != '"'; p++)
		if (*p < 0x20 || *p > 0x7e || *p == '\\')
			return false;
	*out = (struct sl_bytes){s->at, (size_t)(p - s->at)};
	s->at = p;
	return take(s, '"');
}

/* An integer that fits 64 bits with room to spare. */
static bool scan_integer(struct scan *s, struct sl_bytes *out)
{
	const char *from = s->at, *p;

	(void)take(s, '-');
	for (p = s->at; p < s->end && is_digit(*p); p++)
		continue;
	if (p == s->at || p - s->at > DIGITS_MAX || (*s->at == '0' && p - s->at > 1))
		return false;
	s->at = p;
	*out = (struct sl_bytes){from, (size_t)(p - from)};
	return true;
}

static bool scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return false;
	s->at += len;
	return true;
}

/* A member's name with its colon; no two of one object are the same. */
static bool scan_key(struct scan *s)
{
	struct sl_bytes *key = &s->keys[s->key_count];

	if (s->key_count == KEYS_MAX || !scan_string(s, key) || !take(s, ':'))
		return false;
	for (size_t i = s->levels[s->depth - 1].first_key; i < s->key_count; i++)
		if (s->keys[i].len == key->len && memcmp(s->keys[i].data, key->data, key->len) == 0)
			return false;
	s->key_count++;
	return true;
}

/* Go into a list or an object, up to where its first value begins. 1 when it is empty. */
static int enter(struct scan *s, bool is_object)
{
	if (s->depth == LEVELS_MAX)
		return -1;
	s->at++;
	if (take(s, is_object ? '}' : ']'))
		return 1;
	s->levels[s->depth++] = (struct level){is_object, s->key_count};
	return !is_object || scan_key(s) ? 0 : -1;
}

/* A value of an object that is itself a member of the record: is it one of those asked for? */
static void note(struct scan *s, struct sl_bytes value, bool is_string)
{
	struct sl_bytes outer, inner;

	if (s->depth != 2 || !s->levels[1].is_object)
		return;
	outer = s->keys[s->levels[1].first_key - 1];
	inner = s->keys[s->key_count - 1];
	for (size_t i = 0; i < RECORDSCAN_MEMBERS; i++) {
		if (!is_text(outer, names[i]))
			continue;
		if (is_string && is_text(inner, "member"))
			s->said[i].member = value;
		else if (is_string && is_text(inner, "sha256"))
			s->said[i].sha256 = value;
		else if (is_text(inner, "bytes"))
			s->said[i].bytes = value;
	}
}

/* 0 when a value is over, 1 when another one begins inside of it, negative for what is not plain.
 */
static int scan_value(struct scan *s)
{
	struct sl_bytes text;
	bool is_string;
	int rc;

	if (s->at == s->end)
		return -1;
	switch (*s->at) {
	case '{':
	case '[':
		rc = enter(s, *s->at == '{');
		return rc < 0 ? -1 : !rc;
	case 't':
		return scan_word(s, "true") ? 0 : -1;
	case 'f':
		return scan_word(s, "false") ? 0 : -1;
	case 'n':
		return scan_word(s, "null") ? 0 : -1;
	default:
		is_string = *s->at == '"';
		if (is_string ? !scan_string(s, &text) : !scan_integer(s, &text))
			return -1;
		note(s, text, is_string);
		return 0;
	}
}

/* Behind a value: out of all that ends with it. 0 at the end of the document, 1 when another value
 * follows. */
static int leave(struct scan *s)
{
	while (s->depth > 0) {
		const struct level *l = &s->levels[s->depth - 1];

		if (take(s, ','))
			return !l->is_object || scan_key(s) ? 1 : -1;
		if (!take(s, l->is_object ? '}' : ']'))
			return -1;
		s->key_count = l->first_key;
		s->depth--;
	}
	return s->at == s->end ? 0 : -1;
}

/* As record_stored(): no name, no member; with one, the rest must be there. */
static bool settle(const struct said *said, bool *has, struct stored *out)
{
	*has = said->member.data != NULL;
	if (!*has)
		return true;
	out->member = said->member.data;
	out->member_len = said->member.len;
	return said->bytes.data != NULL && said->sha256.data != NULL &&
	       record_number(said->bytes.data, said->bytes.len, &out->bytes) == 0 &&
	       hex_decode(out->sha256, sizeof(out->sha256), said->sha256.data, said->sha256.len) ==
		       0;
}

/* Records of which more is wanted than which payloads they name. */
static bool needs_document(const char *type)
{
	return strcmp(type, "open") == 0 || strcmp(type, "epoch") == 0 ||
	       strcmp(type, "close") == 0;
}

int recordscan(struct recordscan *out, const char *line, size_t len)
{
	struct scan s = {.at = line, .end = line + len};
	int rc;

	if (record_parse_head(&out->head, line, len, NULL) < 0 || needs_document(out->head.type))
		return 1;
	do {
		rc = scan_value(&s);
		if (rc == 0)
			rc = leave(&s);
	} while (rc == 1);
	if (rc < 0)
		return 1;
	for (size_t i = 0; i < RECORDSCAN_MEMBERS; i++)
		if (!settle(&s.said[i], &out->has[i], &out->said[i]))
			return 1;
	return 0;
}
