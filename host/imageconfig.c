/* SPDX-License-Identifier: Apache-2.0 */
#include "host/imageconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/json.h"
#include "host/store.h"

int imageconfig_keep(struct sl_image *image, struct buf *text, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	char name[DIGEST_TEXT_SIZE];
	int rc = sha256_once(text->data != NULL ? text->data : "", text->len, digest, err);

	if (rc < 0)
		return rc;
	if (memcmp(digest, image->config_digest, sizeof(digest)) != 0) {
		digest_format(name, image->config_digest);
		return sl_fail(err, SL_EUNTRUSTED, 0, "image config %s does not match its digest",
			       name);
	}
	image->config_size = text->len;
	image->config = buf_take(text);
	return image->config != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "image config");
}

static int read_platform(struct imageconfig *out, const struct jval *doc, struct sl_error *err)
{
	const char *os = jval_str(jval_get(doc, "os"));
	const char *arch = jval_str(jval_get(doc, "architecture"));
	const char *variant = jval_str(jval_get(doc, "variant"));
	bool has_variant = variant != NULL && variant[0] != '\0';

	if (os == NULL || arch == NULL)
		return 0;
	if (asprintf(&out->platform, "%s/%s%s%s", os, arch, has_variant ? "/" : "",
		     has_variant ? variant : "") < 0) {
		out->platform = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "image platform");
	}
	return 0;
}

static int read_diff_ids(struct imageconfig *out, const struct jval *ids, struct sl_error *err)
{
	size_t n = jval_len(ids);

	if (ids == NULL)
		return 0;
	if (jval_type(ids) != JVAL_ARRAY)
		return sl_fail(err, SL_EFORMAT, 0, "rootfs.diff_ids is no list");
	if (n > SL_IMAGE_MAX_LAYERS)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d layers", SL_IMAGE_MAX_LAYERS);
	out->diff_ids = calloc(n > 0 ? n : 1, sizeof(*out->diff_ids));
	if (out->diff_ids == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image config");
	for (size_t i = 0; i < n; i++) {
		const char *text = jval_str(jval_at(ids, i));

		if (text == NULL || digest_parse(out->diff_ids[i], text, strlen(text)) < 0)
			return sl_fail(err, SL_EFORMAT, 0, "diff_id %zu is no sha256 digest", i);
	}
	out->count = n;
	out->has_diff_ids = true;
	return 0;
}

int imageconfig_parse(struct imageconfig *out, const void *text, size_t len, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	int rc = jval_parse_bounded(&doc, text, len, STORE_VALUES_MAX, err);

	*out = (struct imageconfig){0};
	if (rc == 0)
		rc = read_platform(out, doc, err);
	if (rc == 0)
		rc = read_diff_ids(out, jval_path(doc, "rootfs", "diff_ids", NULL), err);
	if (rc < 0)
		imageconfig_clear(out);
	return rc;
}

void imageconfig_clear(struct imageconfig *config)
{
	free(config->platform);
	free(config->diff_ids);
	*config = (struct imageconfig){0};
}

int imageconfig_add_layers(const struct imageconfig *config, struct sl_image *image,
			   struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < config->count; i++) {
		struct sl_layer layer = SL_LAYER_INIT;

		layer.has_diff_id = true;
		memcpy(layer.diff_id, config->diff_ids[i], SL_SHA256_SIZE);
		rc = sl_image_add_layer(image, &layer, err);
	}
	return rc < 0 ? rc : sl_image_chain(image, err);
}
