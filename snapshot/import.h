/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed baselines read back (snapshot/export.h), all or nothing: read everything, then store it in
 * one transaction.
 */
#ifndef SNAPSHOT_IMPORT_H
#define SNAPSHOT_IMPORT_H

#include <strandline/baseline.h>

#include "core/istream.h"
#include "core/sign.h"
#include "snapshot/dumpread.h"
#include "snapshot/exportnote.h"

struct import_result {
	size_t images, layers;
	size_t layers_known; /* of these, stored as proven or signed before */
	uint64_t entries;
	uint8_t signer[SL_SHA256_SIZE]; /* SHA-256 of the key's DER form */
};

/*
 * Store the images of a signed file, their layers as SL_TRUST_SIGNED. Nothing of it is parsed
 * before one of the keys verifies, nothing is stored before all of it was read. Layers that are
 * proven or signed already have to agree with the file, recorded ones give way to it.
 *
 * @fd: a regular file, borrowed. -SL_EFORMAT, -SL_ELIMIT, -SL_EUNTRUSTED saying why it is refused.
 */
int import_file(struct sl_baselines *b, int fd, const uint8_t (*keys)[SIGN_PUBLIC_SIZE],
		size_t key_count, struct import_result *out, struct sl_error *err);

/* ---- in steps, for whoever only looks, and for tests ---- */

struct import;

/* Reading stages rows in @b, which is borrowed. */
int import_new(struct import **out, struct sl_baselines *b, struct sl_error *err);
void import_free(struct import *im);
/* Read the text from "#strandline" to "#end", which is all of @in. */
int import_read(struct import *im, struct istream *in, struct sl_error *err);
/* What was read: images by id, then layers by chain id. */
size_t import_image_count(const struct import *im);
const struct sl_image *import_image(const struct import *im, size_t i);
size_t import_layer_count(const struct import *im);
const struct dumpread_layer *import_layer(const struct import *im, size_t i);
/*
 * All of these for a signed file, without storing it. Without keys, it is not known who signed: the
 * text is what @note says, no more. Free *out also on failure.
 */
int import_look(struct import **out, struct sl_baselines *b, int fd,
		const uint8_t (*keys)[SIGN_PUBLIC_SIZE], size_t key_count, struct exportnote *note,
		struct sl_error *err);
/* Store what was read. out->signer says who signed it. */
int import_store(struct import *im, struct import_result *out, struct sl_error *err);

#endif
