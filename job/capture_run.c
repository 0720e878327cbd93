/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_run.h"

#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "job/capture_records.h"
#include "snapshot/content.h"

#define HOLES_FROM ((uint64_t)1 << 20)

static uint32_t number_of(const struct capture_target *t)
{
	return t != NULL ? t->id : SL_BUNDLE_TARGET_HOST;
}

int capture_gap(struct capture *c, const struct capture_target *t, const struct sl_gap *gap,
		struct sl_error *err)
{
	if (gap->by_plan)
		c->out->left_out++;
	else
		c->out->gaps++;
	return sl_bundle_gap(c->writer, number_of(t), gap, err);
}

int capture_gap_of(struct capture *c, const struct capture_target *t, const char *what,
		   const char *why, int sys, struct sl_error *err)
{
	struct sl_gap gap = {.what = {what, strlen(what)}, .why = why, .sys = sys};

	return capture_gap(c, t, &gap, err);
}

void capture_progress(struct capture *c, const struct capture_target *t, uint64_t bytes)
{
	const struct sl_progress *p = &c->job->progress;

	c->tree_done += bytes;
	if (p->report != NULL)
		p->report(p->payload, c->tree_done, c->tree_total,
			  sl_container_label(t->container));
}

uint64_t capture_size(struct sl_source *tree, const struct sl_entry *e)
{
	struct sl_content *content = NULL;
	uint64_t holes = 0;

	/* small ones are not worth a look */
	if (e->size >= HOLES_FROM && sl_source_open(tree, &content, NULL) == 0)
		holes = sl_content_holes(content);
	sl_content_close(content);
	return holes < e->size ? e->size - holes : 0;
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

static bool has_room(const struct capture *c, uint64_t bytes)
{
	uint64_t most = c->request->scope.max_bytes;

	return most == 0 || (bytes <= most && c->out->payload_bytes <= most - bytes);
}

/* What it will take: holes take nothing. */
static uint64_t expected(const struct sl_bundle_file *file)
{
	uint64_t size = file->entry->size, holes = sl_content_holes(file->content);

	return size > holes ? size - holes : 0;
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
		 const struct sl_bundle_file *wanted, struct sl_bundle_stored *stored,
		 struct sl_error *err)
{
	struct sl_bundle_file copy = *wanted, *file = &copy;
	struct sl_gap gap = {.what = file->entry->path,
			     .why = "could not be read to its end",
			     .is_path = strcmp(file->role, "upper") == 0 ||
					strcmp(file->role, "tmpfs") == 0 ||
					strcmp(file->role, "volume") == 0};
	bool fits = file->content == NULL || has_room(c, expected(file));
	int rc;

	if (!fits) {
		sl_content_close(file->content);
		file->content = NULL;
		gap.why = "not taken: --max-bytes is used up";
	}
	rc = sl_bundle_add_file(c->writer, file, stored, err);

	if (rc < 0)
		return rc;
	c->out->records_files++;
	c->out->payload_bytes += stored->payload_bytes;
	gap.sys = stored->read.sys;
	if (!fits || stored->read.sys != 0 || stored->read.is_short)
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
