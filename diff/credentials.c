/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/credentials.h"

#include <string.h>

#include "core/cleanup.h"

/* Characters that a credential is made of. */
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGIT "0123456789"
#define ALNUM UPPER LOWER DIGIT
#define BASE64 ALNUM "+/="
#define BASE64URL ALNUM "-_"

/*
 * What it begins with, and how many of which characters follow. Forms that their makers document;
 * those with a checksum or a fixed beginning only, for any other random word may be anything.
 * references: GitHub "Behind GitHub's new authentication token formats"; AWS IAM "IAM identifiers";
 * Slack "Token types"; GitLab "Token overview"; npm "About access tokens"; Azure Storage "Configure
 * connection strings"; kubeconfig (v1); Stripe "API keys".
 */
static const struct form {
	const char *kind;
	const char *beginning;
	const char *of; /* characters */
	size_t least, most;
} forms[] = {
	{"an access key of AWS", "AKIA", UPPER "234567", 16, 16},
	{"a temporary access key of AWS", "ASIA", UPPER "234567", 16, 16},
	{"the key of a storage account of Azure", "AccountKey=", BASE64, 40, SIZE_MAX},
	{"a shared access key of Azure", "SharedAccessKey=", BASE64, 40, SIZE_MAX},
	{"a token of GitHub", "ghp_", ALNUM, 36, 36},
	{"a token of GitHub", "gho_", ALNUM, 36, 36},
	{"a token of GitHub", "ghs_", ALNUM, 36, 36},
	{"a token of GitHub", "ghr_", ALNUM, 36, 76},
	{"a token of GitHub", "github_pat_", ALNUM "_", 60, 100},
	{"a token of GitLab", "glpat-", BASE64URL, 20, 64},
	{"a token of Slack", "xoxb-", ALNUM "-", 24, 100},
	{"a token of Slack", "xoxp-", ALNUM "-", 24, 100},
	{"a token of npm", "npm_", ALNUM, 36, 36},
	{"a secret key of Stripe", "sk_live_", ALNUM, 24, 120},
	{"a client's key for a cluster", "client-key-data: LS0tLS1CRUdJTi", BASE64, 40, SIZE_MAX},
};

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Documents and tests have these: the makers' own examples, and words of one letter. */
static bool is_example(const char *at, size_t len)
{
	size_t same = 1;

	while (same < len && at[same] == at[0])
		same++;
	return same == len || memmem(at, len, "EXAMPLE", 7) != NULL ||
	       memmem(at, len, "example", 7) != NULL;
}

static bool is_at(const struct form *form, struct sl_bytes text, const char *at)
{
	const char *end = text.data + text.len, *from = at + strlen(form->beginning);
	size_t len = 0;

	if (at > text.data && is_one_of(at[-1], ALNUM "_"))
		return false;
	while (from + len < end && len < form->most && is_one_of(from[len], form->of))
		len++;
	return len >= form->least && (from + len == end || !is_one_of(from[len], ALNUM "_")) &&
	       !is_example(from, len);
}

static bool has_form(const struct form *form, struct sl_bytes text)
{
	const char *at = text.data, *end = text.data + text.len;

	while ((at = memmem(at, (size_t)(end - at), form->beginning, strlen(form->beginning))) !=
	       NULL) {
		if (is_at(form, text, at))
			return true;
		at++;
	}
	return false;
}

/* reference: Google Cloud "Service account keys": a JSON object that has the key in PEM. */
static bool is_service_account(struct sl_bytes text)
{
	static const char kind[] = "\"service_account\"", key[] = "\"private_key\"",
			  pem[] = "-----BEGIN ";
	const char *at;

	if (memmem(text.data, text.len, kind, sizeof(kind) - 1) == NULL)
		return false;
	at = memmem(text.data, text.len, key, sizeof(key) - 1);
	return at != NULL &&
	       memmem(at, (size_t)(text.data + text.len - at), pem, sizeof(pem) - 1) != NULL;
}

/* One part of a token up to the dot, or to the end of the text. */
static bool take_part(struct sl_bytes *text, size_t least)
{
	size_t len = 0;

	while (len < text->len && is_one_of(text->data[len], BASE64URL))
		len++;
	if (len < least || (len < text->len && text->data[len] != '.'))
		return false;
	len += len < text->len;
	text->data += len;
	text->len -= len;
	return true;
}

/*
 * reference: RFC 7519. Only a file that is nothing else: sessions, pages and logs of ordinary
 * servers are full of them.
 */
static bool is_web_token(struct sl_bytes text)
{
	while (text.len > 0 && is_one_of(text.data[text.len - 1], " \t\r\n"))
		text.len--;
	return text.len > 3 && memcmp(text.data, "eyJ", 3) == 0 &&
	       memchr(text.data, '.', text.len) != NULL && take_part(&text, 16) && text.len > 3 &&
	       memcmp(text.data, "eyJ", 3) == 0 && take_part(&text, 16) && take_part(&text, 20) &&
	       text.len == 0;
}

const char *credentials_find(struct sl_bytes text)
{
	if (text.len == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (has_form(&forms[i], text))
			return forms[i].kind;
	if (is_service_account(text))
		return "the key of a service account of Google Cloud";
	return is_web_token(text) ? "a token (JWT)" : NULL;
}
