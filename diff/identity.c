/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/identity.h"

#include <string.h>

/* Lengths go in front, so that no two lists of fields run into the same bytes. */
static void add_field(struct buf *b, const void *bytes, size_t len)
{
	uint8_t prefix[8];

	for (int i = 0; i < 8; i++)
		prefix[i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	(void)buf_append(b, prefix, sizeof(prefix));
	if (len > 0)
		(void)buf_append(b, bytes, len);
}

static void add_text(struct buf *b, const char *text)
{
	add_field(b, text, strlen(text));
}

int identity_init(struct identity *i, struct sl_error *err)
{
	*i = (struct identity){.fields = BUF_INIT(SIZE_MAX)};
	return sha256_new(&i->hash, err);
}

void identity_clear(struct identity *i)
{
	sha256_free(i->hash);
	buf_clear(&i->fields);
	*i = (struct identity){0};
}

static int hash(struct identity *i, const void *bytes, size_t len, uint8_t out[SL_SHA256_SIZE],
		struct sl_error *err)
{
	sha256_reset(i->hash);
	sha256_update(i->hash, bytes, len);
	return sha256_final(i->hash, out, err);
}

int identity_of(struct identity *i, struct sl_finding *f, struct sl_bytes container_name,
		const uint8_t image_id[SL_SHA256_SIZE], struct sl_error *err)
{
	const struct sl_change *c = f->change;
	const struct sl_entry *after = c != NULL ? c->after : NULL;
	struct sl_bytes about = c != NULL ? c->path : f->subject;
	bool has_digest = after != NULL && (after->fields & SL_ENTRY_SHA256) != 0;
	const char *found = c == NULL ? f->notes.found : NULL;
	struct buf *b = &i->fields;
	uint8_t digest[SL_SHA256_SIZE];

	if (has_digest)
		memcpy(digest, after->sha256, sizeof(digest));
	else if (found != NULL && hash(i, found, strlen(found), digest, err) < 0)
		return -SL_ENOMEM;
	buf_reset(b);
	add_field(b, container_name.data, container_name.len);
	add_field(b, image_id, image_id != NULL ? SL_SHA256_SIZE : 0);
	add_text(b, sl_finding_kind_name(f->kind));
	add_field(b, about.data, about.len);
	add_text(b, c != NULL ? sl_change_name(c->kind) : "");
	add_field(b, digest, has_digest || found != NULL ? SL_SHA256_SIZE : 0);
	if (b->status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "finding id");
	return hash(i, b->data, b->len, f->id, err);
}

int sl_finding_identify(struct sl_finding *f, struct sl_bytes container_name,
			const uint8_t image_id[SL_SHA256_SIZE], struct sl_error *err)
{
	struct identity i;
	int rc = identity_init(&i, err);

	if (rc == 0)
		rc = identity_of(&i, f, container_name, image_id, err);
	identity_clear(&i);
	return rc;
}
