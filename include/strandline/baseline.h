/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file baseline.h
 * The store of baselines: what each image's layers hold, proven when it was indexed.
 *
 * Rows belong to a chain ID and are shared by every image with that prefix. One transaction an
 * image: an image whose bytes contradict a digest stores nothing.
 */
#ifndef SL_BASELINE_H
#define SL_BASELINE_H

#include <strandline/image.h>
#include <strandline/source.h>

struct sl_baselines;

/**
 * Bounds on what a hostile layer may cost. Passing one is -SL_ELIMIT, and the message names it.
 * Each has the name of its member, for sl_limits_set().
 */
struct sl_limits {
	uint64_t bytes; /**< of a layer's tar, holes of sparse files included; of an archive that is
			   unpacked */
	uint64_t entries; /**< of a layer */
	uint64_t ratio;   /**< bytes of tar to one byte of blob; looked at past 1 GiB of tar */
	uint64_t path;    /**< bytes of a path or link target */
	uint64_t depth;   /**< names in a path: nothing deeper can be made by a path in Linux */
	uint64_t name;    /**< bytes of one name in a path */
	uint64_t pax;     /**< bytes of one extended header */
	uint64_t xattrs;  /**< bytes of one entry's attributes, their names included */
	uint64_t window;  /**< bytes that a zstd window or an xz dictionary may take in memory */
};

#define SL_LIMITS_DEFAULT                                                                          \
	((struct sl_limits){.bytes = 1ull << 40,                                                   \
			    .entries = 20000000,                                                   \
			    .ratio = 2000,                                                         \
			    .path = 1 << 20,                                                       \
			    .depth = 2048,                                                         \
			    .name = 4096,                                                          \
			    .pax = 4 << 20,                                                        \
			    .xattrs = 1 << 20,                                                     \
			    .window = 1 << 27})

/**
 * Set one limit by name: that of its member above.
 * @return 0; -SL_EINVAL when there is none, or it cannot be @p value
 */
SL_API int sl_limits_set(struct sl_limits *limits, const char *name, uint64_t value,
			 struct sl_error *err);

/** Told every now and then while indexing; also called with done == total at the end. */
struct sl_progress {
	void (*report)(void *payload, uint64_t done, uint64_t total, const char *what);
	void *payload;
	const volatile int *stop; /**< a handler's sig_atomic_t (int, wherever this builds): once it
				     is not 0, indexing ends with -SL_ECANCELLED and stores
				     nothing; may be NULL */
};

/** Entries of an image that deserve a second look: see enum sl_entry_flag. */
struct sl_oddities {
	uint64_t markers;    /**< 0:0 devices and overlay attributes, data inside an image */
	uint64_t ambiguous;  /**< otherwise unpacked differently by different programs */
	uint64_t unresolved; /**< hard links whose target is unknown */
};

/** What indexing one image did. */
struct sl_index_result {
	size_t layers;       /**< in the image */
	size_t layers_known; /**< of these, already in the store and not read again */
	uint64_t entries;    /**< rows of the image's layers */
	uint64_t bytes;      /**< uncompressed tar bytes read and proven */
	uint64_t compressed; /**< bytes read from blobs; 0 when rebuilt from directories */
	struct sl_time indexed_at;
	bool has_previous; /**< when its name was indexed last, it meant another image */
	uint8_t previous[SL_SHA256_SIZE]; /**< that one's config digest */
	struct sl_oddities odd;           /**< of the whole image, also of layers known before */
	size_t layers_contradicted; /**< somebody trusted had signed for other entries of them; the
				       proven ones took their place */
};

/** An image in the store. Strings borrowed until the next call. */
struct sl_baseline_info {
	const char *name; /**< reference it was indexed as */
	uint8_t config_digest[SL_SHA256_SIZE];
	bool has_manifest_digest;
	uint8_t manifest_digest[SL_SHA256_SIZE];
	enum sl_trust trust;
	size_t layers;
	uint64_t entries, bytes;
	struct sl_time indexed_at;
	bool has_checked_at;
	struct sl_time checked_at; /**< when its layer directories on disk were proven */
	bool manifest_verified;    /**< the manifest was read, hashed to its digest, and names the
				      config */
	bool has_moved;            /**< its name was indexed later as another image */
	enum sl_anchor anchor;     /**< the best it was ever bound to */
	const char *signer;        /**< with SL_ANCHOR_SIGNATURE: whose, harmless to print */
	bool has_anchored_at;
	struct sl_time anchored_at; /**< when that was last established; not for the host */
};

/** One layer of a stored image. */
struct sl_layer_info {
	uint8_t chain_id[SL_SHA256_SIZE], diff_id[SL_SHA256_SIZE];
	uint8_t tree_digest[SL_SHA256_SIZE]; /**< SHA-256 over the lines of its dump */
	enum sl_trust trust;
	uint64_t entries, bytes;
	size_t images;            /**< stored images that have it */
	struct sl_time proven_at; /**< whole seconds: when it was read */
	bool has_checked_at;
	struct sl_time checked_at;
	uint8_t signer[SL_SHA256_SIZE]; /**< with SL_TRUST_SIGNED: SHA-256 of the public key's DER
					   SubjectPublicKeyInfo */
	struct sl_time signed_at;       /**< the same: when it was imported */
};

/** What forgetting an image did. */
struct sl_remove_result {
	size_t layers_freed; /**< no other image had them */
	size_t layers_kept;  /**< shared with other images */
};

/** Something in the store that contradicts something else in it. */
struct sl_baseline_problem {
	const char *image;            /**< name of the image concerned; NULL: none in particular */
	const uint8_t *config_digest; /**< its id, or NULL */
	size_t layer;                 /**< of it, 1 = bottom; 0: the image itself */
	const char *what;             /**< one line, evidence bytes quoted */
};

/** What was looked at while verifying. */
struct sl_baseline_check {
	size_t images, layers;
	uint64_t entries;
	size_t problems;
};

/**
 * Open the store, creating it and its directory (0700) when needed. One that cannot be written is
 * opened for reading; what would write to it is -SL_EIO then.
 *
 * @param path  database file; NULL for a private, temporary one that leaves nothing behind
 */
SL_API int sl_baselines_open(struct sl_baselines **out, const char *path, struct sl_error *err);

/**
 * What takes long and has no struct sl_progress of its own (dumping,
 * loading, importing, verifying, rewriting) ends
 * with -SL_ECANCELLED once @p stop is set, as sl_progress.stop. It is borrowed; NULL: it never is.
 */
SL_API void sl_baselines_stop(struct sl_baselines *b, const volatile int *stop);

/** NULL is fine. */
SL_API void sl_baselines_close(struct sl_baselines *b);

/** Bounds for what is indexed from now on; copied. Without a call, SL_LIMITS_DEFAULT. */
SL_API void sl_baselines_set_limits(struct sl_baselines *b, const struct sl_limits *limits);

/**
 * Read every layer that is not known yet, prove it against its diff_id, and store its entries.
 * The image's anchor is stored with it, unless the store has a better one already.
 *
 * A layer is read from its blob when it has one, else rebuilt from tar-split and directory; in
 * that case its checked_at is set too.
 *
 * @return 0; -SL_EUNTRUSTED naming what contradicts which digest, nothing stored;
 *         -SL_ENOTFOUND when a layer has neither blob nor tar-split
 */
SL_API int sl_baselines_index(struct sl_baselines *b, const struct sl_image *image,
			      const struct sl_progress *progress, struct sl_index_result *out,
			      struct sl_error *err);

/**
 * Record a tree that no image configuration vouches for: image->layers[0] alone, without diff_id,
 * is a whole tree, either a tar (blob_fd: a file, or a pipe, which is read once) or a directory
 * (dir_fd). No name in it is a marker. Its trust is SL_TRUST_RECORDED.
 *
 * On success @p image has what identifies the tree: as diff_id SHA-256 of the uncompressed tar, or
 * for a directory of the text lines of its entries; a configuration that names it; the image id.
 * The same tree has the same id.
 *
 * @param expect  SHA-256 of the uncompressed tar, of its file, of the directory's lines, or the id:
 *                anything else is refused. NULL: whatever it is
 * @return 0; -SL_EUNTRUSTED when it is not what was expected; -SL_EFORMAT when the tar is cut off;
 *         -SL_EIO naming what could not be read of a directory. Then nothing is stored
 */
SL_API int sl_baselines_record(struct sl_baselines *b, struct sl_image *image,
			       const uint8_t *expect, const struct sl_progress *progress,
			       struct sl_index_result *out, struct sl_error *err);

/**
 * The image that was indexed last under @p name, by its name of then.
 * @return 0 and its config digest; 1 when there is none
 */
SL_API int sl_baselines_named(struct sl_baselines *b, const char *name,
			      uint8_t config_digest[SL_SHA256_SIZE], struct sl_error *err);

/**
 * Note that the layer's directory on disk was proven equal to its diff_id at @p when. An image's
 * checked_at is that of the layer whose check is oldest.
 * @return 0; 1 when the layer is not stored
 */
SL_API int sl_baselines_checked(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
				struct sl_time when, struct sl_error *err);

/** Look an image up by config digest. @return 0; 1 when it is not stored */
SL_API int sl_baselines_find(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			     struct sl_baseline_info *out, struct sl_error *err);

/** Count what is odd about a stored image; nothing when it is not stored. */
SL_API int sl_baselines_oddities(struct sl_baselines *b,
				 const uint8_t config_digest[SL_SHA256_SIZE],
				 struct sl_oddities *out, struct sl_error *err);

/** Call @p each for every stored image, by name; a non-zero return ends the walk. */
SL_API int sl_baselines_list(struct sl_baselines *b,
			     int (*each)(void *payload, const struct sl_baseline_info *info),
			     void *payload, struct sl_error *err);

/** Call @p each for the layers of an image, bottom first. @return 0; 1 when it is unknown */
SL_API int sl_baselines_layers(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			       int (*each)(void *payload, const struct sl_layer_info *info),
			       void *payload, struct sl_error *err);

/**
 * Check the store against itself: SQLite's own check, configurations against image ids, diff_ids
 * and chain IDs, the rows of every layer against its tree digest, and that trust, anchors and times
 * are such as are written here. Not found: rows and digests rewritten together, or a name, time or
 * anchor exchanged for another good one.
 *
 * @param config_digest  only this image and its layers; NULL: everything, rows of nobody included
 * @param problem        called for each contradiction; non-zero ends the check and is returned
 * @return 0 when the check was made, whatever it found; 1 when the image is unknown
 */
SL_API int sl_baselines_verify(struct sl_baselines *b, const uint8_t *config_digest,
			       int (*problem)(void *payload,
					      const struct sl_baseline_problem *problem),
			       void *payload, struct sl_baseline_check *out, struct sl_error *err);

/**
 * Give free space back to the file system. Waits for readers and writers.
 * @param[out] before, after  size of the database in bytes
 */
SL_API int sl_baselines_vacuum(struct sl_baselines *b, uint64_t *before, uint64_t *after,
			       struct sl_error *err);

/**
 * Forget an image; layers that no other image uses go with it.
 * @param out  may be NULL
 * @return 0; 1 when unknown
 */
SL_API int sl_baselines_remove(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			       struct sl_remove_result *out, struct sl_error *err);

/**
 * The merged view of a stored image, with further layers (an engine's init layer) on top. It shows
 * the store as it is now, whatever other processes do meanwhile; close it before this store is
 * written to (index, remove).
 *
 * @param tops  layer sources, topmost first; taken over, also on failure
 * @return 0; sl_entry.layer counts from the topmost of @p tops, which is 0
 */
SL_API int sl_baselines_view(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			     struct sl_source *const tops[], size_t top_count,
			     struct sl_source **out, struct sl_error *err);

/** One stored layer with its markers, for tests and tools. -SL_ENOTFOUND when it is not stored. */
SL_API int sl_baselines_layer(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
			      struct sl_source **out, struct sl_error *err);

#endif
