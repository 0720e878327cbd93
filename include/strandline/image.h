/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file image.h
 * An image as whoever found it describes it: ordered layers and where their bytes are.
 *
 * Stores and archives fill this; snapshot/ consumes it and never asks which engine it came from.
 * Descriptors are open already, so no path from metadata is resolved a second time.
 */
#ifndef SL_IMAGE_H
#define SL_IMAGE_H

#include <strandline/error.h>

/** How a layer directory or stream marks deletions (docs/architecture.md has the table). */
enum sl_marker {
	SL_MARKER_NONE,            /**< a plain tree: nothing is a marker */
	SL_MARKER_OCI,             /**< `.wh.NAME` and `.wh..wh..opq`, as in image tars */
	SL_MARKER_OVERLAY_TRUSTED, /**< 0:0 devices and trusted.overlay.* */
	SL_MARKER_OVERLAY_USER,    /**< 0:0 devices and user.overlay.* */
	SL_MARKER_FUSE_OVERLAY,    /**< fuse-overlayfs: .wh. files, its own attributes */
	SL_MARKER_AUFS,            /**< .wh. files and the .wh..wh.* bookkeeping */
};

/** What the image digest itself is anchored to. */
enum sl_anchor {
	SL_ANCHOR_HOST,      /**< only the examined store says so */
	SL_ANCHOR_OPERATOR,  /**< the operator gave the digest (--expect) */
	SL_ANCHOR_SIGNATURE, /**< a signature under a trusted key names it */
};

/** How far a baseline can be trusted; only the first two may say "equal to the image". */
enum sl_trust {
	SL_TRUST_PROVEN,   /**< every layer hashed to its diff_id, from the config down */
	SL_TRUST_SIGNED,   /**< imported under a trusted key */
	SL_TRUST_RECORDED, /**< an unproven tree recorded earlier */
	SL_TRUST_ON_DISK,  /**< lower directories as they were found now */
};

/** A run of user or group ids: inside ids [inside, inside+count) are outside+(n-inside) on disk. */
struct sl_idmap_range {
	uint32_t inside, outside, count;
};

/** An id map; no ranges means identity. */
struct sl_idmap {
	struct sl_idmap_range *uids, *gids; /**< owned */
	size_t uid_count, gid_count;
};

/** Kinds of tables of contents, by which engines pull single files out of a layer's blob. */
enum sl_toc_kind {
	SL_TOC_NONE,
	SL_TOC_ESTARGZ,      /**< a last tar entry in a gzip member of its own */
	SL_TOC_ZSTD_CHUNKED, /**< a skippable frame behind the tar */
};

/** What a layer's descriptor says of such a table. */
struct sl_toc_claim {
	enum sl_toc_kind kind;
	uint8_t digest[SL_SHA256_SIZE]; /**< of its JSON; with zstd:chunked as it is compressed */
	bool has_position;
	uint64_t offset, size; /**< of the compressed table in the blob */
	uint64_t plain_size;   /**< of its JSON */
};

/** One layer. Any of the descriptors may be -1. */
struct sl_layer {
	bool has_diff_id;
	uint8_t diff_id[SL_SHA256_SIZE];  /**< SHA-256 of the uncompressed tar */
	uint8_t chain_id[SL_SHA256_SIZE]; /**< of this layer on everything below it */
	int dir_fd;                       /**< O_PATH: unpacked layer directory */
	char *dir_path;                   /**< where that is, for messages and reports; owned */
	enum sl_marker marker;            /**< dialect of the directory */
	int tar_split_fd;                 /**< tar-split.json.gz of that directory */
	int blob_fd;                      /**< the layer as a stream: tar, or compressed tar */
	bool has_blob_digest;
	uint8_t blob_digest[SL_SHA256_SIZE]; /**< what a descriptor claims of the stream */
	uint64_t blob_size;                  /**< the same; 0 when unknown */
	bool blob_in_archive;    /**< blob_fd is an archive; the blob is blob_size bytes of it */
	uint64_t blob_offset;    /**< from here on, when it is in an archive */
	struct sl_toc_claim toc; /**< what the descriptor says of a table of contents */
	struct sl_idmap idmap;   /**< of the directory */
	/** The directory shows the layers below, too, and nothing in it is a marker: the layer's
	    files are there, but a name more is no tampering. */
	bool dir_is_whole;
};

#define SL_LAYER_INIT ((struct sl_layer){.dir_fd = -1, .tar_split_fd = -1, .blob_fd = -1})

/** An index that was read and hashed, and that leads to the manifest. */
struct sl_image_index {
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size;
};

/** Signatures found beside an image; nothing of them is verified. */
struct sl_signatures;

/** An image. Close with sl_image_free(). */
struct sl_image {
	char *reference; /**< as the user or the store calls it; owned */
	char *name;      /**< repository:tag when known, else NULL; owned */
	char *platform;  /**< "linux/amd64"; owned, may be NULL */
	bool has_manifest_digest;
	uint8_t manifest_digest[SL_SHA256_SIZE];
	uint8_t config_digest[SL_SHA256_SIZE]; /**< the image id */
	char *config;                          /**< config JSON, exact bytes; owned */
	size_t config_size;
	char *manifest; /**< manifest JSON, exact bytes, or NULL; owned */
	size_t manifest_size;
	enum sl_anchor anchor;
	enum sl_trust trust;     /**< the best a baseline of it can have: proven, or recorded for a
				    tree that no image configuration vouches for */
	struct sl_layer *layers; /**< bottom first, as in the config; owned */
	size_t layer_count;
	struct sl_image_index *indexes; /**< multi-platform indexes it was reached through; owned */
	size_t index_count;
	struct sl_signatures *signatures; /**< owned; NULL when none were found */
	char *signer;                     /**< with SL_ANCHOR_SIGNATURE: whose; owned */
};

/** Most layers an image may have: the kernel's own bound for an overlay stack. */
#define SL_IMAGE_MAX_LAYERS 500

/** Start empty. @return 0, or -SL_ENOMEM */
SL_API int sl_image_new(struct sl_image **out, const char *reference, struct sl_error *err);

/** Append a layer, taking over its descriptors and strings. @return 0, -SL_ENOMEM, -SL_ELIMIT */
SL_API int sl_image_add_layer(struct sl_image *image, struct sl_layer *layer, struct sl_error *err);

/**
 * Work out every chain ID from the diff_ids: the first is its diff_id, the next is SHA-256 over
 * the text "sha256:<chain below> sha256:<diff_id>" (OCI image specification, config.md).
 * @return 0; -SL_EINVAL when a layer has no diff_id
 */
SL_API int sl_image_chain(struct sl_image *image, struct sl_error *err);

/** Note an index that leads to the manifest. @return 0, -SL_ENOMEM, -SL_ELIMIT */
SL_API int sl_image_add_index(struct sl_image *image, const uint8_t digest[SL_SHA256_SIZE],
			      uint64_t size, struct sl_error *err);

/** Which of an image's proven digests a digest is. */
enum sl_image_name {
	SL_IMAGE_NAME_NONE,
	SL_IMAGE_NAME_CONFIG,   /**< the image id */
	SL_IMAGE_NAME_MANIFEST, /**< what registries know one platform's image by */
	SL_IMAGE_NAME_INDEX,    /**< what registries know a multi-platform image by */
};

/**
 * Is this the image's digest? A manifest digest that is only a claim (its bytes are not there)
 * never is.
 *
 * @param size  of what the digest names, or 0 when it is not known
 */
SL_API enum sl_image_name sl_image_named_by(const struct sl_image *image,
					    const uint8_t digest[SL_SHA256_SIZE], uint64_t size);

/** Close every descriptor and free. NULL is fine. */
SL_API void sl_image_free(struct sl_image *image);

/** The words used in documents. @return static text */
SL_API const char *sl_trust_name(enum sl_trust trust);
SL_API const char *sl_anchor_name(enum sl_anchor anchor);
SL_API const char *sl_marker_name(enum sl_marker marker);

#endif
