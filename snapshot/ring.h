/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of large buffers between one thread that fills them and a few that each read every one
 * of them, in order.
 */
#ifndef SNAPSHOT_RING_H
#define SNAPSHOT_RING_H

#include "core/istream.h"

#define RING_READERS 2

struct ring;

int ring_new(struct ring **out, size_t slots, size_t slot_bytes, struct sl_error *err);
/* Only when no thread uses it any more. NULL is fine. */
void ring_free(struct ring *r);

/* ---- the filling thread ---- */

/* Wait for an empty buffer. 0; 1 when the ring was cancelled: stop. */
int ring_begin(struct ring *r, uint8_t **buf, size_t *cap);
/* Publish what was put there. @position is handed on with it (see ring_position). */
void ring_commit(struct ring *r, size_t len, uint64_t position);
/* Nothing more comes. @rc is 0, or the failure that readers get behind the last buffer. */
void ring_end(struct ring *r, int rc);

/* ---- reading threads ---- */

/* A stream over everything that passes, for reader 0 to RING_READERS - 1. Borrows the ring. */
int ring_reader(struct istream **out, struct ring *r, unsigned int reader, struct sl_error *err);
/* The position that came with the buffer the reader holds now. */
uint64_t ring_position(const struct istream *reader);

/* ---- any thread ---- */

/* Nobody wants the rest: wakes and ends everyone. */
void ring_cancel(struct ring *r);

#endif
