/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agewrap.h"

#include <string.h>

#include <openssl/crypto.h>

#include "core/cleanup.h"

#define X25519_INFO "age-encryption.org/v1/X25519"
#define SCRYPT_LABEL "age-encryption.org/v1/scrypt"
enum { SCRYPT_SALT = 16, WRAPPED_SIZE = AGE_FILE_KEY_SIZE + AGE_TAG_SIZE };

/* ---- keys that wrap ---- */

/* Both sides come to the same key: (ephemeral, recipient) and (identity, share). */
static int x25519_key(const uint8_t secret[AGE_KEY_SIZE], const uint8_t point[AGE_KEY_SIZE],
		      const uint8_t share[AGE_KEY_SIZE], const uint8_t recipient[AGE_KEY_SIZE],
		      uint8_t out[AGE_KEY_SIZE], struct sl_error *err)
{
	uint8_t shared[AGE_KEY_SIZE], salt[2 * AGE_KEY_SIZE];
	int rc = age_x25519(secret, point, shared, err);

	memcpy(salt, share, AGE_KEY_SIZE);
	memcpy(salt + AGE_KEY_SIZE, recipient, AGE_KEY_SIZE);
	if (rc == 0)
		rc = age_hkdf(shared, sizeof(shared), salt, sizeof(salt), X25519_INFO, out, err);
	OPENSSL_cleanse(shared, sizeof(shared));
	return rc;
}

static int scrypt_key(const char *passphrase, size_t len, const uint8_t salt[SCRYPT_SALT],
		      unsigned int log_n, uint8_t out[AGE_KEY_SIZE], struct sl_error *err)
{
	uint8_t labelled[sizeof(SCRYPT_LABEL) - 1 + SCRYPT_SALT];

	memcpy(labelled, SCRYPT_LABEL, sizeof(SCRYPT_LABEL) - 1);
	memcpy(labelled + sizeof(SCRYPT_LABEL) - 1, salt, SCRYPT_SALT);
	return age_scrypt(passphrase, len, labelled, sizeof(labelled), log_n, out, err);
}

/* ---- wrapping ---- */

static int put_stanza(struct buf *header, struct buf *args, const uint8_t key[AGE_KEY_SIZE],
		      const uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err)
{
	uint8_t body[WRAPPED_SIZE];
	int rc = age_seal_once(key, file_key, AGE_FILE_KEY_SIZE, body, err);

	if (rc == 0 &&
	    (args->status < 0 || age_header_stanza(header, args->data, body, sizeof(body)) < 0))
		rc = sl_fail(err, SL_ENOMEM, 0, "age header");
	return rc;
}

static int wrap_x25519(struct buf *header, const uint8_t recipient[AGE_KEY_SIZE],
		       const uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf args = BUF_INIT(128);
	uint8_t secret[AGE_KEY_SIZE], share[AGE_KEY_SIZE], key[AGE_KEY_SIZE];
	int rc = age_x25519_generate(secret, err);

	if (rc == 0)
		rc = age_x25519_public(secret, share, err);
	if (rc == 0)
		rc = x25519_key(secret, recipient, share, recipient, key, err);
	if (rc == 0) {
		(void)buf_append_str(&args, "X25519 ");
		(void)age_header_encode(&args, share, sizeof(share));
		rc = put_stanza(header, &args, key, file_key, err);
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

static int wrap_scrypt(struct buf *header, const char *passphrase, size_t len,
		       const uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf args = BUF_INIT(128);
	uint8_t salt[SCRYPT_SALT], key[AGE_KEY_SIZE];
	int rc = age_random(salt, sizeof(salt), err);

	if (rc == 0)
		rc = scrypt_key(passphrase, len, salt, AGE_LOG_N, key, err);
	if (rc == 0) {
		(void)buf_append_str(&args, "scrypt ");
		(void)age_header_encode(&args, salt, sizeof(salt));
		(void)buf_printf(&args, " %d", AGE_LOG_N);
		rc = put_stanza(header, &args, key, file_key, err);
	}
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int age_wrap(struct buf *header, const struct age_recipients *r,
	     const uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err)
{
	int rc = 0;

	if (r->passphrase != NULL && r->count > 0)
		return sl_fail(err, SL_EINVAL, 0, "either recipients or a passphrase, not both");
	if (r->passphrase == NULL && r->count == 0)
		return sl_fail(err, SL_EINVAL, 0, "no recipient");
	(void)age_header_begin(header);
	for (size_t i = 0; rc == 0 && i < r->count; i++) {
		rc = wrap_x25519(header, r->keys[i], file_key, err);
		if (rc < 0)
			rc = sl_wrap(err, rc, "recipient %zu", i + 1);
	}
	if (rc == 0 && r->passphrase != NULL)
		rc = wrap_scrypt(header, r->passphrase, r->passphrase_len, file_key, err);
	return rc == 0 ? age_header_finish(header, file_key, err) : rc;
}

/* ---- unwrapping ---- */

static int malformed(struct sl_error *err, const char *why)
{
	return sl_fail(err, SL_EFORMAT, 0, "age header: %s", why);
}

static bool is_type(const struct age_stanza *s, const char *type)
{
	return s->args[0].len == strlen(type) && memcmp(s->args[0].data, type, s->args[0].len) == 0;
}

/* Each of these: 0 with the file key; 1 when it is for somebody else; negative. */

static int unwrap_x25519(const struct age_stanza *s, const struct age_identities *ids,
			 uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err)
{
	uint8_t share[AGE_KEY_SIZE], key[AGE_KEY_SIZE];
	int rc = 1;

	if (s->arg_count != 2 || s->body_len != WRAPPED_SIZE ||
	    age_header_decode(share, sizeof(share), s->args[1]) < 0)
		return malformed(err, "an X25519 stanza is malformed");
	for (size_t i = 0; rc == 1 && i < ids->count; i++) {
		rc = x25519_key(ids->secrets->keys[i], share, share, ids->recipients[i], key, err);
		if (rc == 0)
			rc = age_open_once(key, s->body, WRAPPED_SIZE, file_key, err);
	}
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

/* Decimal, without a sign or a leading zero. */
static int parse_log_n(struct sl_bytes text, unsigned int *out)
{
	*out = 0;
	if (text.len == 0 || text.len > 2 || text.data[0] == '0')
		return -SL_EFORMAT;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -SL_EFORMAT;
		*out = *out * 10 + (unsigned int)(text.data[i] - '0');
	}
	return 0;
}

static int unwrap_scrypt(const struct age_stanza *s, const struct age_identities *ids,
			 uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err)
{
	uint8_t salt[SCRYPT_SALT], key[AGE_KEY_SIZE];
	unsigned int log_n;
	int rc;

	if (s->arg_count != 3 || s->body_len != WRAPPED_SIZE ||
	    age_header_decode(salt, sizeof(salt), s->args[1]) < 0 ||
	    parse_log_n(s->args[2], &log_n) < 0)
		return malformed(err, "an scrypt stanza is malformed");
	if (!ids->has_passphrase)
		return 1;
	if (log_n > AGE_LOG_N_MAX)
		return sl_fail(err, SL_ELIMIT, 0,
			       "age header: its passphrase asks for 2^%u steps, more than 2^%d",
			       log_n, AGE_LOG_N_MAX);
	rc = scrypt_key(ids->secrets->passphrase, ids->passphrase_len, salt, log_n, key, err);
	if (rc == 0)
		rc = age_open_once(key, s->body, WRAPPED_SIZE, file_key, err);
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

/* What the stanzas ask for, so that a refusal can say it. */
struct asked {
	size_t stanzas, keys, passphrases;
};

static int nobody(const struct asked *a, const struct age_identities *ids, struct sl_error *err)
{
	if (a->passphrases > 0)
		return ids->has_passphrase
			       ? sl_fail(err, SL_ENOTFOUND, 0,
					 "encrypted with another passphrase than the given one")
			       : sl_fail(err, SL_ENOTFOUND, 0,
					 "encrypted with age and a passphrase, which was not "
					 "given");
	return ids->count > 0
		       ? sl_fail(err, SL_ENOTFOUND, 0,
				 "encrypted with age to %zu recipients, none of them one of the "
				 "given identities",
				 a->stanzas)
		       : sl_fail(err, SL_ENOTFOUND, 0,
				 "encrypted with age to %zu recipients: the identity of one of "
				 "them "
				 "is needed",
				 a->stanzas);
}

static int try_stanza(const struct age_stanza *s, const struct age_identities *ids,
		      struct asked *asked, uint8_t file_key[AGE_FILE_KEY_SIZE],
		      struct sl_error *err)
{
	asked->stanzas++;
	if (is_type(s, "X25519")) {
		asked->keys++;
		return unwrap_x25519(s, ids, file_key, err);
	}
	if (is_type(s, "scrypt")) {
		asked->passphrases++;
		return unwrap_scrypt(s, ids, file_key, err);
	}
	return 1;
}

int age_unwrap(const char *header, size_t len, const struct age_identities *ids,
	       uint8_t file_key[AGE_FILE_KEY_SIZE], struct sl_error *err)
{
	struct asked asked = {0};
	struct age_stanza stanza;
	struct age_header h;
	bool found = false;
	int rc = age_header_open(&h, header, len, err);

	while (rc == 0 && (rc = age_header_next(&h, &stanza, err)) == 0) {
		uint8_t key[AGE_FILE_KEY_SIZE];

		rc = try_stanza(&stanza, ids, &asked, key, err);
		if (rc == 0 && !found) {
			memcpy(file_key, key, AGE_FILE_KEY_SIZE);
			found = true;
		}
		OPENSSL_cleanse(key, sizeof(key));
		rc = rc == 1 ? 0 : rc;
	}
	if (rc < 0)
		return rc;
	if (asked.stanzas == 0)
		return malformed(err, "no stanza");
	/* whoever knows the passphrase would share the file with whom he does not know */
	if (asked.passphrases > 0 && asked.stanzas > 1)
		return malformed(err, "a passphrase beside other recipients");
	return found ? age_header_check(&h, file_key, err) : nobody(&asked, ids, err);
}
