/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file source.h
 * A tree, read once, in canonical order.
 *
 * An image's merged view, one layer, a directory on disk, a live upper on its lowers and a bundle
 * are all sources; comparing two of them is one merge walk.
 *
 * @code
 * const struct sl_entry *e;
 * while ((rc = sl_source_next(src, &e, err)) == 0) {
 *         if (!wanted(e->path))
 *                 continue;
 *         ...
 * }
 * if (rc < 0)
 *         return rc;
 * @endcode
 */
#ifndef SL_SOURCE_H
#define SL_SOURCE_H

#include <strandline/entry.h>
#include <strandline/error.h>

/** Something that was to be read and was not. A result with a gap is never "clean". */
struct sl_gap {
	struct sl_bytes what; /**< what went unread: a path in the tree, or another name */
	const char *why;      /**< lower case, one line, no evidence bytes in it */
	int sys;              /**< errno, or 0 */
	bool is_path;         /**< @c what is a path in the examined tree */
	bool below;           /**< everything beneath @c what went unread too */
	bool by_plan;         /**< nothing failed: it was asked to leave this out */
};

/**
 * Receives the bytes of one file while they are read, e.g. to hash or to store them. Embed it as
 * the first member of a larger struct.
 */
struct sl_tap {
	/** Take the next bytes. @return 0, or negative to end the read with that code */
	int (*data)(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err);
};

/** As a tap, of somebody who need not be told of zeros that are not stored anywhere. */
struct sl_sparse_tap {
	/** The next bytes. @return 0, or negative to end the read with that code */
	int (*data)(struct sl_sparse_tap *tap, const void *bytes, size_t len, struct sl_error *err);
	/** The next @p len bytes are a hole. */
	int (*hole)(struct sl_sparse_tap *tap, uint64_t len, struct sl_error *err);
};

/** How a read went. */
struct sl_read {
	uint64_t bytes; /**< bytes that went through the taps */
	bool changed;   /**< the file changed while it was read: size, mtime or ctime moved */
	bool is_short;  /**< fewer bytes came than the entry's size promised */
	int sys;        /**< errno that ended the read early, or 0 */
	/** Of the file when the read ended, where it has such: what was read is as of then. */
	bool has_times;
	struct sl_time mtime, ctime;
};

/** The longest sl_file_id. */
#define SL_FILE_ID_MAX 160

/**
 * What tells a file from every other one on this machine since it was started, and from the one
 * that had its inode before: its file system and the handle that the kernel gives it there.
 */
struct sl_file_id {
	uint8_t bytes[SL_FILE_ID_MAX];
	size_t len;
};

/** The content of one regular file, detached from the walk: another thread may read it. */
struct sl_content;

struct sl_content_ops {
	int (*read)(struct sl_content *c, struct sl_tap *const taps[], size_t count,
		    struct sl_read *out, struct sl_error *err);
	void (*close)(struct sl_content *c);
	uint64_t (*holes)(struct sl_content *c); /**< NULL: it has none */
	/** NULL: it has no holes, or cannot tell where. */
	int (*read_sparse)(struct sl_content *c, struct sl_sparse_tap *tap, struct sl_read *out,
			   struct sl_error *err);
	bool (*is_quiet)(struct sl_content *c); /**< NULL: that cannot be told */
};

struct sl_content {
	const struct sl_content_ops *ops;
};

/** A tree being walked. Implementations embed it as their first member. */
struct sl_source;

struct sl_source_ops {
	int (*next)(struct sl_source *src, const struct sl_entry **out, struct sl_error *err);
	int (*seek)(struct sl_source *src, struct sl_bytes path, struct sl_error *err);
	int (*open)(struct sl_source *src, struct sl_content **out, struct sl_error *err);
	const struct sl_gap *(*gap)(struct sl_source *src);
	void (*close)(struct sl_source *src);
	bool (*identify)(struct sl_source *src, struct sl_file_id *out); /**< NULL: it cannot */
};

struct sl_source {
	const struct sl_source_ops *ops;
	/**
	 * An overlay view lists only what its upper directory touches: a name it does not yield is
	 * unchanged, a deletion comes as an entry with SL_ENTRY_WHITEOUT, and a directory whose
	 * children are listed in full carries SL_ENTRY_COMPLETE. Any other source lists everything.
	 */
	bool sparse;
};

/**
 * Fetch the next entry, in canonical order; the first is the root ("") if the source has one.
 *
 * What cannot be read does not end the walk: it becomes a gap, fetched with sl_source_gap().
 *
 * @param[out] out  borrowed; valid until the next call on @p src
 * @return 0 and an entry; 1 at the end; negative sl_code, after which only close is allowed
 */
SL_API int sl_source_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err);

/**
 * Move so that the next entry is the first at or after @p path in canonical order. Forward is
 * cheap; backward is allowed unless the implementation says otherwise (then -SL_EUNSUPPORTED).
 */
SL_API int sl_source_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err);

/**
 * Detach the content of the entry last returned, which must be a regular file.
 *
 * @return 0; 1 when this source holds no bytes (a baseline knows digests only); negative when the
 *         file cannot be opened: report it as a gap and go on
 */
SL_API int sl_source_open(struct sl_source *src, struct sl_content **out, struct sl_error *err);

/**
 * Identify the regular file returned last, if it lies where every change of its bytes moves its
 * change time, which nobody in a container can set. False where that cannot be told.
 */
SL_API bool sl_source_identify(struct sl_source *src, struct sl_file_id *out);

/** The next gap met since the last call, borrowed until the next call on @p src; NULL when none. */
SL_API const struct sl_gap *sl_source_gap(struct sl_source *src);

/** Close and free. NULL is fine. */
SL_API void sl_source_close(struct sl_source *src);

/**
 * Read the content once, from start to end, through all taps in turn.
 *
 * An error while reading is a result (@c out->sys, @c out->is_short), not a failure; the return
 * value is negative only when a tap failed or memory ran out.
 */
SL_API int sl_content_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
			   struct sl_read *out, struct sl_error *err);

/**
 * How many bytes of it are holes: read as zeros, without a place on the disk. A terabyte of them
 * costs an attacker nothing, and whoever hashes them minutes.
 */
SL_API uint64_t sl_content_holes(struct sl_content *c);

/** The same as sl_content_read(), holes told as such: for contents with holes that can tell. */
SL_API int sl_content_read_sparse(struct sl_content *c, struct sl_sparse_tap *tap,
				  struct sl_read *out, struct sl_error *err);
/** Can it tell where its holes are? */
SL_API bool sl_content_is_sparse(const struct sl_content *c);

/**
 * True when nobody has it open for writing, or mapped so that memory writes to it, at this very
 * moment. False also where that cannot be told.
 */
SL_API bool sl_content_is_quiet(struct sl_content *c);

/** Close and free. NULL is fine. */
SL_API void sl_content_close(struct sl_content *c);

#endif
