/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_run.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "job/capture_records.h"
#include "snapshot/content.h"

static uint32_t number_of(const struct capture_target *t)
{
	return t != NULL ? t->id : SL_BUNDLE_TARGET_HOST;
}

int capture_gap(struct capture *c, const struct capture_target *t, const struct sl_gap *gap,
		struct sl_error *err)
{
	c->out->gaps++;
	return sl_bundle_gap(c->writer, number_of(t), gap, err);
}

int capture_gap_of(struct capture *c, const struct capture_target *t, const char *what,
		   const char *why, int sys, struct sl_error *err)
{
	struct sl_gap gap = {.what = {what, strlen(what)}, .why = why, .sys = sys};

	return capture_gap(c, t, &gap, err);
}

int capture_action(struct capture *c, const struct capture_target *t, const char *what,
		   const char *why, const char *result, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	int rc = capture_action_members(&members, what, why, result, err);

	return rc < 0 ? rc
		      : sl_bundle_record(c->writer, "action", number_of(t), members.data, NULL,
					 err);
}

void capture_entry(struct sl_entry *e, const char *path, const struct stat *st)
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

int capture_keep(struct capture *c, const struct capture_target *t,
		 const struct sl_bundle_file *file, struct sl_bundle_stored *stored,
		 struct sl_error *err)
{
	struct sl_gap gap = {.what = file->entry->path,
			     .why = "could not be read to its end",
			     .is_path = strcmp(file->role, "upper") == 0 ||
					strcmp(file->role, "volume") == 0};
	int rc = sl_bundle_add_file(c->writer, file, stored, err);

	if (rc < 0)
		return rc;
	c->out->records_files++;
	c->out->payload_bytes += stored->read.bytes;
	gap.sys = stored->read.sys;
	if (stored->read.sys != 0 || stored->read.is_short)
		return capture_gap(c, t, &gap, err);
	return 0;
}

int capture_bytes(struct capture *c, const struct capture_target *t, const char *role,
		  const char *name, const void *bytes, size_t size, struct sl_error *err)
{
	struct sl_bundle_file file = {.target = number_of(t), .role = role};
	struct sl_entry e = {.path = {name, strlen(name)}, .mode = S_IFREG | 0444, .size = size};
	struct sl_bundle_stored stored;
	int rc;

	if (bytes == NULL)
		return 0;
	file.entry = &e;
	rc = content_from_memory(&file.content, bytes, size, err);
	return rc < 0 ? rc : capture_keep(c, t, &file, &stored, err);
}
