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

/** Told every now and then while indexing; also called with done == total at the end. */
struct sl_progress {
	void (*report)(void *payload, uint64_t done, uint64_t total, const char *what);
	void *payload;
};

/** What indexing one image did. */
struct sl_index_result {
	size_t layers;       /**< in the image */
	size_t layers_known; /**< of these, already in the store and not read again */
	uint64_t entries;    /**< rows of the image's layers */
	uint64_t bytes;      /**< uncompressed tar bytes read and proven */
	uint64_t compressed; /**< bytes read from blobs; 0 when rebuilt from directories */
	struct sl_time indexed_at;
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
	enum sl_anchor anchor;     /**< the best it was ever bound to */
	const char *signer;        /**< with SL_ANCHOR_SIGNATURE: whose, harmless to print */
	bool has_anchored_at;
	struct sl_time anchored_at; /**< when that was last established; not for the host */
};

/**
 * Open the store, creating it and its directory (0700) when needed.
 *
 * @param path  database file; NULL for a private, temporary one that leaves nothing behind
 */
SL_API int sl_baselines_open(struct sl_baselines **out, const char *path, struct sl_error *err);

/** NULL is fine. */
SL_API void sl_baselines_close(struct sl_baselines *b);

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
 * Note that the layer's directory on disk was proven equal to its diff_id at @p when. An image's
 * checked_at is that of the layer whose check is oldest.
 * @return 0; 1 when the layer is not stored
 */
SL_API int sl_baselines_checked(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
				struct sl_time when, struct sl_error *err);

/** Look an image up by config digest. @return 0; 1 when it is not stored */
SL_API int sl_baselines_find(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			     struct sl_baseline_info *out, struct sl_error *err);

/** Call @p each for every stored image, by name; a non-zero return ends the walk. */
SL_API int sl_baselines_list(struct sl_baselines *b,
			     int (*each)(void *payload, const struct sl_baseline_info *info),
			     void *payload, struct sl_error *err);

/** Forget an image; layers that no other image uses go with it. @return 0; 1 when unknown */
SL_API int sl_baselines_remove(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			       struct sl_error *err);

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
