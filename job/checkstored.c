/* SPDX-License-Identifier: Apache-2.0 */
#include "job/checkstored.h"

#include <string.h>

struct reading {
	struct sl_image *image;
	struct sl_error *err;
};

static int add_layer(void *payload, const struct sl_layer_info *info)
{
	struct reading *r = payload;
	struct sl_layer layer = SL_LAYER_INIT;

	layer.has_diff_id = true;
	memcpy(layer.diff_id, info->diff_id, SL_SHA256_SIZE);
	memcpy(layer.chain_id, info->chain_id, SL_SHA256_SIZE);
	return sl_image_add_layer(r->image, &layer, r->err);
}

int checkstored_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		      struct sl_image **out, struct sl_error *err)
{
	struct reading r = {.err = err};
	struct sl_baseline_info info;
	int rc = sl_baselines_find(b, config_digest, &info, err);

	if (rc == 0)
		rc = sl_image_new(&r.image, info.name, err);
	if (rc != 0)
		return rc;
	memcpy(r.image->config_digest, config_digest, SL_SHA256_SIZE);
	r.image->trust = info.trust;
	rc = sl_baselines_layers(b, config_digest, add_layer, &r, err);
	if (rc != 0) {
		sl_image_free(r.image);
		return rc;
	}
	*out = r.image;
	return 0;
}
