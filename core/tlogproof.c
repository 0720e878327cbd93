/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tlogproof.h"

#include <inttypes.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"

static const char magic[] = "c2sp.org/tlog-proof@v1";

enum { INDEX_DIGITS = 19, HASH_BASE64 = 44 };

int tlogproof_write(struct buf *out, const void *extra, size_t extra_len, uint64_t index,
		    const struct merkle_proof *proof, struct sl_bytes note)
{
	(void)buf_printf(out, "%s\n", magic);
	if (extra != NULL) {
		(void)buf_append_str(out, "extra ");
		(void)base64_encode(out, extra, extra_len);
		(void)buf_append_char(out, '\n');
	}
	(void)buf_printf(out, "index %" PRIu64 "\n", index);
	for (size_t i = 0; i < proof->count; i++) {
		(void)base64_encode(out, proof->hash[i], SL_SHA256_SIZE);
		(void)buf_append_char(out, '\n');
	}
	(void)buf_append_char(out, '\n');
	return buf_append(out, note.data, note.len);
}

/* A line without its line feed, which must be there. */
static bool next_line(const char *bytes, size_t len, size_t *pos, struct sl_bytes *line)
{
	const char *feed = *pos < len ? memchr(bytes + *pos, '\n', len - *pos) : NULL;

	if (feed == NULL)
		return false;
	*line = (struct sl_bytes){bytes + *pos, (size_t)(feed - bytes) - *pos};
	*pos += line->len + 1;
	return true;
}

static bool is_line(struct sl_bytes line, const char *text)
{
	return line.len == strlen(text) && memcmp(line.data, text, line.len) == 0;
}

/* What stands behind a word and a blank. */
static bool behind(struct sl_bytes line, const char *word, struct sl_bytes *out)
{
	size_t n = strlen(word);

	if (line.len < n || memcmp(line.data, word, n) != 0)
		return false;
	*out = (struct sl_bytes){line.data + n, line.len - n};
	return true;
}

static bool parse_index(struct sl_bytes text, uint64_t *out)
{
	*out = 0;
	if (text.len == 0 || text.len > INDEX_DIGITS || (text.len > 1 && text.data[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(text.data[i] - '0');
	}
	return true;
}

static int parse_hash(struct merkle_proof *p, struct sl_bytes line, struct sl_error *err)
{
	struct buf raw = BUF_INIT(SL_SHA256_SIZE + 1);
	int rc = -SL_EFORMAT;

	if (p->count == ARRAY_SIZE(p->hash))
		return sl_fail(err, SL_EFORMAT, 0, "inclusion proof of more than 64 hashes");
	if (line.len == HASH_BASE64)
		rc = base64_decode(&raw, line.data, line.len);
	if (rc == 0 && raw.len == SL_SHA256_SIZE)
		memcpy(p->hash[p->count++], raw.data, SL_SHA256_SIZE);
	else
		rc = rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "inclusion proof")
				      : sl_fail(err, SL_EFORMAT, 0,
						"line in an inclusion proof that is no hash");
	buf_clear(&raw);
	return rc;
}

static int parse_hashes(struct tlogproof *out, const char *bytes, size_t len, size_t *pos,
			struct sl_error *err)
{
	struct sl_bytes line;

	while (next_line(bytes, len, pos, &line)) {
		int rc;

		if (line.len == 0)
			return 0;
		rc = parse_hash(&out->proof, line, err);
		if (rc < 0)
			return rc;
	}
	return sl_fail(err, SL_EFORMAT, 0, "inclusion proof without a checkpoint");
}

/* Up to the next proof, or the end. */
static void take_note(struct tlogproof *out, const char *bytes, size_t len, size_t *pos)
{
	size_t start = *pos, next = *pos;
	struct sl_bytes line;

	while (next_line(bytes, len, &next, &line) && !is_line(line, magic))
		*pos = next;
	/* a last line without its line feed belongs to the note, which will not like it */
	if (next == *pos)
		*pos = len;
	out->note = (struct sl_bytes){bytes + start, *pos - start};
}

int tlogproof_next(struct tlogproof *out, const char *bytes, size_t len, size_t *pos,
		   struct sl_error *err)
{
	struct sl_bytes line, rest;
	int rc;

	if (*pos == len)
		return 1;
	*out = (struct tlogproof){0};
	if (!next_line(bytes, len, pos, &line) || !is_line(line, magic))
		return sl_fail(err, SL_EFORMAT, 0, "not an inclusion proof ('%s')", magic);
	if (!next_line(bytes, len, pos, &line))
		return sl_fail(err, SL_EFORMAT, 0, "inclusion proof without an index");
	if (behind(line, "extra ", &out->extra) && !next_line(bytes, len, pos, &line))
		return sl_fail(err, SL_EFORMAT, 0, "inclusion proof without an index");
	if (!behind(line, "index ", &rest) || !parse_index(rest, &out->index))
		return sl_fail(err, SL_EFORMAT, 0, "inclusion proof without an index");
	rc = parse_hashes(out, bytes, len, pos, err);
	if (rc == 0)
		take_note(out, bytes, len, pos);
	return rc;
}
