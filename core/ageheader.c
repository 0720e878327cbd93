/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ageheader.h"

#include <string.h>

#include <openssl/crypto.h>

#include "core/agearmor.h"
#include "core/cleanup.h"
#include "core/encode.h"

#define VERSION_LINE "age-encryption.org/v1\n"
#define END_MARK "---"
enum { LINE_CHARS = 64, LINE_BYTES = 48, MAC_CHARS = 43 };

bool age_sniff(const uint8_t *bytes, size_t len)
{
	return (len >= strlen(VERSION_LINE) &&
		memcmp(bytes, VERSION_LINE, strlen(VERSION_LINE)) == 0) ||
	       age_is_armored(bytes, len);
}

static int malformed(struct sl_error *err, const char *why)
{
	return sl_fail(err, SL_EFORMAT, 0, "age header: %s", why);
}

/* ---- reading ---- */

/* Base64 without padding, and no other way to write the same bytes. */
static int decode(uint8_t *out, size_t cap, size_t *len, struct sl_bytes text)
{
	CLEANUP(buf_clear) struct buf bytes = BUF_INIT(LINE_BYTES);
	char padded[LINE_CHARS + 4];
	size_t n = text.len;

	if (n > LINE_CHARS || n % 4 == 1)
		return -SL_EFORMAT;
	if (n > 0 && (memchr(text.data, '=', n) != NULL))
		return -SL_EFORMAT;
	memcpy(padded, text.data, n);
	while (n % 4 != 0)
		padded[n++] = '=';
	if (base64_decode(&bytes, padded, n) < 0)
		return -SL_EFORMAT;
	*len = bytes.len;
	if (bytes.len > 0)
		memcpy(out, bytes.data, bytes.len < cap ? bytes.len : cap);
	return 0;
}

int age_header_decode(uint8_t *out, size_t len, struct sl_bytes text)
{
	size_t n = 0;

	return decode(out, len, &n, text) < 0 || n != len ? -SL_EFORMAT : 0;
}

int age_header_length(const char *bytes, size_t len, size_t *out, struct sl_error *err)
{
	size_t pos = strlen(VERSION_LINE);

	if (memcmp(bytes, VERSION_LINE, len < pos ? len : pos) != 0)
		return malformed(err, "it is not that of an age file, version 1");
	while (pos < len) {
		const char *feed = memchr(bytes + pos, '\n', len - pos);

		if (feed == NULL)
			break;
		/* no other line begins with a dash and a dash */
		if (bytes[pos] == '-' && feed > bytes + pos + 1 && bytes[pos + 1] == '-') {
			*out = (size_t)(feed - bytes) + 1;
			return *out <= AGE_HEADER_MAX ? 0 : malformed(err, "longer than 64 KiB");
		}
		pos = (size_t)(feed - bytes) + 1;
	}
	return len < AGE_HEADER_MAX ? 1 : malformed(err, "longer than 64 KiB");
}

int age_header_open(struct age_header *h, const char *text, size_t len, struct sl_error *err)
{
	size_t n = strlen(VERSION_LINE);

	*h = (struct age_header){.text = text, .len = len, .pos = n};
	if (len < n || memcmp(text, VERSION_LINE, n) != 0)
		return malformed(err, "it is not that of an age file, version 1");
	return 0;
}

static int next_line(struct age_header *h, struct sl_bytes *line, struct sl_error *err)
{
	const char *at = h->text + h->pos;
	const char *feed = memchr(at, '\n', h->len - h->pos);

	if (feed == NULL)
		return malformed(err, "it ends inside a line");
	*line = (struct sl_bytes){at, (size_t)(feed - at)};
	h->pos += line->len + 1;
	return 0;
}

/* One or more words of visible ASCII, a single space between. */
static int parse_args(struct age_stanza *s, struct sl_bytes line, struct sl_error *err)
{
	size_t start = 0;

	s->arg_count = 0;
	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.data[i] != ' ') {
			if (line.data[i] < 0x21 || line.data[i] > 0x7e)
				return malformed(err, "a stanza holds another byte than it may");
			continue;
		}
		if (i == start)
			return malformed(err, "a stanza has an empty argument");
		if (s->arg_count < AGE_ARGS_KEPT)
			s->args[s->arg_count] = (struct sl_bytes){line.data + start, i - start};
		s->arg_count++;
		start = i + 1;
	}
	return 0;
}

/* Whole lines of 64 characters and then a shorter one, which may be empty. */
static int parse_body(struct age_header *h, struct age_stanza *s, struct sl_error *err)
{
	struct sl_bytes line = {NULL, 0};

	s->body_len = 0;
	do {
		uint8_t bytes[LINE_BYTES];
		size_t n = 0, room;
		int rc = next_line(h, &line, err);

		if (rc < 0)
			return rc;
		if (decode(bytes, sizeof(bytes), &n, line) < 0)
			return malformed(err, "the body of a stanza is no proper base64");
		room = s->body_len < AGE_BODY_KEPT ? AGE_BODY_KEPT - s->body_len : 0;
		memcpy(s->body + (AGE_BODY_KEPT - room), bytes, n < room ? n : room);
		s->body_len += n;
	} while (line.len == LINE_CHARS);
	return 0;
}

static int parse_end(struct age_header *h, struct sl_bytes line, struct sl_error *err)
{
	size_t mark = strlen(END_MARK);

	if (line.len != mark + 1 + MAC_CHARS || line.data[mark] != ' ' ||
	    age_header_decode(h->mac, sizeof(h->mac),
			      (struct sl_bytes){line.data + mark + 1, MAC_CHARS}) < 0)
		return malformed(err, "the line with the MAC is malformed");
	if (h->pos != h->len)
		return malformed(err, "something stands behind the MAC");
	h->mac_len = (size_t)(line.data - h->text) + mark;
	return 1;
}

int age_header_next(struct age_header *h, struct age_stanza *out, struct sl_error *err)
{
	struct sl_bytes line = {NULL, 0};
	int rc = next_line(h, &line, err);

	if (rc < 0)
		return rc;
	if (line.len >= 3 && memcmp(line.data, END_MARK, 3) == 0)
		return parse_end(h, line, err);
	if (line.len < 3 || memcmp(line.data, "-> ", 3) != 0)
		return malformed(err, "a line is no stanza");
	rc = parse_args(out, (struct sl_bytes){line.data + 3, line.len - 3}, err);
	return rc < 0 ? rc : parse_body(h, out, err);
}

static int compute_mac(const char *text, size_t len, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		       uint8_t out[AGE_KEY_SIZE], struct sl_error *err)
{
	uint8_t key[AGE_KEY_SIZE];
	int rc = age_hkdf(file_key, AGE_FILE_KEY_SIZE, NULL, 0, "header", key, err);

	if (rc == 0)
		rc = age_hmac(key, sizeof(key), text, len, out, err);
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int age_header_check(const struct age_header *h, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		     struct sl_error *err)
{
	uint8_t mac[AGE_KEY_SIZE];
	int rc = compute_mac(h->text, h->mac_len, file_key, mac, err);

	if (rc == 0 && CRYPTO_memcmp(mac, h->mac, sizeof(mac)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0,
			     "age header: it was changed, its MAC does not "
			     "match");
	return rc;
}

/* ---- writing ---- */

int age_header_begin(struct buf *out)
{
	return buf_append_str(out, VERSION_LINE);
}

int age_header_encode(struct buf *out, const uint8_t *bytes, size_t len)
{
	int rc = base64_encode(out, bytes, len);

	while (rc == 0 && out->len > 0 && out->data[out->len - 1] == '=')
		out->data[--out->len] = '\0';
	return rc;
}

int age_header_stanza(struct buf *out, const char *args, const uint8_t *body, size_t len)
{
	(void)buf_printf(out, "-> %s\n", args);
	for (; len >= LINE_BYTES; body += LINE_BYTES, len -= LINE_BYTES) {
		(void)age_header_encode(out, body, LINE_BYTES);
		(void)buf_append_char(out, '\n');
	}
	(void)age_header_encode(out, body, len);
	return buf_append_char(out, '\n');
}

int age_header_finish(struct buf *out, const uint8_t file_key[AGE_FILE_KEY_SIZE],
		      struct sl_error *err)
{
	uint8_t mac[AGE_KEY_SIZE];
	int rc;

	if (buf_append_str(out, END_MARK) < 0)
		return sl_fail(err, (enum sl_code) - out->status, 0, "age header");
	rc = compute_mac(out->data, out->len, file_key, mac, err);
	if (rc < 0)
		return rc;
	(void)buf_append_char(out, ' ');
	(void)age_header_encode(out, mac, sizeof(mac));
	if (buf_append_char(out, '\n') < 0)
		return sl_fail(err, (enum sl_code) - out->status, 0, "age header");
	return 0;
}
