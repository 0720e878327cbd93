/* SPDX-License-Identifier: Apache-2.0 */
/* One path of a layer directory on its way through the check: what differs, what is to be hashed.
 */
#ifndef SNAPSHOT_CHECKITEM_H
#define SNAPSHOT_CHECKITEM_H

#include <strandline/check.h>

#define CHECKITEM_NOTES 24

struct checkitem_note {
	enum sl_difference_kind kind;
	bool is_doubtful;
	const char *what;            /* static */
	char *name, *before, *after; /* owned, harmless; may be NULL */
};

struct checkitem {
	struct sl_bytes path; /* owned */
	struct checkitem_note notes[CHECKITEM_NOTES];
	size_t note_count;
	struct sl_content *content; /* to be hashed by a worker, which closes it; owned */
	bool is_hashing;            /* there was content */
	bool has_want;              /* compare; else the digest is only told in a note */
	bool is_doubtful;
	uint8_t want[SL_SHA256_SIZE];
	uint64_t want_size;
	size_t told_in; /* without has_want: index of the note whose `after` gets the digest */
	/* filled by a worker */
	struct sl_read read;
	bool hashed, interrupted;
	uint8_t got[SL_SHA256_SIZE];
	/* what could not be read without asking a worker */
	const char *gap;
	int gap_sys;
};

/* NULL when memory ran out. */
struct checkitem *checkitem_new(struct sl_bytes path);
void checkitem_free(struct checkitem *it);

/*
 * Note a difference. The texts are taken over, also on failure; one that is NULL although it should
 * not be is memory that ran out. 0, or -SL_ENOMEM.
 */
int checkitem_note(struct checkitem *it, const struct checkitem_note *note);

/* A worker's state: one hash, used again and again. */
struct checkhash;
int checkhash_new(struct checkhash **out, const volatile int *stop, struct sl_error *err);
void checkhash_free(struct checkhash *h);
/* Hash the content of the item and close it. Touches nothing else. */
void checkhash_run(struct checkhash *h, struct checkitem *it);

/* "sha256:..., N bytes", owned. */
char *checkitem_digest_text(const uint8_t digest[SL_SHA256_SIZE], uint64_t size);

#endif
