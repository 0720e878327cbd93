/* SPDX-License-Identifier: Apache-2.0 */
/* Many patterns matched at once: which rules have one that fits? */
#ifndef DIFF_GLOBSET_H
#define DIFF_GLOBSET_H

#include <strandline/error.h>

#define GLOBSET_MAX 512 /* rules */
#define GLOBSET_WORDS (GLOBSET_MAX / 64)

typedef uint64_t globset_bits[GLOBSET_WORDS];

/* Which bytes, and which pairs of neighbours, a text has: hashed into bits, so none is missed. */
struct globset_traits {
	uint64_t bytes, pairs;
};

struct globset_item {
	const char *glob; /* borrowed */
	struct globset_traits needs;
	uint32_t len;
	uint32_t prefix, suffix; /* bytes at its ends that stand for themselves */
	uint16_t rule;
	uint16_t bucket;
	bool is_beneath; /* its prefix, and anything behind it */
};

/*
 * Buckets by the first byte where a pattern begins with one, else by the last, else one for all:
 * most texts are held against few patterns, and these fall at their literal ends or for want of
 * a byte or pair that the pattern needs.
 */
#define GLOBSET_BUCKETS (256 + 256 + 1)

struct globset {
	struct globset_item *items; /* by bucket */
	size_t count, room;
	uint32_t start[GLOBSET_BUCKETS + 1];
};

/* @rule is below GLOBSET_MAX. */
int globset_add(struct globset *set, const char *glob, size_t rule, struct sl_error *err);
/* After the last globset_add(), before the first globset_match(). */
void globset_ready(struct globset *set);
/* Set the bit of every rule that has a pattern which fits the whole of @text. */
void globset_match(const struct globset *set, struct sl_bytes text, globset_bits out);
void globset_clear(struct globset *set);

static inline void globset_set(globset_bits bits, size_t rule)
{
	bits[rule / 64] |= UINT64_C(1) << (rule % 64);
}

#endif
