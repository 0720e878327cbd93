/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers as one line of text each, for tests of the baseline store.
 *
 * In: entries separated by "; ", each "KIND PATH [ARGUMENT]", in the order of the tar:
 *   "d usr", "d tmp 1777", "f a 1" (content "1"), "l lib usr/lib", "c null 1:3", "p fifo",
 *   "h b a", "h b a 600" (hard link, with a mode of its own),
 *   "x a name" (file with that attribute). Markers are files: "f usr/.wh.games".
 * Out: rows in canonical order, the root left out while it is only implied:
 *   "d usr", "f a=1", "f a=1%600" (a mode that is not 0644), "l lib->usr/lib",
 *   "w games" (whiteout), "c null=1:3", and flags after it:
 *   "*" implied, "!" opaque, "?" unresolved, "~" ambiguous.
 */
#ifndef TESTS_BASELINE_KIT_H
#define TESTS_BASELINE_KIT_H

#include <strandline/baseline.h>

#include "core/buf.h"
#include "snapshot/layerread.h"

/* Call @fn for each entry of the line. */
int kit_each(const char *line, layer_item_fn fn, void *payload, struct sl_error *err);

/* Digests of an image made of these layers, bottom first. */
void kit_chain(uint8_t out[SL_SHA256_SIZE], const char *const layers[], size_t count);
void kit_config(uint8_t out[SL_SHA256_SIZE], const char *name);

/*
 * Store an image as sl_baselines_index() does, with lines in the place of layer streams.
 * *applied counts the layers that were not known (may be NULL).
 */
int kit_store(struct sl_baselines *b, const char *name, const char *const layers[], size_t count,
	      size_t *applied, struct sl_error *err);

/* Write a source as a line. Aborts the test when the source fails. */
void kit_dump(struct buf *out, struct sl_source *src);

#endif
