/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Notary Project's signature envelope in JWS (signature-envelope-jws.md): flattened JSON
 * serialization, exactly one signature. Parsing verifies nothing.
 */
#ifndef SNAPSHOT_JWS_H
#define SNAPSHOT_JWS_H

#include <strandline/error.h>

#include "core/buf.h"
#include "core/json.h"

enum jws_scheme {
	JWS_X509, /* the signer's clock is not believed: certificates are to be valid now */
	JWS_X509_AUTHORITY, /* a signing authority vouches for the time of signing */
};

struct jws {
	struct jval *doc, *headers;
	const char *alg;
	enum jws_scheme scheme;
	struct sl_time signed_at;
	bool has_expiry;
	struct sl_time expiry;
	struct buf input;       /* the bytes that are signed */
	struct buf signature;   /* decoded */
	struct buf payload;     /* decoded from the very text that is part of input */
	const struct jval *x5c; /* base64 DER certificates, the signer's first */
};

/*
 * Take an envelope apart. Refused beside malformed ones: a header that is critical and not known
 * here, a required header that is missing or not marked critical, another content type, members
 * that do not belong. -SL_EFORMAT; -SL_EUNSUPPORTED; -SL_ELIMIT. Clear it also on failure.
 */
int jws_parse(struct jws *out, const char *text, size_t len, struct sl_error *err);
void jws_clear(struct jws *j);

/* The payload's targetArtifact: what was signed. To be called once the signature is good. */
struct jws_target {
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size;
};
int jws_target(const void *payload, size_t len, struct jws_target *out, struct sl_error *err);

#endif
