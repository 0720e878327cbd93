/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of X.509 certificates as signature envelopes carry them: the signer first, the root last.
 * The rules are those of the Notary Project (signature specification, "certificate requirements"),
 * which are stricter than RFC 5280 in what a certificate must say of itself, and leave out
 * revocation, which needs a network.
 */
#ifndef CORE_SIGNCHAIN_H
#define CORE_SIGNCHAIN_H

#include <strandline/error.h>

#include "core/signpub.h"

#define SIGNCHAIN_MAX 10

/* Certificates that somebody decided to trust. */
struct signroots;
int signroots_new(struct signroots **out, struct sl_error *err);
/* Every certificate of a PEM text. -SL_EFORMAT when there is none, or one is broken. */
int signroots_add(struct signroots *r, const char *pem, size_t len, struct sl_error *err);
size_t signroots_count(const struct signroots *r);
void signroots_free(struct signroots *r);

struct signchain;
int signchain_new(struct signchain **out, struct sl_error *err);
/* Append one DER certificate: the signer first. -SL_EFORMAT; -SL_ELIMIT. */
int signchain_add(struct signchain *c, const void *der, size_t len, struct sl_error *err);
void signchain_free(struct signchain *c);

/* The signer's key, which must be one that image signatures are made with. Free it. */
int signchain_key(const struct signchain *c, struct signpub **out, struct sl_error *err);
/* "CN=..., O=... (certificate sha256:...)", harmless to print; owned by the caller. */
int signchain_signer(const struct signchain *c, char **out, struct sl_error *err);

/*
 * The certificates are one complete chain, each of them may do what it does there and is valid at
 * @when, and one of them is among @roots. -SL_EUNTRUSTED with the reason.
 */
int signchain_check(const struct signchain *c, const struct signroots *roots, struct sl_time when,
		    struct sl_error *err);

#endif
