/* SPDX-License-Identifier: Apache-2.0 */
#include "job/trust.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/root.h"
#include "job/expect.h"
#include "snapshot/proof.h"
#include "snapshot/sigfile.h"
#include "snapshot/sigtrust.h"

#define MAX_FILE (1u << 20)
#define MAX_STORE_FILES 1024
#define MAX_REASONS 8 /* signatures that a message names one by one */

bool trust_asks_for_signature(const struct trust_request *r)
{
	return r->keys.count > 0 || r->trust_stores.count > 0 || r->signing_authorities.count > 0;
}

static int read_file(const char *path, struct buf *out, struct sl_error *err)
{
	buf_reset(out);
	return root_read_named(path, out, err);
}

/* ---- whom the operator trusts ---- */

static int add_key(struct sigtrust *t, const char *path, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(MAX_FILE);
	int rc = read_file(path, &pem, err);

	if (rc < 0)
		return rc;
	if (t->key_count == SIGTRUST_MAX_KEYS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d keys", SIGTRUST_MAX_KEYS);
	rc = signpub_read(&t->keys[t->key_count], pem.data, pem.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "key '%s'", path);
	t->key_count++;
	return 0;
}

/* Every file of a trust store is a certificate; links are followed, as they are common there. */
static int add_directory(struct signroots *roots, int dir_fd, struct sl_error *err)
{
	struct root_names names;
	int rc = root_list(dir_fd, &names, MAX_STORE_FILES, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		CLEANUP(buf_clear) struct buf pem = BUF_INIT(MAX_FILE);

		rc = root_read_file(dir_fd, names.names[i], ROOT_FOLLOW_INSIDE, &pem, err);
		if (rc == 0)
			rc = signroots_add(roots, pem.data, pem.len, err);
		if (rc < 0)
			rc = sl_wrap(err, rc, "'%s'", names.names[i]);
	}
	root_names_clear(&names);
	return rc;
}

static int add_store(struct signroots *roots, const char *path, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(MAX_FILE);
	AUTO_CLOSE int dir_fd = root_open_dir(path, NULL);
	int rc;

	if (dir_fd >= 0)
		return add_directory(roots, dir_fd, err);
	rc = read_file(path, &pem, err);
	return rc < 0 ? rc : signroots_add(roots, pem.data, pem.len, err);
}

static int add_stores(struct signroots **roots, const struct trust_names *paths,
		      struct sl_error *err)
{
	int rc = paths->count > 0 ? signroots_new(roots, err) : 0;

	for (size_t i = 0; rc == 0 && i < paths->count; i++) {
		size_t before = signroots_count(*roots);

		rc = add_store(*roots, paths->items[i], err);
		if (rc == 0 && signroots_count(*roots) == before)
			rc = sl_fail(err, SL_ENOTFOUND, 0, "no certificate in it");
		if (rc < 0)
			rc = sl_wrap(err, rc, "trust store '%s'", paths->items[i]);
	}
	return rc;
}

static int read_trust(const struct trust_request *r, struct sigtrust *t, struct sl_error *err)
{
	int rc = 0;

	t->now = clock_now();
	for (size_t i = 0; rc == 0 && i < r->keys.count; i++)
		rc = add_key(t, r->keys.items[i], err);
	if (rc == 0)
		rc = add_stores(&t->authorities, &r->trust_stores, err);
	if (rc == 0)
		rc = add_stores(&t->signing_authorities, &r->signing_authorities, err);
	return rc;
}

/* ---- what was brought along ---- */

static int add_manifests(const struct trust_request *r, struct sl_image *image,
			 struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf file = BUF_INIT((size_t)8 << 20);

	for (size_t i = 0; i < r->manifests.count; i++) {
		int rc = read_file(r->manifests.items[i], &file, err);

		if (rc == 0)
			rc = sigfile_manifest(image, &file, err);
		if (rc == 1)
			return sl_fail(err, SL_EUNTRUSTED, 0,
				       "manifest '%s' does not lead to this image",
				       r->manifests.items[i]);
		if (rc < 0)
			return sl_wrap(err, rc, "manifest '%s'", r->manifests.items[i]);
	}
	return 0;
}

static int add_signatures(const struct trust_request *r, struct sl_image *image,
			  struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf file = BUF_INIT(MAX_FILE), payload = BUF_INIT(MAX_FILE);
	int rc = r->payload != NULL ? read_file(r->payload, &payload, err) : 0;

	for (size_t i = 0; rc == 0 && i < r->signatures.count; i++) {
		rc = read_file(r->signatures.items[i], &file, err);
		if (rc == 0)
			rc = sigfile_add(&image->signatures, r->signatures.items[i], &file,
					 r->payload != NULL ? &payload : NULL, err);
	}
	return rc;
}

/* Only a manifest that hashes to its digest and names the configuration can stand for the image. */
static int prove_manifest(struct sl_image *image, struct sl_error *err)
{
	bool verified;
	int rc = proof_of_identity(image, &verified, err);

	if (rc == 0 && !verified) {
		free(image->manifest);
		image->manifest = NULL;
		image->manifest_size = 0;
	}
	return rc;
}

/* ---- the judgement ---- */

static int no_signature(const struct sl_image *image, const struct buf *reasons,
			struct sl_error *err)
{
	size_t count = image->signatures != NULL ? image->signatures->count : 0;

	if (count == 0)
		return sl_fail(err, SL_EUNTRUSTED, 0, "no signature of the image was found");
	if (image->manifest == NULL)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "none of %zu signatures counts: they are of manifests, and the "
			       "image's is not there; give it with --manifest",
			       count);
	return sl_fail(err, SL_EUNTRUSTED, 0, "no signature counts: %s",
		       reasons->data != NULL ? reasons->data : "");
}

static void note_reason(struct buf *reasons, const struct sl_signatures *list, size_t i,
			const struct sl_error *why)
{
	if (i < MAX_REASONS)
		(void)buf_printf(reasons, "%s%s: %s", i > 0 ? "; " : "", list->items[i].where,
				 sl_error_text(why));
	else if (i == MAX_REASONS)
		(void)buf_printf(reasons, "; and %zu more", list->count - i);
	if (i + 1 == list->count && list->dropped > 0)
		(void)buf_printf(reasons, "; %zu beyond the limit of %d were not looked at",
				 list->dropped, SIGNATURES_MAX);
}

/* Any one good signature will do; the rest of them says nothing against it. */
static int check_signatures(const struct sigtrust *t, struct sl_image *image, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf reasons = BUF_INIT(64u << 10);
	const struct sl_signatures *list = image->signatures;

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		char *signer = NULL;
		int rc = sigtrust_judge(t, &list->items[i], image, &signer, &why);

		if (rc == 0) {
			free(image->signer);
			image->signer = signer;
			image->anchor = SL_ANCHOR_SIGNATURE;
			return 0;
		}
		if (rc == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "%s", sl_error_text(&why));
		note_reason(&reasons, list, i, &why);
	}
	return no_signature(image, &reasons, err);
}

static int check_request(const struct trust_request *r, struct sl_error *err)
{
	if (r->signatures.count > 0 && !trust_asks_for_signature(r))
		return sl_fail(err, SL_EINVAL, 0,
			       "--signature needs a key or a trust store to be judged by");
	if (r->payload != NULL && r->signatures.count == 0)
		return sl_fail(err, SL_EINVAL, 0, "--payload belongs to a --signature");
	if (r->manifests.count > 0 && !trust_asks_for_signature(r) && r->expect == NULL)
		return sl_fail(err, SL_EINVAL, 0,
			       "--manifest needs something it is held against: --expect, a key or "
			       "a trust store");
	return 0;
}

int trust_image(const struct trust_request *request, struct sl_image *image, struct sl_error *err)
{
	CLEANUP(sigtrust_clear) struct sigtrust trust = {.key_count = 0};
	int rc = check_request(request, err);

	if (rc < 0 || (request->expect == NULL && !trust_asks_for_signature(request)))
		return rc;
	if (image->trust != SL_TRUST_PROVEN)
		return sl_fail(
			err, SL_EINVAL, 0,
			"a tree without an image configuration has no digest to hold against");
	rc = read_trust(request, &trust, err);
	if (rc == 0)
		rc = add_manifests(request, image, err);
	if (rc == 0)
		rc = add_signatures(request, image, err);
	if (rc == 0)
		rc = prove_manifest(image, err);
	if (rc == 0 && request->expect != NULL)
		rc = expect_image(image, request->expect, err);
	if (rc == 0 && trust_asks_for_signature(request))
		rc = check_signatures(&trust, image, err);
	return rc;
}
