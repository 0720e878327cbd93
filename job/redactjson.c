/* SPDX-License-Identifier: Apache-2.0 */
#include "job/redactjson.h"

#include <string.h>

#include "core/encode.h"
#include "core/json.h"
#include "job/redactname.h"

#define LEVELS_MAX 3 /* JSON in strings of JSON in strings of JSON */
#define VALUES_MAX ((size_t)1 << 18)

/* Where in a document: how deep, and at which depth something began that ends with it. */
struct place {
	struct buf *out;
	struct redact_state *s;
	struct sl_bytes text;
	size_t at;
	bool is_record;
	unsigned int level;
	unsigned int depth, secret, env, xattrs; /* depths; 0: not in one */
	bool has_key, is_named;
	struct buf key; /* of the value that comes; without one it is an element of an array */
};

/* Append lines of a text that stands for itself; @s is only asked and told whether it is in a key.
 */
static int redact_lines(struct buf *out, struct redact_state *s, struct sl_bytes text,
			unsigned int level);

static bool key_is(const struct place *p, const char *word)
{
	return p->has_key && p->key.len == strlen(word) &&
	       memcmp(p->key.data, word, p->key.len) == 0;
}

static struct sl_bytes key_of(const struct place *p)
{
	return (struct sl_bytes){p->key.data, p->key.len};
}

/* Members of records that are long and random, or named like secrets, and are none. */
static bool is_harmless(const struct place *p)
{
	static const char *const names[] = {"spki", "sig", "sessionid", "fingerprint"};

	for (size_t i = 0; p->is_record && i < ARRAY_SIZE(names); i++)
		if (key_is(p, names[i]))
			return true;
	return false;
}

static bool is_secret(const struct place *p)
{
	bool is_value = key_is(p, "value") || key_is(p, "Value");

	if (is_harmless(p))
		return false;
	return p->secret > 0 || (p->has_key && redactname_is_secret(key_of(p))) ||
	       (is_value && p->is_named);
}

static void put_string(struct buf *out, const char *text, size_t len)
{
	struct jout j;

	jout_begin(&j, out);
	jout_strn(&j, text, len);
	(void)jout_end(&j);
}

/* "NAME=value"; what has no name may be anything but a name. */
static int put_variable(struct place *p, const char *text, size_t len)
{
	const char *equals = memchr(text, '=', len);
	CLEANUP(buf_clear) struct buf masked = BUF_INIT(REDACT_GROWTH_MAX);

	if (equals != NULL)
		(void)buf_append(&masked, text, (size_t)(equals - text) + 1);
	else if (key_is(p, "name") || key_is(p, "Name") || !p->has_key)
		return redact_lines(p->out, p->s, (struct sl_bytes){text, len}, LEVELS_MAX);
	(void)buf_append_str(&masked, REDACTED);
	return buf_append(p->out, masked.data, masked.len);
}

static bool is_own_attribute(struct sl_bytes name)
{
	static const char *const kernel[] = {"security.", "system.", "trusted.overlay.",
					     "user.overlay."};

	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		if (name.len >= strlen(kernel[i]) &&
		    memcmp(name.data, kernel[i], strlen(kernel[i])) == 0)
			return true;
	return false;
}

/* Bytes that are no UTF-8 stand in base64. */
static int put_base64(struct buf *out, struct redact_state *s, const char *text, size_t len)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT(len + 1);
	CLEANUP(buf_clear) struct buf masked = BUF_INIT(REDACT_GROWTH_MAX);
	int rc;

	if (len == 0)
		return 0;
	if (base64_decode(&bytes, text, len) < 0 || bytes.len == 0)
		return buf_append_str(out, REDACTED);
	rc = redact_lines(&masked, s, (struct sl_bytes){bytes.data, bytes.len}, 0);
	return rc < 0 ? rc : base64_encode(out, masked.data, masked.len);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The name of a payload's member repeats the path, with %XX for what hides a secret's '='. */
static int put_member(struct buf *out, struct redact_state *s, const char *text, size_t len)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(len + 1);
	CLEANUP(buf_clear) struct buf masked = BUF_INIT(REDACT_GROWTH_MAX);
	int rc;

	for (size_t i = 0; i < len; i++) {
		bool is_hex = text[i] == '%' && len - i > 2 && hex_digit(text[i + 1]) >= 0 &&
			      hex_digit(text[i + 2]) >= 0;

		if (is_hex)
			(void)buf_append_char(&path, (char)(hex_digit(text[i + 1]) * 16 +
							    hex_digit(text[i + 2])));
		else
			(void)buf_append_char(&path, text[i]);
		i += is_hex ? 2 : 0;
	}
	rc = redact_lines(&masked, s, (struct sl_bytes){path.data, path.len}, LEVELS_MAX);
	if (rc < 0)
		return rc;
	if (masked.len == path.len && memcmp(masked.data, path.data, path.len) == 0)
		return buf_append(out, text, len);
	return buf_append_str(out, REDACTED);
}

static bool ends_b64(const struct place *p)
{
	return p->is_record && p->has_key && p->key.len > 4 &&
	       memcmp(p->key.data + p->key.len - 4, "_b64", 4) == 0;
}

/* What a string is shown as, not yet as JSON. */
static int mask_string(struct place *p, struct buf *out, const char *text, size_t len)
{
	struct place to = *p;

	to.out = out;
	if (p->has_key)
		p->s->next = REDACT_NEXT_NONE;
	if (len == 0)
		return 0;
	if (is_secret(p) || p->s->in_key || (p->xattrs > 0 && !is_own_attribute(key_of(p)))) {
		/* the end of a key must be seen */
		CLEANUP(buf_clear) struct buf unused = BUF_INIT(REDACT_GROWTH_MAX);
		int rc = redact_lines(&unused, p->s, (struct sl_bytes){text, len}, LEVELS_MAX);

		return rc < 0 ? rc : buf_append_str(out, REDACTED);
	}
	if (is_harmless(p) || p->xattrs > 0)
		return buf_append(out, text, len);
	if (p->is_record && key_is(p, "member"))
		return put_member(out, p->s, text, len);
	if (ends_b64(p))
		return put_base64(out, p->s, text, len);
	if (p->env > 0 || (p->has_key && redactname_is_environment(key_of(p))))
		return put_variable(&to, text, len);
	if (!p->has_key)
		return redact_argument(out, p->s, (struct sl_bytes){text, len}, p->level + 1);
	return redact_lines(out, p->s, (struct sl_bytes){text, len}, p->level + 1);
}

/* The token of a string at p->at; its length, with both quotes. */
static size_t string_length(const struct place *p)
{
	size_t i = p->at + 1;

	while (i < p->text.len && p->text.data[i] != '"')
		i += p->text.data[i] == '\\' ? 2 : 1;
	return i + 1 - p->at;
}

static int decode(struct buf *out, const char *token, size_t len)
{
	CLEANUP(buf_clear) struct buf list = BUF_INIT(len + 3);
	AUTO_JVAL struct jval *doc = NULL;
	const char *text;
	int rc;

	buf_reset(out);
	if (memchr(token, '\\', len) == NULL)
		return buf_append(out, token + 1, len - 2);
	(void)buf_append_char(&list, '[');
	(void)buf_append(&list, token, len);
	rc = buf_append_char(&list, ']');
	if (rc == 0)
		rc = jval_parse(&doc, list.data, list.len, NULL);
	text = jval_str(jval_at(doc, 0));
	return rc < 0 || text == NULL ? rc : buf_append(out, text, strlen(text));
}

static bool is_key(const struct place *p, size_t end)
{
	while (end < p->text.len && strchr(" \t\r\n", p->text.data[end]) != NULL)
		end++;
	return end < p->text.len && p->text.data[end] == ':';
}

/* A value is over: what comes next has no name of its own yet. */
static void end_value(struct place *p)
{
	p->has_key = false;
}

static int take_string(struct place *p)
{
	size_t len = string_length(p);
	const char *token = p->text.data + p->at;
	CLEANUP(buf_clear) struct buf plain = BUF_INIT(len + 1);
	CLEANUP(buf_clear) struct buf masked = BUF_INIT(REDACT_GROWTH_MAX);
	bool key = is_key(p, p->at + len);
	int rc = decode(&plain, token, len);

	p->at += len;
	if (rc == 0 && key) {
		struct redact_state none = {0};

		buf_reset(&p->key);
		rc = buf_append(&p->key, plain.data, plain.len);
		p->has_key = true;
		if (rc == 0 && plain.len > 0)
			rc = redact_lines(&masked, &none, (struct sl_bytes){plain.data, plain.len},
					  LEVELS_MAX);
	} else if (rc == 0) {
		rc = mask_string(p, &masked, plain.data == NULL ? "" : plain.data, plain.len);
		if (key_is(p, "name") || key_is(p, "Name") || key_is(p, "key"))
			p->is_named =
				redactname_is_secret((struct sl_bytes){plain.data, plain.len});
		end_value(p);
	}
	if (rc < 0)
		return rc;
	if (masked.len == plain.len &&
	    (plain.len == 0 || memcmp(masked.data, plain.data, plain.len) == 0))
		return buf_append(p->out, token, len);
	put_string(p->out, masked.data, masked.len);
	return p->out->status;
}

static void open_container(struct place *p)
{
	p->depth++;
	if (p->secret == 0 && is_secret(p))
		p->secret = p->depth;
	if (p->env == 0 && p->has_key && redactname_is_environment(key_of(p)))
		p->env = p->depth;
	if (p->xattrs == 0 && p->is_record && key_is(p, "xattrs"))
		p->xattrs = p->depth;
	p->is_named = false;
	p->s->next = REDACT_NEXT_NONE;
	end_value(p);
}

static void close_container(struct place *p)
{
	p->secret = p->secret == p->depth ? 0 : p->secret;
	p->env = p->env == p->depth ? 0 : p->env;
	p->xattrs = p->xattrs == p->depth ? 0 : p->xattrs;
	p->depth -= p->depth > 0;
	p->is_named = false;
	p->s->next = REDACT_NEXT_NONE;
	end_value(p);
}

/* A number may be a PIN; true, false and null tell nothing. */
static int take_word(struct place *p)
{
	size_t start = p->at;
	char first = p->text.data[start];
	bool is_number = first == '-' || (first >= '0' && first <= '9');

	while (p->at < p->text.len && strchr(",]} \t\r\n", p->text.data[p->at]) == NULL)
		p->at++;
	if (is_number && is_secret(p))
		put_string(p->out, REDACTED, strlen(REDACTED));
	else
		(void)buf_append(p->out, p->text.data + start, p->at - start);
	end_value(p);
	return p->out->status;
}

static int walk(struct place *p)
{
	int rc = 0;

	while (rc == 0 && p->at < p->text.len) {
		char c = p->text.data[p->at];

		if (c == '"') {
			rc = take_string(p);
			continue;
		}
		if (strchr("{}[],: \t\r\n", c) == NULL) {
			rc = take_word(p);
			continue;
		}
		if (c == '{' || c == '[')
			open_container(p);
		else if (c == '}' || c == ']')
			close_container(p);
		rc = buf_append_char(p->out, c);
		p->at++;
	}
	return rc;
}

int redact_json(struct buf *out, struct redact_state *s, struct sl_bytes text, bool is_record,
		unsigned int level)
{
	AUTO_JVAL struct jval *doc = NULL;
	struct place p = {.out = out, .s = s, .text = text, .is_record = is_record, .level = level};
	int rc;

	if (level >= LEVELS_MAX || memchr(text.data, '\0', text.len) != NULL ||
	    jval_parse_bounded(&doc, text.data, text.len, VALUES_MAX, NULL) < 0)
		return 1;
	p.key = BUF_INIT(text.len + 1);
	rc = walk(&p);
	buf_clear(&p.key);
	return rc;
}

static bool looks_like_json(struct sl_bytes line)
{
	size_t i = 0;

	while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
		i++;
	return i < line.len && (line.data[i] == '{' || line.data[i] == '[');
}

static int redact_one(struct buf *out, struct redact_state *s, struct sl_bytes line,
		      unsigned int level)
{
	bool is_open = s->quote != 0 || s->continued || s->in_block;

	if (!is_open && looks_like_json(line)) {
		int rc = redact_json(out, s, line, false, level);

		if (rc <= 0)
			return rc;
	}
	return redact_text_line(out, s, line);
}

int redact_line(struct buf *out, struct redact_state *s, struct sl_bytes line)
{
	return redact_one(out, s, line, 0);
}

static int redact_lines(struct buf *out, struct redact_state *s, struct sl_bytes text,
			unsigned int level)
{
	struct redact_state own = {.in_key = s->in_key};
	int rc = 0;

	while (rc == 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);

		if (len > 0)
			rc = redact_one(out, &own, (struct sl_bytes){text.data, len}, level);
		if (rc < 0 || end == NULL)
			break;
		rc = buf_append_char(out, '\n');
		text = (struct sl_bytes){end + 1, text.len - len - 1};
		if (text.len == 0)
			break;
	}
	s->in_key = own.in_key;
	return rc;
}

int redact_argument(struct buf *out, struct redact_state *s, struct sl_bytes text,
		    unsigned int level)
{
	enum redact_next last = s->next;
	size_t secret = last == REDACT_NEXT_USER ? redact_user_secret(text) : 0;

	s->next = redact_next_is(text);
	if (last != REDACT_NEXT_SECRET && secret == 0)
		return redact_lines(out, s, text, level);
	(void)buf_append(out, text.data, secret);
	return buf_append_str(out, REDACTED);
}
