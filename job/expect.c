/* SPDX-License-Identifier: Apache-2.0 */
#include "job/expect.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/root.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The digest at the beginning of a line; what stands behind it is a name. */
static int read_line(uint8_t out[SL_SHA256_SIZE], const char *line, size_t len)
{
	size_t word = 0;

	while (word < len && !is_blank(line[word]))
		word++;
	if (word == (size_t)2 * SL_SHA256_SIZE)
		return hex_decode(out, SL_SHA256_SIZE, line, word);
	return digest_parse(out, line, word);
}

int expect_list(const struct sl_image *image, const char *text, size_t len, struct sl_error *err)
{
	const char *at = text, *end = text + len;
	bool found = false;

	for (size_t number = 1; at < end; number++) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		const char *next = eol != NULL ? eol + 1 : end;
		uint8_t digest[SL_SHA256_SIZE];

		while (at < next && (is_blank(*at) || *at == '\n'))
			at++;
		if (at < next && *at != '#') {
			size_t rest = (size_t)((eol != NULL ? eol : end) - at);

			if (read_line(digest, at, rest) < 0)
				return sl_fail(err, SL_EFORMAT, 0, "line %zu is no sha256 digest",
					       number);
			found = found || sl_image_named_by(image, digest, 0) != SL_IMAGE_NAME_NONE;
		}
		at = next;
	}
	return found ? 0 : 1;
}

static int unexpected(const struct sl_image *image, const char *word, struct sl_error *err)
{
	char config[DIGEST_TEXT_SIZE], manifest[DIGEST_TEXT_SIZE] = "none that can be verified";
	AUTO_FREE char *shown = quote_dup(word, strlen(word));

	digest_format(config, image->config_digest);
	if (image->has_manifest_digest && image->manifest != NULL)
		digest_format(manifest, image->manifest_digest);
	return sl_fail(err, SL_EUNTRUSTED, 0, "image has manifest %s%s and config %s, expected %s",
		       manifest, image->index_count > 0 ? ", listed by an index," : "", config,
		       shown != NULL ? shown : "another");
}

int expect_image(struct sl_image *image, const char *word, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(EXPECT_MAX_BYTES);
	bool is_digest = strncmp(word, "sha256:", 7) == 0;
	uint8_t digest[SL_SHA256_SIZE];
	int rc;

	if (is_digest && digest_parse(digest, word, strlen(word)) < 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "expected digest is not of the form sha256:<64 hex>");
	if (is_digest) {
		rc = sl_image_named_by(image, digest, 0) == SL_IMAGE_NAME_NONE;
	} else {
		rc = root_read_named(word, &text, err);
		if (rc == 0)
			rc = expect_list(image, text.data != NULL ? text.data : "", text.len, err);
		if (rc < 0)
			return sl_wrap(err, rc, "expected digests '%s'", word);
	}
	if (rc == 1)
		return unexpected(image, word, err);
	if (image->anchor == SL_ANCHOR_HOST)
		image->anchor = SL_ANCHOR_OPERATOR;
	return 0;
}
