/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file check.h
 * Layer directories held against the layers they stand for, file by file.
 *
 * A container shows its lower directories, not the image's tars: whoever writes into one changes
 * every container that shares it, and no digest of the image changes with it.
 */
#ifndef SL_CHECK_H
#define SL_CHECK_H

#include <strandline/baseline.h>

/** How it is known what belongs into the directory. The names are part of the document. */
enum sl_check_method {
	SL_CHECK_NONE,      /**< nothing says what the layer is */
	SL_CHECK_TAR_SPLIT, /**< the layer's tar was rebuilt out of the directory itself */
	SL_CHECK_BLOB,      /**< the layer's blob was read and hashed to its digest */
	SL_CHECK_BASELINE,  /**< rows that were stored earlier: their trust says how good */
};

/** What came out, the better first: of several, the last one stands for all. */
enum sl_check_verdict {
	SL_CHECK_INTACT,   /**< all read, and nothing differs from what is proven or signed */
	SL_CHECK_UNPROVEN, /**< nothing speaks of tampering, but it is not proven to be the layer */
	SL_CHECK_UNREAD,   /**< something was not read */
	SL_CHECK_TAMPERED, /**< something differs that no engine or builder leaves behind */
};

enum sl_difference_kind {
	SL_DIFFERENCE_CHANGED,  /**< bytes, type, link target, device number, a marker */
	SL_DIFFERENCE_MISSING,  /**< the layer has it, the directory does not */
	SL_DIFFERENCE_EXTRA,    /**< the directory has it, the layer does not */
	SL_DIFFERENCE_METADATA, /**< mode, owner, attributes, time */
};
#define SL_DIFFERENCE_KINDS 4

/** One difference. Borrowed for the call; all texts are harmless to print. */
struct sl_difference {
	enum sl_difference_kind kind;
	bool is_doubtful;     /**< builders and engines leave such, too: no proof of tampering */
	struct sl_bytes path; /**< raw bytes, in the layer */
	const char *what;     /**< "content", "type", "target", "device", "marker", "mode", "owner",
				 "capability", "xattr", "mtime"; the type of a missing or extra one */
	const char *name;     /**< of the attribute; else NULL */
	const char *before;   /**< in the layer; NULL when there is nothing to say */
	const char *after;    /**< in the directory; the same */
};

struct sl_check_counts {
	uint64_t by_kind[SL_DIFFERENCE_KINDS]; /**< doubtful ones left out */
	uint64_t doubtful;
	uint64_t gaps;
	uint64_t entries; /**< looked at in the directory */
	uint64_t bytes;   /**< of content hashed now, or rebuilt into the layer's tar */
};

/** What became of one directory. Clear with sl_layer_check_clear(). */
struct sl_layer_check {
	struct sl_time at; /**< when it began */
	enum sl_check_method method;
	enum sl_trust trust; /**< of what the directory was held against */
	enum sl_check_verdict verdict;
	struct sl_check_counts counts;
	char *why;           /**< why it is unproven or unread, or NULL; owned, one line */
	char *contradiction; /**< which source of the layer contradicts its digest, or NULL; owned
			      */
};

SL_API void sl_layer_check_clear(struct sl_layer_check *check);

/** Where differences go. A non-zero return ends the check and is returned. */
struct sl_check_events {
	int (*difference)(void *payload, const struct sl_difference *d);
	int (*gap)(void *payload, const struct sl_gap *gap);
	void *payload;
};

/** One directory to be checked. Borrowed. */
struct sl_check_place {
	int dir_fd; /**< O_PATH; -1: it is gone */
	enum sl_marker marker;
	const struct sl_idmap *idmap; /**< shift of ids on disk, or NULL */
	/**
	 * The directory shows the layers below, too, and no name in it is a marker: drivers that
	 * copy. It is held against all layers up to this one together.
	 */
	bool is_whole;
	/**
	 * How the layer was read and stored just now, or SL_CHECK_NONE. With SL_CHECK_TAR_SPLIT
	 * its tar came out of this very directory: contents are proven, and names and metadata
	 * are still to be compared.
	 */
	enum sl_check_method proven_by;
};

/** Checks directories of one image's layers against what is stored, or can be read, of them. */
struct sl_checker;

/**
 * @param image    borrowed, must outlive the checker
 * @param jobs     threads that hash; 0: none beside the caller
 * @param progress may be NULL
 */
SL_API int sl_checker_new(struct sl_checker **out, struct sl_baselines *b,
			  const struct sl_image *image, unsigned int jobs,
			  const struct sl_progress *progress, struct sl_error *err);

/**
 * Hold the directory against layer @p layer of the image (0 = bottom).
 *
 * The best of these that there is says what the layer is: rows in the store that are proven or
 * signed, its blob, its tar-split with its directory, rows that were recorded. What is read here
 * is not stored.
 *
 * @return 0 with @p out filled, whatever was found; negative when no statement can be made
 */
SL_API int sl_checker_layer(struct sl_checker *c, size_t layer, const struct sl_check_place *place,
			    const struct sl_check_events *events, struct sl_layer_check *out,
			    struct sl_error *err);

/** NULL is fine. */
SL_API void sl_checker_free(struct sl_checker *c);

/**
 * Keep what became of a directory, replacing what was kept before. An intact one also sets the
 * layer's checked_at.
 */
SL_API int sl_baselines_keep_check(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
				   const char *directory, const struct sl_layer_check *check,
				   struct sl_error *err);

/** What was kept last, without the texts. @return 0; 1 when there is nothing */
SL_API int sl_baselines_last_check(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
				   const char *directory, struct sl_layer_check *out,
				   struct sl_error *err);

/** Who has a layer directory. Borrowed. */
struct sl_check_sharer {
	const char *engine; /**< of a container; NULL for an image */
	const char *id;
	const char *name; /**< or NULL */
};

/** A layer directory that is checked. Borrowed. */
struct sl_check_subject {
	bool has_diff_id;
	uint8_t diff_id[SL_SHA256_SIZE], chain_id[SL_SHA256_SIZE];
	const char *directory; /**< or NULL: nobody knows where it was */
	const struct sl_check_sharer *images, *containers;
	size_t image_count, container_count;
};

/** The whole of a run. */
struct sl_check_totals {
	uint64_t by_verdict[SL_CHECK_TAMPERED + 1]; /**< layer directories */
	struct sl_check_counts counts;
	uint64_t contradictions, gaps; /**< of no layer: see the sink */
};

struct sl_run;
struct sl_check_sink;

/**
 * Where checks go. Calls come in this order: begin; for each directory layer, its differences and
 * gaps, layer_end; between directories also contradiction and gap; at last end.
 */
struct sl_check_sink_ops {
	int (*begin)(struct sl_check_sink *s, const struct sl_run *run, struct sl_error *err);
	int (*layer)(struct sl_check_sink *s, const struct sl_check_subject *subject,
		     struct sl_error *err);
	int (*difference)(struct sl_check_sink *s, const struct sl_difference *d,
			  struct sl_error *err);
	/** Of the directory under way, or, between directories, of the run. */
	int (*gap)(struct sl_check_sink *s, const struct sl_gap *gap, struct sl_error *err);
	int (*layer_end)(struct sl_check_sink *s, const struct sl_layer_check *check,
			 struct sl_error *err);
	/** An image contradicts its own digests before any directory was looked at. */
	int (*contradiction)(struct sl_check_sink *s, const char *what, const char *why,
			     struct sl_error *err);
	int (*end)(struct sl_check_sink *s, const struct sl_run *run,
		   const struct sl_check_totals *totals, struct sl_error *err);
	void (*close)(struct sl_check_sink *s);
};

struct sl_check_sink {
	const struct sl_check_sink_ops *ops;
};

/** The words used in documents. @return static text */
SL_API const char *sl_check_method_name(enum sl_check_method method);
SL_API const char *sl_check_verdict_name(enum sl_check_verdict verdict);
SL_API const char *sl_difference_kind_name(enum sl_difference_kind kind);

#endif
