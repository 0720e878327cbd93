/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/encode.h"
#include "forensics/custody.h"

/* An event has some thirty values; what a later version adds is little more. */
#define VALUES_MAX ((size_t)256)

static int wrong(struct sl_error *err, const char *what)
{
	return sl_fail(err, SL_EFORMAT, 0, "custody record: %s", what);
}

static int read_text(const char **out, const struct jval *doc, const char *key,
		     struct sl_error *err)
{
	const struct jval *v = jval_get(doc, key);

	*out = jval_str(v);
	if (v == NULL || jval_type(v) == JVAL_NULL)
		return 0;
	if (*out == NULL)
		return wrong(err, "a text is none");
	return strlen(*out) <= CUSTODY_TEXT_MAX ? 0 : wrong(err, "a text is too long");
}

static int read_texts(struct custody_event *e, const struct jval *doc, struct sl_error *err)
{
	const struct {
		const char *key, **out;
	} texts[] = {
		{"by", &e->by},           {"from", &e->from},   {"to", &e->to},
		{"purpose", &e->purpose}, {"place", &e->place}, {"seal", &e->seal},
		{"matter", &e->matter},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(texts); i++)
		rc = read_text(texts[i].out, doc, texts[i].key, err);
	if (rc == 0)
		rc = read_text(&e->host, jval_get(doc, "observed"), "host", err);
	return rc;
}

static int read_hex(uint8_t out[SL_SHA256_SIZE], const struct jval *v)
{
	const char *text = jval_str(v);

	return text == NULL ? -SL_EFORMAT : hex_decode(out, SL_SHA256_SIZE, text, strlen(text));
}

/* An optional digest: absent is fine, anything but one is not. */
static int read_optional_hex(bool *has, uint8_t out[SL_SHA256_SIZE], const struct jval *v)
{
	*has = v != NULL;
	return v == NULL ? 0 : read_hex(out, v);
}

static int read_u64(uint64_t *out, const struct jval *v)
{
	int64_t n;

	if (jval_i64(v, &n) < 0 || n < 0)
		return -SL_EFORMAT;
	*out = (uint64_t)n;
	return 0;
}

static int read_time(struct sl_time *out, const struct jval *v)
{
	const char *text = jval_str(v);

	return text == NULL ? -SL_EFORMAT : clock_parse(out, text, strlen(text));
}

static int read_file(struct custody_file *out, const struct jval *v)
{
	out->name = jval_str(jval_get(v, "name"));
	if (read_u64(&out->bytes, jval_get(v, "bytes")) < 0)
		return -SL_EFORMAT;
	return read_hex(out->sha256, jval_get(v, "sha256"));
}

static int read_action(enum custody_action *out, const struct jval *v)
{
	const char *word = jval_str(v);

	for (int i = 0; word != NULL && i < CUSTODY_ACTIONS; i++)
		if (strcmp(custody_action_words[i], word) == 0) {
			*out = (enum custody_action)i;
			return 0;
		}
	return -SL_EFORMAT;
}

static int read_key(uint8_t out[SIGN_PUBLIC_SIZE], const struct jval *v)
{
	CLEANUP(buf_clear) struct buf spki = BUF_INIT(256);
	const char *text = jval_str(jval_get(v, "spki"));
	uint64_t type;

	if (read_u64(&type, jval_get(v, "type")) < 0 || type != 1 || text == NULL ||
	    base64_decode(&spki, text, strlen(text)) < 0 || spki.data == NULL)
		return -SL_EFORMAT;
	return sign_spki_parse((const uint8_t *)spki.data, spki.len, out);
}

static int read_bundle(struct custody_event *e, const struct jval *v)
{
	if (v == NULL)
		return 0;
	e->verdict = jval_str(jval_get(v, "verdict"));
	e->bundle_id = jval_str(jval_get(v, "id"));
	if (e->verdict == NULL || e->bundle_id == NULL ||
	    read_u64(&e->records, jval_get(v, "records")) < 0)
		return -SL_EFORMAT;
	return read_hex(e->root, jval_get(v, "root"));
}

static int read_torn(struct custody_event *e, const struct jval *v)
{
	if (v == NULL)
		return 0;
	if (read_u64(&e->torn_bytes, jval_get(v, "bytes")) < 0)
		return -SL_EFORMAT;
	return read_hex(e->torn_sha256, jval_get(v, "sha256"));
}

static int read_optional(struct custody_event *e, const struct jval *doc)
{
	const struct jval *until = jval_get(doc, "retain_until"), *made = jval_get(doc, "made");

	e->has_until = until != NULL;
	e->has_made = made != NULL;
	if (read_optional_hex(&e->has_to_key, e->to_key, jval_get(doc, "to_key")) < 0 ||
	    read_optional_hex(&e->has_answers, e->answers, jval_get(doc, "answers")) < 0 ||
	    (e->has_until && read_time(&e->until, until) < 0) ||
	    (e->has_made && read_file(&e->made, made) < 0) ||
	    read_bundle(e, jval_get(doc, "bundle")) < 0)
		return -SL_EFORMAT;
	return read_torn(e, jval_get(doc, "torn"));
}

static int read_event(struct custody_event *e, const struct jval *doc, struct sl_error *err)
{
	uint64_t version;

	if (read_u64(&version, jval_get(doc, "v")) < 0)
		return wrong(err, "no version");
	if (version != 1)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "custody record: not of version 1");
	if (read_u64(&e->seq, jval_get(doc, "seq")) < 0 ||
	    read_hex(e->prev, jval_get(doc, "prev")) < 0 ||
	    read_time(&e->t, jval_get(doc, "t")) < 0)
		return wrong(err, "seq, prev or t is not what it should be");
	if (read_action(&e->action, jval_get(doc, "action")) < 0)
		return wrong(err, "an action that is not known");
	if (read_key(e->key, jval_get(doc, "key")) < 0)
		return wrong(err, "no Ed25519 key");
	if (read_file(&e->file, jval_get(doc, "file")) < 0 ||
	    jval_bool(jval_get(doc, "matches"), &e->matches) < 0)
		return wrong(err, "no file");
	if (read_optional(e, doc) < 0)
		return wrong(err, "a member is not what it should be");
	return read_texts(e, doc, err);
}

static int check_signature(const struct custody_line *l, struct sl_error *err)
{
	int rc = l->envelope.count != 1 ? 1 : dsse_verify(&l->envelope, l->event.key, err);

	return rc == 1 ? sl_fail(err, SL_EUNTRUSTED, 0,
				 "custody record: not signed once, by the key that it names")
		       : rc;
}

int custody_read(struct custody_line *out, const char *line, size_t len, struct sl_error *err)
{
	int rc;

	*out = (struct custody_line){.event.seq = 0};
	if (len > CUSTODY_LINE_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "custody record of more than %zu bytes",
			       CUSTODY_LINE_BYTES);
	if (len == 0 || line[len - 1] != '\n')
		return wrong(err, "the line has no end");
	rc = sha256_once(line, len, out->hash, err);
	if (rc == 0)
		rc = dsse_parse(&out->envelope, line, len - 1, CUSTODY_LINE_BYTES, err);
	if (rc == 0 && strcmp(out->envelope.type, CUSTODY_TYPE) != 0)
		rc = wrong(err, "an envelope of another type");
	if (rc == 0)
		rc = jval_parse_bounded(&out->payload, out->envelope.payload.data,
					out->envelope.payload.len, VALUES_MAX, err);
	if (rc == 0)
		rc = read_event(&out->event, out->payload, err);
	return rc == 0 ? check_signature(out, err) : rc;
}

void custody_line_clear(struct custody_line *l)
{
	dsse_clear(&l->envelope);
	jval_free(l->payload);
	l->payload = NULL;
}
