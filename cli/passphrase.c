/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/passphrase.h"

#include <stdio.h>
#include <string.h>

#include "cli/unlock.h"
#include "core/cleanup.h"
#include "core/quote.h"

#define PASSPHRASE_MAX 1024 /* of a PKCS#8 file */

int passphrase_read(struct passphrase *out, const char *file, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_short(file, strlen(file));
	int rc = keyfile_read_line(&out->file, file, err);

	if (rc == 0 && out->file.len == 0)
		rc = sl_fail(err, SL_EINVAL, 0, "the passphrase is empty");
	if (rc == 0 && strlen(out->file.text) != out->file.len)
		rc = sl_fail(err, SL_EINVAL, 0, "the passphrase holds a NUL byte");
	if (rc == 0 && out->file.len > PASSPHRASE_MAX)
		rc = sl_fail(err, SL_ELIMIT, 0, "the passphrase has more than %d bytes",
			     PASSPHRASE_MAX);
	return rc < 0 ? sl_wrap(err, rc, "passphrase file '%s'", shown != NULL ? shown : "?") : 0;
}

int passphrase_new(struct passphrase *out, struct sl_error *err)
{
	return cli_passphrase(&out->typed, "Passphrase of the new key", true, err);
}

static int is_encrypted(const char *key_file, bool *out, struct sl_error *err)
{
	CLEANUP(keyfile_clear) struct keyfile pem = {0};
	int rc = keyfile_read(&pem, key_file, err);

	*out = rc == 0 && strstr(pem.text, "BEGIN ENCRYPTED PRIVATE KEY") != NULL;
	return rc;
}

int passphrase_for_key(struct passphrase *out, const char *key_file, const char *file,
		       struct sl_error *err)
{
	AUTO_FREE char *shown = NULL, *what = NULL;
	bool encrypted = false;
	int rc;

	if (key_file == NULL)
		return file == NULL ? 0
				    : sl_fail(err, SL_EINVAL, 0, "a passphrase goes with a key");
	if (file != NULL)
		return passphrase_read(out, file, err);
	rc = is_encrypted(key_file, &encrypted, err);
	if (rc < 0 || !encrypted)
		return rc;
	shown = quote_short(key_file, strlen(key_file));
	if (shown == NULL || asprintf(&what, "Passphrase of '%s'", shown) < 0) {
		what = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "passphrase");
	}
	return cli_passphrase(&out->typed, what, false, err);
}

const char *passphrase_text(const struct passphrase *p)
{
	return p->typed != NULL ? p->typed : p->file.text;
}

void passphrase_clear(struct passphrase *p)
{
	keyfile_clear(&p->file);
	cli_passphrase_free(&p->typed);
	*p = (struct passphrase){.typed = NULL};
}
