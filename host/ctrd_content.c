/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs of the content store. */
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "host/ctrd.h"

/* Largest manifest or config that is read; registries refuse larger ones than this. */
#define DOCUMENT_MAX ((size_t)4 * 1024 * 1024)

int ctrd_blob_open(const struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE], struct sl_error *err)
{
	char name[2 * SL_SHA256_SIZE + 1];

	hex_encode(name, digest, SL_SHA256_SIZE);
	if (c->blobs_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store has no content");
	return root_open_path(c->blobs_fd, name, ROOT_NO_LINKS, err);
}

int ctrd_blob_read(const struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE], const char *what,
		   struct buf *out, struct sl_error *err)
{
	AUTO_CLOSE int fd = ctrd_blob_open(c, digest, err);
	uint8_t found[SL_SHA256_SIZE];
	char name[DIGEST_TEXT_SIZE];
	int rc;

	digest_format(name, digest);
	if (fd < 0)
		return sl_wrap(err, fd, "%s %s", what, name);
	*out = BUF_INIT(DOCUMENT_MAX);
	rc = root_read_fd(fd, out, err);
	if (rc == 0)
		rc = sha256_once(out->data != NULL ? out->data : "", out->len, found, err);
	if (rc < 0)
		return sl_wrap(err, rc, "%s %s", what, name);
	if (memcmp(found, digest, SL_SHA256_SIZE) != 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "%s %s does not match its digest", what,
			       name);
	return buf_append(out, "", 0) < 0 ? sl_fail(err, SL_ENOMEM, 0, "%s", what) : 0;
}
