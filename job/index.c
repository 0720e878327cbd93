/* SPDX-License-Identifier: Apache-2.0 */
#include "job/index.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "job/baseline.h"
#include "job/database.h"
#include "job/resolve.h"

/*
 * What the operator brought must be one of the image's own digests. A recorded tree has none until
 * it is read: it is compared then.
 */
static int check_expected(const struct sl_image *image, const uint8_t want[SL_SHA256_SIZE],
			  struct sl_error *err)
{
	char manifest[DIGEST_TEXT_SIZE] = "none", config[DIGEST_TEXT_SIZE];
	char expected[DIGEST_TEXT_SIZE];

	if (image->trust == SL_TRUST_RECORDED ||
	    memcmp(want, image->config_digest, SL_SHA256_SIZE) == 0)
		return 0;
	if (image->has_manifest_digest && image->manifest != NULL &&
	    memcmp(want, image->manifest_digest, SL_SHA256_SIZE) == 0)
		return 0;
	digest_format(expected, want);
	digest_format(config, image->config_digest);
	if (image->has_manifest_digest)
		digest_format(manifest, image->manifest_digest);
	return sl_fail(err, SL_EUNTRUSTED, 0, "image has manifest %s and config %s, expected %s",
		       manifest, config, expected);
}

static int index_image(const struct job *job, struct sl_image *image, const uint8_t *expect,
		       struct index_outcome *out, struct sl_error *err)
{
	struct sl_baselines *baselines = NULL;
	uint64_t began = clock_boot_ns();
	int rc = job_database_open(job, &baselines, err);

	if (rc < 0)
		return rc;
	rc = baseline_index(job, baselines, image, expect, &out->result, err);
	sl_baselines_close(baselines);
	if (rc < 0)
		return rc;
	out->elapsed_ns = clock_boot_ns() - began;
	memcpy(out->config_digest, image->config_digest, SL_SHA256_SIZE);
	out->has_manifest_digest = image->has_manifest_digest;
	memcpy(out->manifest_digest, image->manifest_digest, SL_SHA256_SIZE);
	out->trust = image->trust;
	if (image->trust == SL_TRUST_RECORDED)
		memcpy(out->tree, image->layers[0].diff_id, SL_SHA256_SIZE);
	out->reference = strdup(image->reference);
	return out->reference == NULL ? sl_fail(err, SL_ENOMEM, 0, "image reference") : 0;
}

int job_index(const struct job *job, const struct index_request *request, struct index_outcome *out,
	      struct sl_error *err)
{
	uint8_t want[SL_SHA256_SIZE], *expect = NULL;
	struct sl_image *image = NULL;
	int rc;

	*out = (struct index_outcome){0};
	if (request->expect != NULL) {
		if (digest_parse(want, request->expect, strlen(request->expect)) < 0)
			return sl_fail(err, SL_EINVAL, 0,
				       "expected digest is not of the form sha256:<64 hex>");
		expect = want;
	}
	rc = resolve_image(job, NULL, request->reference, request->platform, &image, err);
	if (rc < 0)
		return rc;
	if (expect != NULL) {
		rc = check_expected(image, expect, err);
		image->anchor = SL_ANCHOR_OPERATOR;
	}
	if (rc == 0)
		rc = index_image(job, image, expect, out, err);
	sl_image_free(image);
	return rc;
}

void index_outcome_clear(struct index_outcome *o)
{
	free(o->reference);
	*o = (struct index_outcome){0};
}
