/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as the user keeps them: PKCS#8 files, with a passphrase or without. */
#ifndef JOB_KEYFILE_H
#define JOB_KEYFILE_H

#include "core/sign.h"

struct keyfile {
	const char *path;
	const char *passphrase; /* or NULL */
};

/* Free the key with sign_key_free(). Nothing of the file's text stays in memory. */
int keyfile_read(struct sign_key **out, const struct keyfile *file, struct sl_error *err);
/* A public key, SubjectPublicKeyInfo in PEM. */
int keyfile_read_public(uint8_t out[SIGN_PUBLIC_SIZE], const char *path, struct sl_error *err);

/* For CLEANUP. */
void keyfile_free_key(struct sign_key *const *key);

#endif
