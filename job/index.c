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
 * The store knows the best anchor that was ever established, and of layers that could not be read
 * again, how far they are trusted.
 */
static int take_stored(struct sl_baselines *b, struct index_outcome *out, struct sl_error *err)
{
	struct sl_baseline_info info;
	int rc = sl_baselines_find(b, out->config_digest, &info, err);

	if (rc == 1)
		return sl_fail(err, SL_EIO, 0, "indexed image is not in the database");
	if (rc < 0)
		return rc;
	out->trust = info.trust;
	out->anchor = info.anchor;
	out->signer = info.signer != NULL ? strdup(info.signer) : NULL;
	return (out->signer == NULL) == (info.signer == NULL)
		       ? 0
		       : sl_fail(err, SL_ENOMEM, 0, "signer");
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
	out->elapsed_ns = clock_boot_ns() - began;
	memcpy(out->config_digest, image->config_digest, SL_SHA256_SIZE);
	if (rc == 0)
		rc = take_stored(baselines, out, err);
	sl_baselines_close(baselines);
	if (rc < 0)
		return rc;
	out->has_manifest_digest = image->has_manifest_digest;
	memcpy(out->manifest_digest, image->manifest_digest, SL_SHA256_SIZE);
	if (image->trust == SL_TRUST_RECORDED)
		memcpy(out->tree, image->layers[0].diff_id, SL_SHA256_SIZE);
	out->reference = strdup(image->reference);
	return out->reference == NULL ? sl_fail(err, SL_ENOMEM, 0, "image reference") : 0;
}

/*
 * A recorded tree has no digest until it is read, so what it must be is told to whoever reads it;
 * nobody signs such a tree.
 */
static int anchor_tree(const struct trust_request *trust, struct sl_image *image,
		       uint8_t expect[SL_SHA256_SIZE], struct sl_error *err)
{
	if (trust->expect == NULL || trust_asks_for_signature(trust))
		return sl_fail(err, SL_EINVAL, 0, "a tree without an image has no signature");
	if (digest_parse(expect, trust->expect, strlen(trust->expect)) < 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "what is expected of a tree without an image is one digest, "
			       "sha256:<64 hex>");
	image->anchor = SL_ANCHOR_OPERATOR;
	return 0;
}

int job_index(const struct job *job, const struct index_request *request, struct index_outcome *out,
	      struct sl_error *err)
{
	const struct trust_request *trust = &request->trust;
	uint8_t want[SL_SHA256_SIZE], *expect = NULL;
	struct sl_image *image = NULL;
	int rc;

	*out = (struct index_outcome){0};
	rc = resolve_image(job, NULL, request->reference, request->platform, &image, err);
	if (rc < 0)
		return rc;
	if (image->trust != SL_TRUST_RECORDED) {
		rc = trust_image(trust, image, err);
	} else if (trust->expect != NULL || trust_asks_for_signature(trust)) {
		rc = anchor_tree(trust, image, want, err);
		expect = want;
	}
	if (rc < 0)
		rc = sl_wrap(err, rc, "%s", image->reference);
	if (rc == 0)
		rc = index_image(job, image, expect, out, err);
	sl_image_free(image);
	return rc;
}

void index_outcome_clear(struct index_outcome *o)
{
	free(o->reference);
	free(o->signer);
	*o = (struct index_outcome){0};
}
