/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/itemproof.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/tlogproof.h"
#include "forensics/anchors.h"
#include "forensics/chainkey.h"
#include "forensics/sparsefile.h"

/* What is known while the proofs of one file are gone through. */
struct itemcheck {
	struct item *item;
	struct anchors anchors;
	struct chain keys;             /* its tree is not used */
	uint8_t key[SIGN_PUBLIC_SIZE]; /* of the segment that is at hand */
	struct sl_bytes note;          /* the checkpoint at hand, as bytes */
	struct checkpoint said;
	uint64_t size_before; /* records below the checkpoint before */
	uint64_t epoch;
	bool has_open, has_link; /* has_link: the key of the next segment is known */
	bool has_item;
};

/* One proof, taken apart. */
struct step {
	struct tlogproof proof;
	struct buf line; /* with its line feed */
	struct record record;
	struct note note;
	struct checkpoint said;
};

static void step_clear(struct step *s)
{
	record_clear(&s->record);
	buf_clear(&s->line);
}

static int untrusted(struct sl_error *err, const char *why)
{
	return sl_fail(err, SL_EUNTRUSTED, 0, "%s", why);
}

/* A file with holes: its digest is of all of it, and what was not read is no part of it. */
static int take_size(const struct jval *stored, struct item_content *out, struct sl_error *err)
{
	uint64_t size;

	if (record_u64(jval_get(stored, "size"), &size) < 0 || size < out->bytes)
		return sl_fail(err, SL_EFORMAT, 0, "record does not say how long the file was");
	if (size - out->bytes > SPARSEFILE_HASHED_MAX)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "too long a file of holes to be hashed");
	out->bytes = out->read = size;
	return 0;
}

static int parse_stored(const struct jval *doc, struct item_content *out, struct sl_error *err)
{
	const struct jval *stored = jval_get(doc, "stored"), *read = jval_get(doc, "read");
	const char *hash = jval_str(jval_path(doc, "hash", "sha256", NULL));
	bool is_short = false;
	struct stored s;
	int rc = record_stored(stored, &s, err);

	if (rc == 0) {
		out->bytes = out->read = s.bytes;
		memcpy(out->sha256, s.sha256, SL_SHA256_SIZE);
	}
	if (rc <= 0)
		return rc;
	if (record_u64(jval_get(stored, "bytes"), &out->bytes) < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "record holds no content");
	/* parts: the file record's own digest is of the whole, up to where reading ended early */
	if (hash == NULL || hex_decode(out->sha256, SL_SHA256_SIZE, hash, strlen(hash)) < 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "no digest covers the whole of it");
	if (jval_get(stored, "size") != NULL)
		return take_size(stored, out, err);
	out->read = out->bytes;
	(void)jval_bool(jval_get(read, "short"), &is_short);
	if (is_short &&
	    (record_u64(jval_get(read, "bytes"), &out->read) < 0 || out->read > out->bytes))
		return sl_fail(err, SL_EFORMAT, 0, "record does not say how much was read");
	return 0;
}

int item_content_of(const char *line, size_t len, struct item_content *out, struct sl_error *err)
{
	struct record r;
	int rc;

	if (len > 0 && line[len - 1] == '\n')
		len--;
	rc = record_parse(&r, line, len, err);
	if (rc == 0 && strcmp(r.type, "file") != 0 && strcmp(r.type, "part") != 0)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "a record of type %s holds no content", r.type);
	if (rc == 0)
		rc = parse_stored(r.doc, out, err);
	record_clear(&r);
	return rc;
}

/* The record that a proof carries, and the checkpoint that it leads to; still unproven. */
static int step_parse(struct step *s, struct sl_error *err)
{
	const struct sl_bytes *extra = &s->proof.extra;
	int rc = base64_decode(&s->line, extra->data, extra->len);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "record");
	if (rc < 0 || s->line.len == 0 || s->line.data[s->line.len - 1] != '\n' ||
	    memchr(s->line.data, '\n', s->line.len - 1) != NULL)
		return sl_fail(err, SL_EFORMAT, 0, "proof without its record");
	rc = record_parse(&s->record, s->line.data, s->line.len - 1, err);
	if (rc == 0 && s->record.seq != s->proof.index)
		rc = untrusted(err, "record at another place than its number says");
	if (rc == 0)
		rc = chainkey_parse_note(&s->note, s->proof.note, err);
	return rc < 0 ? rc : note_checkpoint_parse(&s->said, s->note.text, err);
}

static int step_included(struct itemcheck *c, const struct step *s, struct sl_error *err)
{
	return merkle_check(c->item->hash, s->line.data, s->line.len, s->proof.index, s->said.size,
			    &s->proof.proof, s->said.root, err);
}

/* A checkpoint that the user kept, of the same size as one of ours. */
static int meet_anchor(struct itemcheck *c, const struct checkpoint *said, struct sl_error *err)
{
	const struct chain_anchor *kept = &c->anchors.note;

	if (!c->anchors.has_note || kept->size != said->size)
		return 0;
	if (memcmp(kept->root, said->root, sizeof(kept->root)) != 0)
		return untrusted(err, "records are not those of the noted checkpoint");
	c->item->anchored_note = true;
	return 0;
}

/* Go on to the checkpoint of the next segment (or the first): signed by the key that is known. */
static int enter_segment(struct itemcheck *c, const struct step *s, struct sl_error *err)
{
	int rc = chainkey_origin(&c->keys, &s->said, err);

	if (rc == 0)
		rc = chainkey_signatures(&c->keys, &s->note, c->epoch, c->key, err);
	if (rc == 0)
		rc = meet_anchor(c, &s->said, err);
	c->note = s->proof.note;
	c->said = s->said;
	c->has_link = false;
	c->item->links++;
	return sl_wrap(err, rc, "checkpoint");
}

static int take_open(struct itemcheck *c, const struct step *s, struct sl_error *err)
{
	struct item *item = c->item;
	int rc;

	if (s->record.seq != 0 || strcmp(s->record.type, "open") != 0)
		return sl_fail(err, SL_EFORMAT, 0, "a proof begins with the open record");
	rc = chainkey_open(&c->keys, s->record.doc, err);
	if (rc < 0)
		return rc;
	c->has_open = true;
	memcpy(c->key, c->keys.first_key, sizeof(c->key));
	memcpy(item->bundle_id, c->keys.bundle, sizeof(c->keys.bundle));
	memcpy(item->fingerprint, c->keys.fingerprint, sizeof(c->keys.fingerprint));
	rc = enter_segment(c, s, err);
	return rc < 0 ? rc
		      : anchors_check(&c->anchors, &c->keys, &item->anchored_fingerprint,
				      &item->anchored_key, err);
}

/* The record that ends a segment and names the next key. */
static int take_link(struct itemcheck *c, const struct step *s, struct sl_error *err)
{
	int rc = chainkey_epoch(&c->keys, s->record.doc, c->epoch + 1, err);

	c->has_link = rc == 0;
	return rc;
}

static int take_item(struct itemcheck *c, const struct step *s, struct sl_error *err)
{
	struct item *item = c->item;
	int rc = item_content_of(s->line.data, s->line.len, &item->content, err);

	if (rc < 0)
		return rc == -SL_ENOTFOUND ? sl_wrap(err, -SL_EFORMAT, "proof") : rc;
	/* an older record under a younger key: that key's holder could have made it up */
	if (s->record.seq < c->size_before)
		return untrusted(err, "record is proved by the key of a later segment only");
	item->seq = s->record.seq;
	item->segment = c->epoch;
	item->note_size = c->said.size;
	c->has_item = true;
	return buf_append(&item->line, s->line.data, s->line.len) < 0
		       ? sl_fail(err, SL_ENOMEM, 0, "record")
		       : 0;
}

/* The item under a later checkpoint, whose key is unknown: good for a comparison only. */
static int take_later(struct itemcheck *c, const struct step *s, struct sl_error *err)
{
	const struct buf *line = &c->item->line;
	int rc;

	if (s->line.len != line->len || memcmp(s->line.data, line->data, line->len) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "a proof is of one item");
	rc = chainkey_origin(&c->keys, &s->said, err);
	if (rc == 0 && s->said.size <= c->said.size)
		rc = untrusted(err, "of fewer records than the one before");
	if (rc == 0)
		rc = meet_anchor(c, &s->said, err);
	return sl_wrap(err, rc, "last checkpoint");
}

static bool is_same_note(const struct itemcheck *c, const struct step *s)
{
	return c->note.len == s->proof.note.len &&
	       memcmp(c->note.data, s->proof.note.data, c->note.len) == 0;
}

static int take_step(struct itemcheck *c, const struct step *s, struct sl_error *err)
{
	int rc = step_included(c, s, err);

	if (rc < 0)
		return rc;
	if (!c->has_open)
		return take_open(c, s, err);
	if (c->has_item)
		return take_later(c, s, err);
	if (!is_same_note(c, s)) {
		if (!c->has_link)
			return sl_fail(err, SL_EUNTRUSTED, 0,
				       "nothing says which key signs segment %llu",
				       (unsigned long long)c->epoch + 1);
		if (s->said.size <= c->said.size)
			return untrusted(err, "checkpoint of fewer records than the one before");
		c->size_before = c->said.size;
		c->epoch++;
		memcpy(c->key, c->keys.epoch_key, sizeof(c->key));
		rc = enter_segment(c, s, err);
		if (rc < 0)
			return rc;
	}
	return strcmp(s->record.type, "epoch") == 0 && s->record.seq + 1 == c->said.size
		       ? take_link(c, s, err)
		       : take_item(c, s, err);
}

static int take_proofs(struct itemcheck *c, const char *proof, size_t len, struct sl_error *err)
{
	size_t pos = 0;
	int rc;

	do {
		struct step s = {.line = BUF_INIT(SL_BUNDLE_LINE_BYTES)};

		rc = tlogproof_next(&s.proof, proof, len, &pos, err);
		if (rc == 0)
			rc = step_parse(&s, err);
		if (rc == 0)
			rc = take_step(c, &s, err);
		step_clear(&s);
	} while (rc == 0);
	if (rc == 1 && !c->has_item)
		return sl_fail(err, SL_EFORMAT, 0, "a proof of no item");
	return rc < 0 ? rc : 0;
}

static enum sl_verdict judge(const struct itemcheck *c)
{
	const struct item *item = c->item;

	if (c->keys.signed_notes == 0)
		return SL_VERDICT_UNSIGNED;
	if (item->anchored_fingerprint || item->anchored_note)
		return SL_VERDICT_ANCHORED;
	return item->anchored_key ? SL_VERDICT_SIGNED : SL_VERDICT_SELF_CONSISTENT;
}

static int set_broken(struct item *item, const char *why, struct sl_error *err)
{
	free(item->fault);
	item->fault = strdup(why);
	item->verdict = SL_VERDICT_BROKEN;
	return item->fault == NULL ? sl_fail(err, SL_ENOMEM, 0, "verdict") : 0;
}

int item_begin(struct item *item, const char *proof, size_t len,
	       const struct sl_verify_options *options, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct itemcheck c = {.item = item};
	int rc;

	*item = (struct item){.line = BUF_INIT(SL_BUNDLE_LINE_BYTES)};
	rc = anchors_parse(&c.anchors, options, err);
	if (rc == 0)
		rc = sha256_new(&item->hash, err);
	if (rc == 0)
		rc = chain_init(&c.keys, err);
	if (rc < 0)
		return rc;
	c.keys.anchor = c.anchors.has_note ? &c.anchors.note : NULL;
	rc = take_proofs(&c, proof, len, &why);
	if (rc == 0)
		item->verdict = judge(&c);
	else if (rc == -SL_EFORMAT || rc == -SL_EUNTRUSTED)
		rc = set_broken(item, sl_error_text(&why), err);
	else
		rc = sl_fail(err, why.code, why.sys, "%s", sl_error_text(&why));
	chain_clear(&c.keys);
	sha256_reset(item->hash);
	return rc;
}

void item_data(struct item *item, const void *bytes, size_t len)
{
	const char *rest = bytes;
	uint64_t left = item->content.read > item->seen ? item->content.read - item->seen : 0;
	size_t n = left < len ? (size_t)left : len;

	sha256_update(item->hash, bytes, n);
	item->seen += len;
	for (rest += n, len -= n; len > 0 && !item->has_rest; rest++, len--)
		item->has_rest = *rest != 0;
}

int item_end(struct item *item, struct sl_error *err)
{
	uint8_t got[SL_SHA256_SIZE];
	int rc = sha256_final(item->hash, got, err);

	if (rc < 0 || item->verdict == SL_VERDICT_BROKEN)
		return rc;
	if (item->seen != item->content.bytes)
		return set_broken(item, "content has another size than its record says", err);
	if (item->has_rest || memcmp(got, item->content.sha256, sizeof(got)) != 0)
		return set_broken(item, "content has another digest than its record says", err);
	return 0;
}

void item_clear(struct item *item)
{
	sha256_free(item->hash);
	buf_clear(&item->line);
	free(item->fault);
	*item = (struct item){0};
}
