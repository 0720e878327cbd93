/* SPDX-License-Identifier: Apache-2.0 */
/* Files and records of an engine about one container, as they are. */
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "job/capture_records.h"
#include "job/capture_run.h"
#include "snapshot/content.h"

/* A record lies in memory meanwhile: its bytes are evidence, its owner and times are not. */
static void fill_entry(struct sl_entry *e, const struct sl_artifact *a, const struct stat *st)
{
	capture_entry(e, a->name, st);
	if (a->is_record)
		*e = (struct sl_entry){.path = e->path, .mode = S_IFREG | 0444, .size = e->size};
}

/* Where it was found, and how it is to be read. */
static int say_members(struct buf *out, const struct sl_artifact *a, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf object = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct jout j;

	jout_begin(&j, &object);
	jout_object(&j);
	jout_key_bytes(&j, "found", a->path);
	if (a->is_record)
		jout_key_bool(&j, "record", true);
	if (a->log_format != NULL)
		jout_key_str(&j, "log_format", a->log_format);
	jout_object_end(&j);
	if (jout_end(&j) < 0 || buf_append(out, object.data + 1, object.len - 2) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "record");
	return 0;
}

/* A file that is still written to ends where it ended when it was looked at. */
static int keep(struct capture *c, const struct capture_target *t, const struct sl_artifact *a,
		struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct sl_bundle_file file = {.target = t->id, .role = a->is_log ? "log" : "metadata"};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_bundle_stored stored;
	struct sl_entry e;
	struct stat st;
	int rc;

	if (a->fd < 0)
		return capture_gap_of(c, t, a->path,
				      "engine's file is no regular file, cannot be opened, or "
				      "leads out of its place by a link",
				      0, err);
	if (fstat(a->fd, &st) < 0 || content_open(&file.content, a->fd, &why) < 0)
		return capture_gap_of(c, t, a->path, "engine's file cannot be opened", why.sys,
				      err);
	rc = say_members(&members, a, err);
	if (rc < 0) {
		sl_content_close(file.content);
		return rc;
	}
	fill_entry(&e, a, &st);
	file.entry = &e;
	file.members = members.data;
	return capture_keep(c, t, &file, &stored, err);
}

int capture_evidence(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	if (t->has_evidence || c->host == NULL)
		return 0;
	t->has_evidence = true;
	return host_container_evidence(c->host, t->container, err);
}

int capture_artifacts(struct capture *c, struct capture_target *t, bool logs, struct sl_error *err)
{
	const struct sl_container *container = t->container;
	int rc = capture_evidence(c, t, err);

	for (size_t i = 0; rc == 0 && i < container->artifact_count; i++)
		if (container->artifacts[i].is_log == logs)
			rc = keep(c, t, &container->artifacts[i], err);
	return rc;
}
