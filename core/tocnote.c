/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tocnote.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"

/* The second prefix is what containers/storage wrote before version 1.45. */
static const struct {
	enum sl_toc_kind kind;
	const char *digest, *position;
} notes_table[] = {
	{SL_TOC_ESTARGZ, "containerd.io/snapshot/stargz/toc.digest", NULL},
	{SL_TOC_ZSTD_CHUNKED, "io.github.containers.zstd-chunked.manifest-checksum",
	 "io.github.containers.zstd-chunked.manifest-position"},
	{SL_TOC_ZSTD_CHUNKED, "io.containers.zstd-chunked.manifest-checksum",
	 "io.containers.zstd-chunked.manifest-position"},
};

/* A decimal that ends with @stop. Nothing is skipped: engines would read it otherwise than we. */
static const char *number(const char *text, char stop, uint64_t *out)
{
	*out = 0;
	for (int digits = 0; *text >= '0' && *text <= '9'; text++, digits++) {
		if (digits == 18)
			return NULL;
		*out = *out * 10 + (uint64_t)(*text - '0');
		if (text[1] == stop)
			return stop != '\0' ? text + 2 : text + 1;
	}
	return NULL;
}

/* "OFFSET:SIZE:PLAIN SIZE:1" */
static int position(struct sl_toc_claim *out, const char *text, struct sl_error *err)
{
	uint64_t type = 0;
	const char *at = number(text, ':', &out->offset);

	if (at != NULL)
		at = number(at, ':', &out->size);
	if (at != NULL)
		at = number(at, ':', &out->plain_size);
	if (at != NULL)
		at = number(at, '\0', &type);
	if (at == NULL || type != 1)
		return sl_fail(err, SL_EFORMAT, 0,
			       "annotation with the position of a table of contents is malformed");
	out->has_position = true;
	return 0;
}

int tocnote_parse(struct sl_toc_claim *out, const struct jval *notes, struct sl_error *err)
{
	*out = (struct sl_toc_claim){.kind = SL_TOC_NONE};
	for (size_t i = 0; i < ARRAY_SIZE(notes_table); i++) {
		const char *digest = jval_str(jval_get(notes, notes_table[i].digest));
		const char *where = notes_table[i].position != NULL
					    ? jval_str(jval_get(notes, notes_table[i].position))
					    : NULL;

		if (digest == NULL && where == NULL)
			continue;
		if (out->kind != SL_TOC_NONE)
			return sl_fail(err, SL_EFORMAT, 0,
				       "annotations name two tables of contents");
		if (digest == NULL || digest_parse(out->digest, digest, strlen(digest)) < 0)
			return sl_fail(
				err, SL_EFORMAT, 0,
				"annotation with the digest of a table of contents is malformed");
		out->kind = notes_table[i].kind;
		if (where != NULL) {
			int rc = position(out, where, err);

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}
