/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/checkdiff.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"

/* Of an attribute's value, what a report shows. */
#define VALUE_SHOWN ((size_t)128)

const char *checkdiff_type(const struct sl_entry *e)
{
	return (e->flags & SL_ENTRY_WHITEOUT) != 0 ? "whiteout" : sl_type_name(e->mode);
}

/* A formatted text, owned; NULL when memory ran out. */
static char *text(const char *fmt, ...) SL_PRINTF(1, 2);

static char *text(const char *fmt, ...)
{
	char *out = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&out, fmt, args);
	va_end(args);
	return n < 0 ? NULL : out;
}

char *checkdiff_describe(const struct sl_entry *e)
{
	AUTO_FREE char *target = NULL;

	if ((e->flags & SL_ENTRY_WHITEOUT) != 0)
		return strdup("whiteout");
	if (S_ISREG(e->mode))
		return text("file, mode %04o, owner %u:%u, %" PRIu64 " bytes", e->mode & 07777,
			    e->uid, e->gid, e->size);
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		return text("%s %u:%u, mode %04o, owner %u:%u", checkdiff_type(e), e->rdev_major,
			    e->rdev_minor, e->mode & 07777, e->uid, e->gid);
	if (S_ISLNK(e->mode)) {
		target = quote_short(e->target.data, e->target.len);
		return target != NULL ? text("symlink to %s", target) : NULL;
	}
	return text("%s, mode %04o, owner %u:%u", checkdiff_type(e), e->mode & 07777, e->uid,
		    e->gid);
}

static int note(struct checkitem *it, enum sl_difference_kind kind, const char *what, char *before,
		char *after, struct sl_error *err)
{
	struct checkitem_note n = {.kind = kind, .what = what, .before = before, .after = after};

	if (before != NULL && after != NULL)
		return checkitem_note(it, &n);
	free(before);
	free(after);
	return sl_fail(err, SL_ENOMEM, 0, "layer check");
}

/* ---- attributes ---- */

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

/* A value that is text is shown as such, another one in hexadecimal digits. */
static char *value_text(const struct sl_xattr *x)
{
	size_t shown = x->size < VALUE_SHOWN ? x->size : VALUE_SHOWN;
	const char *bytes = x->value, *more = shown < x->size ? "..." : "";
	AUTO_FREE char *inner = NULL;

	for (size_t i = 0; i < shown; i++)
		if (bytes[i] < ' ' || bytes[i] > '~') {
			inner = malloc(2 * shown + 1);
			if (inner != NULL)
				hex_encode(inner, bytes, shown);
			return inner != NULL ? text("0x%s%s", inner, more) : NULL;
		}
	inner = shown > 0 ? quote_dup(bytes, shown) : strdup("");
	return inner != NULL ? text("%s%s", inner, more) : NULL;
}

/*
 * The same rights, but for the root of a user namespace only: that is what an engine inside one
 * leaves of a layer's capability, and it is worth nothing anywhere else.
 */
static bool is_of_a_namespace(const struct sl_xattr *before, const struct sl_xattr *after)
{
	const uint8_t *b, *a;

	if (before == NULL || after == NULL || before->size != 20 || after->size != 24)
		return false;
	b = before->value;
	a = after->value;
	return b[3] == 2 && a[3] == 3 && memcmp(a, b, 3) == 0 && memcmp(a + 4, b + 4, 16) == 0;
}

/* @before or @after may be NULL: the attribute is not there. */
static int note_attribute(struct checkitem *it, const struct sl_xattr *before,
			  const struct sl_xattr *after, struct sl_error *err)
{
	const char *name = before != NULL ? before->name : after->name;
	bool is_capability = strcmp(name, "security.capability") == 0;
	struct checkitem_note n = {.kind = SL_DIFFERENCE_METADATA,
				   .what = is_capability ? "capability" : "xattr",
				   .name = quote_short(name, strlen(name)),
				   .before = before != NULL ? value_text(before) : NULL,
				   .after = after != NULL ? value_text(after) : NULL};

	n.is_doubtful = (before == NULL && may_be_built(name)) ||
			(is_capability && is_of_a_namespace(before, after));
	if (n.name != NULL && (n.before != NULL || before == NULL) &&
	    (n.after != NULL || after == NULL))
		return checkitem_note(it, &n);
	free(n.name);
	free(n.before);
	free(n.after);
	return sl_fail(err, SL_ENOMEM, 0, "layer check");
}

static int compare_attributes(struct checkitem *it, const struct sl_entry *disk,
			      const struct sl_entry *stored, struct sl_error *err)
{
	size_t d = 0, s = 0;
	int rc = 0;

	while (rc == 0 && (d < disk->xattr_count || s < stored->xattr_count)) {
		const struct sl_xattr *a = d < disk->xattr_count ? &disk->xattrs[d] : NULL;
		const struct sl_xattr *b = s < stored->xattr_count ? &stored->xattrs[s] : NULL;
		int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a->name, b->name);

		d += order <= 0;
		s += order >= 0;
		if (order == 0 && !sl_xattr_same(a, b))
			rc = note_attribute(it, b, a, err);
		else if (order < 0 && !is_of_the_host(a->name))
			rc = note_attribute(it, NULL, a, err);
		else if (order > 0)
			rc = note_attribute(it, b, NULL, err);
	}
	return rc;
}

/* ---- markers ---- */

/*
 * Markers that move or hide what is below. Where nothing is below, a directory that is opaque is
 * like any other: kernels make them so, and engines do not write it down.
 */
static int compare_markers(const struct checkdiff *c, struct checkitem *it,
			   const struct sl_entry *disk, const struct sl_entry *stored,
			   struct sl_error *err)
{
	bool is_opaque = (disk->flags & SL_ENTRY_OPAQUE) != 0;
	enum lower_kind below = LOWER_ABSENT;
	AUTO_FREE char *to = NULL;
	int rc = 0;

	if (disk->redirect.data != NULL) {
		to = quote_short(disk->redirect.data, disk->redirect.len);
		rc = note(it, SL_DIFFERENCE_CHANGED, "marker", strdup("none"),
			  to != NULL ? text("redirect to %s", to) : NULL, err);
	}
	if (rc == 0 && (disk->flags & SL_ENTRY_METACOPY) != 0)
		rc = note(it, SL_DIFFERENCE_CHANGED, "marker", strdup("none"),
			  strdup("metacopy: the bytes are another object's"), err);
	if (rc < 0 || ((disk->flags ^ stored->flags) & SL_ENTRY_OPAQUE) == 0)
		return rc;
	if (c->lower != NULL)
		rc = lowertree_kind(c->lower, stored->path, &below, err);
	if (rc < 0 || below != LOWER_DIR)
		return rc;
	return note(it, SL_DIFFERENCE_CHANGED, "marker",
		    strdup(is_opaque ? "shows what is below" : "opaque"),
		    strdup(is_opaque ? "opaque" : "shows what is below"), err);
}

/* ---- objects ---- */

bool checkdiff_is_guess(const struct sl_entry *stored)
{
	return (stored->flags & (SL_ENTRY_UNRESOLVED | SL_ENTRY_AMBIGUOUS)) != 0;
}

static int compare_links(struct checkitem *it, const struct sl_entry *disk,
			 const struct sl_entry *stored, struct sl_error *err)
{
	if (disk->target.len == stored->target.len &&
	    memcmp(disk->target.data, stored->target.data, stored->target.len) == 0)
		return 0;
	return note(it, SL_DIFFERENCE_CHANGED, "target",
		    quote_short(stored->target.data, stored->target.len),
		    quote_short(disk->target.data, disk->target.len), err);
}

static int compare_devices(struct checkitem *it, const struct sl_entry *disk,
			   const struct sl_entry *stored, struct sl_error *err)
{
	if (disk->rdev_major == stored->rdev_major && disk->rdev_minor == stored->rdev_minor)
		return 0;
	return note(it, SL_DIFFERENCE_CHANGED, "device",
		    text("%u:%u", stored->rdev_major, stored->rdev_minor),
		    text("%u:%u", disk->rdev_major, disk->rdev_minor), err);
}

static int compare_owners(const struct checkdiff *c, struct checkitem *it,
			  const struct sl_entry *disk, const struct sl_entry *stored,
			  struct sl_error *err)
{
	const struct checkowner same = {.kind = CHECKOWNER_NONE};

	if (checkowner_fits(c->owner != NULL ? c->owner : &same, disk, stored))
		return 0;
	return note(it, SL_DIFFERENCE_METADATA, "owner", text("%u:%u", stored->uid, stored->gid),
		    text("%u:%u", disk->uid, disk->gid), err);
}

/* Links have no mode of their own. */
static int compare_modes(struct checkitem *it, const struct sl_entry *disk,
			 const struct sl_entry *stored, struct sl_error *err)
{
	if (S_ISLNK(stored->mode) || ((disk->mode ^ stored->mode) & 07777) == 0)
		return 0;
	return note(it, SL_DIFFERENCE_METADATA, "mode", text("%04o", stored->mode & 07777),
		    text("%04o", disk->mode & 07777), err);
}

int checkdiff_entry(const struct checkdiff *c, struct checkitem *it, const struct sl_entry *disk,
		    const struct sl_entry *stored, struct sl_error *err)
{
	bool is_whiteout = (stored->flags & SL_ENTRY_WHITEOUT) != 0;
	int rc = 0;

	/* the engine makes the root itself, and what no tar entry describes is no statement */
	if (stored->path.len == 0 || checkdiff_is_guess(stored))
		return 0;
	if (S_ISDIR(disk->mode) || S_ISREG(disk->mode))
		rc = compare_markers(c, it, disk, stored, err);
	if (rc < 0 || (stored->flags & SL_ENTRY_IMPLIED) != 0)
		return rc;
	if (is_whiteout != ((disk->flags & SL_ENTRY_WHITEOUT) != 0) ||
	    (!is_whiteout && ((disk->mode ^ stored->mode) & S_IFMT) != 0))
		return note(it, SL_DIFFERENCE_CHANGED, "type", checkdiff_describe(stored),
			    checkdiff_describe(disk), err);
	if (is_whiteout)
		return 0;
	if (S_ISLNK(stored->mode))
		rc = compare_links(it, disk, stored, err);
	if (S_ISCHR(stored->mode) || S_ISBLK(stored->mode))
		rc = compare_devices(it, disk, stored, err);
	if (rc == 0)
		rc = compare_modes(it, disk, stored, err);
	if (rc == 0)
		rc = compare_owners(c, it, disk, stored, err);
	return rc == 0 ? compare_attributes(it, disk, stored, err) : rc;
}
