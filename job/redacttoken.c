/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that are known by how they look: private keys, URLs with passwords, tokens. */
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "job/redactline.h"

#define MARKER_BACK 48           /* bytes before "PRIVATE KEY" in which BEGIN or END stands */
#define URL_AHEAD ((size_t)1024) /* bytes behind a host in which a password may go on */
#define SHAPE_MIN 32

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- private keys ---- */

static bool matches(struct sl_bytes text, size_t at, const char *word)
{
	size_t len = strlen(word);

	return text.len - at >= len && strncasecmp(text.data + at, word, len) == 0;
}

/* The next place of @word from @at on, in any case; the length of the text when there is none. */
static size_t find_word(struct sl_bytes text, size_t at, const char *word)
{
	for (; at < text.len; at++)
		if (matches(text, at, word))
			return at;
	return text.len;
}

/* Is it a BEGIN or an END that stands last before @at? Where, or SIZE_MAX. */
static size_t find_marker(struct sl_bytes text, size_t from, size_t at, bool *is_end)
{
	size_t low = at - from > MARKER_BACK ? at - MARKER_BACK : from;

	for (size_t i = at; i-- > low;) {
		*is_end = matches(text, i, "END") && (i == 0 || !is_alnum(text.data[i - 1]));
		if (*is_end || matches(text, i, "BEGIN"))
			return i;
	}
	return SIZE_MAX;
}

static size_t skip_marker(struct sl_bytes text, size_t at)
{
	at += strlen("PRIVATE KEY");
	if (matches(text, at, " BLOCK"))
		at += strlen(" BLOCK");
	while (at < text.len && (text.data[at] == '-' || text.data[at] == ' '))
		at++;
	return at;
}

/* PuTTY counts the lines of its keys instead of ending them. */
static bool is_putty(struct sl_bytes line, struct redact_state *s)
{
	if (!s->in_key && matches(line, 0, "Private-Lines:"))
		return s->in_key = true;
	if (!s->in_key || !matches(line, 0, "Private-MAC:"))
		return false;
	s->in_key = false;
	return true;
}

int redact_keys(struct buf *out, struct redact_state *s, struct sl_bytes line)
{
	size_t done = 0, at = 0;

	if (is_putty(line, s))
		return buf_append_str(out, REDACTED);
	while ((at = find_word(line, at, "PRIVATE KEY")) < line.len) {
		bool is_end;
		size_t marker = find_marker(line, done, at, &is_end);

		at = skip_marker(line, at);
		if (marker == SIZE_MAX || is_end != s->in_key)
			continue;
		if (is_end) {
			(void)buf_append_str(out, REDACTED);
			done = at;
		} else {
			while (marker > done &&
			       (line.data[marker - 1] == '-' || line.data[marker - 1] == ' '))
				marker--;
			(void)buf_append(out, line.data + done, marker - done);
			done = marker;
		}
		s->in_key = !is_end;
	}
	if (!s->in_key)
		return buf_append(out, line.data + done, line.len - done);
	return done < line.len ? buf_append_str(out, REDACTED) : out->status;
}

/* ---- URLs ---- */

static bool ends_url(char c)
{
	return (unsigned char)c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`';
}

static bool ends_authority(char c)
{
	return ends_url(c) || c == '/' || c == '?' || c == '#' || c == '\\';
}

static size_t last_at(struct sl_bytes line, size_t from, size_t to)
{
	const char *p = memrchr(line.data + from, '@', to - from);

	return p == NULL ? SIZE_MAX : (size_t)(p - line.data);
}

/*
 * Where the user's part of a URL ends, whose authority is from @from to @to; SIZE_MAX: it has none.
 * A password with a raw '/' in it goes on behind what ends an authority, and cannot be told from a
 * port.
 */
static size_t find_userinfo(struct sl_bytes line, size_t from, size_t to)
{
	const char *colon = memchr(line.data + from, ':', to - from);
	size_t at = last_at(line, from, to), end = to;

	if (at != SIZE_MAX || colon == NULL)
		return at;
	while (end < line.len && end - to < URL_AHEAD && !ends_url(line.data[end]))
		end++;
	return last_at(line, to, end);
}

int redact_urls(struct buf *out, struct sl_bytes line)
{
	size_t done = 0;

	for (;;) {
		const char *p = memmem(line.data + done, line.len - done, "://", 3);
		size_t from, to, end;

		if (p == NULL)
			return buf_append(out, line.data + done, line.len - done);
		from = to = (size_t)(p - line.data) + 3;
		(void)buf_append(out, line.data + done, from - done);
		while (to < line.len && !ends_authority(line.data[to]))
			to++;
		end = find_userinfo(line, from, to);
		done = from;
		if (end == SIZE_MAX)
			continue;
		/* a user without a password may be a token */
		p = memchr(line.data + from, ':', end - from);
		if (p != NULL)
			(void)buf_append(out, line.data + from, (size_t)(p - line.data) + 1 - from);
		(void)buf_append_str(out, REDACTED);
		done = end;
	}
}

/* ---- tokens ---- */

struct token {
	const char *prefix;
	size_t min; /* bytes of the whole */
};

static const struct token tokens[] = {
	{"AKIA", 20},
	{"ASIA", 20},
	{"AIza", 35},
	{"ya29.", 20},
	{"eyJ", 20},
	{"ghp_", 20},
	{"gho_", 20},
	{"ghu_", 20},
	{"ghs_", 20},
	{"ghr_", 20},
	{"glpat-", 20},
	{"gldt-", 20},
	{"github_pat_", 20},
	{"xoxa-", 15},
	{"xoxb-", 15},
	{"xoxp-", 15},
	{"xoxr-", 15},
	{"xoxs-", 15},
	{"xapp-", 15},
	{"sk_live_", 16},
	{"sk_test_", 16},
	{"rk_live_", 16},
	{"whsec_", 16},
	{"npm_", 20},
	{"pypi-", 20},
	{"hvs.", 16},
	{"hvb.", 16},
	{"dop_v1_", 20},
	{"dckr_pat_", 16},
	{"hf_", 20},
	{"shpat_", 20},
	{"ATATT3", 20},
	{"SG.", 20},
	{"sk-", 20},
	{"AGE-SECRET-KEY-", 16},
	{"LS0tLS1CRUdJTi", 20}, /* a PEM block in base64 */
};

static bool is_token_char(char c)
{
	return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-' || c == '.';
}

static bool has_prefix(struct sl_bytes run)
{
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		const char *prefix = tokens[i].prefix;
		const char *p = run.data, *end = run.data + run.len;

		while ((p = memmem(p, (size_t)(end - p), prefix, strlen(prefix))) != NULL) {
			bool is_public = (size_t)(end - p) > 6 && (memcmp(p, "sk-ssh", 6) == 0 ||
								   memcmp(p, "sk-ecd", 6) == 0);

			if ((size_t)(end - p) >= tokens[i].min && !is_public &&
			    (p == run.data || !is_alnum(p[-1])))
				return true;
			p++;
		}
	}
	return false;
}

static int kind_of(char c)
{
	return is_digit(c) ? 0 : c >= 'a' ? 1 : 2;
}

/* A digest, an id: as long as a secret, and no secret. */
static bool is_hexadecimal(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]) && (text[i] | 0x20) > 'f')
			return false;
	return len >= 8;
}

/*
 * Letters and digits as if thrown: lower case, upper case and digits change at every second place
 * or so, in words at every fifth.
 */
static bool is_random(struct sl_bytes run)
{
	size_t count = 0, changes = 0, i = 0;

	while (i < run.len) {
		size_t start = i;

		while (i < run.len && is_alnum(run.data[i]))
			i++;
		if (!is_hexadecimal(run.data + start, i - start)) {
			count += i - start;
			for (size_t k = start + 1; k < i; k++)
				changes += kind_of(run.data[k]) != kind_of(run.data[k - 1]);
		}
		i += i < run.len;
	}
	return count >= SHAPE_MIN && changes * 4 >= count;
}

/* "SHA256:..." of a public key, as ssh writes it. */
static bool is_fingerprint(struct sl_bytes line, size_t at, size_t len)
{
	return at >= 7 && memcmp(line.data + at - 7, "SHA256:", 7) == 0 && len <= 44;
}

/* "{SSHA}..." of LDAP and htpasswd */
static bool is_scheme(struct sl_bytes line, size_t at, size_t len)
{
	return at > 0 && line.data[at - 1] == '}' && len >= 12;
}

static bool has_random(struct sl_bytes run)
{
	size_t i = 0;

	while (i < run.len) {
		size_t start = i;

		while (i < run.len && run.data[i] != '.')
			i++;
		if (i - start >= SHAPE_MIN &&
		    is_random((struct sl_bytes){run.data + start, i - start}))
			return true;
		i++;
	}
	return false;
}

int redact_tokens(struct buf *out, struct sl_bytes line)
{
	size_t i = 0;

	while (i < line.len) {
		size_t start = i;
		struct sl_bytes run;

		while (i < line.len && is_token_char(line.data[i]))
			i++;
		run = (struct sl_bytes){line.data + start, i - start};
		if (run.len == 0)
			(void)buf_append_char(out, line.data[i++]);
		else if (!is_fingerprint(line, start, run.len) &&
			 (is_scheme(line, start, run.len) || has_prefix(run) || has_random(run)))
			(void)buf_append_str(out, REDACTED);
		else
			(void)buf_append(out, run.data, run.len);
	}
	return out->status;
}
