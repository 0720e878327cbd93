/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/ocilayout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"

#define BLOB_PATH_SIZE (sizeof("blobs/sha256/") + (size_t)2 * SL_SHA256_SIZE)

int ocilayout_blob(const struct ocilayout *l, const struct ocidoc_desc *d, struct blob *out,
		   struct sl_error *err)
{
	char path[BLOB_PATH_SIZE] = "blobs/sha256/";
	int rc;

	hex_encode(path + strlen(path), d->digest, SL_SHA256_SIZE);
	rc = blobs_open(l->blobs, path, out, err);
	if (rc < 0 || out->size == d->size)
		return rc;
	close(out->fd);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "'%s' has %" PRIu64 " bytes, its descriptor says %" PRIu64, path, out->size,
		       d->size);
}

int ocilayout_embedded(const struct ocidoc_desc *d, struct buf *out, struct sl_error *err)
{
	if (base64_decode(out, d->data, strlen(d->data)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "descriptor with malformed data");
	if (out->len != d->size)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "descriptor with %zu bytes of data says %" PRIu64, out->len,
			       d->size);
	return 0;
}

/* From the blob's file, or from its descriptor, which may embed it. */
static int fetch_bytes(const struct ocilayout *l, const struct ocidoc_desc *d, struct buf *out,
		       struct sl_error *err)
{
	struct blob blob;
	int rc = ocilayout_blob(l, d, &blob, err);

	if (rc == -SL_ENOTFOUND && d->data != NULL) {
		if (err != NULL)
			sl_error_clear(err);
		return ocilayout_embedded(d, out, err);
	}
	if (rc < 0)
		return rc;
	rc = blob_read(&blob, out, err);
	close(blob.fd);
	return rc;
}

int ocilayout_fetch(const struct ocilayout *l, const struct ocidoc_desc *d, const char *what,
		    struct buf *out, struct sl_error *err)
{
	char want[DIGEST_TEXT_SIZE], got_text[DIGEST_TEXT_SIZE];
	uint8_t got[SL_SHA256_SIZE];
	int rc;

	digest_format(want, d->digest);
	if (d->size > out->max)
		return sl_fail(err, SL_ELIMIT, 0, "%s %s is larger than %zu bytes", what, want,
			       out->max);
	rc = fetch_bytes(l, d, out, err);
	if (rc == 0)
		rc = sha256_once(out->data != NULL ? out->data : "", out->len, got, err);
	if (rc == 0 && memcmp(got, d->digest, SL_SHA256_SIZE) != 0) {
		digest_format(got_text, got);
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "its bytes have digest %s", got_text);
	}
	return rc < 0 ? sl_wrap(err, rc, "%s %s", what, want) : 0;
}

int ocilayout_read(struct ocilayout *l, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(OCILAYOUT_MAX_DOCUMENT);
	int rc = blobs_read(l->blobs, "oci-layout", &text, err);

	if (rc == 0)
		rc = ocidoc_check_layout(text.data != NULL ? text.data : "", text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "no OCI layout: oci-layout");
	buf_reset(&text);
	rc = blobs_read(l->blobs, "index.json", &text, err);
	if (rc == 0)
		rc = ocidoc_parse_index(&l->nodes[0].index, text.data != NULL ? text.data : "",
					text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "index.json");
	l->node_count = 1;
	return 0;
}

void ocilayout_free(struct ocilayout *l)
{
	for (size_t i = 0; i < l->node_count; i++)
		ocidoc_index_clear(&l->nodes[i].index);
	platform_clear(&l->platform);
	free(l->found);
	free(l);
}
