/* SPDX-License-Identifier: Apache-2.0 */
#include "job/index.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "job/resolve.h"

/* The store knows the best anchor that was ever established. */
static int take_anchor(struct sl_baselines *b, struct index_outcome *out, struct sl_error *err)
{
	struct sl_baseline_info info;
	int rc = sl_baselines_find(b, out->config_digest, &info, err);

	if (rc == 1)
		return sl_fail(err, SL_EIO, 0, "indexed image is not in the database");
	if (rc < 0)
		return rc;
	out->anchor = info.anchor;
	out->signer = info.signer != NULL ? strdup(info.signer) : NULL;
	return (out->signer == NULL) == (info.signer == NULL)
		       ? 0
		       : sl_fail(err, SL_ENOMEM, 0, "signer");
}

static int index_image(const struct job *job, const struct sl_image *image,
		       struct index_outcome *out, struct sl_error *err)
{
	struct sl_baselines *baselines = NULL;
	uint64_t began = clock_boot_ns();
	int rc = sl_baselines_open(&baselines, job->db, err);

	if (rc < 0)
		return rc;
	rc = sl_baselines_index(baselines, image, &job->progress, &out->result, err);
	out->elapsed_ns = clock_boot_ns() - began;
	memcpy(out->config_digest, image->config_digest, SL_SHA256_SIZE);
	if (rc == 0)
		rc = take_anchor(baselines, out, err);
	sl_baselines_close(baselines);
	if (rc < 0)
		return rc;
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
	rc = trust_image(&request->trust, image, err);
	if (rc < 0)
		rc = sl_wrap(err, rc, "%s", image->reference);
	if (rc == 0)
		rc = index_image(job, image, out, err);
	sl_image_free(image);
	return rc;
}

void index_outcome_clear(struct index_outcome *o)
{
	free(o->reference);
	free(o->signer);
	*o = (struct index_outcome){0};
}
