/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of large buffers between a thread that fills them and one that reads them. Besides, some
 * work is done on every buffer, in order: by whichever of the two would have to wait for the other
 * otherwise. So both are busy until nothing is left, whatever takes longer.
 */
#ifndef SNAPSHOT_RING_H
#define SNAPSHOT_RING_H

#include "core/istream.h"

struct ring;

/* Called for every buffer in order, never twice at once, but from both threads. */
typedef void (*ring_work_fn)(void *payload, const uint8_t *bytes, size_t len);

int ring_new(struct ring **out, size_t slots, size_t slot_bytes, ring_work_fn work, void *payload,
	     struct sl_error *err);
/* Only when no thread uses it any more. NULL is fine. */
void ring_free(struct ring *r);

/* ---- the filling thread ---- */

/* Wait for an empty buffer. 0; 1 when the ring was cancelled: stop. */
int ring_begin(struct ring *r, uint8_t **buf, size_t *cap);
/* Publish what was put there. @position is handed on with it (see ring_position). */
void ring_commit(struct ring *r, size_t len, uint64_t position);
/*
 * Nothing more comes. @rc is 0, or the failure that the reader gets behind the last buffer. Returns
 * when the work is done on all buffers, or the ring was cancelled.
 */
void ring_end(struct ring *r, int rc);

/* ---- where no thread can be had to fill it ---- */

/* Fill one buffer, or end the ring. */
typedef void (*ring_fill_fn)(void *payload);
/* The reader fills it by itself, whenever it is empty. Before anything is read. */
void ring_fill_by(struct ring *r, ring_fill_fn fill, void *payload);

/* ---- the reading thread ---- */

/* The one stream over everything that passes. Borrows the ring. */
int ring_reader(struct istream **out, struct ring *r, struct sl_error *err);
/* The position that came with the buffer the reader holds now. */
uint64_t ring_position(const struct istream *reader);

/* ---- any thread ---- */

/* Nobody wants the rest: wakes and ends everyone. */
void ring_cancel(struct ring *r);

#endif
