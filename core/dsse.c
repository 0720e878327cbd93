/* SPDX-License-Identifier: Apache-2.0 */
#include "core/dsse.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/json.h"

int dsse_key_id(const uint8_t key[SIGN_PUBLIC_SIZE], char out[DSSE_KEY_ID_SIZE],
		struct sl_error *err)
{
	uint8_t spki[SIGN_SPKI_SIZE], digest[SL_SHA256_SIZE];
	int rc;

	sign_spki(key, spki);
	rc = sha256_once(spki, sizeof(spki), digest, err);
	if (rc == 0)
		hex_encode(out, digest, sizeof(digest));
	return rc;
}

int dsse_pae(struct buf *out, const char *type, size_t type_len, const void *body, size_t len)
{
	(void)buf_printf(out, "DSSEv1 %zu ", type_len);
	(void)buf_append(out, type, type_len);
	(void)buf_printf(out, " %zu ", len);
	return buf_append(out, body, len);
}

static int sign_envelope(struct dsse_signature *out, const struct buf *pae,
			 const struct sign_key *k, struct sl_error *err)
{
	uint8_t public[SIGN_PUBLIC_SIZE];
	int rc;

	sign_key_public(k, public);
	rc = dsse_key_id(public, out->keyid, err);
	return rc < 0 ? rc : sign_bytes(k, pae->data, pae->len, out->sig, err);
}

static int write_text(struct buf *out, const char *type, const void *body, size_t len,
		      const struct dsse_signature *signatures, size_t count, struct sl_error *err)
{
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_key_str(&j, "payloadType", type);
	jout_key(&j, "payload");
	jout_base64(&j, body, len);
	jout_key(&j, "signatures");
	jout_array(&j);
	for (size_t i = 0; i < count; i++) {
		jout_object(&j);
		jout_key_str(&j, "keyid", signatures[i].keyid);
		jout_key(&j, "sig");
		jout_base64(&j, signatures[i].sig, SIGN_SIZE);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_object_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "envelope");
	return 0;
}

int dsse_write(struct buf *out, const char *type, const void *body, size_t len,
	       const struct sign_key *const keys[], size_t count, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf pae = BUF_INIT(SIZE_MAX / 2);
	struct dsse_signature signatures[DSSE_MAX_SIGNATURES];
	int rc = 0;

	if (count > DSSE_MAX_SIGNATURES)
		return sl_fail(err, SL_ELIMIT, 0, "envelope with %zu signatures", count);
	if (dsse_pae(&pae, type, strlen(type), body, len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "envelope");
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = sign_envelope(&signatures[i], &pae, keys[i], err);
	return rc < 0 ? rc : write_text(out, type, body, len, signatures, count, err);
}

int dsse_text(struct buf *out, const struct dsse *d, struct sl_error *err)
{
	return write_text(out, d->type, d->payload.data, d->payload.len, d->signatures, d->count,
			  err);
}

/* A key id of another form belongs to somebody else's key: kept as none. */
static int parse_signature(struct dsse_signature *out, const struct jval *v, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf raw = BUF_INIT(64u << 10);
	const char *keyid = jval_str(jval_get(v, "keyid")), *sig = jval_str(jval_get(v, "sig"));
	uint8_t digest[SL_SHA256_SIZE];
	int rc;

	if (sig == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "envelope: signature without sig");
	rc = base64_decode(&raw, sig, strlen(sig));
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "envelope: sig is not base64");
	if (keyid != NULL && hex_decode(digest, sizeof(digest), keyid, strlen(keyid)) == 0)
		memcpy(out->keyid, keyid, DSSE_KEY_ID_SIZE);
	out->is_ed25519 = raw.len == SIGN_SIZE;
	if (out->is_ed25519)
		memcpy(out->sig, raw.data, SIGN_SIZE);
	return 0;
}

static int parse_document(struct dsse *out, const struct jval *doc, struct sl_error *err)
{
	const char *type = jval_str(jval_get(doc, "payloadType"));
	const char *payload = jval_str(jval_get(doc, "payload"));
	const struct jval *signatures = jval_get(doc, "signatures");
	int rc;

	if (type == NULL || payload == NULL || signatures == NULL ||
	    jval_type(signatures) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "not a DSSE envelope");
	out->type = strdup(type);
	if (out->type == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "envelope");
	rc = base64_decode(&out->payload, payload, strlen(payload));
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "envelope: payload is not base64");
	if (jval_len(signatures) > DSSE_MAX_SIGNATURES)
		return sl_fail(err, SL_ELIMIT, 0, "envelope with more than %d signatures",
			       DSSE_MAX_SIGNATURES);
	for (size_t i = 0; rc == 0 && i < jval_len(signatures); i++, out->count++)
		rc = parse_signature(&out->signatures[i], jval_at(signatures, i), err);
	return rc;
}

int dsse_parse(struct dsse *out, const char *text, size_t len, size_t max_bytes,
	       struct sl_error *err)
{
	struct jval *doc = NULL;
	int rc;

	*out = (struct dsse){.payload = BUF_INIT(max_bytes)};
	if (len > max_bytes)
		return sl_fail(err, SL_ELIMIT, 0, "envelope of more than %zu bytes", max_bytes);
	rc = jval_parse(&doc, text, len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "envelope");
	rc = parse_document(out, doc, err);
	jval_free(doc);
	return rc;
}

void dsse_clear(struct dsse *d)
{
	free(d->type);
	buf_clear(&d->payload);
	*d = (struct dsse){0};
}

int dsse_verify(const struct dsse *d, const uint8_t key[SIGN_PUBLIC_SIZE], struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf pae = BUF_INIT(SIZE_MAX / 2);
	char keyid[DSSE_KEY_ID_SIZE];
	bool found = false;
	int rc = dsse_key_id(key, keyid, err);

	if (rc < 0)
		return rc;
	if (dsse_pae(&pae, d->type, strlen(d->type), d->payload.data, d->payload.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "envelope");
	for (size_t i = 0; i < d->count; i++) {
		if (strcmp(d->signatures[i].keyid, keyid) != 0)
			continue;
		if (!d->signatures[i].is_ed25519)
			return sl_fail(err, SL_EUNTRUSTED, 0, "signature of another size");
		rc = sign_verify(key, pae.data, pae.len, d->signatures[i].sig, err);
		if (rc < 0)
			return rc;
		found = true;
	}
	return found ? 0 : 1;
}
