/* SPDX-License-Identifier: Apache-2.0 */
#include "job/redactname.h"

#include <string.h>

#include "core/cleanup.h"

#define NAME_MAX_BYTES 255

/* Lower case, without what programs put between the words. */
struct plain {
	char text[NAME_MAX_BYTES + 1];
	size_t len;
};

static const char *const inside[] = {
	"password",  "passwd",    "passphrase", "passwort",      "secret",        "credential",
	"apikey",    "accesskey", "privatekey", "sharedkey",     "accountkey",    "signingkey",
	"masterkey", "keydata",   "token",      "authorization", "connectionstr", "connstr",
};

static const char *const at_end[] = {
	"pass", "pwd", "psw", "pw",   "auth",   "key",       "dsn",    "cred", "creds",
	"jwt",  "psk", "otp", "salt", "cookie", "sessionid", "sessid", "pin",
};

/* What the words above would take, too. */
static const char *const harmless[] = {
	"key", "pubkey", "publickey", "bypass", "compass", "sshpublickey", "sandboxkey",
};

static bool make_plain(struct plain *out, struct sl_bytes name)
{
	out->len = 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (c == '_' || c == '-' || c == '.')
			continue;
		if (out->len == NAME_MAX_BYTES)
			return false;
		out->text[out->len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out->text[out->len] = '\0';
	return true;
}

static bool ends_with(const struct plain *p, const char *word)
{
	size_t len = strlen(word);

	return p->len >= len && memcmp(p->text + p->len - len, word, len) == 0;
}

bool redactname_is_secret(struct sl_bytes name)
{
	struct plain p;

	if (!make_plain(&p, name))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (strcmp(p.text, harmless[i]) == 0)
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		if (strstr(p.text, inside[i]) != NULL)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(at_end); i++)
		if (ends_with(&p, at_end[i]))
			return true;
	return strcmp(p.text, "sig") == 0;
}

bool redactname_is_environment(struct sl_bytes name)
{
	struct plain p;

	return make_plain(&p, name) &&
	       (strcmp(p.text, "env") == 0 || strcmp(p.text, "envs") == 0 ||
		strcmp(p.text, "environ") == 0 || strcmp(p.text, "environment") == 0 ||
		strcmp(p.text, "envvars") == 0);
}

bool redactname_is_secret_file(struct sl_bytes path)
{
	static const char *const names[] = {".pgpass", ".netrc", ".vault-token", "chap-secrets",
					    "pap-secrets"};
	static const char folder[] = "run/secrets/";
	const char *slash, *base;
	size_t len;

	if (path.len == 0)
		return false;
	slash = memrchr(path.data, '/', path.len);
	base = slash == NULL ? path.data : slash + 1;
	len = path.len - (size_t)(base - path.data);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (len == strlen(names[i]) && memcmp(base, names[i], len) == 0)
			return true;
	return memmem(path.data, path.len, folder, sizeof(folder) - 1) != NULL;
}
