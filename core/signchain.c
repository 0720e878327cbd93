/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signchain.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/signpub_key.h"

#define PEM_MAX_BYTES (1u << 20)
#define MAX_ROOTS 4096

struct signroots {
	STACK_OF(X509) * list;
};

struct signchain {
	X509 *certs[SIGNCHAIN_MAX]; /* the signer first */
	size_t count;
};

static void free_bio(BIO **p)
{
	BIO_free(*p);
}

static void free_der(unsigned char **p)
{
	OPENSSL_free(*p);
}

static int crypto_fail(struct sl_error *err, enum sl_code code, const char *what)
{
	ERR_clear_error();
	return sl_fail(err, code, 0, "%s", what);
}

/* ---- trusted certificates ---- */

int signroots_new(struct signroots **out, struct sl_error *err)
{
	struct signroots *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (r == NULL || (r->list = sk_X509_new_null()) == NULL) {
		free(r);
		return sl_fail(err, SL_ENOMEM, 0, "trust store");
	}
	*out = r;
	return 0;
}

int signroots_add(struct signroots *r, const char *pem, size_t len, struct sl_error *err)
{
	BIO *bio CLEANUP(free_bio) = NULL;
	size_t added = 0;
	X509 *cert;

	if (len > PEM_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %u bytes", PEM_MAX_BYTES);
	bio = BIO_new_mem_buf(len > 0 ? pem : "", (int)len);
	if (bio == NULL)
		return crypto_fail(err, SL_ENOMEM, "trust store");
	while ((cert = PEM_read_bio_X509(bio, NULL, signpub_no_passphrase, NULL)) != NULL) {
		if (signroots_count(r) >= MAX_ROOTS || sk_X509_push(r->list, cert) <= 0) {
			X509_free(cert);
			return sl_fail(err, SL_ELIMIT, 0, "more than %d certificates", MAX_ROOTS);
		}
		added++;
	}
	/* the end of the text is told as "no start line"; anything else is damage */
	if (added == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return crypto_fail(err, SL_EFORMAT,
				   added == 0 ? "no certificate in PEM" : "broken certificate");
	ERR_clear_error();
	return 0;
}

size_t signroots_count(const struct signroots *r)
{
	return (size_t)sk_X509_num(r->list);
}

void signroots_free(struct signroots *r)
{
	if (r == NULL)
		return;
	sk_X509_pop_free(r->list, X509_free);
	free(r);
}

/* ---- the chain ---- */

int signchain_new(struct signchain **out, struct sl_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "certificates");
}

int signchain_add(struct signchain *c, const void *der, size_t len, struct sl_error *err)
{
	const unsigned char *at = der;
	X509 *cert;

	if (c->count == SIGNCHAIN_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d certificates", SIGNCHAIN_MAX);
	if (len > PEM_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "certificate of more than %u bytes",
			       PEM_MAX_BYTES);
	cert = d2i_X509(NULL, &at, (long)len);
	if (cert == NULL || at != (const unsigned char *)der + len) {
		X509_free(cert);
		return crypto_fail(err, SL_EFORMAT, "broken certificate");
	}
	c->certs[c->count++] = cert;
	return 0;
}

void signchain_free(struct signchain *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->count; i++)
		X509_free(c->certs[i]);
	free(c);
}

int signchain_key(const struct signchain *c, struct signpub **out, struct sl_error *err)
{
	EVP_PKEY *pkey = c->count > 0 ? X509_get_pubkey(c->certs[0]) : NULL;

	*out = NULL;
	if (pkey == NULL)
		return crypto_fail(err, SL_EFORMAT, "no certificate with a usable key");
	return signpub_from(out, pkey, err);
}

static int fingerprint(X509 *cert, char out[DIGEST_TEXT_SIZE], struct sl_error *err)
{
	unsigned char *der CLEANUP(free_der) = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	int len = i2d_X509(cert, &der), rc;

	if (len <= 0)
		return crypto_fail(err, SL_ENOMEM, "certificate");
	rc = sha256_once(der, (size_t)len, digest, err);
	if (rc == 0)
		digest_format(out, digest);
	return rc;
}

int signchain_signer(const struct signchain *c, char **out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(16u << 10);
	BIO *bio CLEANUP(free_bio) = BIO_new(BIO_s_mem());
	char print[DIGEST_TEXT_SIZE], *name = NULL;
	long len;
	int rc;

	if (bio == NULL || c->count == 0 ||
	    X509_NAME_print_ex(bio, X509_get_subject_name(c->certs[0]), 0, XN_FLAG_RFC2253) < 0)
		return crypto_fail(err, SL_EFORMAT, "subject of a certificate");
	rc = fingerprint(c->certs[0], print, err);
	if (rc < 0)
		return rc;
	len = BIO_get_mem_data(bio, &name);
	/* RFC 2253 escapes what is not ASCII; quoting that again only guards against surprises */
	(void)quote_bytes(&text, name, len > 4096 ? 4096 : (size_t)len);
	if (buf_printf(&text, "%s(certificate %s)", len > 0 ? " " : "", print) < 0 ||
	    (*out = buf_take(&text)) == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "subject of a certificate");
	return 0;
}

/* ---- what each certificate must say of itself ---- */

static bool is_critical(X509 *cert, int nid)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);

	return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(cert, at)) == 1;
}

/* SHA-1 and MD5 collide: whoever had such a certificate made can have made another one. */
static bool has_strong_signature(X509 *cert)
{
	int md = NID_undef, key = NID_undef;

	if (X509_get_signature_info(cert, &md, &key, NULL, NULL) != 1)
		return false;
	return md == NID_sha256 || md == NID_sha384 || md == NID_sha512 || key == NID_ED25519;
}

static const char *ca_fault(X509 *cert, size_t below)
{
	uint32_t flags = X509_get_extension_flags(cert), usage = X509_get_key_usage(cert);
	long most = X509_get_pathlen(cert);

	if ((flags & EXFLAG_BCONS) == 0 || (flags & EXFLAG_CA) == 0 ||
	    !is_critical(cert, NID_basic_constraints))
		return "is no certificate authority";
	if ((flags & EXFLAG_KUSAGE) == 0 || (usage & KU_KEY_CERT_SIGN) == 0 ||
	    !is_critical(cert, NID_key_usage))
		return "may not sign certificates";
	if (most >= 0 && below > (size_t)most)
		return "allows fewer certificates below it";
	return NULL;
}

static const char *signer_fault(X509 *cert)
{
	const uint32_t other_uses = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT |
				    KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_ENCIPHER_ONLY |
				    KU_DECIPHER_ONLY;
	const uint32_t other_purposes =
		XKU_SSL_SERVER | XKU_SSL_CLIENT | XKU_SMIME | XKU_TIMESTAMP | XKU_ANYEKU;
	uint32_t flags = X509_get_extension_flags(cert), usage = X509_get_key_usage(cert);
	uint32_t purposes = X509_get_extended_key_usage(cert);

	if ((flags & EXFLAG_CA) != 0)
		return "is a certificate authority";
	if ((flags & EXFLAG_KUSAGE) == 0 || !is_critical(cert, NID_key_usage))
		return "has no critical key usage";
	if ((usage & KU_DIGITAL_SIGNATURE) == 0 || (usage & other_uses) != 0)
		return "has a key usage other than digital signature";
	if ((flags & EXFLAG_XKUSAGE) != 0 &&
	    ((purposes & XKU_CODE_SIGN) == 0 || (purposes & other_purposes) != 0))
		return "has an extended key usage other than code signing";
	return NULL;
}

static const char *time_fault(X509 *cert, struct sl_time when)
{
	time_t t = (time_t)when.sec;

	/* 1 is later than @t, -1 is not, 0 is unreadable */
	if (X509_cmp_time(X509_get0_notBefore(cert), &t) >= 0)
		return "was not valid yet at the time that counts";
	if (X509_cmp_time(X509_get0_notAfter(cert), &t) <= 0)
		return "has expired at the time that counts";
	return NULL;
}

static const char *key_fault(X509 *cert)
{
	struct signpub *key = NULL;
	EVP_PKEY *pkey = X509_get_pubkey(cert);
	int rc = pkey != NULL ? signpub_from(&key, pkey, NULL) : -1;

	signpub_free(key);
	return rc < 0 ? "has a key of an unknown kind or size" : NULL;
}

/* @at: 0 is the signer. */
static const char *cert_fault(X509 *cert, size_t at, struct sl_time when)
{
	const char *why;

	(void)X509_check_purpose(cert, -1, 0); /* has the extensions parsed */
	if ((X509_get_extension_flags(cert) & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0)
		return "has broken or unknown critical extensions";
	if (!has_strong_signature(cert))
		return "is signed with an algorithm that does not count, such as SHA-1";
	why = key_fault(cert);
	if (why == NULL)
		why = at == 0 ? signer_fault(cert) : ca_fault(cert, at - 1);
	return why != NULL ? why : time_fault(cert, when);
}

static bool is_issued_by(X509 *cert, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) == 0 &&
	       X509_verify(cert, X509_get0_pubkey(issuer)) == 1;
}

static bool is_trusted(const struct signchain *c, const struct signroots *roots)
{
	for (int i = 0; i < sk_X509_num(roots->list); i++)
		for (size_t j = 0; j < c->count; j++)
			if (X509_cmp(c->certs[j], sk_X509_value(roots->list, i)) == 0)
				return true;
	return false;
}

int signchain_check(const struct signchain *c, const struct signroots *roots, struct sl_time when,
		    struct sl_error *err)
{
	if (c->count == 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "no certificates");
	for (size_t i = 0; i < c->count; i++) {
		bool is_last = i + 1 == c->count;
		const char *why = cert_fault(c->certs[i], i, when);

		if (why == NULL && !is_issued_by(c->certs[i], c->certs[is_last ? i : i + 1]))
			why = is_last ? "is no root: the chain is not complete"
				      : "was not issued by the next one";
		ERR_clear_error();
		if (why != NULL)
			return sl_fail(err, SL_EUNTRUSTED, 0, "certificate %zu of %zu %s", i + 1,
				       c->count, why);
	}
	if (!is_trusted(c, roots))
		return sl_fail(err, SL_EUNTRUSTED, 0, "no certificate of its chain is trusted");
	return 0;
}
