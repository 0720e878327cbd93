/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/journal.h"

#include <inttypes.h>
#include <string.h>

#include <strandline/bundle.h>

#include "core/clock.h"
#include "core/encode.h"

int journal_init(struct journal *j, struct sl_error *err)
{
	int rc;

	*j = (struct journal){.lines = BUF_INIT(JOURNAL_SEGMENT_BYTES + SL_BUNDLE_LINE_BYTES),
			      .line = BUF_INIT(SL_BUNDLE_LINE_BYTES)};
	rc = sha256_new(&j->h, err);
	if (rc == 0)
		merkle_init(&j->tree, j->h);
	return rc;
}

void journal_clear(struct journal *j)
{
	sha256_free(j->h);
	buf_clear(&j->lines);
	buf_clear(&j->line);
	j->h = NULL;
}

/* A word that needs no quoting. */
static bool is_word(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return n > 0 && n <= 32 && text[n] == '\0';
}

/* One line of UTF-8: a control character in it would break the line or the JSON. */
static bool is_one_line(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < 0x20)
			return false;
	return utf8_valid(text, len);
}

static int build_line(struct journal *j, const char *type, uint32_t target, const char *members,
		      size_t members_len)
{
	char prev[2 * SL_SHA256_SIZE + 1], now[CLOCK_TEXT_SIZE];

	hex_encode(prev, j->prev, sizeof(j->prev));
	clock_format(now, clock_now());
	buf_reset(&j->line);
	(void)buf_printf(&j->line,
			 "{\"v\":1,\"seq\":%" PRIu64 ",\"prev\":\"%s\",\"t\":\"%s\",\"boot_ns\":"
			 "\"%" PRIu64 "\",\"type\":\"%s\",\"target\":%" PRIu32,
			 j->tree.size, prev, now, clock_boot_ns(), type, target);
	if (members_len > 0)
		(void)buf_append_char(&j->line, ',');
	(void)buf_append(&j->line, members, members_len);
	return buf_append(&j->line, "}\n", 2);
}

int journal_append(struct journal *j, const char *type, uint32_t target, const char *members,
		   struct sl_error *err)
{
	size_t len = members != NULL ? strlen(members) : 0;
	int rc;

	if (!is_word(type) || !is_one_line(members, len))
		return sl_fail(err, SL_EINVAL, 0, "record: not one line of text");
	rc = build_line(j, type, target, members, len);
	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "record '%s' is longer than %u bytes", type,
			       SL_BUNDLE_LINE_BYTES);
	if (rc < 0 || buf_reserve(&j->lines, j->line.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "record '%s'", type);
	sha256_reset(j->h);
	sha256_update(j->h, j->line.data, j->line.len);
	rc = sha256_final(j->h, j->prev, err);
	if (rc == 0)
		rc = merkle_append(&j->tree, j->line.data, j->line.len, err);
	if (rc < 0)
		return rc;
	(void)buf_append(&j->lines, j->line.data, j->line.len);
	j->segment_records++;
	return 0;
}

void journal_next_segment(struct journal *j)
{
	buf_reset(&j->lines);
	j->segment_records = 0;
}
