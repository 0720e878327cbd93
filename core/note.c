/* SPDX-License-Identifier: Apache-2.0 */
#include "core/note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"

/* em dash, space */
static const char dash[] = "\xe2\x80\x94 ";
#define DASH_LEN (sizeof(dash) - 1)

/* Longest base64 of a key id and a signature of any kind that is still looked at. */
#define SIGNATURE_MAX_BASE64 (16u << 10)

static void free_sha256(struct sha256 **h)
{
	sha256_free(*h);
}

int note_key_id(const char *name, size_t name_len, const uint8_t key[SIGN_PUBLIC_SIZE],
		uint8_t out[NOTE_KEY_ID_SIZE], struct sl_error *err)
{
	static const uint8_t separator[2] = {'\n', NOTE_KEY_ED25519};
	CLEANUP(free_sha256) struct sha256 *h = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	int rc = sha256_new(&h, err);

	if (rc < 0)
		return rc;
	sha256_update(h, name, name_len);
	sha256_update(h, separator, sizeof(separator));
	sha256_update(h, key, SIGN_PUBLIC_SIZE);
	rc = sha256_final(h, digest, err);
	if (rc == 0)
		memcpy(out, digest, NOTE_KEY_ID_SIZE);
	return rc;
}

int note_checkpoint(struct buf *out, const char *origin, uint64_t size,
		    const uint8_t root[SL_SHA256_SIZE])
{
	(void)buf_printf(out, "%s\n%" PRIu64 "\n", origin, size);
	(void)base64_encode(out, root, SL_SHA256_SIZE);
	return buf_append_char(out, '\n');
}

int note_sign(struct buf *note, size_t text_len, const char *name, const struct sign_key *k,
	      struct sl_error *err)
{
	uint8_t public[SIGN_PUBLIC_SIZE], line[NOTE_KEY_ID_SIZE + SIGN_SIZE];
	int rc;

	if (text_len == 0 || text_len > note->len || note->data[text_len - 1] != '\n')
		return sl_fail(err, SL_EINVAL, 0, "a note is text that ends with a line feed");
	sign_key_public(k, public);
	rc = note_key_id(name, strlen(name), public, line, err);
	if (rc == 0)
		rc = sign_bytes(k, note->data, text_len, line + NOTE_KEY_ID_SIZE, err);
	if (rc < 0)
		return rc;
	if (note->len == text_len)
		(void)buf_append_char(note, '\n');
	(void)buf_append(note, dash, DASH_LEN);
	(void)buf_append_str(note, name);
	(void)buf_append_char(note, ' ');
	(void)base64_encode(note, line, sizeof(line));
	if (buf_append_char(note, '\n') < 0)
		return sl_fail(err, SL_ENOMEM, 0, "signed note");
	return 0;
}

/* UTF-8 without control characters; line feeds are the caller's to judge. */
static bool is_plain(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)bytes[i] < 0x20 && bytes[i] != '\n') || bytes[i] == 0x7f)
			return false;
	return utf8_valid(bytes, len);
}

/* White space of any script and '+' are not allowed in key names. */
static bool is_name(const char *bytes, size_t len)
{
	uint32_t code = 0;
	size_t n;

	if (len == 0)
		return false;
	for (; len > 0; bytes += n, len -= n) {
		n = utf8_next(bytes, len, &code);
		if (n == 0 || code <= 0x20 || code == '+' || code == 0x85 || code == 0xa0 ||
		    code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
		    code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000)
			return false;
	}
	return true;
}

/* One line without its line feed. */
static int parse_signature(struct note_signature *out, const char *line, size_t len,
			   struct sl_error *err)
{
	struct buf raw = BUF_INIT(SIGNATURE_MAX_BASE64);
	const char *space;
	int rc;

	if (len < DASH_LEN || memcmp(line, dash, DASH_LEN) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "signature line without a dash");
	line += DASH_LEN;
	len -= DASH_LEN;
	space = memchr(line, ' ', len);
	if (space == NULL || !is_name(line, (size_t)(space - line)))
		return sl_fail(err, SL_EFORMAT, 0, "signature line without a name");
	out->name = (struct sl_bytes){line, (size_t)(space - line)};
	out->base64 = (struct sl_bytes){space + 1, len - out->name.len - 1};
	if (out->base64.len > SIGNATURE_MAX_BASE64)
		return sl_fail(err, SL_ELIMIT, 0, "signature of more than %u characters",
			       SIGNATURE_MAX_BASE64);
	rc = base64_decode(&raw, out->base64.data, out->base64.len);
	if (rc == 0 && raw.len > NOTE_KEY_ID_SIZE)
		memcpy(out->key_id, raw.data, NOTE_KEY_ID_SIZE);
	else if (rc == 0 || rc == -SL_EFORMAT)
		rc = sl_fail(err, SL_EFORMAT, 0, "signature line without a signature");
	else
		rc = sl_fail(err, SL_ENOMEM, 0, "signature");
	buf_clear(&raw);
	return rc;
}

/* The last empty line separates; text may hold empty lines of its own. */
static const char *find_separator(const char *bytes, size_t len)
{
	for (size_t i = len; i >= 2; i--)
		if (bytes[i - 2] == '\n' && bytes[i - 1] == '\n')
			return bytes + i - 2;
	return NULL;
}

int note_parse(struct note *out, const char *bytes, size_t len, struct sl_error *err)
{
	const char *p, *end = bytes + len, *separator;

	*out = (struct note){0};
	if (len > NOTE_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "note of more than %u bytes", NOTE_MAX_BYTES);
	if (len == 0 || bytes[len - 1] != '\n' || !is_plain(bytes, len))
		return sl_fail(err, SL_EFORMAT, 0, "not a signed note");
	separator = find_separator(bytes, len);
	if (separator == NULL || separator + 2 == end)
		return sl_fail(err, SL_EFORMAT, 0, "note without signatures");
	out->text = (struct sl_bytes){bytes, (size_t)(separator + 1 - bytes)};
	for (p = separator + 2; p < end;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		int rc;

		if (out->count == NOTE_MAX_SIGNATURES)
			return sl_fail(err, SL_ELIMIT, 0, "note with more than %d signatures",
				       NOTE_MAX_SIGNATURES);
		rc = parse_signature(&out->signatures[out->count], p, (size_t)(lf - p), err);
		if (rc < 0)
			return rc;
		out->count++;
		p = lf + 1;
	}
	return 0;
}

static int verify_one(const struct note *n, const struct note_signature *s,
		      const uint8_t key[SIGN_PUBLIC_SIZE], struct sl_error *err)
{
	struct buf raw = BUF_INIT(SIGNATURE_MAX_BASE64);
	int rc = base64_decode(&raw, s->base64.data, s->base64.len);

	if (rc < 0 && rc != -SL_EFORMAT)
		rc = sl_fail(err, SL_ENOMEM, 0, "signature");
	else if (rc < 0 || raw.len != NOTE_KEY_ID_SIZE + SIGN_SIZE)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "signature of another size");
	else
		rc = sign_verify(key, n->text.data, n->text.len,
				 (const uint8_t *)raw.data + NOTE_KEY_ID_SIZE, err);
	buf_clear(&raw);
	return rc;
}

int note_verify(const struct note *n, const char *name, const uint8_t key[SIGN_PUBLIC_SIZE],
		struct sl_error *err)
{
	size_t name_len = strlen(name);
	uint8_t id[NOTE_KEY_ID_SIZE];
	bool found = false;
	int rc = note_key_id(name, name_len, key, id, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n->count; i++) {
		const struct note_signature *s = &n->signatures[i];

		if (s->name.len != name_len || memcmp(s->name.data, name, name_len) != 0 ||
		    memcmp(s->key_id, id, sizeof(id)) != 0)
			continue;
		rc = verify_one(n, s, key, err);
		if (rc < 0)
			return rc;
		found = true;
	}
	return found ? 0 : 1;
}

/* Decimal without sign, leading zeros or overflow. */
static int parse_size(uint64_t *out, const char *text, size_t len)
{
	uint64_t n = 0;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return -SL_EFORMAT;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned int)(uint8_t)text[i] - '0';

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return -SL_EFORMAT;
		n = n * 10 + digit;
	}
	*out = n;
	return 0;
}

int note_checkpoint_parse(struct checkpoint *out, struct sl_bytes text, struct sl_error *err)
{
	struct buf root = BUF_INIT((size_t)2 * SL_SHA256_SIZE);
	struct sl_bytes line[3];
	const char *p = text.data, *end = text.data + text.len;
	int rc;

	for (size_t i = 0; i < 3; i++) {
		const char *lf = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

		if (lf == NULL)
			return sl_fail(err, SL_EFORMAT, 0, "checkpoint of fewer than three lines");
		line[i] = (struct sl_bytes){p, (size_t)(lf - p)};
		p = lf + 1;
	}
	if (p != end || line[0].len == 0 || parse_size(&out->size, line[1].data, line[1].len) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "not a checkpoint");
	out->origin = line[0];
	rc = base64_decode(&root, line[2].data, line[2].len);
	if (rc == 0 && root.len == SL_SHA256_SIZE)
		memcpy(out->root, root.data, SL_SHA256_SIZE);
	else
		rc = sl_fail(err, rc == -SL_ENOMEM ? SL_ENOMEM : SL_EFORMAT, 0,
			     "checkpoint without a root");
	buf_clear(&root);
	return rc;
}
