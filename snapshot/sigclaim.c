/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/sigclaim.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/dsse.h"
#include "core/encode.h"
#include "core/json.h"
#include "snapshot/ocidoc.h"
#include "snapshot/signature.h"

#define SIMPLE_TYPE "cosign container image signature"
#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define SIGN_PREDICATE "https://sigstore.dev/cosign/sign/v1"
#define BUNDLE_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

static bool is_text(const struct jval *v, const char *want)
{
	return jval_str(v) != NULL && strcmp(jval_str(v), want) == 0;
}

int sigclaim_simple(const void *text, size_t len, struct sigclaim *out, struct sl_error *err)
{
	struct jval *doc AUTO_JVAL = NULL;
	const char *digest;
	int rc = jval_parse(&doc, text, len, err);

	out->count = 0;
	if (rc < 0)
		return sl_wrap(err, rc, "payload");
	if (!is_text(jval_path(doc, "critical", "type", NULL), SIMPLE_TYPE))
		return sl_fail(err, SL_EUNSUPPORTED, 0, "payload is no image signature of cosign");
	digest = jval_str(jval_path(doc, "critical", "image", "docker-manifest-digest", NULL));
	if (digest == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "payload names no manifest");
	rc = ocidoc_parse_digest(out->digests[0], digest, err);
	out->count = rc == 0;
	return rc < 0 ? sl_wrap(err, rc, "payload") : 0;
}

int sigclaim_statement(const void *text, size_t len, struct sigclaim *out, struct sl_error *err)
{
	struct jval *doc AUTO_JVAL = NULL;
	const struct jval *subjects;
	int rc = jval_parse(&doc, text, len, err);

	out->count = 0;
	if (rc < 0)
		return sl_wrap(err, rc, "statement");
	if (!is_text(jval_get(doc, "_type"), STATEMENT_TYPE) ||
	    !is_text(jval_get(doc, "predicateType"), SIGN_PREDICATE))
		return sl_fail(err, SL_EUNSUPPORTED, 0, "statement is no image signature");
	subjects = jval_get(doc, "subject");
	if (subjects == NULL || jval_type(subjects) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "statement without subjects");
	if (jval_len(subjects) > SIGCLAIM_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "statement about more than %d images",
			       SIGCLAIM_MAX);
	for (size_t i = 0; i < jval_len(subjects); i++) {
		const char *hex =
			jval_str(jval_path(jval_at(subjects, i), "digest", "sha256", NULL));

		if (hex != NULL &&
		    hex_decode(out->digests[out->count], SL_SHA256_SIZE, hex, strlen(hex)) == 0)
			out->count++;
	}
	return out->count > 0 ? 0 : sl_fail(err, SL_EFORMAT, 0, "statement without a sha256");
}

/* ---- bundles ---- */

static int decode(struct buf *out, const struct jval *v, const char *what, struct sl_error *err)
{
	const char *text = jval_str(v);
	int rc;

	*out = BUF_INIT(SIGNATURE_MAX_BYTES);
	if (text == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "no %s", what);
	rc = base64_decode(out, text, strlen(text));
	return rc < 0 ? sl_fail(err, (enum sl_code) - rc, 0, "%s is not base64", what) : 0;
}

static int read_envelope(struct sigbundle *b, const struct jval *envelope, struct sl_error *err)
{
	const char *type = jval_str(jval_get(envelope, "payloadType"));
	const struct jval *signatures = jval_get(envelope, "signatures");
	int rc = decode(&b->payload, jval_get(envelope, "payload"), "payload", err);

	if (rc < 0)
		return rc;
	if (type == NULL || strcmp(type, DSSE_INTOTO_TYPE) != 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "payload is no in-toto statement");
	b->signed_bytes = BUF_INIT(2 * (size_t)SIGNATURE_MAX_BYTES);
	if (dsse_pae(&b->signed_bytes, type, strlen(type),
		     b->payload.data != NULL ? b->payload.data : "", b->payload.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "bundle");
	if (signatures == NULL || jval_type(signatures) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "no signatures");
	if (jval_len(signatures) > ARRAY_SIZE(b->signatures))
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu signatures",
			       ARRAY_SIZE(b->signatures));
	for (; rc == 0 && b->count < jval_len(signatures); b->count++)
		rc = decode(&b->signatures[b->count],
			    jval_get(jval_at(signatures, b->count), "sig"), "signature", err);
	return rc;
}

int sigbundle_parse(struct sigbundle *out, const char *text, size_t len, struct sl_error *err)
{
	struct jval *doc AUTO_JVAL = NULL;
	int rc;

	*out = (struct sigbundle){0};
	if (len > SIGNATURE_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "bundle of more than %u bytes",
			       SIGNATURE_MAX_BYTES);
	rc = jval_parse(&doc, text, len, err);
	if (rc < 0)
		return rc;
	if (!is_text(jval_get(doc, "mediaType"), BUNDLE_TYPE))
		return sl_fail(err, SL_EUNSUPPORTED, 0, "bundle of another version than 0.3");
	if (jval_path(doc, "verificationMaterial", "publicKey", NULL) == NULL)
		return sl_fail(
			err, SL_EUNSUPPORTED, 0,
			"made with a certificate (keyless), which this version does not judge");
	if (jval_get(doc, "dsseEnvelope") == NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "bundle without a DSSE envelope");
	return read_envelope(out, jval_get(doc, "dsseEnvelope"), err);
}

void sigbundle_clear(struct sigbundle *b)
{
	buf_clear(&b->payload);
	buf_clear(&b->signed_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(b->signatures); i++)
		buf_clear(&b->signatures[i]);
	*b = (struct sigbundle){0};
}
