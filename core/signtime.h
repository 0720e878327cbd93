/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time stamps of RFC 3161: a third party (TSA) signs a digest together with the time. Always over
 * SHA-256. What a token says is read after its signature was checked with the certificate inside of
 * it; whether that certificate may be believed is another question, and needs roots.
 *
 * Certificates are judged as they were at the token's time, so that a token outlives its signer's
 * certificate. Revocation is not looked at: that takes a network.
 */
#ifndef CORE_SIGNTIME_H
#define CORE_SIGNTIME_H

#include <strandline/error.h>

#include "core/buf.h"

/* A response of a TSA: a few KiB, most of it certificates. */
#define SIGNTIME_MAX_BYTES (256u << 10)

/*
 * A query (DER) for the digest, with a fresh nonce of 128 bits, that asks for the certificates
 * (certReq).
 */
int signtime_query(struct buf *out, const uint8_t digest[SL_SHA256_SIZE], struct sl_error *err);

struct signtime;

/*
 * Take a response (TimeStampResp) or a bare token apart, and check its signature with the
 * certificate inside. -SL_EFORMAT: it is neither, or has no certificate; -SL_EUNTRUSTED: it was
 * refused by the TSA, or its signature does not hold. Free with signtime_free().
 */
int signtime_parse(struct signtime **out, const void *der, size_t len, struct sl_error *err);
void signtime_free(struct signtime *t);

/* It answers this query: the same digest and nonce. -SL_EUNTRUSTED; -SL_EFORMAT: no query. */
int signtime_answers(const struct signtime *t, const void *query, size_t len, struct sl_error *err);
/* It is over this digest. -SL_EUNTRUSTED. */
int signtime_covers(const struct signtime *t, const uint8_t digest[SL_SHA256_SIZE],
		    struct sl_error *err);

struct sl_time signtime_time(const struct signtime *t);
/* Subject of the signer's certificate, harmless to print; borrowed. */
const char *signtime_signer(const struct signtime *t);

/*
 * The signer's certificate leads to one of the PEM certificates in @ca, each was valid at the
 * token's time, and it was made for time stamps. -SL_EUNTRUSTED with the reason; -SL_EINVAL when
 * @ca holds no certificate.
 */
int signtime_trust(const struct signtime *t, const char *ca, size_t len, struct sl_error *err);

#endif
