/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tocread.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/digest.h"

#define KEY_MAX 64

static int bad(const char *what, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "table of contents: %s", what);
}

void toc_entry_clear(struct toc_entry *e)
{
	jval_free(e->doc);
	*e = (struct toc_entry){0};
}

void toc_reader_init(struct toc_reader *r, struct istream *in, struct sha256 *hash, uint64_t size,
		     size_t max_entry)
{
	*r = (struct toc_reader){.in = in, .hash = hash, .left = size};
	r->text = BUF_INIT(max_entry);
}

void toc_reader_clear(struct toc_reader *r)
{
	buf_clear(&r->text);
}

/* ---- bytes ---- */

/* The next byte, not consumed: 0; 1 at the end of the text. */
static int peek(struct toc_reader *r, char *c, struct sl_error *err)
{
	if (r->chunk_len == 0) {
		int rc;

		if (r->left == 0)
			return 1;
		rc = istream_next(r->in, &r->chunk, &r->chunk_len, err);
		if (rc != 0) {
			r->chunk_len = 0;
			return rc < 0 ? rc : bad("cut off", err);
		}
		if (r->chunk_len > r->left) {
			r->chunk_len = (size_t)r->left;
			r->has_more = true;
		}
		r->left -= r->chunk_len;
		if (r->hash != NULL)
			sha256_update(r->hash, r->chunk, r->chunk_len);
	}
	*c = (char)*r->chunk;
	return 0;
}

static void consume(struct toc_reader *r)
{
	r->chunk++;
	r->chunk_len--;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What may stand behind a number, true, false or null. */
static bool ends_literal(char c)
{
	return is_blank(c) || c == ',' || c == '}' || c == ']';
}

/* The next byte that is no white space, not consumed. The end is an error. */
static int peek_token(struct toc_reader *r, char *c, struct sl_error *err)
{
	int rc;

	while ((rc = peek(r, c, err)) == 0 && is_blank(*c))
		consume(r);
	return rc == 1 ? bad("cut off", err) : rc;
}

static int expect(struct toc_reader *r, char want, struct sl_error *err)
{
	char c;
	int rc = peek_token(r, &c, err);

	if (rc < 0)
		return rc;
	if (c != want)
		return bad("malformed", err);
	consume(r);
	return 0;
}

/* Move one byte to the value at hand. */
static int keep(struct toc_reader *r, char *c, struct sl_error *err)
{
	int rc = peek(r, c, err);

	if (rc != 0)
		return rc == 1 ? bad("cut off", err) : rc;
	consume(r);
	rc = buf_append_char(&r->text, *c);
	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "table of contents: entry of more than %zu bytes",
			       r->text.max);
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "table of contents") : 0;
}

/* ---- values: found by their brackets here, checked by the parser of JSON ---- */

/* The rest of a string whose quotation mark was kept. */
static int keep_string(struct toc_reader *r, struct sl_error *err)
{
	char c = '\0';
	int rc;

	while ((rc = keep(r, &c, err)) == 0 && c != '"')
		if (c == '\\' && (rc = keep(r, &c, err)) < 0)
			return rc;
	return rc;
}

/* An object or array, to the bracket that closes it. */
static int keep_nested(struct toc_reader *r, struct sl_error *err)
{
	uint64_t depth = 0;

	do {
		char c = '\0';
		int rc = keep(r, &c, err);

		if (rc == 0 && c == '"')
			rc = keep_string(r, err);
		if (rc < 0)
			return rc;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
	} while (depth > 0);
	return 0;
}

/* Any value, into r->text. */
static int read_value(struct toc_reader *r, struct sl_error *err)
{
	char c;
	int rc = peek_token(r, &c, err);

	buf_reset(&r->text);
	if (rc < 0)
		return rc;
	if (c == '{' || c == '[')
		return keep_nested(r, err);
	if (c == '"') {
		rc = keep(r, &c, err);
		return rc < 0 ? rc : keep_string(r, err);
	}
	while ((rc = peek(r, &c, err)) == 0 && !ends_literal(c))
		if ((rc = keep(r, &c, err)) < 0)
			return rc;
	if (rc >= 0 && r->text.len == 0)
		return bad("malformed", err);
	return rc < 0 ? rc : 0;
}

/* ---- keys ---- */

/* One that engines take for @known and we do not. */
static bool is_lookalike(const char *key, const char *known)
{
	return strcasecmp(key, known) == 0 && strcmp(key, known) != 0;
}

static bool is_plain(const char *key)
{
	for (const char *c = key; *c != '\0'; c++)
		if ((signed char)*c < ' ' || *c == '\\')
			return false;
	return key[0] != '\0';
}

static int check_key(const char *key, const char *const known[], size_t count, struct sl_error *err)
{
	if (!is_plain(key))
		return bad("key that programs read differently", err);
	for (size_t i = 0; i < count; i++)
		if (is_lookalike(key, known[i]))
			return bad("key that differs from a known one by its case", err);
	return 0;
}

/* A key of the document and its colon. */
static int read_key(struct toc_reader *r, char key[KEY_MAX], struct sl_error *err)
{
	static const char *const known[] = {"version", "entries"};
	int rc = expect(r, '"', err);

	buf_reset(&r->text);
	if (rc == 0)
		rc = keep_string(r, err);
	if (rc < 0)
		return rc;
	if (r->text.len > KEY_MAX)
		return bad("key of more than 64 bytes", err);
	memcpy(key, r->text.data, r->text.len);
	key[r->text.len - 1] = '\0'; /* the quotation mark */
	if (strlen(key) != r->text.len - 1)
		return bad("key with a NUL", err);
	rc = check_key(key, known, ARRAY_SIZE(known), err);
	return rc < 0 ? rc : expect(r, ':', err);
}

/* ---- the document ---- */

/* Members up to the list of entries: 0; 1 when the document has ended. */
static int read_members(struct toc_reader *r, bool is_first, struct sl_error *err)
{
	for (;; is_first = false) {
		char key[KEY_MAX], c;
		int rc = peek_token(r, &c, err);

		if (rc == 0 && c == '}') {
			consume(r);
			return 1;
		}
		if (rc == 0 && !is_first)
			rc = expect(r, ',', err);
		if (rc == 0)
			rc = read_key(r, key, err);
		if (rc < 0)
			return rc;
		if (strcmp(key, "entries") == 0)
			return r->is_open ? bad("two lists of entries", err) : expect(r, '[', err);
		rc = read_value(r, err);
		if (rc < 0)
			return rc;
		if (strcmp(key, "version") == 0 && strcmp(r->text.data, "1") != 0)
			return bad("version is not 1", err);
	}
}

static int open_document(struct toc_reader *r, struct sl_error *err)
{
	int rc = expect(r, '{', err);

	if (rc == 0)
		rc = read_members(r, true, err);
	if (rc == 1)
		return bad("no list of entries", err);
	r->is_open = rc == 0;
	return rc;
}

/* Behind the last entry: nothing but members of no interest may follow. */
static int end_document(struct toc_reader *r, struct sl_error *err)
{
	char c;
	int rc = read_members(r, false, err);

	if (rc != 1)
		return rc < 0 ? rc : bad("malformed", err);
	while ((rc = peek(r, &c, err)) == 0 && is_blank(c))
		consume(r);
	if (rc == 0)
		return bad("bytes behind it", err);
	r->ended = rc == 1;
	return rc;
}

/* ---- one entry ---- */

static const char *const entry_keys[] = {
	"type",      "name",        "linkName",  "mode",        "size",
	"uid",       "gid",         "devMajor",  "devMinor",    "xattrs",
	"digest",    "offset",      "endOffset", "innerOffset", "modtime",
	"chunkSize", "chunkOffset", "chunkType", "chunkDigest",
};

static int check_member(void *payload, const char *key, const struct jval *m)
{
	(void)m;
	return check_key(key, entry_keys, ARRAY_SIZE(entry_keys), payload);
}

static int get_text(const struct jval *v, const char *key, const char **out, struct sl_error *err)
{
	const struct jval *m = jval_get(v, key);

	*out = jval_str(m);
	return m == NULL || *out != NULL || jval_type(m) == JVAL_NULL
		       ? 0
		       : bad("text expected in an entry", err);
}

static int get_number(const struct jval *v, const char *key, int64_t *out, struct sl_error *err)
{
	const struct jval *m = jval_get(v, key);

	*out = 0;
	if (m == NULL || jval_type(m) == JVAL_NULL)
		return 0;
	return jval_i64(m, out) < 0 ? bad("number expected in an entry", err) : 0;
}

static int decode(struct toc_entry *e, struct sl_error *err)
{
	const struct {
		const char *key, **to;
	} texts[] = {{"type", &e->type},
		     {"name", &e->name},
		     {"linkName", &e->link},
		     {"digest", &e->digest},
		     {"chunkDigest", &e->chunk_digest}};
	const struct {
		const char *key;
		int64_t *to;
	} numbers[] = {{"mode", &e->mode},
		       {"size", &e->size},
		       {"uid", &e->uid},
		       {"gid", &e->gid},
		       {"devMajor", &e->major},
		       {"devMinor", &e->minor},
		       {"chunkSize", &e->chunk_size},
		       {"chunkOffset", &e->chunk_offset}};
	int rc = jval_each(e->doc, check_member, err);

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(texts); i++)
		rc = get_text(e->doc, texts[i].key, texts[i].to, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(numbers); i++)
		rc = get_number(e->doc, numbers[i].key, numbers[i].to, err);
	if (rc < 0)
		return rc;
	e->xattrs = jval_get(e->doc, "xattrs");
	if (e->xattrs != NULL && jval_type(e->xattrs) == JVAL_NULL)
		e->xattrs = NULL;
	if (e->xattrs != NULL && jval_type(e->xattrs) != JVAL_OBJECT)
		return bad("xattrs are no object", err);
	if (e->type == NULL || e->name == NULL)
		return bad("entry without a type or a name", err);
	return 0;
}

int toc_reader_next(struct toc_reader *r, struct toc_entry *out, struct sl_error *err)
{
	char c = '\0';
	int rc = 0;

	*out = (struct toc_entry){0};
	if (r->ended)
		return 1;
	if (!r->is_open)
		rc = open_document(r, err);
	if (rc == 0)
		rc = peek_token(r, &c, err);
	if (rc == 0 && c == ']') {
		consume(r);
		return end_document(r, err);
	}
	if (rc == 0 && r->any_entry)
		rc = expect(r, ',', err);
	if (rc == 0)
		rc = peek_token(r, &c, err);
	if (rc == 0 && c != '{')
		rc = bad("entry that is no object", err);
	if (rc == 0)
		rc = read_value(r, err);
	if (rc < 0)
		return rc;
	r->any_entry = true;
	rc = jval_parse(&out->doc, r->text.data, r->text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "table of contents: entry");
	rc = decode(out, err);
	if (rc < 0)
		toc_entry_clear(out);
	return rc;
}
