/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a tree read and hashed by a thread before it is their turn to be stored. What comes out
 * is in the order in which it went in, so the bundle is the same as without.
 */
#ifndef JOB_CAPTURE_AHEAD_H
#define JOB_CAPTURE_AHEAD_H

#include <strandline/source.h>

/* Larger files are read when it is their turn, and so is what has holes. */
#define CAPTURE_AHEAD_MAX ((uint64_t)1 << 20)

struct capture_ahead;

/* An object on its way. */
struct capture_ahead_file {
	struct sl_entry *entry; /* owned */
	struct sl_content
		*content; /* what was read, in memory; NULL: there is none. Take it over. */
	int open_sys;     /* when there is none because it could not be opened */
	bool is_unopened;
	/* Of what was read. */
	bool has_sha256;
	uint8_t sha256[SL_SHA256_SIZE];
	uint64_t bytes;
};

/* @threads: how many there are for everything; 0 or 1: nothing is read ahead, see below. */
int capture_ahead_new(struct capture_ahead **out, unsigned int threads, struct sl_error *err);
/* Waits for what is being read; none of it is handed out any more. NULL is fine. */
void capture_ahead_free(struct capture_ahead *a);

/* Can its content be read ahead? Never where there is no thread for it. */
bool capture_ahead_fits(const struct capture_ahead *a, const struct sl_entry *e);
bool capture_ahead_is_empty(const struct capture_ahead *a);
bool capture_ahead_is_full(const struct capture_ahead *a);

/*
 * Put an object behind the others; it must not be full. @source is asked for the content of @e,
 * which it lent last; NULL: only the entry has to keep its place.
 */
int capture_ahead_put(struct capture_ahead *a, const struct sl_entry *e, struct sl_source *source,
		      struct sl_error *err);
/* The oldest, borrowed until the next call; it must not be empty. */
int capture_ahead_take(struct capture_ahead *a, struct capture_ahead_file **out,
		       struct sl_error *err);

#endif
