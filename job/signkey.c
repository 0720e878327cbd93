/* SPDX-License-Identifier: Apache-2.0 */
#include "job/signkey.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"
#include "job/keyfile.h"

#define PEM_MAX 16384

int signkey_read(struct sign_key **out, const struct signkey_file *file, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(file->path, strlen(file->path));
	CLEANUP(keyfile_clear) struct keyfile pem = {0};
	int rc = keyfile_read(&pem, file->path, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = sign_key_read(out, pem.text, pem.len, file->passphrase, err);
	return rc < 0 ? sl_wrap(err, rc, "key '%s'", shown != NULL ? shown : "?") : rc;
}

int signkey_read_public(uint8_t out[SIGN_PUBLIC_SIZE], const char *path, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(PEM_MAX);
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	int rc = root_read_named(path, &pem, err);

	if (rc == 0)
		rc = sign_public_pem_parse(pem.data != NULL ? pem.data : "", pem.len, out, err);
	if (rc == -SL_EFORMAT)
		rc = sl_fail(err, SL_EINVAL, 0,
			     "key '%s' is no public Ed25519 key, such as keygen's FILE.pub",
			     shown != NULL ? shown : "?");
	return rc;
}

void signkey_free(struct sign_key *const *key)
{
	sign_key_free(*key);
}
