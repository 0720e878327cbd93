/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/chainkey.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/dsse.h"
#include "core/encode.h"
#include "core/note.h"
#include "forensics/seal.h"

enum { NAME_MAX_BYTES = 128, CERT_MAX_BYTES = 512 };

static int parse_base64(const char *text, void *out, size_t want)
{
	CLEANUP(buf_clear) struct buf raw = BUF_INIT(want);
	int rc = text == NULL ? -SL_EFORMAT : base64_decode(&raw, text, strlen(text));

	if (rc == 0 && raw.len == want)
		memcpy(out, raw.data, want);
	else if (rc != -SL_ENOMEM)
		rc = -SL_EFORMAT;
	return rc;
}

/* {"type":1,"spki":"BASE64"} */
static int parse_key(const struct jval *v, uint8_t out[SIGN_PUBLIC_SIZE], struct sl_error *err)
{
	uint8_t der[SIGN_SPKI_SIZE];
	int64_t type;
	int rc = parse_base64(jval_str(jval_get(v, "spki")), der, sizeof(der));

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "key");
	if (jval_i64(jval_get(v, "type"), &type) < 0 || type != SL_BUNDLE_KEY_ED25519 || rc < 0 ||
	    sign_spki_parse(der, sizeof(der), out) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "record without a key that can be read");
	return 0;
}

/* The long-term key's signature over key 0. */
static int check_cert(struct chain *c, const struct jval *record, struct sl_error *err)
{
	const struct jval *cert = jval_get(record, "cert");
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CERT_MAX_BYTES);
	uint8_t spki[SIGN_SPKI_SIZE], sig[SIGN_SIZE];
	int rc;

	if (cert == NULL || jval_type(cert) == JVAL_NULL)
		return 0;
	rc = parse_key(jval_get(cert, "key"), c->long_key, err);
	if (rc < 0)
		return rc;
	rc = parse_base64(jval_str(jval_get(cert, "sig")), sig, sizeof(sig));
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "certificate without a signature");
	sign_spki(c->first_key, spki);
	(void)buf_printf(&text, "strandline bundle epoch 0\n%s\n", c->bundle);
	(void)base64_encode(&text, spki, sizeof(spki));
	rc = buf_append_char(&text, '\n');
	if (rc == 0)
		rc = sign_verify(c->long_key, text.data, text.len, sig, err);
	c->has_cert = rc == 0;
	return sl_wrap(err, rc, "certificate");
}

static int head_digest(const struct jval *record, const char *key, uint8_t out[SL_SHA256_SIZE],
		       struct sl_error *err)
{
	const char *text = jval_str(jval_get(record, key));

	if (text == NULL || hex_decode(out, SL_SHA256_SIZE, text, strlen(text)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "open record without %s", key);
	return 0;
}

int chainkey_open(struct chain *c, const struct jval *record, struct sl_error *err)
{
	const char *bundle = jval_str(jval_get(record, "bundle"));
	const char *fingerprint = jval_str(jval_get(record, "fingerprint"));
	int rc;

	if (bundle == NULL || strlen(bundle) != CHAIN_BUNDLE_DIGITS ||
	    strspn(bundle, "0123456789abcdef") != CHAIN_BUNDLE_DIGITS)
		return sl_fail(err, SL_EFORMAT, 0, "open record without a bundle id");
	memcpy(c->bundle, bundle, CHAIN_BUNDLE_DIGITS + 1);
	c->anchor_failed = c->anchor != NULL && strcmp(c->anchor->bundle, c->bundle) != 0;
	if (c->anchor_failed)
		return sl_fail(err, SL_EUNTRUSTED, 0, "the noted checkpoint is another bundle's");
	rc = parse_key(jval_get(record, "key"), c->first_key, err);
	if (rc == 0)
		rc = sign_fingerprint(c->first_key, c->fingerprint, err);
	if (rc == 0 && (fingerprint == NULL || strcmp(fingerprint, c->fingerprint) != 0))
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "fingerprint is not that of key 0");
	if (rc == 0)
		rc = head_digest(record, "readme_sha256", c->readme, err);
	if (rc == 0)
		rc = head_digest(record, "verify_sha256", c->script, err);
	return rc < 0 ? rc : check_cert(c, record, err);
}

int chainkey_epoch(struct chain *c, const struct jval *record, uint64_t next, struct sl_error *err)
{
	uint64_t epoch;

	if (record_u64(jval_get(record, "epoch"), &epoch) < 0 || epoch != next)
		return sl_fail(err, SL_EFORMAT, 0, "epoch record of another epoch");
	return parse_key(jval_get(record, "key"), c->epoch_key, err);
}

int chainkey_close(struct chain *c, const struct jval *record, struct sl_error *err)
{
	const char *word = jval_str(jval_get(record, "status"));

	for (int i = SL_BUNDLE_COMPLETE; word != NULL && i <= SL_BUNDLE_DEADLINE; i++) {
		if (strcmp(word, sl_bundle_status_name((enum sl_bundle_status)i)) == 0) {
			c->status = (enum sl_bundle_status)i;
			c->is_closed = true;
			return 0;
		}
	}
	return sl_fail(err, SL_EFORMAT, 0, "close record with an unknown status");
}

/* The file repeats the key in the one form that PEM has for it, and holds nothing else. */
static int check_key_file(const struct segment *g, const uint8_t key[SIGN_PUBLIC_SIZE],
			  struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf want = BUF_INIT(CERT_MAX_BYTES);

	if (sign_public_pem(key, &want) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "public key");
	if (want.len != g->key.len || memcmp(want.data, g->key.data, want.len) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "not the key that the record announced");
	return 0;
}

int chainkey_parse_note(struct note *out, struct sl_bytes bytes, struct sl_error *err)
{
	struct checkpoint ignored;
	int rc;

	*out = (struct note){.text = bytes};
	rc = note_checkpoint_parse(&ignored, out->text, NULL);
	if (rc == 0 || rc == -SL_ENOMEM)
		return rc == 0 ? 0 : sl_fail(err, SL_ENOMEM, 0, "checkpoint");
	if (bytes.len > 1 && bytes.data[bytes.len - 1] == '\n') {
		out->text.len = bytes.len - 1;
		if (note_checkpoint_parse(&ignored, out->text, NULL) == 0)
			return 0;
	}
	return note_parse(out, bytes.data, bytes.len, err);
}

int chainkey_signatures(struct chain *c, const struct note *n, uint64_t epoch,
			const uint8_t key[SIGN_PUBLIC_SIZE], struct sl_error *err)
{
	char name[NAME_MAX_BYTES];
	int rc;

	c->has_long_signature = false;
	if (n->count == 0 && c->signed_notes == 0)
		return 0;
	if (c->signed_notes != epoch)
		return sl_fail(err, SL_EUNTRUSTED, 0, "some checkpoints are signed, some are not");
	(void)snprintf(name, sizeof(name), "strandline/bundle/%s/epoch/%llu", c->bundle,
		       (unsigned long long)epoch);
	rc = note_verify(n, name, key, err);
	if (rc == 1)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "not signed by the key of its segment");
	if (rc < 0)
		return rc;
	c->signed_notes++;
	if (!c->is_closed || !c->has_cert)
		return 0;
	(void)snprintf(name, sizeof(name), "strandline/bundle/%s/key", c->bundle);
	rc = note_verify(n, name, c->long_key, err);
	if (rc == 1)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "not signed by the key that certified key 0");
	c->has_long_signature = rc == 0;
	return rc;
}

int chainkey_origin(const struct chain *c, const struct checkpoint *said, struct sl_error *err)
{
	char origin[NAME_MAX_BYTES];

	(void)snprintf(origin, sizeof(origin), "strandline/bundle/%s", c->bundle);
	if (said->origin.len != strlen(origin) ||
	    memcmp(said->origin.data, origin, said->origin.len) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "of another bundle");
	return 0;
}

static int check_checkpoint(struct chain *c, const struct note *n, struct sl_error *err)
{
	struct checkpoint said;
	int rc = note_checkpoint_parse(&said, n->text, err);

	if (rc == 0)
		rc = merkle_root(&c->tree, c->root, err);
	if (rc == 0)
		rc = chainkey_origin(c, &said, err);
	if (rc < 0)
		return rc;
	if (said.size != c->tree.size)
		return sl_fail(err, SL_EUNTRUSTED, 0, "covers another number of records");
	if (memcmp(said.root, c->root, sizeof(c->root)) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "root is not that of the records");
	return 0;
}

int chainkey_note(struct chain *c, const struct segment *g, const uint8_t key[SIGN_PUBLIC_SIZE],
		  struct sl_error *err)
{
	uint8_t good_root[SL_SHA256_SIZE];
	struct note n;
	int rc = check_key_file(g, key, err);

	if (rc < 0)
		return sl_wrap(err, rc, "key file");
	memcpy(good_root, c->root, sizeof(good_root));
	rc = chainkey_parse_note(&n, (struct sl_bytes){g->note.data, g->note.len}, err);
	if (rc == -SL_ELIMIT)
		rc = sl_fail(err, SL_EFORMAT, 0, "more signatures than a reader takes");
	if (rc == 0)
		rc = check_checkpoint(c, &n, err);
	if (rc == 0)
		rc = chainkey_signatures(c, &n, g->number, key, err);
	/* nothing covers further lines: anybody could have put them there */
	if (rc == 0 && n.count > (c->has_long_signature ? 2 : 1))
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "signed by others, too");
	/* the result shows the root of the last checkpoint that was good */
	if (rc < 0)
		memcpy(c->root, good_root, sizeof(good_root));
	return sl_wrap(err, rc, "checkpoint");
}

/* The statement that these records and this checkpoint have, and no other. */
static int check_statement(const struct chain *c, const struct buf *body, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf want = BUF_INIT(SEAL_BYTES);
	struct statement what = {.bundle = c->bundle,
				 .root = c->root,
				 .status = c->status,
				 .records = c->tree.size,
				 .note_sha256 = c->note_sha256};
	struct jval *doc = NULL;
	const char *finished;
	int rc = jval_parse(&doc, body->data, body->len, err);

	if (rc < 0)
		return rc;
	finished = jval_str(jval_path(doc, "predicate", "finished", NULL));
	if (finished == NULL || clock_parse(&what.finished, finished, strlen(finished)) < 0)
		rc = sl_fail(err, SL_EFORMAT, 0, "not the statement of a bundle");
	jval_free(doc);
	if (rc == 0)
		rc = seal_statement(&what, &want, err);
	if (rc < 0)
		return rc;
	if (want.len != body->len || memcmp(want.data, body->data, want.len) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "it speaks of something else");
	return 0;
}

/* Nothing signs the envelope around the statement: it has one form. */
static int check_form(const struct dsse *d, const struct buf *text, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf want = BUF_INIT(text->max);
	size_t len = text->len;
	int rc = dsse_text(&want, d, err);

	len -= len > 0 && text->data[len - 1] == '\n';
	if (rc == 0 && (want.len != len || memcmp(want.data, text->data, len) != 0))
		rc = sl_fail(err, SL_EFORMAT, 0, "envelope of another form");
	return rc;
}

static int check_envelope(const struct chain *c, const struct dsse *d,
			  const uint8_t key[SIGN_PUBLIC_SIZE], struct sl_error *err)
{
	int rc;

	if (strcmp(d->type, DSSE_INTOTO_TYPE) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "not an in-toto envelope");
	if (d->count != (c->signed_notes == 0 ? 0 : c->has_cert ? 2 : 1))
		return sl_fail(err, SL_EUNTRUSTED, 0, "signed by too many or too few");
	if (d->count == 0)
		return 0;
	rc = dsse_verify(d, key, err);
	if (rc == 0 && c->has_cert)
		rc = dsse_verify(d, c->long_key, err);
	return rc == 1 ? sl_fail(err, SL_EUNTRUSTED, 0, "a signature is missing") : rc;
}

int chain_check_close(const struct chain *c, const struct segment *g, struct sl_error *err)
{
	const uint8_t *key = g->number == 0 ? c->first_key : c->epoch_key;
	struct dsse d;
	int rc = dsse_parse(&d, g->close.data, g->close.len, g->close.max, err);

	if (rc == -SL_ELIMIT)
		rc = sl_fail(err, SL_EFORMAT, 0, "more signatures than a reader takes");
	if (rc == 0)
		rc = check_form(&d, &g->close, err);
	if (rc == 0)
		rc = check_envelope(c, &d, key, err);
	if (rc == 0)
		rc = check_statement(c, &d.payload, err);
	dsse_clear(&d);
	return sl_wrap(err, rc, "close statement");
}
