/* SPDX-License-Identifier: Apache-2.0 */
#include "job/keyfile.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"

#define PEM_MAX 16384

int keyfile_read(struct sign_key **out, const struct keyfile *file, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(file->path, strlen(file->path));
	struct buf pem = BUF_INIT(PEM_MAX);
	int rc = 0;

	*out = NULL;
	/* one reservation: growing would leave copies of the text on the heap */
	if (buf_reserve(&pem, PEM_MAX) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "private key");
	if (rc == 0)
		rc = root_read_named(file->path, &pem, err);
	if (rc == 0) {
		rc = sign_key_read(out, pem.data, pem.len, file->passphrase, err);
		rc = rc < 0 ? sl_wrap(err, rc, "key '%s'", shown != NULL ? shown : "?") : rc;
	}
	if (pem.data != NULL)
		explicit_bzero(pem.data, pem.cap);
	buf_clear(&pem);
	return rc;
}

int keyfile_read_public(uint8_t out[SIGN_PUBLIC_SIZE], const char *path, struct sl_error *err)
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

void keyfile_free_key(struct sign_key *const *key)
{
	sign_key_free(*key);
}
