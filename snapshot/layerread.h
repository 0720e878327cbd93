/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One image layer read as its tar stream, whatever holds it, proven while it passes:
 * blob -> (inflate) -> tar, or tar-split + directory -> tar; tar -> entries, digests.
 */
#ifndef SNAPSHOT_LAYERREAD_H
#define SNAPSHOT_LAYERREAD_H

#include <strandline/baseline.h>
#include <strandline/entry.h>
#include <strandline/image.h>

/*
 * One tar entry, in the order of the tar. The path is as in the tar, only stripped of leading "/"
 * and "./" and trailing "/"; ".." components are still there and the receiver's to refuse. Regular
 * files carry SHA-256, XXH3 and size. Modification times of whole seconds set
 * SL_ENTRY_COARSE_TIME. Global PAX headers are read over, as every engine does.
 * A hard link has no type bits in its mode, no size and no digest: those are its target's.
 */
struct layer_item {
	struct sl_entry entry;
	struct sl_bytes hardlink; /* data NULL unless the entry is a hard link: its target, raw */
};

/* Negative ends the read with that code. Everything in @item is borrowed for the call. */
typedef int (*layer_item_fn)(void *payload, const struct layer_item *item, struct sl_error *err);

struct layer_result {
	uint64_t tar_bytes;        /* uncompressed bytes proven */
	uint64_t compressed_bytes; /* bytes of the blob; 0 when rebuilt from a directory */
	uint64_t entries;
	uint8_t diff_id[SL_SHA256_SIZE]; /* as computed, also where the layer claims none */
	/* SHA-256 of the blob as it lies there, where the layer claims it or has no diff_id */
	bool has_blob_digest;
	uint8_t blob_digest[SL_SHA256_SIZE];
	bool from_directory; /* rebuilt from tar-split: the directory's content is proven too */
	bool is_parsed;      /* every entry was handed over, whatever became of the digests */
};

/*
 * Read the layer once. The stream's SHA-256 is compared with diff_id, the blob's with blob_digest
 * and blob_size, at the end: until this returns 0, nothing handed to @fn is proven. Threads are
 * started and joined inside. The callback runs on the calling thread. A layer without diff_id or
 * blob_digest is read all the same, and is not compared; its blob may then be a pipe or socket,
 * read from where it stands, and its tar must end in the closing zero blocks: where no digest is
 * known, only these say that nothing is missing. @limits NULL means SL_LIMITS_DEFAULT.
 *
 * Returns 0; -SL_EUNTRUSTED naming the digest that differs (for a rebuilt layer also the first file
 * whose checksum differs); -SL_EUNSUPPORTED for a rebuilt layer with sparse files, of which
 * nothing is proven either way; -SL_EFORMAT; -SL_ELIMIT; -SL_ENOTFOUND with neither blob nor
 * tar-split.
 */
int layer_read(const struct sl_layer *layer, const struct sl_limits *limits, layer_item_fn fn,
	       void *payload, const struct sl_progress *progress, struct layer_result *out,
	       struct sl_error *err);

struct tarsplit_damage;
struct inodeset;

/* How a layer is rebuilt. Both are borrowed. */
struct layer_rebuild {
	/*
	 * Files of the directory that are not the layer's are noted here, and the entries are
	 * handed over all the same, told by tar-split alone. NULL: the first one ends it.
	 */
	struct tarsplit_damage *damage;
	struct inodeset *severed; /* files whose bytes the tar does not prove (linkproof.h) */
	bool no_digests; /* files are not hashed one by one: the stream's own digest proves them */
};

/* layer_read() from tar-split and directory, also where there is a blob. */
int layer_rebuild(const struct sl_layer *layer, const struct sl_limits *limits,
		  const struct layer_rebuild *how, layer_item_fn fn, void *payload,
		  const struct sl_progress *progress, struct layer_result *out,
		  struct sl_error *err);

#endif
