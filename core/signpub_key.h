/* SPDX-License-Identifier: Apache-2.0 */
/* What only the files around OpenSSL share about public keys and certificates. */
#ifndef CORE_SIGNPUB_KEY_H
#define CORE_SIGNPUB_KEY_H

#include <openssl/evp.h>

#include "core/signpub.h"

/* A key that came out of a certificate. Takes over @pkey, also on failure. */
int signpub_from(struct signpub **out, EVP_PKEY *pkey, struct sl_error *err);

/* A pem_password_cb for what has no passphrase: OpenSSL must not ask for one on the terminal. */
int signpub_no_passphrase(char *out, int size, int writing, void *payload);

#endif
