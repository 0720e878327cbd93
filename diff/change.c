/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/change.h>

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

#define PERMISSIONS 07777u
#define CONTENT_FIELDS (SL_FIELD_SIZE | SL_FIELD_CONTENT | SL_FIELD_TARGET | SL_FIELD_RDEV)

static const char *const kind_names[SL_CHANGE_KINDS] = {
	[SL_CHANGE_ADDED] = "added",       [SL_CHANGE_MODIFIED] = "modified",
	[SL_CHANGE_METADATA] = "metadata", [SL_CHANGE_DELETED] = "deleted",
	[SL_CHANGE_TYPE] = "type",         [SL_CHANGE_TOUCHED] = "touched",
};

/* In the order of their bits. */
static const char *const signal_names[] = {
	"forged-mtime", "setuid",         "setgid",     "caps",        "opaque",
	"hidden-name",  "renamed",        "unstable",   "elf",         "script",
	"executable",   "world-writable", "device",     "under-mount", "stray-whiteout",
	"truncated",    "running",        "mapped",     "archive",     "key",
	"packaged",     "volume",         "known-bad",  "known-good",  "yara",
	"in-path",      "in-temp",        "unlinked",   "memfd",       "preload",
	"traced",       "server-code",    "runs-input", "miner",       "partly-searched",
	"rewritten",    "borrowed-mtime", "credential", "scrambled",   "deleted-at-start",
	"shell-code",   "program-inside",
};

_Static_assert(ARRAY_SIZE(signal_names) == SL_SIGNAL_BITS, "every signal has a name");

const char *sl_change_name(enum sl_change_kind kind)
{
	return (unsigned int)kind < SL_CHANGE_KINDS ? kind_names[kind] : "unknown";
}

const char *sl_signal_name(uint64_t bit)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(signal_names); i++)
		if (bit == UINT64_C(1) << i)
			return signal_names[i];
	return NULL;
}

/*
 * A tar with whole seconds either cut the fraction off or rounded it (Go's archive/tar rounds), so
 * both neighbours are the same time at that precision.
 */
static bool same_coarse(struct sl_time coarse, struct sl_time fine)
{
	return coarse.sec == fine.sec || (fine.nsec >= 500000000 && coarse.sec == fine.sec + 1);
}

/*
 * Engines unpack a time that is before 1970, or too late to be counted in nanoseconds, as 1970
 * (docker and containerd alike); GNU tar and umoci unpack it as it is.
 */
static bool is_out_of_reach(struct sl_time t)
{
	struct sl_time last = {.sec = INT64_MAX / 1000000000, .nsec = INT64_MAX % 1000000000};

	return t.sec < 0 || t.sec > last.sec || (t.sec == last.sec && t.nsec > last.nsec);
}

static bool is_epoch(struct sl_time t)
{
	return t.sec == 0 && t.nsec == 0;
}

static bool same_mtime(const struct sl_entry *a, const struct sl_entry *b)
{
	bool a_coarse = (a->flags & SL_ENTRY_COARSE_TIME) != 0;
	bool b_coarse = (b->flags & SL_ENTRY_COARSE_TIME) != 0;

	if ((a->fields & b->fields & SL_ENTRY_MTIME) == 0)
		return false;
	if ((is_out_of_reach(a->mtime) && is_epoch(b->mtime)) ||
	    (is_out_of_reach(b->mtime) && is_epoch(a->mtime)))
		return true;
	if (a_coarse && b_coarse)
		return a->mtime.sec == b->mtime.sec;
	if (a_coarse)
		return same_coarse(a->mtime, b->mtime);
	if (b_coarse)
		return same_coarse(b->mtime, a->mtime);
	return a->mtime.sec == b->mtime.sec && a->mtime.nsec == b->mtime.nsec;
}

/*
 * An overlay's own: never shown inside, and not copied up, but tars can hold them. What is read of
 * a container has lost its own already: by this name it has data of an overlay that is mounted in
 * it.
 */
static bool is_private(const char *name)
{
	static const char prefix[] = "trusted.overlay.";

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 &&
	       strncmp(name + sizeof(prefix) - 1, "overlay.", 8) != 0;
}

/* Labels that the host puts on every file: no change where the image has none. */
static bool is_label(const char *name)
{
	return strcmp(name, "security.selinux") == 0 || strcmp(name, "security.ima") == 0 ||
	       strcmp(name, "security.evm") == 0;
}

/* Both lists are sorted by name: one merge. */
static bool same_xattrs(const struct sl_entry *before, const struct sl_entry *after)
{
	size_t b = 0, a = 0;

	if ((before->fields & after->fields & SL_ENTRY_XATTRS) == 0)
		return false;
	for (;;) {
		const struct sl_xattr *was = b < before->xattr_count ? &before->xattrs[b] : NULL;
		const struct sl_xattr *is = a < after->xattr_count ? &after->xattrs[a] : NULL;
		int order;

		if (was == NULL && is == NULL)
			return true;
		order = was == NULL ? 1 : is == NULL ? -1 : strcmp(was->name, is->name);
		if (order < 0 && !is_private(was->name))
			return false;
		if (order > 0 && !is_label(is->name))
			return false;
		if (order == 0 && !sl_xattr_same(was, is))
			return false;
		b += order <= 0;
		a += order >= 0;
	}
}

static uint32_t compare_content(const struct sl_entry *before, const struct sl_entry *after)
{
	uint32_t both = before->fields & after->fields;

	if (before->size != after->size)
		return SL_FIELD_SIZE | SL_FIELD_CONTENT;
	if ((both & SL_ENTRY_XXH3) != 0 && memcmp(before->xxh3, after->xxh3, SL_XXH3_SIZE) != 0)
		return SL_FIELD_CONTENT;
	if ((both & SL_ENTRY_SHA256) == 0 ||
	    memcmp(before->sha256, after->sha256, SL_SHA256_SIZE) != 0)
		return SL_FIELD_CONTENT;
	return 0;
}

static uint32_t compare_body(const struct sl_entry *before, const struct sl_entry *after)
{
	switch (after->mode & S_IFMT) {
	case S_IFREG:
		return compare_content(before, after);
	case S_IFLNK:
		return before->target.len == after->target.len &&
				       (after->target.len == 0 ||
					memcmp(before->target.data, after->target.data,
					       after->target.len) == 0)
			       ? 0
			       : (uint32_t)SL_FIELD_TARGET;
	case S_IFCHR:
	case S_IFBLK:
		return before->rdev_major == after->rdev_major &&
				       before->rdev_minor == after->rdev_minor
			       ? 0
			       : (uint32_t)SL_FIELD_RDEV;
	default:
		return 0;
	}
}

uint32_t sl_entry_compare(const struct sl_entry *before, const struct sl_entry *after)
{
	bool is_guess = ((before->flags | after->flags) & SL_ENTRY_IMPLIED) != 0;
	bool is_type = (before->mode & S_IFMT) != (after->mode & S_IFMT);
	uint32_t fields = is_type ? (uint32_t)SL_FIELD_TYPE : compare_body(before, after);

	if (is_guess)
		return fields;
	/* a link's own permissions mean nothing, and archives disagree about them */
	if (((before->mode ^ after->mode) & PERMISSIONS) != 0 && !S_ISLNK(before->mode) &&
	    !S_ISLNK(after->mode))
		fields |= SL_FIELD_MODE;
	if (before->uid != after->uid || before->gid != after->gid)
		fields |= SL_FIELD_OWNER;
	if (!same_mtime(before, after))
		fields |= SL_FIELD_MTIME;
	if (!same_xattrs(before, after))
		fields |= SL_FIELD_XATTRS;
	return fields;
}

enum sl_change_kind sl_change_kind_of(uint32_t fields, uint32_t mode)
{
	if ((fields & SL_FIELD_TYPE) != 0)
		return SL_CHANGE_TYPE;
	if ((fields & CONTENT_FIELDS) != 0)
		return SL_CHANGE_MODIFIED;
	if (fields == 0 || (fields == SL_FIELD_MTIME && S_ISDIR(mode)))
		return SL_CHANGE_TOUCHED;
	return SL_CHANGE_METADATA;
}
