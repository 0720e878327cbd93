/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine has of a container and its image: files as they are, and settings in one form. */
#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "job/capture_run.h"
#include "report/settings.h"

/* The image as its store describes it: exact bytes, so that the digests can be checked. */
static int capture_image(struct capture *c, const struct capture_target *t, struct sl_error *err)
{
	const struct sl_image *image = t->image;
	int rc;

	if (image == NULL)
		return 0;
	rc = capture_bytes(c, t, "metadata", "image/config.json", image->config, image->config_size,
			   err);
	return rc < 0 ? rc
		      : capture_bytes(c, t, "metadata", "image/manifest.json", image->manifest,
				      image->manifest_size, err);
}

/* What the engine's files and the kernel say, in one form; names of the environment only. */
static int capture_settings(struct capture *c, const struct capture_target *t, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(8 * SL_SETTINGS_BYTES_MAX);
	struct jout j;

	if (t->container->settings == NULL)
		return 0;
	jout_begin(&j, &text);
	settings_json(&j, t->container->settings, false);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	return capture_bytes(c, t, "metadata", "settings.json", text.data, text.len, err);
}

int capture_metadata(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	const struct sl_container *container = t->container;
	int rc = capture_artifacts(c, t, false, err);

	if (rc == 0)
		rc = capture_image(c, t, err);
	if (rc == 0)
		rc = capture_settings(c, t, err);
	if (rc == 0 && container->metadata_gap != NULL)
		rc = capture_gap_of(c, t, "engine metadata", container->metadata_gap, 0, err);
	if (rc == 0 && t->image_problem != NULL)
		rc = capture_gap_of(c, t, "image", t->image_problem, 0, err);
	return rc;
}
