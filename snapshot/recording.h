/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries written down while a tree was read once, to be walked again without touching it. Kept in
 * memory up to 1 MiB, then in an unlinked temporary file.
 */
#ifndef SNAPSHOT_RECORDING_H
#define SNAPSHOT_RECORDING_H

#include <strandline/source.h>

struct recording;

int recording_new(struct recording **out, struct sl_error *err);
/* Entries must come in canonical order. @number is given back with the entry (a record's seq). */
int recording_add(struct recording *r, const struct sl_entry *e, uint64_t number,
		  struct sl_error *err);
/* A layer source over what was recorded; borrows @r. Has digests, no content (open returns 1). */
int recording_open(struct sl_source **out, struct recording *r, struct sl_error *err);
/* The number of the entry that the source last returned. */
uint64_t recording_number(const struct sl_source *src);
void recording_free(struct recording *r);

#endif
