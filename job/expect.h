/* SPDX-License-Identifier: Apache-2.0 */
/* Digests that an operator knows from elsewhere. */
#ifndef JOB_EXPECT_H
#define JOB_EXPECT_H

#include <strandline/image.h>

#include "core/buf.h"

#define EXPECT_MAX_BYTES (8u << 20)

/*
 * Is one of the lines a digest of the image? A line is "sha256:HEX", with or without a name behind
 * it, or "HEX  NAME" as sha256sum writes it; empty lines and lines that begin with # are skipped.
 * 0; 1 when none is; -SL_EFORMAT naming the line that is neither.
 */
int expect_list(const struct sl_image *image, const char *text, size_t len, struct sl_error *err);

/*
 * Hold the image against a digest, or against a file of digests, and set its anchor. Its manifest,
 * an index above it, or its configuration may be meant. -SL_EUNTRUSTED when it is none of them.
 */
int expect_image(struct sl_image *image, const char *word, struct sl_error *err);

#endif
