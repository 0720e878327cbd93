/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/sigfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "snapshot/ocidoc.h"
#include "snapshot/signature.h"

static int copy(struct buf *out, const struct buf *in)
{
	*out = BUF_INIT(SIGNATURE_MAX_BYTES);
	return buf_append(out, in->data != NULL ? in->data : "", in->len);
}

static int too_much(struct sl_error *err, int rc)
{
	return rc == -SL_ELIMIT
		       ? sl_fail(err, SL_ELIMIT, 0, "more than %u bytes", SIGNATURE_MAX_BYTES)
		       : sl_fail(err, SL_ENOMEM, 0, "signature");
}

static int add_whole(struct sl_signatures **list, enum signature_kind kind, const char *name,
		     const struct buf *file, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = {0};
	int rc = copy(&text, file);

	return rc < 0 ? too_much(err, rc) : signature_add(list, kind, name, &text, NULL, err);
}

/* One line of `cosign download signature`. */
static int add_downloaded(struct sl_signatures **list, const char *name, const struct jval *doc,
			  struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIGNATURE_MAX_BYTES);
	CLEANUP(buf_clear) struct buf payload = BUF_INIT(SIGNATURE_MAX_BYTES);
	const char *base64 = jval_str(jval_get(doc, "Payload"));
	int rc = buf_append_str(&text, jval_str(jval_get(doc, "Base64Signature")));

	if (rc == 0)
		rc = base64 != NULL ? base64_decode(&payload, base64, strlen(base64)) : -SL_EFORMAT;
	if (rc == -SL_EFORMAT)
		return sl_fail(err, SL_EFORMAT, 0, "payload is not base64");
	return rc < 0 ? too_much(err, rc)
		      : signature_add(list, SIGNATURE_COSIGN, name, &text, &payload, err);
}

static int add_document(struct sl_signatures **list, const char *name, const struct buf *line,
			struct sl_error *err)
{
	struct jval *doc AUTO_JVAL = NULL;
	int rc = jval_parse(&doc, line->data, line->len, err);

	if (rc < 0)
		return rc;
	if (jval_str(jval_get(doc, "Base64Signature")) != NULL)
		return add_downloaded(list, name, doc, err);
	if (jval_get(doc, "verificationMaterial") != NULL)
		return add_whole(list, SIGNATURE_BUNDLE, name, line, err);
	if (jval_get(doc, "protected") != NULL)
		return add_whole(list, SIGNATURE_NOTATION, name, line, err);
	return sl_fail(err, SL_EFORMAT, 0, "json, but no kind of signature that is known");
}

/* Several documents, one a line; or one that is spread over lines. */
static int add_documents(struct sl_signatures **list, const char *name, const struct buf *file,
			 struct sl_error *err)
{
	const char *at = file->data, *end = file->data + file->len;
	struct jval *whole = NULL;
	int rc = jval_parse(&whole, file->data, file->len, NULL);

	jval_free(whole);
	if (rc == 0)
		return add_document(list, name, file, err);
	for (rc = 0; rc == 0 && at < end;) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((eol != NULL ? eol : end) - at);
		CLEANUP(buf_clear) struct buf line = BUF_INIT(SIGNATURE_MAX_BYTES);

		if (len > 0 && (rc = buf_append(&line, at, len)) < 0)
			return too_much(err, rc);
		if (len > 0)
			rc = add_document(list, name, &line, err);
		at += len + 1;
	}
	return rc;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What openssl and `cosign sign --output-signature` leave: base64, in lines or in one. */
static int add_bare(struct sl_signatures **list, const char *name, const struct buf *file,
		    const struct buf *payload, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SIGNATURE_MAX_BYTES), bytes = {0};
	int rc = 0;

	if (payload == NULL)
		return sl_fail(err, SL_EINVAL, 0,
			       "a bare signature needs the payload that was signed: --payload");
	for (size_t i = 0; rc == 0 && i < file->len; i++)
		if (!is_blank(file->data[i]))
			rc = buf_append_char(&text, file->data[i]);
	if (rc == 0)
		rc = copy(&bytes, payload);
	return rc < 0 ? too_much(err, rc)
		      : signature_add(list, SIGNATURE_COSIGN, name, &text, &bytes, err);
}

int sigfile_add(struct sl_signatures **list, const char *name, const struct buf *file,
		const struct buf *payload, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(name, strlen(name)), *where = NULL;
	size_t blank;
	int rc;

	if (shown == NULL || asprintf(&where, "file '%s'", shown) < 0) {
		where = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "signature");
	}
	blank = file->data != NULL ? strspn(file->data, " \t\r\n") : file->len;
	if (blank >= file->len)
		rc = sl_fail(err, SL_EFORMAT, 0, "is empty");
	else if (file->data[blank] == '{')
		rc = add_documents(list, where, file, err);
	else
		rc = add_bare(list, where, file, payload, err);
	return rc < 0 ? sl_wrap(err, rc, "signature %s", where) : 0;
}

/* ---- manifests ---- */

static int take_manifest(struct sl_image *image, const struct buf *file,
			 const uint8_t digest[SL_SHA256_SIZE], const struct jval *doc,
			 struct sl_error *err)
{
	const char *config = jval_str(jval_path(doc, "config", "digest", NULL));
	uint8_t named[SL_SHA256_SIZE];
	char *copied;

	if (config == NULL || digest_parse(named, config, strlen(config)) < 0 ||
	    memcmp(named, image->config_digest, SL_SHA256_SIZE) != 0)
		return 1;
	copied = malloc(file->len + 1);
	if (copied == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "manifest");
	if (file->len > 0 && file->data != NULL)
		memcpy(copied, file->data, file->len);
	copied[file->len] = '\0';
	free(image->manifest);
	image->manifest = copied;
	image->manifest_size = file->len;
	image->has_manifest_digest = true;
	memcpy(image->manifest_digest, digest, SL_SHA256_SIZE);
	return 0;
}

int sigfile_manifest(struct sl_image *image, const struct buf *file, struct sl_error *err)
{
	CLEANUP(ocidoc_index_clear) struct ocidoc_index index = {0};
	struct jval *doc AUTO_JVAL = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	const char *text = file->data != NULL ? file->data : "";
	int rc = jval_parse(&doc, text, file->len, err);

	if (rc == 0)
		rc = sha256_once(text, file->len, digest, err);
	if (rc < 0)
		return rc;
	if (jval_get(doc, "manifests") == NULL)
		return take_manifest(image, file, digest, doc, err);
	rc = ocidoc_parse_index(&index, text, file->len, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < index.count; i++) {
		enum sl_image_name name = sl_image_named_by(image, index.manifests[i].digest, 0);

		if (name == SL_IMAGE_NAME_MANIFEST || name == SL_IMAGE_NAME_INDEX)
			return sl_image_add_index(image, digest, file->len, err);
	}
	return 1;
}
