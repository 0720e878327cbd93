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

/* What a layer directory is held against. */
struct check {
	struct lowertree *lower; /* NULL: nothing is below */
	struct sl_error *err;
};

static bool same_value(const struct sl_xattr *x, const struct sl_xattr *y)
{
	if (x == NULL || y == NULL)
		return x == y;
	return sl_xattr_same(x, y);
}

static bool same_capability(const struct sl_entry *a, const struct sl_entry *b)
{
	return same_value(sl_entry_xattr(a, "security.capability"),
			  sl_entry_xattr(b, "security.capability"));
}

/* What a host that labels or measures its files puts on them by itself. */
static bool is_of_the_host(const char *name)
{
	return strcmp(name, "security.selinux") == 0 || strcmp(name, "security.ima") == 0 ||
	       strcmp(name, "security.evm") == 0;
}

/*
 * Builders that keep the directory in which they built write its tar without these: a directory
 * that has them is no proof of tampering, and no proof of the opposite.
 */
static bool may_be_built(const char *name)
{
	return strncmp(name, "user.", 5) == 0 || strncmp(name, "system.posix_acl_", 17) == 0;
}

/* Attributes that the directory has and the tar does not, or with another value. */
static int compare_attributes(const struct sl_entry *disk, const struct sl_entry *tar,
			      struct sl_error *err)
{
	AUTO_FREE char *shown = NULL, *name = NULL;
	const struct sl_xattr *x = NULL, *expected = NULL;

	for (size_t i = 0; i < disk->xattr_count; i++) {
		x = &disk->xattrs[i];
		expected = sl_entry_xattr(tar, x->name);
		if (!same_value(x, expected) && !(expected == NULL && is_of_the_host(x->name)))
			break;
		x = NULL;
	}
	if (x == NULL)
		return 0;
	shown = quote_dup(tar->path.data, tar->path.len);
	name = quote_dup(x->name, strlen(x->name));
	if (shown == NULL || name == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer directory");
	if (expected == NULL && may_be_built(x->name))
		return sl_fail(
			err, SL_EUNSUPPORTED, 0,
			"'%s' in the layer directory has the attribute '%s', which the layer's "
			"tar has not: builders leave such out, so nothing is proven",
			shown, name);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "'%s' in the layer directory has the attribute '%s', which the layer %s",
		       shown, name, expected == NULL ? "has not" : "has with another value");
}

/*
 * Markers that move or hide what is below. Where nothing is below, a directory that is opaque is
 * like any other: kernels make them so, and engines do not write it down.
 */
static int compare_markers(const struct check *c, const struct sl_entry *disk,
			   const struct sl_entry *tar)
{
	enum lower_kind below = LOWER_ABSENT;
	int rc = 0;

	if (disk->redirect.data != NULL || (disk->flags & SL_ENTRY_METACOPY) != 0)
		return differs(tar->path, "leads to another object below, but not in the layer",
			       c->err);
	if (((disk->flags ^ tar->flags) & SL_ENTRY_OPAQUE) == 0)
		return 0;
	if (c->lower != NULL)
		rc = lowertree_kind(c->lower, tar->path, &below, c->err);
	if (rc < 0 || below != LOWER_DIR)
		return rc;
	return differs(tar->path,
		       (disk->flags & SL_ENTRY_OPAQUE) != 0
			       ? "is opaque, but shows what is below in the layer"
			       : "shows what is below, but is opaque in the layer",
		       c->err);
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

static int compare(const struct check *c, const struct sl_entry *disk, const struct sl_entry *tar)
{
	const uint32_t guessed = SL_ENTRY_UNRESOLVED | SL_ENTRY_AMBIGUOUS;
	const char *how;
	int rc;

	/* the engine makes the root itself, and what no tar entry describes is no statement */
	if (tar->path.len == 0 || (tar->flags & guessed) != 0)
		return 0;
	rc = S_ISDIR(disk->mode) || S_ISREG(disk->mode) ? compare_markers(c, disk, tar) : 0;
	if (rc < 0 || (tar->flags & SL_ENTRY_IMPLIED) != 0)
		return rc;
	how = difference(disk, tar);
	if (how != NULL)
		return differs(tar->path, how, c->err);
	return (disk->flags & SL_ENTRY_WHITEOUT) != 0 ? 0 : compare_attributes(disk, tar, c->err);
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

int layer_check(struct sl_source *disk, struct sl_source *recorded, struct lowertree *lower,
		struct sl_error *err)
{
	const struct check check = {.lower = lower, .err = err};
	const struct sl_entry *a, *b;
	int rc = next(disk, &a, err);

	if (rc == 0)
		rc = next(recorded, &b, err);
	while (rc == 0 && (a != NULL || b != NULL)) {
		int order = a == NULL ? 1 : b == NULL ? -1 : sl_path_compare(a->path, b->path);

		rc = unread(disk, err);
		if (rc == 0)
			rc = order == 0  ? compare(&check, a, b)
			     : order < 0 ? only_disk(a, err)
					 : only_tar(b, err);
		if (rc == 0 && order <= 0)
			rc = next(disk, &a, err);
		if (rc == 0 && order >= 0)
			rc = next(recorded, &b, err);
	}
	return rc == 0 ? unread(disk, err) : rc;
}
