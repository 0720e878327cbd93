/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/secrets.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"

#define MASK "(masked)"
#define SCHEME_MAX 16 /* longest "$id$" that is believed to be one */
#define HASH_MIN 8

/* ---- hashes ---- */

static bool is_hash_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '/' || c == '$' || c == ',' || c == '=' || c == '+' || c == '-' ||
	       c == '_';
}

static bool is_scheme_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Length of "$id$" at the beginning of a text, 0 when there is none. */
static size_t scheme_length(const char *text, size_t len)
{
	size_t at = 1;

	if (len < 3 || text[0] != '$')
		return 0;
	while (at < len && at < SCHEME_MAX && is_scheme_char(text[at]))
		at++;
	return at > 1 && at < len && text[at] == '$' ? at + 1 : 0;
}

/* Copy text; each crypt(3) hash in it is cut behind its scheme. */
static int mask_hashes(struct buf *out, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t scheme = scheme_length(text + at, len - at);
		size_t end = at + scheme;

		while (scheme > 0 && end < len && is_hash_char(text[end]))
			end++;
		if (scheme == 0 || end - at - scheme < HASH_MIN) {
			(void)buf_append_char(out, text[at++]);
			continue;
		}
		(void)buf_append(out, text + at, scheme);
		(void)buf_append_str(out, MASK);
		at = end;
	}
	return out->status;
}

bool secrets_is_locked(struct sl_bytes password)
{
	static const char *const words[] = {"x", "*NP*", "*LK*", "!*", "*!", "NP", "LK"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (password.len == strlen(words[i]) &&
		    memcmp(password.data, words[i], password.len) == 0)
			return true;
	for (size_t i = 0; i < password.len; i++)
		if (password.data[i] != '!' && password.data[i] != '*')
			return false;
	return password.len > 0;
}

/* A field that is there for a password, and for nothing else: what is no mark is masked whole. */
static int mask_password(struct buf *out, struct sl_bytes field)
{
	size_t locks = 0, scheme;

	if (field.len == 0 || secrets_is_locked(field))
		return buf_append(out, field.data, field.len);
	while (locks < field.len && field.data[locks] == '!')
		locks++;
	scheme = scheme_length(field.data + locks, field.len - locks);
	(void)buf_append(out, field.data, locks + scheme);
	return buf_append_str(out, MASK);
}

/* Which field holds the password; opasswd has a list of them to its end. */
static int mask_field(struct buf *out, struct sl_bytes line, size_t number, bool to_end)
{
	struct sl_bytes field;
	size_t start;

	if (!textfile_field(line, number, &field)) {
		/* not what it should be: it may be anything */
		if (line.len == 0 || line.data[0] == '#')
			return mask_hashes(out, line.data, line.len);
		return buf_append_str(out, MASK);
	}
	start = (size_t)(field.data - line.data);
	if (to_end)
		field.len = line.len - start;
	(void)mask_hashes(out, line.data, start);
	(void)mask_password(out, field);
	return mask_hashes(out, field.data + field.len, line.len - start - field.len);
}

/* ---- keys ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word from *at on. Quotes keep blanks together, as sshd reads options. */
static bool next_word(struct sl_bytes line, size_t *at, struct sl_bytes *out)
{
	bool quoted = false;
	size_t start;

	while (*at < line.len && is_blank(line.data[*at]))
		(*at)++;
	start = *at;
	for (; *at < line.len && (quoted || !is_blank(line.data[*at])); (*at)++) {
		if (line.data[*at] == '\\' && *at + 1 < line.len && line.data[*at + 1] == '"')
			(*at)++;
		else if (line.data[*at] == '"')
			quoted = !quoted;
	}
	*out = (struct sl_bytes){line.data + start, *at - start};
	return out->len > 0;
}

static bool starts_with(struct sl_bytes text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

static bool is_key_type(struct sl_bytes word)
{
	return starts_with(word, "ssh-") || starts_with(word, "ecdsa-sha2-") ||
	       starts_with(word, "sk-ssh-") || starts_with(word, "sk-ecdsa-");
}

bool secrets_find_key(struct sl_bytes line, struct sl_bytes *type, struct sl_bytes *key)
{
	size_t at = 0;

	/* options may stand in front */
	if (!next_word(line, &at, type) || type->data[0] == '#')
		return false;
	if (!is_key_type(*type) && (!next_word(line, &at, type) || !is_key_type(*type)))
		return false;
	return next_word(line, &at, key);
}

static int append_fingerprint(struct buf *out, struct sl_bytes key)
{
	CLEANUP(buf_clear) struct buf blob = BUF_INIT((size_t)64 << 10);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(64);
	uint8_t digest[SL_SHA256_SIZE];

	if (base64_decode(&blob, key.data, key.len) < 0 || blob.len == 0 ||
	    sha256_once(blob.data, blob.len, digest, NULL) < 0 ||
	    base64_encode(&text, digest, sizeof(digest)) < 0) {
		/* no key: the last of it tells it from others */
		size_t kept = key.len < 12 ? key.len : 12;

		(void)buf_append_str(out, "...");
		return buf_append(out, key.data + key.len - kept, kept);
	}
	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	(void)buf_append_str(out, "SHA256:");
	return buf_append(out, text.data, text.len);
}

static int mask_key(struct buf *out, struct sl_bytes line)
{
	struct sl_bytes type, key;
	size_t start;

	if (!secrets_find_key(line, &type, &key))
		return mask_hashes(out, line.data, line.len);
	start = (size_t)(key.data - line.data);
	(void)mask_hashes(out, line.data, start);
	(void)append_fingerprint(out, key);
	return mask_hashes(out, key.data + key.len, line.len - start - key.len);
}

int secrets_mask(struct buf *out, enum textfile what, struct sl_bytes line)
{
	switch (what) {
	case TEXTFILE_PASSWD:
	case TEXTFILE_SHADOW:
	case TEXTFILE_GROUP:
	case TEXTFILE_GSHADOW:
	case TEXTFILE_BACKUP:
		return mask_field(out, line, 1, false);
	case TEXTFILE_OPASSWD:
		return mask_field(out, line, 3, true);
	case TEXTFILE_KEYS:
		return mask_key(out, line);
	case TEXTFILE_NONE:
	case TEXTFILE_PLAIN:
	case TEXTFILE_SUDOERS:
	case TEXTFILE_PRELOAD:
	case TEXTFILE_COMMANDS:
	case TEXTFILE_SSHD:
	case TEXTFILE_PAM:
	case TEXTFILE_SERVER:
	case TEXTFILE_HTTPD:
	case TEXTFILE_HOOKS:
	case TEXTFILE_SYSCTL:
	case TEXTFILE_IMPORTS:
		break;
	}
	return mask_hashes(out, line.data, line.len);
}
