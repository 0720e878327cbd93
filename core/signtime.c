/* SPDX-License-Identifier: Apache-2.0 */
#include "core/signtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "core/signpub_key.h"

#define NONCE_BITS 128
#define CA_MAX_BYTES (4u << 20)
#define CA_MAX_COUNT 1000
/* 112 bits: no SHA-1, no RSA below 2048 bits in a chain */
#define LEAST_AUTH_LEVEL 2
#define NAME_MAX_BYTES 1024

struct signtime {
	PKCS7 *token;
	TS_TST_INFO *info; /* what is signed */
	struct sl_time time;
	char *signer;
};

static void free_req(TS_REQ **p)
{
	TS_REQ_free(*p);
}

static void free_imprint(TS_MSG_IMPRINT **p)
{
	TS_MSG_IMPRINT_free(*p);
}

static void free_resp(TS_RESP **p)
{
	TS_RESP_free(*p);
}

static void free_algor(X509_ALGOR **p)
{
	X509_ALGOR_free(*p);
}

static void free_number(BIGNUM **p)
{
	BN_free(*p);
}

static void free_integer(ASN1_INTEGER **p)
{
	ASN1_INTEGER_free(*p);
}

static void free_store(X509_STORE **p)
{
	X509_STORE_free(*p);
}

static void free_cert(X509 **p)
{
	X509_free(*p);
}

static void free_certs(STACK_OF(X509) * *p)
{
	sk_X509_free(*p); /* the certificates are borrowed */
}

static void free_bio(BIO **p)
{
	BIO_free(*p);
}

static void free_der(unsigned char **p)
{
	OPENSSL_free(*p);
}

/* OpenSSL's own reason, the certificate's where it is one, and its queue left empty. */
static int crypto_fail(struct sl_error *err, enum sl_code code, const char *what)
{
	static const char prefix[] = "Verify error:";
	const char *data = NULL;
	int flags = 0;
	unsigned long last = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	const char *reason = ERR_reason_error_string(last);
	int rc;

	if ((flags & ERR_TXT_STRING) != 0 && data != NULL &&
	    strncmp(data, prefix, strlen(prefix)) == 0)
		reason = data + strlen(prefix);
	rc = reason != NULL ? sl_fail(err, code, 0, "%s: %s", what, reason)
			    : sl_fail(err, code, 0, "%s", what);
	ERR_clear_error();
	return rc;
}

/* ---- asking ---- */

static int set_imprint(TS_REQ *req, const uint8_t digest[SL_SHA256_SIZE])
{
	TS_MSG_IMPRINT *imprint CLEANUP(free_imprint) = TS_MSG_IMPRINT_new();
	X509_ALGOR *algor CLEANUP(free_algor) = X509_ALGOR_new();
	uint8_t copy[SL_SHA256_SIZE];

	memcpy(copy, digest, sizeof(copy));
	return imprint != NULL && algor != NULL &&
	       X509_ALGOR_set0(algor, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
	       TS_MSG_IMPRINT_set_algo(imprint, algor) == 1 &&
	       TS_MSG_IMPRINT_set_msg(imprint, copy, sizeof(copy)) == 1 &&
	       TS_REQ_set_msg_imprint(req, imprint) == 1;
}

static int set_nonce(TS_REQ *req)
{
	BIGNUM *number CLEANUP(free_number) = BN_new();
	ASN1_INTEGER *nonce CLEANUP(free_integer) = NULL;

	if (number == NULL || BN_rand(number, NONCE_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1)
		return 0;
	nonce = BN_to_ASN1_INTEGER(number, NULL);
	return nonce != NULL && TS_REQ_set_nonce(req, nonce) == 1;
}

int signtime_query(struct buf *out, const uint8_t digest[SL_SHA256_SIZE], struct sl_error *err)
{
	TS_REQ *req CLEANUP(free_req) = TS_REQ_new();
	unsigned char *der CLEANUP(free_der) = NULL;
	int len;

	if (req == NULL || TS_REQ_set_version(req, 1) != 1 || !set_imprint(req, digest) ||
	    !set_nonce(req) || TS_REQ_set_cert_req(req, 1) != 1)
		return crypto_fail(err, SL_ENOMEM, "time stamp query");
	len = i2d_TS_REQ(req, &der);
	if (len <= 0 || buf_append(out, der, (size_t)len) < 0)
		return crypto_fail(err, SL_ENOMEM, "time stamp query");
	return 0;
}

/* ---- taking apart ---- */

/* Why the TSA gave no token, in its own words, quoted. */
static int refused(const TS_RESP *resp, struct sl_error *err)
{
	const STACK_OF(ASN1_UTF8STRING) *texts =
		TS_STATUS_INFO_get0_text(TS_RESP_get_status_info((TS_RESP *)(uintptr_t)resp));
	const ASN1_UTF8STRING *text = texts != NULL && sk_ASN1_UTF8STRING_num(texts) > 0
					      ? sk_ASN1_UTF8STRING_value(texts, 0)
					      : NULL;
	AUTO_FREE char *shown = text != NULL
					? quote_short((const char *)ASN1_STRING_get0_data(text),
						      (size_t)ASN1_STRING_length(text))
					: NULL;

	return sl_fail(err, SL_EUNTRUSTED, 0, "the time stamp authority refused%s%s",
		       shown != NULL ? ": " : "", shown != NULL ? shown : "");
}

/* The token of a response that granted one. */
static int token_of(PKCS7 **out, const unsigned char *der, size_t len, struct sl_error *err)
{
	const unsigned char *end = der;
	TS_RESP *resp CLEANUP(free_resp) = d2i_TS_RESP(NULL, &end, (long)len);
	long status;

	*out = NULL;
	if (resp == NULL) {
		ERR_clear_error();
		end = der;
		*out = d2i_PKCS7(NULL, &end, (long)len);
	} else {
		status =
			ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(resp)));
		if (status != TS_STATUS_GRANTED && status != TS_STATUS_GRANTED_WITH_MODS)
			return refused(resp, err);
		if (TS_RESP_get_token(resp) != NULL)
			*out = PKCS7_dup(TS_RESP_get_token(resp));
	}
	ERR_clear_error();
	if (*out == NULL || end != der + len || !PKCS7_type_is_signed(*out))
		return sl_fail(err, SL_EFORMAT, 0, "not a time stamp response");
	return 0;
}

static int read_time(struct signtime *t, struct sl_error *err)
{
	char text[CLOCK_TEXT_SIZE];
	struct tm tm = {0};

	if (TS_TST_INFO_get_version(t->info) != 1 ||
	    ASN1_TIME_to_tm(TS_TST_INFO_get_time(t->info), &tm) != 1)
		return sl_fail(err, SL_EFORMAT, 0, "time stamp without a time");
	/* not timegm(), which reads /etc/localtime first */
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
		       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (clock_parse(&t->time, text, strlen(text)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "time stamp without a time");
	return 0;
}

static int name_of(char **out, const X509 *cert)
{
	BIO *bio CLEANUP(free_bio) = BIO_new(BIO_s_mem());
	char *name = NULL;
	long len;

	if (bio == NULL || X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
					      XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
		return -SL_ENOMEM;
	len = BIO_get_mem_data(bio, &name);
	if (len < 0)
		return -SL_ENOMEM;
	*out = quote_dup(name, len > NAME_MAX_BYTES ? NAME_MAX_BYTES : (size_t)len);
	return *out != NULL ? 0 : -SL_ENOMEM;
}

/* What was signed has to be a digest that nobody can find a second message for. */
static bool has_good_digest(const struct signtime *t)
{
	STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(t->token);
	int nid;

	if (signers == NULL || sk_PKCS7_SIGNER_INFO_num(signers) != 1)
		return false;
	nid = OBJ_obj2nid(sk_PKCS7_SIGNER_INFO_value(signers, 0)->digest_alg->algorithm);
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

static int set_rules(X509_STORE *store, unsigned long flags, struct sl_time when)
{
	X509_VERIFY_PARAM *rules = X509_STORE_get0_param(store);

	X509_VERIFY_PARAM_set_time(rules, (time_t)when.sec);
	X509_VERIFY_PARAM_set_auth_level(rules, LEAST_AUTH_LEVEL);
	return X509_VERIFY_PARAM_set_flags(rules, flags);
}

/* By its own certificate alone: the token is what its signer made, whoever that is. */
static int check_signature(struct signtime *t, struct sl_error *err)
{
	X509_STORE *store CLEANUP(free_store) = X509_STORE_new();
	STACK_OF(X509) * signers CLEANUP(free_certs) = PKCS7_get0_signers(t->token, NULL, 0);
	X509 *signer CLEANUP(free_cert) = NULL;

	if (!has_good_digest(t))
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "time stamp: not one signature over SHA-256 or better");
	if (signers == NULL || sk_X509_num(signers) != 1)
		return crypto_fail(err, SL_EFORMAT, "time stamp without its signer's certificate");
	if (store == NULL || X509_STORE_add_cert(store, sk_X509_value(signers, 0)) != 1 ||
	    set_rules(store, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME, t->time) != 1)
		return crypto_fail(err, SL_ENOMEM, "time stamp");
	if (TS_RESP_verify_signature(t->token, NULL, store, &signer) != 1)
		return crypto_fail(err, SL_EUNTRUSTED, "time stamp does not hold");
	if (name_of(&t->signer, signer) < 0)
		return crypto_fail(err, SL_ENOMEM, "time stamp");
	return 0;
}

int signtime_parse(struct signtime **out, const void *der, size_t len, struct sl_error *err)
{
	struct signtime *t;
	int rc;

	*out = NULL;
	if (len > SIGNTIME_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "time stamp of more than %u bytes",
			       SIGNTIME_MAX_BYTES);
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "time stamp");
	rc = token_of(&t->token, len > 0 ? der : (const void *)"", len, err);
	if (rc == 0) {
		t->info = PKCS7_to_TS_TST_INFO(t->token);
		if (t->info == NULL)
			rc = crypto_fail(err, SL_EFORMAT, "not a time stamp");
	}
	if (rc == 0)
		rc = read_time(t, err);
	if (rc == 0)
		rc = check_signature(t, err);
	if (rc < 0)
		signtime_free(t);
	else
		*out = t;
	return rc;
}

void signtime_free(struct signtime *t)
{
	if (t == NULL)
		return;
	TS_TST_INFO_free(t->info);
	PKCS7_free(t->token);
	free(t->signer);
	free(t);
}

struct sl_time signtime_time(const struct signtime *t)
{
	return t->time;
}

const char *signtime_signer(const struct signtime *t)
{
	return t->signer;
}

/* ---- what it is over ---- */

int signtime_covers(const struct signtime *t, const uint8_t digest[SL_SHA256_SIZE],
		    struct sl_error *err)
{
	TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(t->info);
	const ASN1_OCTET_STRING *message = TS_MSG_IMPRINT_get_msg(imprint);

	if (OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(imprint)->algorithm) != NID_sha256 ||
	    ASN1_STRING_length(message) != SL_SHA256_SIZE ||
	    memcmp(ASN1_STRING_get0_data(message), digest, SL_SHA256_SIZE) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "the time stamp is over something else");
	return 0;
}

int signtime_answers(const struct signtime *t, const void *query, size_t len, struct sl_error *err)
{
	const unsigned char *end = query;
	TS_REQ *req CLEANUP(free_req) = d2i_TS_REQ(NULL, &end, (long)len);
	const ASN1_OCTET_STRING *asked;
	const ASN1_INTEGER *nonce;

	ERR_clear_error();
	if (req == NULL || end != (const unsigned char *)query + len)
		return sl_fail(err, SL_EFORMAT, 0, "not a time stamp query");
	asked = TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(req));
	if (ASN1_STRING_length(asked) != SL_SHA256_SIZE)
		return sl_fail(err, SL_EFORMAT, 0, "time stamp query: not over SHA-256");
	nonce = TS_TST_INFO_get_nonce(t->info);
	if (TS_REQ_get_nonce(req) != NULL &&
	    (nonce == NULL || ASN1_INTEGER_cmp(TS_REQ_get_nonce(req), nonce) != 0))
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "the time stamp answers another query (its nonce is another)");
	return signtime_covers(t, ASN1_STRING_get0_data(asked), err);
}

/* ---- whom to believe ---- */

/* Every certificate of the PEM text into the store. */
static int add_roots(X509_STORE *store, const char *ca, size_t len, struct sl_error *err)
{
	BIO *bio CLEANUP(free_bio) = BIO_new_mem_buf(len > 0 ? ca : "", (int)len);
	int count = 0;

	if (bio == NULL)
		return crypto_fail(err, SL_ENOMEM, "certificates");
	for (; count <= CA_MAX_COUNT; count++) {
		X509 *cert CLEANUP(free_cert) =
			PEM_read_bio_X509(bio, NULL, signpub_no_passphrase, NULL);

		if (cert == NULL)
			break;
		if (X509_STORE_add_cert(store, cert) != 1)
			return crypto_fail(err, SL_ENOMEM, "certificates");
	}
	if (count > CA_MAX_COUNT)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d certificates", CA_MAX_COUNT);
	if (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return crypto_fail(err, SL_EINVAL,
				   count == 0 ? "no certificate in PEM" : "broken certificate");
	ERR_clear_error();
	return 0;
}

int signtime_trust(const struct signtime *t, const char *ca, size_t len, struct sl_error *err)
{
	X509_STORE *store CLEANUP(free_store) = X509_STORE_new();
	X509 *signer CLEANUP(free_cert) = NULL;
	int rc;

	if (len > CA_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "certificates of more than %u bytes",
			       CA_MAX_BYTES);
	/* an intermediate or the TSA's own certificate may be given, too */
	if (store == NULL || set_rules(store, X509_V_FLAG_PARTIAL_CHAIN, t->time) != 1)
		return crypto_fail(err, SL_ENOMEM, "certificates");
	rc = add_roots(store, ca, len, err);
	if (rc < 0)
		return rc;
	if (TS_RESP_verify_signature(t->token, NULL, store, &signer) != 1)
		return crypto_fail(err, SL_EUNTRUSTED, "not trusted");
	return 0;
}
