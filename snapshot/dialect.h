/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a directory says what is deleted, opaque, elsewhere or private: one table of dialects. What
 * one dialect reads as a marker is ordinary data in every other. Pure functions over bytes; who
 * walks a directory asks here and nowhere else.
 */
#ifndef SNAPSHOT_DIALECT_H
#define SNAPSHOT_DIALECT_H

#include <strandline/entry.h>
#include <strandline/image.h>

struct dialect;

/* Never NULL: an unknown marker is a plain tree. */
const struct dialect *dialect_of(enum sl_marker marker);

/* Names */

#define DIALECT_WHITEOUT_PREFIX ".wh."
#define DIALECT_OPAQUE_NAME ".wh..wh..opq"

enum dialect_name {
	DIALECT_OBJECT,   /* what it is on disk */
	DIALECT_WHITEOUT, /* the name behind the prefix is deleted */
	DIALECT_OPAQUE,   /* the directory that holds it is opaque */
	DIALECT_PRIVATE,  /* the file system's own bookkeeping, never shown */
	DIALECT_RESERVED, /* never shown either, and nothing that is known */
};

/* What a name in a directory is. @at_root: in the layer's topmost one. */
enum dialect_name dialect_name(const struct dialect *d, const char *name, bool at_root);

/*
 * Where a name belongs in canonical order, by which `.wh.NAME` is about NAME. NULL for dialects
 * without such names: each is its own.
 */
typedef const char *(*dialect_key_fn)(const char *name);
dialect_key_fn dialect_key(const struct dialect *d);

/* An object survives a `.wh.` file of its own layer, as in the OCI specification. */
bool dialect_object_survives(const struct dialect *d);
/* A character device 0:0 deletes its own name. */
bool dialect_reads_devices(const struct dialect *d);
/* The root of a layer can be opaque. The kernel merges the roots whatever they bear. */
bool dialect_root_is_opaque(const struct dialect *d);
/* Directories that were renamed are followed into the layers below. */
bool dialect_follows_redirects(const struct dialect *d);
/* Markers are trusted.* attributes, which not everybody is shown. */
bool dialect_needs_trusted(const struct dialect *d);

/* Extended attributes */

enum dialect_attribute {
	DIALECT_DATA,
	DIALECT_HIDDEN, /* private, and says nothing about the tree */
	DIALECT_ATTR_WHITEOUT,
	DIALECT_ATTR_OPAQUE,
	DIALECT_ATTR_METACOPY,
	DIALECT_ATTR_ORIGIN,
	DIALECT_ATTR_REDIRECT,
	DIALECT_ATTR_NLINK,
	DIALECT_ATTR_STAT, /* owner, mode and type as the container sees them */
};

/* What an attribute is, and how data is named where the tree is mounted: the first @keep bytes of
 * its name, then what follows @drop more. */
struct dialect_reading {
	enum dialect_attribute kind;
	size_t keep, drop;
};

/*
 * @stat_name: the attribute by which this layer overrides stat(), of those below; or NULL.
 */
struct dialect_reading dialect_attribute(const struct dialect *d, const char *name,
					 const char *stat_name);

/* The attributes that, on the root of a layer, say that it overrides stat(); NULL-terminated, the
 * first that is there counts. Empty for most dialects. */
const char *const *dialect_stat_names(const struct dialect *d);

/* Values */

/*
 * 1 for "y", or what begins like it where the dialect does not look further; 0 for anything else.
 * -1: fuse-overlayfs decides by what is on its stack when the value is empty.
 */
int dialect_opaque(const struct dialect *d, const void *value, size_t len);
/* Empty, or a header whose version and length are right (fs-verity digest behind it). */
bool dialect_metacopy_is_valid(const void *value, size_t len);
/*
 * "U+1": how many names the overlay shows, against those on disk, where one more is in the index.
 * True when some of them are names of the layers below; also when that cannot be told ("L+1").
 */
bool dialect_nlink_reaches_below(const void *value, size_t len);
/* Absolute without empty, "." and ".." components, or one component. */
bool dialect_redirect_is_valid(struct sl_bytes redirect);

/* What replaces parts of stat(). */
struct dialect_stat {
	uint32_t uid, gid;
	uint32_t mode; /* permission bits; with the type where has_type */
	bool has_type;
	uint32_t claim; /* type bits of the mode as it was written, 0 when there were none */
	uint32_t rdev_major, rdev_minor;
};

/* UID:GID:MODE[:TYPE], decimal, decimal, octal. False when it is anything else. */
bool dialect_parse_stat(struct dialect_stat *out, const void *value, size_t len);

#endif
