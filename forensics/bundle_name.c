/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/bundle_name.h"

#include <inttypes.h>
#include <string.h>

#include "core/digest.h"
#include "core/encode.h"

static bool is_safe(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

/* One component, which is not empty. */
static void encode(struct buf *out, const char *text, size_t len)
{
	bool dots = (len == 1 && text[0] == '.') || (len == 2 && memcmp(text, "..", 2) == 0);

	for (size_t i = 0; i < len; i++) {
		if (is_safe(text[i]) && !dots)
			(void)buf_append_char(out, text[i]);
		else
			(void)buf_printf(out, "%%%02X", (unsigned int)(uint8_t)text[i]);
	}
}

static void encode_path(struct buf *out, const char *path, size_t len)
{
	const char *p = path, *end = path + len;

	while (p < end && out->status == 0) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t n = (size_t)((slash != NULL ? slash : end) - p);

		if (n > 0) {
			if (out->len > 0)
				(void)buf_append_char(out, '/');
			encode(out, p, n);
		}
		p += n + 1;
	}
}

/* The member's name, or a folder of that name, which could not be unpacked beside it. */
static bool is_attributes(const char *name)
{
	size_t n = strlen(BUNDLE_ATTRIBUTES);

	return strncmp(name, BUNDLE_ATTRIBUTES, n) == 0 && (name[n] == '\0' || name[n] == '/');
}

static int by_digest(struct buf *out, const char *path, size_t len, struct sl_error *err)
{
	char hex[2 * SL_SHA256_SIZE + 1];
	uint8_t digest[SL_SHA256_SIZE];
	int rc = sha256_once(path, len, digest, err);

	if (rc < 0)
		return rc;
	hex_encode(hex, digest, sizeof(digest));
	if (buf_append_char(out, '~') < 0 || buf_append_str(out, hex) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "member name");
	return 0;
}

int bundle_name(struct buf *out, const char *path, size_t len, struct sl_error *err)
{
	struct buf name = BUF_INIT(BUNDLE_NAME_MAX);
	int rc = 0;

	encode_path(&name, path, len);
	if (name.status == -SL_ELIMIT || name.len == 0 ||
	    (name.status == 0 && is_attributes(name.data)))
		rc = by_digest(out, path, len, err);
	else if (name.status < 0 || buf_append(out, name.data, name.len) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "member name");
	buf_clear(&name);
	return rc;
}

int bundle_member(struct buf *out, uint64_t seq, const char *name, int64_t part)
{
	(void)buf_printf(out, "d/%08" PRIu64 "/%s", seq, name);
	if (part >= 0)
		(void)buf_printf(out, ".part%04" PRId64, part);
	return out->status;
}
