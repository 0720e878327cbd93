/* SPDX-License-Identifier: Apache-2.0 */
/* What only the files around OpenSSL share: a key that came out of a certificate. */
#ifndef CORE_SIGNPUB_KEY_H
#define CORE_SIGNPUB_KEY_H

#include <openssl/evp.h>

#include "core/signpub.h"

/* Takes over @pkey, also on failure. */
int signpub_from(struct signpub **out, EVP_PKEY *pkey, struct sl_error *err);

#endif
