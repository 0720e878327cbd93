/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine has of a container and its image: files as they are, and settings in one form. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "job/capture_run.h"
#include "report/settings.h"
#include "snapshot/content.h"

static void fill_entry(struct sl_entry *e, const char *path, const struct stat *st)
{
	*e = (struct sl_entry){.path = {path, strlen(path)},
			       .mode = st->st_mode,
			       .uid = st->st_uid,
			       .gid = st->st_gid,
			       .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
			       .mtime = {st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec},
			       .ctime = {st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec},
			       .dev = st->st_dev,
			       .ino = st->st_ino,
			       .nlink = (uint32_t)st->st_nlink,
			       .fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME | SL_ENTRY_INODE};
}

static int capture_artifact(struct capture *c, const struct capture_target *t,
			    const struct sl_artifact *a, struct sl_error *err)
{
	struct sl_bundle_file file = {.target = t->id, .role = a->is_log ? "log" : "metadata"};
	AUTO_FREE char *members = NULL;
	struct sl_error why = SL_ERROR_INIT;
	struct sl_bundle_stored stored;
	struct sl_entry e;
	struct stat st;
	int rc;

	if (fstat(a->fd, &st) < 0 || content_open(&file.content, a->fd, &why) < 0) {
		rc = capture_gap_of(c, t, a->name, "engine file cannot be opened", why.sys, err);
		sl_error_clear(&why);
		return rc;
	}
	if (a->log_format != NULL && asprintf(&members, "\"log_format\":\"%s\"", a->log_format) < 0)
		members = NULL;
	fill_entry(&e, a->name, &st);
	file.entry = &e;
	file.members = members;
	return capture_keep(c, t, &file, &stored, err);
}

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
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < container->artifact_count; i++)
		rc = capture_artifact(c, t, &container->artifacts[i], err);
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
