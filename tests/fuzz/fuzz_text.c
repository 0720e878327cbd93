/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the texts that every room makes of them and reads: quoted, in JSON, in hexadecimal,
 * in base64; times. What is written is read back as what it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static bool same(const struct buf *b, struct sl_bytes text)
{
	return b->len == text.len && (text.len == 0 || memcmp(b->data, text.data, text.len) == 0);
}

/* ---- for a terminal ---- */

static unsigned int hex(const char *digits, size_t len)
{
	char text[8] = "";
	char *end;
	unsigned long n;

	must(len > 0 && len < sizeof(text));
	memcpy(text, digits, len);
	n = strtoul(text, &end, 16);
	must(*end == '\0');
	return (unsigned int)n;
}

static void put_code(struct buf *out, uint32_t code)
{
	char bytes[4] = {(char)(0xf0 | code >> 18), (char)(0x80 | (code >> 12 & 0x3f)),
			 (char)(0x80 | (code >> 6 & 0x3f)), (char)(0x80 | (code & 0x3f))};
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (n < 4)
		bytes[4 - n] = (char)((n == 2 ? 0xc0 : 0xe0) | code >> 6 * (n - 1));
	must(buf_append(out, bytes + 4 - n, n) == 0);
}

static void unquote(struct buf *out, const char *at, const char *end)
{
	while (at < end) {
		if (*at != '\\') {
			must(buf_append_char(out, *at++) == 0);
		} else if (at[1] == '\\') {
			must(buf_append_char(out, '\\') == 0);
			at += 2;
		} else if (at[1] == 'x') {
			must(buf_append_char(out, (char)hex(at + 2, 2)) == 0);
			at += 4;
		} else {
			const char *close = memchr(at, '}', (size_t)(end - at));

			must(at[1] == 'u' && at[2] == '{' && close != NULL);
			put_code(out, hex(at + 3, (size_t)(close - at) - 3));
			at = close + 1;
		}
	}
}

static void quoted(struct sl_bytes text)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)1 << 20);
	CLEANUP(buf_clear) struct buf back = BUF_INIT((size_t)1 << 20);
	AUTO_FREE char *shown = quote_short(text.data, text.len);

	must(quote_bytes(&out, text.data, text.len) == 0 && shown != NULL);
	for (size_t i = 0; i < out.len; i++)
		must((unsigned char)out.data[i] >= ' ' && out.data[i] != 0x7f);
	must(out.len == 0 || utf8_valid(out.data, out.len));
	must(utf8_valid(shown, strlen(shown)) && strlen(shown) <= 4096);
	must(quote_width(out.data, out.len) <= 2 * out.len);
	unquote(&back, out.data, out.data + out.len);
	must(same(&back, text));
}

/* ---- for programs ---- */

static void in_json(struct sl_bytes text)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)1 << 20);
	CLEANUP(buf_clear) struct buf back = BUF_INIT((size_t)1 << 20);
	AUTO_JVAL struct jval *doc = NULL;
	const char *plain, *coded;
	struct sl_bytes found;
	struct jout j;

	jout_begin(&j, &out);
	jout_object(&j);
	jout_bytes(&j, "k", "", text);
	jout_key(&j, "t");
	jout_strn(&j, text.data, text.len);
	jout_object_end(&j);
	must(jout_end(&j) == 0 && memchr(out.data, '\n', out.len) == NULL);
	if (jval_parse(&doc, out.data, out.len, NULL) < 0) {
		/* NUL has a code in JSON that readers of ours do not take */
		must(memchr(text.data, '\0', text.len) != NULL);
		return;
	}
	plain = jval_str(jval_get(doc, "k"));
	coded = jval_str(jval_get(doc, "k_b64"));
	if (plain != NULL)
		must(buf_append_str(&back, plain) == 0);
	else
		must(base64_decode(&back, coded, strlen(coded)) == 0);
	must(same(&back, text) && (plain != NULL) == utf8_valid(text.data, text.len));
	if (json_scan_text(out.data, out.len, "k", &found) == 0)
		must(found.len == text.len && memcmp(found.data, text.data, text.len) == 0);
}

static void encoded(struct sl_bytes text)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)1 << 20);
	CLEANUP(buf_clear) struct buf back = BUF_INIT((size_t)1 << 20);
	AUTO_FREE char *digits = malloc(2 * text.len + 1), *bytes = malloc(text.len + 1);

	must(digits != NULL && bytes != NULL);
	hex_encode(digits, text.data, text.len);
	must(hex_decode(bytes, text.len, digits, 2 * text.len) == 0);
	must(memcmp(bytes, text.data, text.len) == 0);
	must(base64_encode(&out, text.data, text.len) == 0);
	must(base64_decode(&back, out.data != NULL ? out.data : "", out.len) == 0);
	must(same(&back, text));
	/* and the other way round: there is one way to write what is taken */
	buf_reset(&out);
	buf_reset(&back);
	if (base64_decode(&back, text.data, text.len) == 0) {
		must(base64_encode(&out, back.data, back.len) == 0);
		must(same(&out, text));
	}
	buf_reset(&back);
	(void)base64url_decode(&back, text.data, text.len);
}

/* A character is taken or not, one by one and all at once. */
static void walked(struct sl_bytes text)
{
	bool is_valid = true;
	uint32_t code;

	for (size_t at = 0; is_valid && at < text.len;) {
		size_t n = utf8_next(text.data + at, text.len - at, &code);

		must(n <= 4 && (n == 0 || (code <= 0x10ffff && (code < 0xd800 || code > 0xdfff))));
		is_valid = n > 0;
		at += n;
	}
	must(is_valid == utf8_valid(text.data, text.len));
}

/* ---- times ---- */

static void timed(struct sl_bytes text)
{
	char out[CLOCK_TEXT_SIZE], again[CLOCK_TEXT_SIZE];
	struct sl_time t = {0}, back;

	if (clock_parse(&t, text.data, text.len) == 0) {
		must(t.nsec < 1000000000);
		clock_format(out, t);
		if (clock_parse(&back, out, strlen(out)) == 0)
			must(clock_compare(t, back) == 0);
		else
			must(t.sec < -62167219200 || t.sec > 253402300799); /* years 0 to 9999 */
	}
	if (text.len < sizeof(t.sec))
		return;
	memcpy(&t.sec, text.data, sizeof(t.sec));
	clock_format(out, t);
	clock_format_short(again, t);
	must(strlen(out) < sizeof(out) && strncmp(out, again, 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_bytes text = {(const char *)data, size};

	if (size == 0 || size > 65536)
		return 0;
	quoted(text);
	in_json(text);
	encoded(text);
	walked(text);
	timed(text);
	return 0;
}
