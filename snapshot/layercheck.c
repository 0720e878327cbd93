/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/layercheck.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"

static int differs(struct sl_bytes path, const char *how, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(path.data, path.len);

	return sl_fail(err, SL_EUNTRUSTED, 0, "'%s' in the layer directory %s",
		       shown != NULL ? shown : "?", how);
}

static bool same_capability(const struct sl_entry *a, const struct sl_entry *b)
{
	const struct sl_xattr *x = sl_entry_xattr(a, "security.capability");
	const struct sl_xattr *y = sl_entry_xattr(b, "security.capability");

	if (x == NULL || y == NULL)
		return x == y;
	return sl_xattr_same(x, y);
}

/* What makes @disk another object than the layer's @tar, or NULL. */
static const char *difference(const struct sl_entry *disk, const struct sl_entry *tar)
{
	bool is_bare = (tar->flags & SL_ENTRY_WHITEOUT) != 0;

	if (is_bare != ((disk->flags & SL_ENTRY_WHITEOUT) != 0))
		return is_bare ? "is there, but the layer deletes it"
			       : "is deleted, but the layer has it";
	if (is_bare)
		return NULL;
	if ((disk->mode & S_IFMT) != (tar->mode & S_IFMT))
		return "is of another type than in the layer";
	if (disk->uid != tar->uid || disk->gid != tar->gid)
		return "has another owner than in the layer";
	if (S_ISLNK(tar->mode))
		return disk->target.len == tar->target.len &&
				       memcmp(disk->target.data, tar->target.data,
					      tar->target.len) == 0
			       ? NULL
			       : "leads elsewhere than in the layer";
	if (((disk->mode ^ tar->mode) & 07777) != 0)
		return "has another mode than in the layer";
	if (disk->size != tar->size)
		return "has another size than in the layer";
	if ((S_ISCHR(tar->mode) || S_ISBLK(tar->mode)) &&
	    (disk->rdev_major != tar->rdev_major || disk->rdev_minor != tar->rdev_minor))
		return "is another device than in the layer";
	return same_capability(disk, tar) ? NULL : "has other capabilities than in the layer";
}

static int compare(const struct sl_entry *disk, const struct sl_entry *tar, struct sl_error *err)
{
	const uint32_t guessed = SL_ENTRY_IMPLIED | SL_ENTRY_UNRESOLVED | SL_ENTRY_AMBIGUOUS;
	const char *how;

	/* the engine makes the root itself, and what no tar entry describes is no statement */
	if (tar->path.len == 0 || (tar->flags & guessed) != 0)
		return 0;
	how = difference(disk, tar);
	return how == NULL ? 0 : differs(tar->path, how, err);
}

static int next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	int rc = sl_source_next(src, out, err);

	if (rc == 1)
		*out = NULL;
	return rc < 0 ? rc : 0;
}

/* A name in the directory that the layer does not have. No archive holds a socket. */
static int only_disk(const struct sl_entry *e, struct sl_error *err)
{
	return S_ISSOCK(e->mode) ? 0 : differs(e->path, "is not part of the layer", err);
}

static int only_tar(const struct sl_entry *e, struct sl_error *err)
{
	const uint32_t guessed = SL_ENTRY_UNRESOLVED | SL_ENTRY_AMBIGUOUS;

	return (e->flags & guessed) != 0 ? 0 : differs(e->path, "is missing", err);
}

static int unread(struct sl_source *disk, struct sl_error *err)
{
	const struct sl_gap *gap = sl_source_gap(disk);
	AUTO_FREE char *shown = NULL;

	if (gap == NULL)
		return 0;
	shown = quote_dup(gap->what.data, gap->what.len);
	return sl_fail(err, SL_EIO, gap->sys, "'%s' in the layer directory: %s",
		       shown != NULL ? shown : "?", gap->why);
}

int layer_check(struct sl_source *disk, struct sl_source *recorded, struct sl_error *err)
{
	const struct sl_entry *a, *b;
	int rc = next(disk, &a, err);

	if (rc == 0)
		rc = next(recorded, &b, err);
	while (rc == 0 && (a != NULL || b != NULL)) {
		int order = a == NULL ? 1 : b == NULL ? -1 : sl_path_compare(a->path, b->path);

		rc = unread(disk, err);
		if (rc == 0)
			rc = order == 0  ? compare(a, b, err)
			     : order < 0 ? only_disk(a, err)
					 : only_tar(b, err);
		if (rc == 0 && order <= 0)
			rc = next(disk, &a, err);
		if (rc == 0 && order >= 0)
			rc = next(recorded, &b, err);
	}
	return rc == 0 ? unread(disk, err) : rc;
}
