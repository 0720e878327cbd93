/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence that is masked before it is handed on. The first byte says whose file it is, the second
 * how large the pieces are; a byte 0xff in the rest is where a secret is planted, on a line of its
 * own. Nothing before or behind it brings it to light, every line and every NUL stays, and pieces
 * change nothing. The same bytes as members of a record: it is still one line of JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "job/redact.h"

#define SECRET "Zq7planted"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static const struct {
	const char *role, *path;
	struct sl_bytes before, behind;
	char end; /* of a line, or of a text */
} kinds[] = {
	{"upper", "/srv/app.conf", BYTES("\npassword="), BYTES("\n"), '\n'},
	{"upper", "/srv/app.yaml", BYTES("\n  - api_key: '"), BYTES("'\n"), '\n'},
	{"upper", "/etc/shadow", BYTES("\na:$6$"), BYTES(":19000::::::\n"), '\n'},
	{"upper", "/srv/log", BYTES("\nhttps://ada:"), BYTES("@example.org/\n"), '\n'},
	{"lower", "/3/root/.pgpass", BYTES("\n"), BYTES("\n"), '\n'},
	{"upper", "/srv/log", BYTES("\n{\"a\":{\"client_secret\":\""), BYTES("\"}}\n"), '\n'},
	{"process", "/7/environ", BYTES("\0VARIABLE="), BYTES("\0"), '\0'},
	{"process", "/7/cmdline", BYTES("\0--password\0"), BYTES("\0"), '\0'},
};

static void must(bool good)
{
	if (!good)
		abort();
}

static int collect(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	(void)err;
	return buf_append(payload, bytes, len);
}

static int mask(struct buf *out, size_t kind, const struct buf *text, size_t step)
{
	const char *path = kinds[kind].path;
	CLEANUP(redact_clear) struct redact r;
	int rc = 0;

	redact_init(&r, kinds[kind].role, (struct sl_bytes){path, strlen(path)}, collect, out);
	for (size_t at = 0; rc == 0 && at < text->len; at += step)
		rc = redact_bytes(&r, text->data + at,
				  text->len - at < step ? text->len - at : step, NULL);
	return rc < 0 ? rc : redact_end(&r, NULL);
}

static size_t count(const struct buf *b, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == c;
	return n;
}

/* @text with the secret where its mark is. */
static void plant(struct buf *out, size_t kind, const char *text, size_t size)
{
	const char *mark = memchr(text, 0xff, size);
	size_t len = mark != NULL ? (size_t)(mark - text) : size;

	must(buf_append(out, text, len) == 0);
	if (mark == NULL)
		return;
	must(buf_append(out, kinds[kind].before.data, kinds[kind].before.len) == 0);
	must(buf_append_str(out, SECRET) == 0);
	must(buf_append(out, kinds[kind].behind.data, kinds[kind].behind.len) == 0);
	must(buf_append(out, mark + 1, size - len - 1) == 0);
}

static void mask_file(size_t kind, size_t step, const char *text, size_t size)
{
	CLEANUP(buf_clear) struct buf in = BUF_INIT((size_t)1 << 20);
	CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)16 << 20);
	CLEANUP(buf_clear) struct buf pieces = BUF_INIT((size_t)16 << 20);
	int rc;

	/* what says the secret itself proves nothing */
	if (memmem(text, size, SECRET, strlen(SECRET)) != NULL)
		return;
	plant(&in, kind, text, size);
	rc = mask(&out, kind, &in, in.len + 1);
	must(mask(&pieces, kind, &in, step) == rc);
	must(rc == 0 || rc == -SL_EUNSUPPORTED);
	must(out.len == 0 || memmem(out.data, out.len, SECRET, strlen(SECRET)) == NULL);
	if (rc < 0)
		return;
	must(out.len == pieces.len &&
	     (out.len == 0 || memcmp(out.data, pieces.data, out.len) == 0));
	must(count(&out, kinds[kind].end) == count(&in, kinds[kind].end));
}

/* What is masked parses as what it was made of, and holds no secret. */
static void mask_record(const char *text, size_t size)
{
	CLEANUP(buf_clear) struct buf in = BUF_INIT((size_t)1 << 20);
	CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)16 << 20);
	AUTO_JVAL struct jval *doc = NULL, *masked = NULL;

	if (memmem(text, size, SECRET, strlen(SECRET)) != NULL || memchr(text, '\n', size) != NULL)
		return;
	must(buf_append_char(&in, '{') == 0 && buf_append(&in, text, size) == 0);
	must(buf_append_str(&in, ",\"db_password\":\"" SECRET "\"}") == 0);
	if (jval_parse(&doc, in.data, in.len, NULL) < 0)
		return;
	must(redact_record(&out, in.data, in.len, NULL) == 0);
	must(memchr(out.data, '\n', out.len) == NULL);
	must(memmem(out.data, out.len, SECRET, strlen(SECRET)) == NULL);
	must(jval_parse(&masked, out.data, out.len, NULL) == 0);
	must(jval_len(masked) == jval_len(doc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 65536)
		return 0;
	mask_file(data[0] % ARRAY_SIZE(kinds), (size_t)data[1] + 1, (const char *)data + 2,
		  size - 2);
	mask_record((const char *)data + 2, size - 2);
	return 0;
}
