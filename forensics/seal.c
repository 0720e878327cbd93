/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/seal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/dsse.h"
#include "core/encode.h"
#include "core/note.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PREDICATE_TYPE "strandline/bundle-close/v1"

static int make_id(struct seal *s, struct sl_error *err)
{
	uint8_t id[16];

	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return sl_fail(err, SL_EIO, errno, "random bundle id");
	hex_encode(s->id, id, sizeof(id));
	(void)snprintf(s->origin, sizeof(s->origin), "strandline/bundle/%s", s->id);
	return 0;
}

static void key_spki(const struct sign_key *k, uint8_t spki[SIGN_SPKI_SIZE])
{
	uint8_t public[SIGN_PUBLIC_SIZE];

	sign_key_public(k, public);
	sign_spki(public, spki);
}

int seal_init(struct seal *s, const char *key_pem, const char *passphrase, struct sl_error *err)
{
	uint8_t public[SIGN_PUBLIC_SIZE];
	int rc;

	*s = (struct seal){.epoch = 0};
	if (key_pem != NULL) {
		rc = sign_key_read(&s->long_term, key_pem, strlen(key_pem), passphrase, err);
		if (rc < 0)
			return rc;
	}
	rc = sign_key_generate(&s->key, err);
	if (rc == 0)
		rc = make_id(s, err);
	if (rc < 0)
		return rc;
	sign_key_public(s->key, public);
	return sign_fingerprint(public, s->fingerprint, err);
}

void seal_clear(struct seal *s)
{
	sign_key_free(s->key);
	sign_key_free(s->next);
	sign_key_free(s->long_term);
	s->key = s->next = s->long_term = NULL;
}

static void key_member(struct jout *j, const struct sign_key *k)
{
	uint8_t spki[SIGN_SPKI_SIZE];

	key_spki(k, spki);
	jout_key(j, "key");
	jout_object(j);
	jout_key_u64(j, "type", SL_BUNDLE_KEY_ED25519);
	jout_key(j, "spki");
	jout_base64(j, spki, sizeof(spki));
	jout_object_end(j);
}

/* The long-term key vouches for key 0 of this bundle and no other. */
static int certify(const struct seal *s, uint8_t sig[SIGN_SIZE], struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1024);
	uint8_t spki[SIGN_SPKI_SIZE];

	key_spki(s->key, spki);
	(void)buf_printf(&text, "strandline bundle epoch 0\n%s\n", s->id);
	(void)base64_encode(&text, spki, sizeof(spki));
	if (buf_append_char(&text, '\n') < 0)
		return sl_fail(err, SL_ENOMEM, 0, "certificate");
	return sign_bytes(s->long_term, text.data, text.len, sig, err);
}

int seal_open(const struct seal *s, struct jout *j, struct sl_error *err)
{
	uint8_t sig[SIGN_SIZE];
	int rc;

	jout_key_str(j, "bundle", s->id);
	key_member(j, s->key);
	jout_key_str(j, "fingerprint", s->fingerprint);
	jout_key(j, "cert");
	if (s->long_term == NULL) {
		jout_null(j);
		return 0;
	}
	rc = certify(s, sig, err);
	if (rc < 0)
		return rc;
	jout_object(j);
	key_member(j, s->long_term);
	jout_key(j, "sig");
	jout_base64(j, sig, sizeof(sig));
	jout_object_end(j);
	return 0;
}

int seal_epoch(struct seal *s, struct buf *members, struct sl_error *err)
{
	struct jout j;
	int rc = sign_key_generate(&s->next, err);

	if (rc < 0)
		return rc;
	jout_begin(&j, members);
	jout_key_u64(&j, "epoch", s->epoch + 1);
	(void)buf_append_char(members, ',');
	key_member(&j, s->next);
	return members->status < 0 ? sl_fail(err, SL_ENOMEM, 0, "epoch record") : 0;
}

int seal_note(const struct seal *s, const struct merkle *tree, bool is_last, struct buf *note,
	      struct sl_error *err)
{
	uint8_t root[SL_SHA256_SIZE];
	char name[128];
	size_t text_len;
	int rc = merkle_root(tree, root, err);

	if (rc < 0)
		return rc;
	if (note_checkpoint(note, s->origin, tree->size, root) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "checkpoint");
	text_len = note->len;
	(void)snprintf(name, sizeof(name), "%s/epoch/%" PRIu64, s->origin, s->epoch);
	rc = note_sign(note, text_len, name, s->key, err);
	if (rc < 0 || !is_last || s->long_term == NULL)
		return rc;
	(void)snprintf(name, sizeof(name), "%s/key", s->origin);
	return note_sign(note, text_len, name, s->long_term, err);
}

int seal_public_pem(const struct seal *s, struct buf *pem, struct sl_error *err)
{
	uint8_t public[SIGN_PUBLIC_SIZE];

	sign_key_public(s->key, public);
	return sign_public_pem(public, pem) < 0 ? sl_fail(err, SL_ENOMEM, 0, "public key") : 0;
}

int seal_statement(const struct statement *s, struct buf *out, struct sl_error *err)
{
	char origin[64];
	struct jout j;

	(void)snprintf(origin, sizeof(origin), "strandline/bundle/%s", s->bundle);
	jout_begin(&j, out);
	jout_object(&j);
	jout_key_str(&j, "_type", STATEMENT_TYPE);
	jout_key(&j, "subject");
	jout_array(&j);
	jout_object(&j);
	jout_key_str(&j, "name", origin);
	jout_key(&j, "digest");
	jout_object(&j);
	jout_key_hex(&j, "sha256", s->root, SL_SHA256_SIZE);
	jout_object_end(&j);
	jout_object_end(&j);
	jout_array_end(&j);
	jout_key_str(&j, "predicateType", PREDICATE_TYPE);
	jout_key(&j, "predicate");
	jout_object(&j);
	jout_key_str(&j, "bundle", s->bundle);
	jout_key_str(&j, "status", sl_bundle_status_name(s->status));
	jout_key_u64(&j, "records", s->records);
	jout_key_hex(&j, "note_sha256", s->note_sha256, SL_SHA256_SIZE);
	jout_key_time(&j, "finished", s->finished);
	jout_object_end(&j);
	jout_object_end(&j);
	return jout_end(&j) < 0 ? sl_fail(err, SL_ENOMEM, 0, "close statement") : 0;
}

int seal_close(const struct seal *s, const struct merkle *tree, const struct buf *note,
	       enum sl_bundle_status status, struct buf *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf body = BUF_INIT(SEAL_BYTES);
	const struct sign_key *keys[] = {s->key, s->long_term};
	uint8_t root[SL_SHA256_SIZE], digest[SL_SHA256_SIZE];
	struct statement what = {.bundle = s->id,
				 .root = root,
				 .status = status,
				 .records = tree->size,
				 .note_sha256 = digest,
				 .finished = clock_now()};
	int rc = merkle_root(tree, root, err);

	if (rc == 0)
		rc = sha256_once(note->data, note->len, digest, err);
	if (rc == 0)
		rc = seal_statement(&what, &body, err);
	if (rc < 0)
		return rc;
	rc = dsse_write(out, DSSE_INTOTO_TYPE, body.data, body.len, keys,
			s->long_term != NULL ? 2 : 1, err);
	if (rc == 0 && buf_append_char(out, '\n') < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "close statement");
	return rc;
}

void seal_advance(struct seal *s)
{
	sign_key_free(s->key);
	s->key = take_ptr(&s->next);
	s->epoch++;
}
