/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file entry.h
 * One file system object at one path, as a layer, a directory, a bundle or a merged view shows it.
 */
#ifndef SL_ENTRY_H
#define SL_ENTRY_H

#include <strandline/base.h>

/** An extended attribute. Values are bytes and may hold NUL. */
struct sl_xattr {
	const char *name;  /**< NUL-terminated, e.g. "security.capability" */
	const void *value; /**< NULL only when size is 0 */
	size_t size;
};

/** Which of the optional fields of an entry were read. A field that was not read is never equal. */
enum sl_entry_field {
	SL_ENTRY_SHA256 = 1u << 0,
	SL_ENTRY_XXH3 = 1u << 1,
	SL_ENTRY_ATIME = 1u << 2,
	SL_ENTRY_CTIME = 1u << 3,
	SL_ENTRY_BTIME = 1u << 4,
	SL_ENTRY_INODE = 1u << 5,  /**< dev, ino and nlink */
	SL_ENTRY_XATTRS = 1u << 6, /**< the list is complete, though perhaps empty */
	SL_ENTRY_MTIME = 1u << 7,
	SL_ENTRY_HEAD = 1u << 8, /**< the first bytes of the content */
	/** With SHA256 and XXH3: remembered from an earlier reading of the file; no proof. */
	SL_ENTRY_CACHED = 1u << 9,
};

/** What a layer says beside the object itself. Only layer sources set markers; views resolve them.
 */
enum sl_entry_flag {
	SL_ENTRY_WHITEOUT = 1u << 0, /**< the name is deleted from everything below */
	SL_ENTRY_OPAQUE = 1u << 1,   /**< directory: nothing below shines through */
	SL_ENTRY_IMPLIED =
		1u << 2, /**< a parent that no tar entry describes: metadata is a guess */
	SL_ENTRY_METACOPY = 1u << 3,    /**< file: the data is in a layer below */
	SL_ENTRY_ORIGIN = 1u << 4,      /**< was copied up from a lower object (overlay origin) */
	SL_ENTRY_COARSE_TIME = 1u << 5, /**< mtime has whole seconds: compare at that precision */
	/**
	 * Directory of an overlay view: children that the source does not yield do not exist.
	 * Without it, in a sparse source, they are what the baseline has at the same path.
	 */
	SL_ENTRY_COMPLETE = 1u << 6,
	SL_ENTRY_UNRESOLVED = 1u << 7, /**< hard link whose target is unknown */
	/**
	 * Image entry that programs unpack differently: a 0:0 device or an overlay attribute (data
	 * in the image, a marker once it is on an overlay), a name both deleted and present, one
	 * that a link of a lower layer leads to, a hard link whose own metadata is not its
	 * target's, attributes in a form that engines do not read.
	 */
	SL_ENTRY_AMBIGUOUS = 1u << 8,
	/**
	 * Of an overlay with index=on: names of the file that the directory does not hold, but the
	 * layers below, show this object as well.
	 */
	SL_ENTRY_INDEXED = 1u << 9,
	/** Of recorded files: the signals of these names, which their first bytes do not tell. */
	SL_ENTRY_SERVER_CODE = 1u << 10,
	SL_ENTRY_RUNS_INPUT = 1u << 11,
	SL_ENTRY_MINER = 1u << 12,
	SL_ENTRY_PARTLY_SEARCHED = 1u << 13,
	SL_ENTRY_SHELL_CODE = 1u << 14,
	SL_ENTRY_PROGRAM_INSIDE = 1u << 15,
};

/** Everything borrowed; valid until the next call on the source that lent it. */
struct sl_entry {
	struct sl_bytes path; /**< canonical, "" for the root */
	uint32_t mode;        /**< st_mode: type and permission bits; 0 for a bare whiteout */
	uint32_t uid, gid;    /**< as the image counts them, id shifts undone */
	uint64_t size;        /**< bytes; 0 for anything but a regular file */
	struct sl_time mtime, atime, ctime, btime;
	struct sl_bytes target; /**< symbolic link target; data is NULL for anything else */
	struct sl_bytes
		redirect; /**< overlay redirect as found, else NULL: lower object elsewhere */
	uint32_t rdev_major, rdev_minor;
	uint64_t dev, ino;
	uint32_t nlink;
	uint32_t fields; /**< set of enum sl_entry_field */
	uint32_t flags;  /**< set of enum sl_entry_flag */
	uint32_t layer;  /**< in a view: which layer it came from, 0 = top */
	const struct sl_xattr
		*xattrs; /**< sorted by name (bytes); overlay-private names left out */
	size_t xattr_count;
	uint8_t sha256[SL_SHA256_SIZE]; /**< of the content of a regular file */
	uint8_t head[16]; /**< first bytes of a regular file, for who cannot read it again */
	uint8_t head_len;
	uint8_t xxh3[SL_XXH3_SIZE]; /**< XXH3-128, canonical (big-endian) form */
};

/**
 * Order two paths canonically: component by component, as bytes.
 *
 * A directory is followed by everything in it. (Plain strcmp is wrong: it puts "a-b" between "a"
 * and "a/b".) The same order comes out of memcmp when every '/' is read as byte 0x00, which is how
 * paths are stored as database keys.
 *
 * @return negative, 0 or positive
 */
SL_API int sl_path_compare(struct sl_bytes a, struct sl_bytes b);

/** True when @p path is @p dir itself or lies beneath it. Every path lies beneath the root "". */
SL_API bool sl_path_within(struct sl_bytes path, struct sl_bytes dir);

/**
 * What kind of object a mode is of, as every document and table says it: "file", "directory",
 * "symlink", "char", "block", "fifo", "socket", "unknown". Static.
 */
SL_API const char *sl_type_name(uint32_t mode);

/** Find an attribute by name. @return borrowed, or NULL */
SL_API const struct sl_xattr *sl_entry_xattr(const struct sl_entry *e, const char *name);

/**
 * True when two values of one attribute mean the same. Capabilities of revision 3 whose root id is
 * 0 are those of revision 2: the kernel shows either, whichever was set.
 */
SL_API bool sl_xattr_same(const struct sl_xattr *a, const struct sl_xattr *b);

/** Deep copy in one allocation. @return 0, or -SL_ENOMEM */
SL_API int sl_entry_copy(struct sl_entry **out, const struct sl_entry *e);

/**
 * Write an entry as bytes for a temporary spool of this process (not a file format).
 *
 * @param write  called with consecutive pieces; negative ends the call with that code
 */
SL_API int sl_entry_encode(const struct sl_entry *e,
			   int (*write)(void *payload, const void *bytes, size_t len),
			   void *payload);

/**
 * Read an encoded entry. It borrows from @p bytes, and its attribute list from @p xattrs, which
 * has room for @p xattr_max.
 *
 * @return bytes used, or 0 when they are not one whole entry
 */
SL_API size_t sl_entry_decode(struct sl_entry *out, const void *bytes, size_t len,
			      struct sl_xattr *xattrs, size_t xattr_max);

/** Free what sl_entry_copy() made. NULL is fine. */
SL_API void sl_entry_free(struct sl_entry *e);

#endif
