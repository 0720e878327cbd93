/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/jws.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "snapshot/ocidoc.h"
#include "snapshot/signature.h"

#define PAYLOAD_TYPE "application/vnd.cncf.notary.payload.v1+json"
#define SCHEME "io.cncf.notary.signingScheme"
#define SIGNING_TIME "io.cncf.notary.signingTime"
#define AUTHENTIC_TIME "io.cncf.notary.authenticSigningTime"
#define EXPIRY "io.cncf.notary.expiry"

static bool is_text(const struct jval *v, const char *want)
{
	return jval_str(v) != NULL && strcmp(jval_str(v), want) == 0;
}

static int decode(struct buf *out, const char *text, const char *what, struct sl_error *err)
{
	int rc;

	*out = BUF_INIT(SIGNATURE_MAX_BYTES);
	if (text == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "no %s", what);
	rc = base64url_decode(out, text, strlen(text));
	return rc < 0 ? sl_fail(err, (enum sl_code) - rc, 0, "%s is not base64url", what) : 0;
}

static int bad_header(struct sl_error *err, enum sl_code code, const char *name, const char *why)
{
	AUTO_FREE char *shown = quote_short(name, strlen(name));

	return sl_fail(err, code, 0, "header '%s' %s", shown != NULL ? shown : "?", why);
}

/* ---- what must be understood ---- */

static bool is_critical(const struct jval *crit, const char *name)
{
	for (size_t i = 0; i < jval_len(crit); i++)
		if (is_text(jval_at(crit, i), name))
			return true;
	return false;
}

/* Whatever the signer calls critical is known here, there once, and in the headers. */
static int check_critical(const struct jval *headers, struct sl_error *err)
{
	static const char *const known[] = {SCHEME, AUTHENTIC_TIME, EXPIRY};
	const struct jval *crit = jval_get(headers, "crit");

	if (crit == NULL || jval_type(crit) != JVAL_ARRAY || jval_len(crit) == 0)
		return sl_fail(err, SL_EFORMAT, 0, "no list of critical headers");
	for (size_t i = 0; i < jval_len(crit); i++) {
		const char *name = jval_str(jval_at(crit, i));
		bool is_known = false;

		if (name == NULL)
			return sl_fail(err, SL_EFORMAT, 0, "critical header without a name");
		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			is_known = is_known || strcmp(known[k], name) == 0;
		if (!is_known)
			return bad_header(err, SL_EUNSUPPORTED, name, "is critical and not known");
		if (jval_get(headers, name) == NULL)
			return bad_header(err, SL_EFORMAT, name, "is critical and not there");
	}
	for (size_t k = 0; k < ARRAY_SIZE(known); k++)
		if (jval_get(headers, known[k]) != NULL && !is_critical(crit, known[k]))
			return bad_header(err, SL_EFORMAT, known[k], "is not marked critical");
	return 0;
}

static int read_time(const struct jval *headers, const char *name, struct sl_time *out,
		     struct sl_error *err)
{
	const char *text = jval_str(jval_get(headers, name));

	if (text == NULL || clock_parse(out, text, strlen(text)) < 0)
		return bad_header(err, SL_EFORMAT, name, "is no time");
	return 0;
}

static int read_scheme(struct jws *j, struct sl_error *err)
{
	const struct jval *scheme = jval_get(j->headers, SCHEME);
	const char *own, *other;

	if (is_text(scheme, "notary.x509"))
		j->scheme = JWS_X509;
	else if (is_text(scheme, "notary.x509.signingAuthority"))
		j->scheme = JWS_X509_AUTHORITY;
	else
		return bad_header(err, SL_EUNSUPPORTED, SCHEME, "is missing or unknown");
	own = j->scheme == JWS_X509 ? SIGNING_TIME : AUTHENTIC_TIME;
	other = j->scheme == JWS_X509 ? AUTHENTIC_TIME : SIGNING_TIME;
	if (jval_get(j->headers, other) != NULL)
		return bad_header(err, SL_EFORMAT, other, "belongs to another scheme");
	return read_time(j->headers, own, &j->signed_at, err);
}

static int read_headers(struct jws *j, const char *text, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT(SIGNATURE_MAX_BYTES);
	int rc = decode(&bytes, text, "protected headers", err);

	if (rc == 0)
		rc = jval_parse(&j->headers, bytes.data != NULL ? bytes.data : "", bytes.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "protected headers");
	if (jval_type(j->headers) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "protected headers are no object");
	j->alg = jval_str(jval_get(j->headers, "alg"));
	if (j->alg == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "no algorithm");
	if (!is_text(jval_get(j->headers, "cty"), PAYLOAD_TYPE))
		return bad_header(err, SL_EUNSUPPORTED, "cty", "is not that of a notation payload");
	rc = check_critical(j->headers, err);
	if (rc == 0)
		rc = read_scheme(j, err);
	j->has_expiry = jval_get(j->headers, EXPIRY) != NULL;
	if (rc == 0 && j->has_expiry)
		rc = read_time(j->headers, EXPIRY, &j->expiry, err);
	return rc;
}

/* ---- the envelope ---- */

static int check_member(void *payload, const char *key, const struct jval *m)
{
	static const char *const members[] = {"payload", "protected", "header", "signature"};

	(void)payload;
	(void)m;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i], key) == 0)
			return 0;
	return 1;
}

static int read_envelope(struct jws *j, struct sl_error *err)
{
	const char *payload = jval_str(jval_get(j->doc, "payload"));
	const char *protected = jval_str(jval_get(j->doc, "protected"));
	int rc;

	if (jval_type(j->doc) != JVAL_OBJECT || jval_each(j->doc, check_member, NULL) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "no flattened JWS: other members");
	j->x5c = jval_path(j->doc, "header", "x5c", NULL);
	if (j->x5c == NULL || jval_type(j->x5c) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "no certificates");
	rc = read_headers(j, protected, err);
	if (rc == 0)
		rc = decode(&j->payload, payload, "payload", err);
	if (rc == 0)
		rc = decode(&j->signature, jval_str(jval_get(j->doc, "signature")), "signature",
			    err);
	if (rc == 0 && buf_printf(&j->input, "%s.%s", protected, payload) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "signed bytes");
	return rc;
}

int jws_parse(struct jws *out, const char *text, size_t len, struct sl_error *err)
{
	int rc;

	*out = (struct jws){.input = BUF_INIT(2 * (size_t)SIGNATURE_MAX_BYTES)};
	if (len > SIGNATURE_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "envelope of more than %u bytes",
			       SIGNATURE_MAX_BYTES);
	rc = jval_parse(&out->doc, text, len, err);
	return rc < 0 ? rc : read_envelope(out, err);
}

void jws_clear(struct jws *j)
{
	jval_free(j->doc);
	jval_free(j->headers);
	buf_clear(&j->input);
	buf_clear(&j->signature);
	buf_clear(&j->payload);
	*j = (struct jws){0};
}

int jws_target(const void *payload, size_t len, struct jws_target *out, struct sl_error *err)
{
	struct jval *doc AUTO_JVAL = NULL;
	struct ocidoc_desc d = {0};
	int rc = jval_parse(&doc, payload, len, err);

	if (rc == 0)
		rc = ocidoc_parse_desc(&d, jval_get(doc, "targetArtifact"), err);
	if (rc < 0)
		return sl_wrap(err, rc, "payload");
	if (d.media_type == NULL || d.size == 0)
		return sl_fail(err, SL_EFORMAT, 0, "payload without media type or size");
	memcpy(out->digest, d.digest, SL_SHA256_SIZE);
	out->size = d.size;
	return 0;
}
