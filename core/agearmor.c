/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agearmor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/tempfile.h"

#define BEGIN_LINE "-----BEGIN AGE ENCRYPTED FILE-----"
#define END_LINE "-----END AGE ENCRYPTED FILE-----"
enum { LINE_CHARS = 64, LINE_MAX_CHARS = 80, READ_BYTES = 64 << 10 };

bool age_is_armored(const uint8_t *bytes, size_t len)
{
	return len >= strlen(BEGIN_LINE) && memcmp(bytes, BEGIN_LINE, strlen(BEGIN_LINE)) == 0;
}

struct armor {
	int fd; /* of the temporary file */
	struct buf pending;
	uint64_t lines;
	bool is_short; /* only the end may follow */
	bool is_ended; /* only white space may */
	char line[LINE_MAX_CHARS];
	size_t len;
};

static int malformed(const struct armor *a, const char *why, struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "ASCII armor, line %llu: %s",
		       (unsigned long long)a->lines + 1, why);
}

static bool is_line(const struct armor *a, const char *text)
{
	return a->len == strlen(text) && memcmp(a->line, text, a->len) == 0;
}

static bool is_blank(const struct armor *a)
{
	for (size_t i = 0; i < a->len; i++)
		if (strchr(" \t\r", a->line[i]) == NULL || a->line[i] == '\0')
			return false;
	return true;
}

static int flush(struct armor *a, struct sl_error *err)
{
	int rc = a->pending.len == 0 ? 0
				     : tempfile_write(a->fd, a->pending.data, a->pending.len, err);

	buf_reset(&a->pending);
	return rc;
}

static int take_line(struct armor *a, struct sl_error *err)
{
	if (a->len > 0 && a->line[a->len - 1] == '\r')
		a->len--;
	if (a->is_ended)
		return is_blank(a) ? 0 : malformed(a, "something stands behind the end", err);
	if (a->lines == 0)
		return is_line(a, BEGIN_LINE) ? 0 : malformed(a, "no beginning", err);
	if (is_line(a, END_LINE)) {
		a->is_ended = true;
		return 0;
	}
	if (a->is_short || a->len == 0 || a->len > LINE_CHARS)
		return malformed(a, "lines have 64 characters, only the last fewer", err);
	a->is_short = a->len < LINE_CHARS;
	if (base64_decode(&a->pending, a->line, a->len) < 0)
		return malformed(a, "no proper base64", err);
	/* padding ends the data wherever it stands */
	a->is_short = a->is_short || a->line[a->len - 1] == '=';
	return a->pending.len >= READ_BYTES ? flush(a, err) : 0;
}

static int take(struct armor *a, const char *bytes, size_t len, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < len; i++) {
		if (bytes[i] == '\n') {
			rc = take_line(a, err);
			a->lines++;
			a->len = 0;
		} else if (a->len == sizeof(a->line)) {
			rc = malformed(a, "too long", err);
		} else {
			a->line[a->len++] = bytes[i];
		}
	}
	return rc;
}

static int read_all(struct armor *a, struct rfile *inner, struct sl_error *err)
{
	AUTO_FREE char *bytes = malloc(READ_BYTES);
	uint64_t at = 0;
	int rc = bytes == NULL ? sl_fail(err, SL_ENOMEM, 0, "ASCII armor") : 0;

	while (rc == 0) {
		size_t len = 0;

		rc = rfile_read_at(inner, at, bytes, READ_BYTES, &len, err);
		if (rc == 0)
			rc = take(a, bytes, len, err);
		at += len;
	}
	/* the end needs no line feed; anything else without one was cut */
	if (rc == 1 && a->len > 0 && !a->is_ended && is_line(a, END_LINE))
		a->is_ended = true;
	else if (rc == 1 && a->is_ended && !is_blank(a))
		return malformed(a, "something stands behind the end", err);
	return rc < 0 ? rc : flush(a, err);
}

int age_unarmor(struct rfile **out, struct rfile *inner, struct sl_error *err)
{
	struct armor a = {.fd = tempfile_open(NULL, err), .pending = BUF_INIT(2 * READ_BYTES)};
	int rc = a.fd < 0 ? a.fd : read_all(&a, inner, err);

	buf_clear(&a.pending);
	if (rc == 0 && lseek(a.fd, 0, SEEK_SET) != 0)
		rc = sl_fail(err, SL_EIO, errno, "temporary file");
	if (rc == 0)
		return rfile_from_fd(out, a.fd, err);
	if (a.fd >= 0)
		close(a.fd);
	return rc;
}
