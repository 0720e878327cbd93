/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/proof.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/json.h"

static int expect_digest(const char *what, const uint8_t claimed[SL_SHA256_SIZE],
			 const uint8_t found[SL_SHA256_SIZE], struct sl_error *err)
{
	char claimed_text[DIGEST_TEXT_SIZE], found_text[DIGEST_TEXT_SIZE];

	if (memcmp(claimed, found, SL_SHA256_SIZE) == 0)
		return 0;
	digest_format(claimed_text, claimed);
	digest_format(found_text, found);
	return sl_fail(err, SL_EUNTRUSTED, 0, "%s should be %s but is %s", what, claimed_text,
		       found_text);
}

static int expect_hash(const char *what, const char *text, size_t len,
		       const uint8_t claimed[SL_SHA256_SIZE], struct sl_error *err)
{
	uint8_t found[SL_SHA256_SIZE];
	int rc = sha256_once(text, len, found, err);

	return rc < 0 ? rc : expect_digest(what, claimed, found, err);
}

static int check_type(const struct sl_image *image, const struct jval *config, bool *is_tree,
		      struct sl_error *err)
{
	const char *type = jval_str(jval_path(config, "rootfs", "type", NULL));

	*is_tree = type != NULL && strcmp(type, PROOF_TREE_TYPE) == 0;
	if (*is_tree && image->trust < SL_TRUST_RECORDED)
		return sl_fail(err, SL_EFORMAT, 0,
			       "configuration: of a recorded tree, not of an image");
	if (*is_tree && image->layer_count != 1)
		return sl_fail(err, SL_EFORMAT, 0, "configuration: a tree of several layers");
	if (!*is_tree && type != NULL && strcmp(type, "layers") != 0)
		return sl_fail(err, SL_EFORMAT, 0, "configuration: root file system not of layers");
	return 0;
}

static int check_diff_ids(const struct sl_image *image, bool *is_tree, struct sl_error *err)
{
	struct jval *config AUTO_JVAL = NULL;
	const struct jval *diff_ids;
	int rc = jval_parse(&config, image->config, image->config_size, err);

	if (rc < 0)
		return sl_wrap(err, rc, "configuration");
	rc = check_type(image, config, is_tree, err);
	if (rc < 0)
		return rc;
	diff_ids = jval_path(config, "rootfs", "diff_ids", NULL);
	if (jval_len(diff_ids) != image->layer_count)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "the configuration lists %zu layers, the image has %zu",
			       jval_len(diff_ids), image->layer_count);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct sl_layer *layer = &image->layers[i];
		const char *text = jval_str(jval_at(diff_ids, i));
		uint8_t listed[SL_SHA256_SIZE];

		if (text == NULL || digest_parse(listed, text, strlen(text)) < 0)
			return sl_fail(err, SL_EFORMAT, 0, "configuration: diff_id %zu", i + 1);
		if (!layer->has_diff_id)
			return sl_fail(err, SL_EINVAL, 0, "layer %zu has no diff_id", i + 1);
		rc = expect_digest("the diff_id of a layer", listed, layer->diff_id, err);
		if (rc < 0)
			return sl_wrap(err, rc, "layer %zu", i + 1);
	}
	return 0;
}

int proof_tree_chain(uint8_t out[SL_SHA256_SIZE], const uint8_t config_digest[SL_SHA256_SIZE],
		     struct sl_error *err)
{
	char text[sizeof(PROOF_TREE_SCHEMA) + DIGEST_TEXT_SIZE] = PROOF_TREE_SCHEMA " ";

	digest_format(text + sizeof(PROOF_TREE_SCHEMA), config_digest);
	return sha256_once(text, strlen(text), out, err);
}

static int check_tree_chain(const struct sl_image *image, struct sl_error *err)
{
	uint8_t chain[SL_SHA256_SIZE];
	int rc = proof_tree_chain(chain, image->config_digest, err);

	if (rc == 0 && memcmp(chain, image->layers[0].chain_id, sizeof(chain)) != 0)
		rc = sl_fail(err, SL_EINVAL, 0, "chain id does not follow from the id of the tree");
	return rc;
}

/* OCI image specification, config.md, "layer chain id". */
static int check_chain(const struct sl_image *image, struct sl_error *err)
{
	uint8_t chain[SL_SHA256_SIZE];

	for (size_t i = 0; i < image->layer_count; i++) {
		const struct sl_layer *layer = &image->layers[i];
		char text[2 * DIGEST_TEXT_SIZE];
		int rc = 0;

		if (i == 0) {
			memcpy(chain, layer->diff_id, sizeof(chain));
		} else {
			digest_format(text, chain);
			text[DIGEST_TEXT_SIZE - 1] = ' ';
			digest_format(text + DIGEST_TEXT_SIZE, layer->diff_id);
			rc = sha256_once(text, sizeof(text) - 1, chain, err);
		}
		if (rc < 0)
			return rc;
		if (memcmp(chain, layer->chain_id, sizeof(chain)) != 0)
			return sl_fail(err, SL_EINVAL, 0,
				       "layer %zu: chain id does not follow from the diff_ids",
				       i + 1);
	}
	return 0;
}

/* A list of archives (docker-archive) is no manifest that names a configuration by digest. */
static int check_manifest(const struct sl_image *image, bool *verified, struct sl_error *err)
{
	struct jval *manifest AUTO_JVAL = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	const char *text;
	int rc;

	*verified = false;
	if (!image->has_manifest_digest || image->manifest == NULL)
		return 0;
	rc = expect_hash("the manifest", image->manifest, image->manifest_size,
			 image->manifest_digest, err);
	if (rc == 0)
		rc = jval_parse(&manifest, image->manifest, image->manifest_size, err);
	if (rc < 0)
		return sl_wrap(err, rc, "manifest");
	text = jval_str(jval_path(manifest, "config", "digest", NULL));
	if (text == NULL || digest_parse(digest, text, strlen(text)) < 0)
		return 0;
	rc = expect_digest("the configuration that the manifest names", digest,
			   image->config_digest, err);
	*verified = rc == 0;
	return rc;
}

int proof_of_identity(const struct sl_image *image, bool *manifest_verified, struct sl_error *err)
{
	bool is_tree = false;
	int rc;

	if (image->config == NULL)
		return sl_fail(err, SL_EINVAL, 0, "an image without a configuration");
	rc = expect_hash("the configuration", image->config, image->config_size,
			 image->config_digest, err);
	if (rc == 0)
		rc = check_diff_ids(image, &is_tree, err);
	if (rc == 0)
		rc = is_tree ? check_tree_chain(image, err) : check_chain(image, err);
	if (rc == 0)
		rc = check_manifest(image, manifest_verified, err);
	return rc;
}
