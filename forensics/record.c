/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/record.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/encode.h"

enum { TIME_LEN = 30, NUMBER_DIGITS = 19, LEVELS_MAX = 64 };

/* What is left of a line while its head is taken apart. */
struct scan {
	const char *p;
	size_t len;
};

static bool scan_text(struct scan *s, const char *text)
{
	size_t n = strlen(text);

	if (s->len < n || memcmp(s->p, text, n) != 0)
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

/* Decimal, without needless zeros in front. */
static bool scan_number(struct scan *s, uint64_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < s->len && n < NUMBER_DIGITS && s->p[n] >= '0' && s->p[n] <= '9')
		*out = *out * 10 + (uint64_t)(s->p[n++] - '0');
	if (n == 0 || (n > 1 && s->p[0] == '0'))
		return false;
	s->p += n;
	s->len -= n;
	return true;
}

static bool scan_time(struct scan *s, struct sl_time *out)
{
	static const char shape[TIME_LEN + 1] = "0000-00-00T00:00:00.000000000Z";

	if (s->len < TIME_LEN)
		return false;
	for (size_t i = 0; i < TIME_LEN; i++) {
		if (shape[i] == '0' ? s->p[i] < '0' || s->p[i] > '9' : s->p[i] != shape[i])
			return false;
	}
	if (clock_parse(out, s->p, TIME_LEN) < 0)
		return false;
	s->p += TIME_LEN;
	s->len -= TIME_LEN;
	return true;
}

static bool scan_type(struct scan *s, char out[RECORD_TYPE_MAX + 1])
{
	size_t n = 0;

	while (n < s->len && n < RECORD_TYPE_MAX &&
	       ((s->p[n] >= 'a' && s->p[n] <= 'z') || (s->p[n] >= '0' && s->p[n] <= '9') ||
		strchr("._-", s->p[n]) != NULL) &&
	       s->p[n] != '\0')
		n++;
	memcpy(out, s->p, n);
	out[n] = '\0';
	s->p += n;
	s->len -= n;
	return n > 0;
}

int record_parse_head(struct record *out, const char *line, size_t len, struct sl_error *err)
{
	struct scan s = {line, len};
	uint64_t target;

	*out = (struct record){0};
	if (!scan_text(&s, "{\"v\":1,\"seq\":") || !scan_number(&s, &out->seq) ||
	    !scan_text(&s, ",\"prev\":\"") || s.len < 64 ||
	    hex_decode(out->prev, sizeof(out->prev), s.p, 64) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "record does not begin with v, seq and prev");
	s.p += 64;
	s.len -= 64;
	if (!scan_text(&s, "\",\"t\":\"") || !scan_time(&s, &out->time) ||
	    !scan_text(&s, "\",\"boot_ns\":\"") || !scan_number(&s, &out->boot_ns) ||
	    !scan_text(&s, "\",\"type\":\"") || !scan_type(&s, out->type) ||
	    !scan_text(&s, "\",\"target\":") || !scan_number(&s, &target) || target > UINT32_MAX ||
	    s.len == 0 || (*s.p != ',' && *s.p != '}'))
		return sl_fail(err, SL_EFORMAT, 0,
			       "record does not go on with t, boot_ns, type and target");
	out->target = (uint32_t)target;
	return 0;
}

/*
 * What JSON allows and readers disagree about: how deep they follow, and what becomes of a number
 * that is no integer. NULL when there is none of it.
 */
static const char *objection(const char *line, size_t len)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < ' ')
			return "record with a control character";
		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > LEVELS_MAX)
				return "record of too many levels";
		} else if (c == ']' || c == '}') {
			depth -= depth > 0;
		} else if (c == '.' || c == 'E' ||
			   (c == 'e' && i > 0 && line[i - 1] >= '0' && line[i - 1] <= '9')) {
			return "record with a number that is no integer";
		}
	}
	return NULL;
}

int record_parse(struct record *out, const char *line, size_t len, struct sl_error *err)
{
	int rc = record_parse_head(out, line, len, err);
	const char *why;

	if (rc < 0)
		return rc;
	why = objection(line, len);
	if (why != NULL)
		return sl_fail(err, SL_EFORMAT, 0, "%s", why);
	rc = jval_parse(&out->doc, line, len, err);
	if (rc == 0 && jval_type(out->doc) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "record that is no object");
	return rc;
}

void record_clear(struct record *r)
{
	jval_free(r->doc);
	r->doc = NULL;
}

int record_number(const char *text, size_t len, uint64_t *out)
{
	struct scan s = {text, len};

	return scan_number(&s, out) && s.len == 0 ? 0 : -SL_EFORMAT;
}

int record_u64(const struct jval *v, uint64_t *out)
{
	const char *text = jval_str(v);
	int64_t n;

	if (text != NULL)
		return record_number(text, strlen(text), out);
	if (jval_i64(v, &n) < 0 || n < 0)
		return -SL_EFORMAT;
	*out = (uint64_t)n;
	return 0;
}

int record_stored(const struct jval *v, struct stored *out, struct sl_error *err)
{
	const char *sha256 = jval_str(jval_get(v, "sha256"));

	out->member = jval_str(jval_get(v, "member"));
	if (out->member == NULL)
		return 1;
	out->member_len = strlen(out->member);
	if (record_u64(jval_get(v, "bytes"), &out->bytes) < 0 || sha256 == NULL ||
	    hex_decode(out->sha256, sizeof(out->sha256), sha256, strlen(sha256)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "record without size or digest of its member");
	return 0;
}

int record_bytes(const struct jval *v, const char *key, struct buf *out)
{
	const char *text = jval_str(jval_get(v, key));
	char other[64];
	int n;

	if (text != NULL)
		return buf_append_str(out, text);
	n = snprintf(other, sizeof(other), "%s_b64", key);
	text = n > 0 && (size_t)n < sizeof(other) ? jval_str(jval_get(v, other)) : NULL;
	return text == NULL ? 1 : base64_decode(out, text, strlen(text));
}

int record_path(const struct jval *v, const char *key, struct buf *out)
{
	size_t before = out->len;
	int rc = record_bytes(v, key, out);

	if (rc == 0 && out->len > before &&
	    memchr(out->data + before, '\0', out->len - before) != NULL)
		return -SL_EFORMAT;
	return rc;
}

int journal_line(const struct buf *journal, size_t *pos, const char **line, size_t *len,
		 struct sl_error *err)
{
	size_t left = journal->len - *pos;
	const char *feed;

	if (left == 0)
		return 1;
	*line = journal->data + *pos;
	feed = memchr(*line, '\n', left < SL_BUNDLE_LINE_BYTES ? left : SL_BUNDLE_LINE_BYTES);
	if (feed == NULL)
		return sl_fail(err, SL_EFORMAT, 0,
			       left < SL_BUNDLE_LINE_BYTES ? "line without an end"
							   : "line of more than 64 KiB");
	*len = (size_t)(feed - *line);
	*pos += *len + 1;
	return 0;
}
