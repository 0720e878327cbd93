/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/sigtrust.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "snapshot/jws.h"
#include "snapshot/sigclaim.h"

void sigtrust_clear(struct sigtrust *t)
{
	for (size_t i = 0; i < t->key_count; i++)
		signpub_free(t->keys[i]);
	signroots_free(t->authorities);
	signroots_free(t->signing_authorities);
	*t = (struct sigtrust){0};
}

/* Signers sign manifests and indexes; a configuration's digest in their place is no statement. */
static bool is_image(const struct sl_image *image, const uint8_t digest[SL_SHA256_SIZE],
		     uint64_t size)
{
	enum sl_image_name name = sl_image_named_by(image, digest, size);

	return name == SL_IMAGE_NAME_MANIFEST || name == SL_IMAGE_NAME_INDEX;
}

static int check_claim(const struct sigclaim *claim, const struct sl_image *image,
		       struct sl_error *err)
{
	char digest[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < claim->count; i++)
		if (is_image(image, claim->digests[i], 0))
			return 0;
	digest_format(digest, claim->digests[0]);
	return sl_fail(err, SL_EUNTRUSTED, 0, "signs another image: %s", digest);
}

/* ---- plain keys ---- */

/*
 * What a key signs with, as cosign has it: SHA-256, and in bundles the digest that fits the curve;
 * RSA with PKCS #1 v1.5 unless a key service made it PSS.
 */
static int verify_with(const struct signpub *key, const struct buf *bytes, const struct buf *sig,
		       struct sl_error *err)
{
	static const struct {
		enum signpub_type type;
		enum signpub_form form;
		enum signpub_hash hash;
	} ways[] = {
		{SIGNPUB_P256, SIGNPUB_ECDSA_DER, SIGNPUB_SHA256},
		{SIGNPUB_P384, SIGNPUB_ECDSA_DER, SIGNPUB_SHA256},
		{SIGNPUB_P384, SIGNPUB_ECDSA_DER, SIGNPUB_SHA384},
		{SIGNPUB_P521, SIGNPUB_ECDSA_DER, SIGNPUB_SHA256},
		{SIGNPUB_P521, SIGNPUB_ECDSA_DER, SIGNPUB_SHA512},
		{SIGNPUB_ED25519, SIGNPUB_PURE, SIGNPUB_SHA256},
		{SIGNPUB_RSA, SIGNPUB_RSA_PKCS1, SIGNPUB_SHA256},
		{SIGNPUB_RSA, SIGNPUB_RSA_PSS, SIGNPUB_SHA256},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i].type == signpub_type(key) &&
		    signpub_verify(key, ways[i].form, ways[i].hash, bytes->data, bytes->len,
				   sig->data, sig->len, NULL) == 0)
			return 0;
	return sl_fail(err, SL_EUNTRUSTED, 0, "signature does not match");
}

static const struct signpub *find_signer(const struct sigtrust *t, const struct buf *bytes,
					 const struct buf sigs[], size_t count)
{
	for (size_t k = 0; k < t->key_count; k++)
		for (size_t i = 0; i < count; i++)
			if (verify_with(t->keys[k], bytes, &sigs[i], NULL) == 0)
				return t->keys[k];
	return NULL;
}

static int no_signer(const struct sigtrust *t, struct sl_error *err)
{
	if (t->key_count == 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "no public key was given to judge it by");
	return sl_fail(err, SL_EUNTRUSTED, 0, "not made with %s",
		       t->key_count == 1 ? "the key that was given"
					 : "any of the keys that were given");
}

static int name_key(const struct signpub *key, char **signer, struct sl_error *err)
{
	uint8_t id[SL_SHA256_SIZE];
	char digest[DIGEST_TEXT_SIZE];

	signpub_id(key, id);
	digest_format(digest, id);
	if (asprintf(signer, "key %s", digest) < 0) {
		*signer = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "signer");
	}
	return 0;
}

static int judge_cosign(const struct sigtrust *t, const struct signature *s,
			const struct sl_image *image, char **signer, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf sig = BUF_INIT(SIGNATURE_MAX_BYTES);
	const struct signpub *key;
	struct sigclaim claim;
	int rc = base64_decode(&sig, s->text.data != NULL ? s->text.data : "", s->text.len);

	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "signature is not base64");
	key = find_signer(t, &s->payload, &sig, 1);
	if (key == NULL)
		return no_signer(t, err);
	rc = sigclaim_simple(s->payload.data, s->payload.len, &claim, err);
	if (rc == 0)
		rc = check_claim(&claim, image, err);
	return rc < 0 ? rc : name_key(key, signer, err);
}

static int judge_bundle(const struct sigtrust *t, const struct signature *s,
			const struct sl_image *image, char **signer, struct sl_error *err)
{
	CLEANUP(sigbundle_clear) struct sigbundle bundle;
	const struct signpub *key;
	struct sigclaim claim;
	int rc = sigbundle_parse(&bundle, s->text.data != NULL ? s->text.data : "", s->text.len,
				 err);

	if (rc < 0)
		return rc;
	key = find_signer(t, &bundle.signed_bytes, bundle.signatures, bundle.count);
	if (key == NULL)
		return no_signer(t, err);
	rc = sigclaim_statement(bundle.payload.data, bundle.payload.len, &claim, err);
	if (rc == 0)
		rc = check_claim(&claim, image, err);
	return rc < 0 ? rc : name_key(key, signer, err);
}

/* ---- notation ---- */

static void free_chain(struct signchain **c)
{
	signchain_free(*c);
}

static void free_key(struct signpub **k)
{
	signpub_free(*k);
}

static int read_chain(struct signchain **out, const struct jval *x5c, struct sl_error *err)
{
	int rc = signchain_new(out, err);

	for (size_t i = 0; rc == 0 && i < jval_len(x5c); i++) {
		CLEANUP(buf_clear) struct buf der = BUF_INIT(SIGNATURE_MAX_BYTES);
		const char *text = jval_str(jval_at(x5c, i));

		if (text == NULL || base64_decode(&der, text, strlen(text)) < 0)
			return sl_fail(err, SL_EFORMAT, 0, "certificate %zu is not base64", i + 1);
		rc = signchain_add(*out, der.data != NULL ? der.data : "", der.len, err);
	}
	return rc;
}

/* The key decides; the header only has to agree. So there is no "none" and no HMAC to choose. */
static int verify_envelope(const struct jws *j, const struct signpub *key, struct sl_error *err)
{
	static const struct {
		const char *alg;
		enum signpub_type type;
		unsigned int bits;
		enum signpub_form form;
		enum signpub_hash hash;
	} ways[] = {
		{"PS256", SIGNPUB_RSA, 2048, SIGNPUB_RSA_PSS, SIGNPUB_SHA256},
		{"PS384", SIGNPUB_RSA, 3072, SIGNPUB_RSA_PSS, SIGNPUB_SHA384},
		{"PS512", SIGNPUB_RSA, 4096, SIGNPUB_RSA_PSS, SIGNPUB_SHA512},
		{"ES256", SIGNPUB_P256, 256, SIGNPUB_ECDSA_RAW, SIGNPUB_SHA256},
		{"ES384", SIGNPUB_P384, 384, SIGNPUB_ECDSA_RAW, SIGNPUB_SHA384},
		{"ES512", SIGNPUB_P521, 521, SIGNPUB_ECDSA_RAW, SIGNPUB_SHA512},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].type != signpub_type(key) || ways[i].bits != signpub_bits(key))
			continue;
		if (strcmp(ways[i].alg, j->alg) != 0)
			return sl_fail(err, SL_EUNTRUSTED, 0,
				       "its algorithm is not %s, which the key demands",
				       ways[i].alg);
		return signpub_verify(key, ways[i].form, ways[i].hash, j->input.data, j->input.len,
				      j->signature.data, j->signature.len, err);
	}
	return sl_fail(err, SL_EUNSUPPORTED, 0, "made with a key of a kind that notation forbids");
}

/* Certificates count at the time a signing authority states, else now. */
static int check_chain(const struct sigtrust *t, const struct jws *j, const struct signchain *chain,
		       struct sl_error *err)
{
	const struct signroots *roots =
		j->scheme == JWS_X509 ? t->authorities : t->signing_authorities;

	if (roots == NULL)
		return sl_fail(err, SL_EUNTRUSTED, 0, "no %s was given to judge it by",
			       j->scheme == JWS_X509 ? "trust store" : "signing authority");
	if (j->has_expiry && clock_compare(t->now, j->expiry) >= 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "the signature has expired");
	if (j->scheme == JWS_X509)
		return signchain_check(chain, roots, t->now, err);
	if (clock_compare(j->signed_at, t->now) > 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "it was signed in the future");
	return signchain_check(chain, roots, j->signed_at, err);
}

static int check_target(const struct jws *j, const struct sl_image *image, struct sl_error *err)
{
	struct jws_target target;
	char digest[DIGEST_TEXT_SIZE];
	int rc = jws_target(j->payload.data != NULL ? j->payload.data : "", j->payload.len, &target,
			    err);

	if (rc < 0 || is_image(image, target.digest, target.size))
		return rc;
	digest_format(digest, target.digest);
	return sl_fail(err, SL_EUNTRUSTED, 0, "signs another image: %s", digest);
}

static int judge_notation(const struct sigtrust *t, const struct signature *s,
			  const struct sl_image *image, char **signer, struct sl_error *err)
{
	CLEANUP(jws_clear) struct jws j;
	CLEANUP(free_chain) struct signchain *chain = NULL;
	CLEANUP(free_key) struct signpub *key = NULL;
	int rc = jws_parse(&j, s->text.data != NULL ? s->text.data : "", s->text.len, err);

	if (rc == 0)
		rc = read_chain(&chain, j.x5c, err);
	if (rc == 0)
		rc = signchain_key(chain, &key, err);
	if (rc == 0)
		rc = verify_envelope(&j, key, err);
	if (rc == 0)
		rc = check_chain(t, &j, chain, err);
	if (rc == 0)
		rc = check_target(&j, image, err);
	return rc < 0 ? rc : signchain_signer(chain, signer, err);
}

int sigtrust_judge(const struct sigtrust *t, const struct signature *s,
		   const struct sl_image *image, char **signer, struct sl_error *err)
{
	*signer = NULL;
	switch (s->kind) {
	case SIGNATURE_COSIGN:
		return judge_cosign(t, s, image, signer, err);
	case SIGNATURE_BUNDLE:
		return judge_bundle(t, s, image, signer, err);
	case SIGNATURE_NOTATION:
		return judge_notation(t, s, image, signer, err);
	case SIGNATURE_OTHER:
		break;
	}
	return sl_fail(err, SL_EUNSUPPORTED, 0, "%s", s->why != NULL ? s->why : "not readable");
}
