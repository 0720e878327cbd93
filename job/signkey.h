/* SPDX-License-Identifier: Apache-2.0 */
/* Signing keys as the user keeps them: PKCS#8 files, with a passphrase or without. */
#ifndef JOB_SIGNKEY_H
#define JOB_SIGNKEY_H

#include "core/sign.h"

struct signkey_file {
	const char *path;
	const char *passphrase; /* or NULL */
};

/* Free the key with sign_key_free(). Nothing of the file's text stays in memory. */
int signkey_read(struct sign_key **out, const struct signkey_file *file, struct sl_error *err);
/* A public key, SubjectPublicKeyInfo in PEM. */
int signkey_read_public(uint8_t out[SIGN_PUBLIC_SIZE], const char *path, struct sl_error *err);

/* For CLEANUP. */
void signkey_free(struct sign_key *const *key);

#endif
