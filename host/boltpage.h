/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page of a bbolt file, checked as a whole before anything of it is believed: 16 bytes of
 * header, an element of 16 bytes for each key, then keys and values. Nothing here reads or
 * allocates.
 *
 * Numbers are little-endian on every machine that containers run on; files of the others are
 * recognised by their meta pages and refused.
 */
#ifndef HOST_BOLTPAGE_H
#define HOST_BOLTPAGE_H

#include <strandline/error.h>

#define BOLTPAGE_HEADER 16
#define BOLTPAGE_ELEMENT 16
#define BOLTPAGE_BRANCH 0x01
#define BOLTPAGE_LEAF 0x02
/* What bbolt itself takes for a key. */
#define BOLTPAGE_KEY_MAX 32768
/* What the value of a bucket begins with: its root page and its sequence. */
#define BOLTPAGE_BUCKET 16

static inline uint16_t boltpage_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t boltpage_u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static inline uint64_t boltpage_u64(const uint8_t *at)
{
	return (uint64_t)boltpage_u32(at) | (uint64_t)boltpage_u32(at + 4) << 32;
}

/* What stands at the head of a page. */
struct boltpage_header {
	uint64_t id;
	unsigned int flags;
	unsigned int count;
	uint32_t overflow; /* further pages that belong to this one */
};

/* A page that holds together, with all of its overflow. */
struct boltpage {
	const uint8_t *bytes; /* borrowed */
	size_t size;
	uint64_t id; /* 0: inline in a bucket's value */
	unsigned int count;
	bool is_leaf;
};

/*
 * Borrowed from the page, and NOT terminated by a NUL byte. A branch has @child, a leaf a value;
 * that of a bucket has at least BOLTPAGE_BUCKET bytes.
 */
struct boltelem {
	const uint8_t *key, *value;
	size_t key_len, value_len;
	uint64_t child;
	bool is_bucket;
};

struct boltpage_header boltpage_header(const uint8_t bytes[BOLTPAGE_HEADER]);

/*
 * Check every element of page @id in @bytes: inside the page, one behind the other, keys in
 * ascending order. -SL_EFORMAT when it is no branch or leaf, or does not hold together.
 */
int boltpage_check(struct boltpage *out, const uint8_t *bytes, size_t len, uint64_t id,
		   struct sl_error *err);

/* The same for the page in the value of an inline bucket: a leaf, and without buckets. */
int boltpage_check_inline(struct boltpage *out, const void *bytes, size_t len,
			  struct sl_error *err);

/* Element @i of a checked page; @i < count. */
struct boltelem boltpage_elem(const struct boltpage *p, unsigned int i);

/* The first element whose key is not below @key; count when all are. */
unsigned int boltpage_seek(const struct boltpage *p, const void *key, size_t len, bool *exact);

/* Order of keys: as bytes, a prefix first. */
int boltpage_compare(const void *a, size_t a_len, const void *b, size_t b_len);

#endif
