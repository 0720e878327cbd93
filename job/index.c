/* SPDX-License-Identifier: Apache-2.0 */
#include "job/index.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "job/resolve.h"

/* What the operator brought must be one of the image's own digests. */
static int check_expected(const struct sl_image *image, const char *expect, struct sl_error *err)
{
	char manifest[DIGEST_TEXT_SIZE] = "none", config[DIGEST_TEXT_SIZE];
	uint8_t want[SL_SHA256_SIZE];

	if (digest_parse(want, expect, strlen(expect)) < 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "expected digest is not of the form sha256:<64 hex>");
	if (memcmp(want, image->config_digest, sizeof(want)) == 0)
		return 0;
	if (image->has_manifest_digest && image->manifest != NULL &&
	    memcmp(want, image->manifest_digest, sizeof(want)) == 0)
		return 0;
	digest_format(config, image->config_digest);
	if (image->has_manifest_digest)
		digest_format(manifest, image->manifest_digest);
	return sl_fail(err, SL_EUNTRUSTED, 0, "image has manifest %s and config %s, expected %s",
		       manifest, config, expect);
}

static int index_image(const struct job *job, const struct sl_image *image,
		       struct index_outcome *out, struct sl_error *err)
{
	struct sl_baselines *baselines = NULL;
	uint64_t began = clock_boot_ns();
	int rc = sl_baselines_open(&baselines, job->db, err);

	if (rc < 0)
		return rc;
	if (job->limits != NULL)
		sl_baselines_set_limits(baselines, job->limits);
	rc = sl_baselines_index(baselines, image, &job->progress, &out->result, err);
	sl_baselines_close(baselines);
	if (rc < 0)
		return rc;
	out->elapsed_ns = clock_boot_ns() - began;
	memcpy(out->config_digest, image->config_digest, SL_SHA256_SIZE);
	out->has_manifest_digest = image->has_manifest_digest;
	memcpy(out->manifest_digest, image->manifest_digest, SL_SHA256_SIZE);
	out->reference = strdup(image->reference);
	return out->reference == NULL ? sl_fail(err, SL_ENOMEM, 0, "image reference") : 0;
}

int job_index(const struct job *job, const struct index_request *request, struct index_outcome *out,
	      struct sl_error *err)
{
	struct sl_image *image = NULL;
	int rc;

	*out = (struct index_outcome){0};
	rc = resolve_image(job, NULL, request->reference, request->platform, &image, err);
	if (rc < 0)
		return rc;
	if (request->expect != NULL) {
		rc = check_expected(image, request->expect, err);
		image->anchor = SL_ANCHOR_OPERATOR;
	}
	if (rc == 0)
		rc = index_image(job, image, out, err);
	sl_image_free(image);
	return rc;
}

void index_outcome_clear(struct index_outcome *o)
{
	free(o->reference);
	*o = (struct index_outcome){0};
}
