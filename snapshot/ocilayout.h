/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI image layout: its blobs, its indexes, and the one manifest that is meant. */
#ifndef SNAPSHOT_OCILAYOUT_H
#define SNAPSHOT_OCILAYOUT_H

#include "core/buf.h"
#include "snapshot/blobs.h"
#include "snapshot/ocidoc.h"
#include "snapshot/platform.h"

#define OCILAYOUT_MAX_DOCUMENT (8u << 20)
#define OCILAYOUT_MAX_INDEXES 64

/* An index that was read, and where it lies. Descriptors borrow from it. */
struct ociindex {
	struct ocidoc_index index;
	unsigned int depth;
	size_t parent; /* the one that lists it; the top lists itself */
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size;
};

struct ocilayout {
	const struct blobs *blobs; /* borrowed */
	const char *tag;           /* borrowed; NULL when nobody named one */
	bool host_platform;        /* nobody asked for one */
	struct platform platform;
	struct ociindex nodes[OCILAYOUT_MAX_INDEXES];
	size_t node_count;
	struct ocidoc_desc *found; /* image manifests that may be meant; owned list */
	size_t found_count;
};

/* Read oci-layout and index.json, which is nodes[0] then. */
int ocilayout_read(struct ocilayout *l, struct sl_error *err);
/* @l was allocated by calloc; borrowed parts stay. */
void ocilayout_free(struct ocilayout *l);

/* Open a blob and compare its size, which costs nothing, with its descriptor. */
int ocilayout_blob(const struct ocilayout *l, const struct ocidoc_desc *d, struct blob *out,
		   struct sl_error *err);
/* The bytes that a descriptor embeds, of the size that it says; nothing is hashed. */
int ocilayout_embedded(const struct ocidoc_desc *d, struct buf *out, struct sl_error *err);
/*
 * Read a document, @what in messages, and prove by its digest that it is the one that was asked
 * for: -SL_EUNTRUSTED when it is not, -SL_ELIMIT when it is larger than @out takes.
 */
int ocilayout_fetch(const struct ocilayout *l, const struct ocidoc_desc *d, const char *what,
		    struct buf *out, struct sl_error *err);

/*
 * The one manifest that tag and platform mean; every index on the way is read. -SL_EAMBIGUOUS or
 * -SL_ENOTFOUND say what there is to choose from.
 */
int ocilayout_choose(struct ocilayout *l, struct ocidoc_desc *out, struct sl_error *err);
/* What the layout calls the image that was chosen; borrowed, NULL when it has no name. */
const char *ocilayout_name(const struct ocilayout *l);
/* Say which of the nodes, nodes[0] aside, lead to the manifest @d. */
void ocilayout_path(const struct ocilayout *l, const struct ocidoc_desc *d,
		    bool leads[OCILAYOUT_MAX_INDEXES]);

#endif
