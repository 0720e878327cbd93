/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "forensics/custody.h"

const char *const custody_action_words[CUSTODY_ACTIONS + 1] = {
	[CUSTODY_ACQUIRED] = "acquired", [CUSTODY_TRANSFERRED] = "transferred",
	[CUSTODY_RECEIVED] = "received", [CUSTODY_ACCESSED] = "accessed",
	[CUSTODY_VERIFIED] = "verified", [CUSTODY_COPIED] = "copied",
	[CUSTODY_REDACTED] = "redacted", [CUSTODY_HELD] = "held",
	[CUSTODY_RELEASED] = "released", [CUSTODY_EXTENDED] = "extended",
	[CUSTODY_DISPOSED] = "disposed",
};

static void put_file(struct jout *j, const char *key, const struct custody_file *f)
{
	jout_key(j, key);
	jout_object(j);
	if (f->name != NULL)
		jout_key_bytes(j, "name", f->name);
	jout_key_u64(j, "bytes", f->bytes);
	jout_key_hex(j, "sha256", f->sha256, SL_SHA256_SIZE);
	jout_object_end(j);
}

static void put_text(struct jout *j, const char *key, const char *text)
{
	if (text != NULL)
		jout_key_str(j, key, text);
}

static void put_bundle(struct jout *j, const struct custody_event *e)
{
	if (e->verdict == NULL)
		return;
	jout_key(j, "bundle");
	jout_object(j);
	jout_key_str(j, "id", e->bundle_id);
	jout_key_str(j, "verdict", e->verdict);
	jout_key_u64(j, "records", e->records);
	jout_key_hex(j, "root", e->root, SL_SHA256_SIZE);
	jout_object_end(j);
}

static void put_key(struct jout *j, const uint8_t key[SIGN_PUBLIC_SIZE])
{
	uint8_t spki[SIGN_SPKI_SIZE];

	sign_spki(key, spki);
	jout_key(j, "key");
	jout_object(j);
	jout_key_u64(j, "type", 1);
	jout_key(j, "spki");
	jout_base64(j, spki, sizeof(spki));
	jout_object_end(j);
}

static void put_rest(struct jout *j, const struct custody_event *e)
{
	put_text(j, "from", e->from);
	put_text(j, "to", e->to);
	if (e->has_to_key)
		jout_key_hex(j, "to_key", e->to_key, SL_SHA256_SIZE);
	if (e->has_answers)
		jout_key_hex(j, "answers", e->answers, SL_SHA256_SIZE);
	put_text(j, "purpose", e->purpose);
	put_text(j, "place", e->place);
	put_text(j, "seal", e->seal);
	put_text(j, "matter", e->matter);
	if (e->has_until)
		jout_key_time(j, "retain_until", e->until);
	if (e->has_made)
		put_file(j, "made", &e->made);
	put_bundle(j, e);
	if (e->torn_bytes > 0) {
		jout_key(j, "torn");
		jout_object(j);
		jout_key_u64(j, "bytes", e->torn_bytes);
		jout_key_hex(j, "sha256", e->torn_sha256, SL_SHA256_SIZE);
		jout_object_end(j);
	}
	jout_key(j, "observed");
	jout_object(j);
	jout_key_str(j, "host", e->host);
	jout_key_u64(j, "uid", e->uid);
	jout_object_end(j);
}

/* Append the payload (JSON) of an event. */
static int put_payload(struct buf *out, const struct custody_event *e, struct sl_error *err)
{
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_key_u64(&j, "v", 1);
	jout_key_u64(&j, "seq", e->seq);
	jout_key_hex(&j, "prev", e->prev, SL_SHA256_SIZE);
	jout_key_time(&j, "t", e->t);
	jout_key_str(&j, "action", custody_action_words[e->action]);
	jout_key_str(&j, "by", e->by);
	put_key(&j, e->key);
	put_file(&j, "file", &e->file);
	jout_key_bool(&j, "matches", e->matches);
	put_rest(&j, e);
	jout_object_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "custody record");
	return 0;
}

int custody_write(struct buf *out, const struct custody_event *e, const struct sign_key *key,
		  struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf payload = BUF_INIT(CUSTODY_LINE_BYTES);
	const struct sign_key *const keys[] = {key};
	size_t before = out->len;
	int rc = put_payload(&payload, e, err);

	if (rc == 0)
		rc = dsse_write(out, CUSTODY_TYPE, payload.data, payload.len, keys, 1, err);
	if (rc == 0 && buf_append_char(out, '\n') < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "custody record");
	if (rc == 0 && out->len - before > CUSTODY_LINE_BYTES)
		rc = sl_fail(err, SL_ELIMIT, 0, "custody record of more than %zu bytes: say less",
			     CUSTODY_LINE_BYTES);
	return rc;
}
