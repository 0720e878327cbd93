/* SPDX-License-Identifier: Apache-2.0 */
#include "host/boltpage.h"

#include <inttypes.h>
#include <string.h>

/* Element flag: the value is a bucket. */
#define ELEMENT_BUCKET 0x01

struct boltpage_header boltpage_header(const uint8_t bytes[BOLTPAGE_HEADER])
{
	return (struct boltpage_header){
		.id = boltpage_u64(bytes),
		.flags = boltpage_u16(bytes + 8),
		.count = boltpage_u16(bytes + 10),
		.overflow = boltpage_u32(bytes + 12),
	};
}

int boltpage_compare(const void *a, size_t a_len, const void *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order != 0)
		return order;
	return a_len < b_len ? -1 : a_len > b_len;
}

struct boltelem boltpage_elem(const struct boltpage *p, unsigned int i)
{
	const uint8_t *e = p->bytes + BOLTPAGE_HEADER + (size_t)i * BOLTPAGE_ELEMENT;
	struct boltelem out = {0};

	if (p->is_leaf) {
		out.is_bucket = (boltpage_u32(e) & ELEMENT_BUCKET) != 0;
		out.key = e + boltpage_u32(e + 4);
		out.key_len = boltpage_u32(e + 8);
		out.value = out.key + out.key_len;
		out.value_len = boltpage_u32(e + 12);
	} else {
		out.key = e + boltpage_u32(e);
		out.key_len = boltpage_u32(e + 4);
		out.child = boltpage_u64(e + 8);
	}
	return out;
}

/*
 * Does element @i lie in the page, at or behind @at? Returns where it ends, 0 when it does not.
 * bbolt writes keys and values in the order of the elements, so data that two elements share is
 * forged; it would let a small file hold terabytes.
 */
static size_t end_of_element(const struct boltpage *p, unsigned int i, size_t at)
{
	size_t element = BOLTPAGE_HEADER + (size_t)i * BOLTPAGE_ELEMENT;
	const uint8_t *e = p->bytes + element;
	uint64_t pos = boltpage_u32(e + (p->is_leaf ? 4 : 0)) + (uint64_t)element;
	uint64_t key = boltpage_u32(e + (p->is_leaf ? 8 : 4));
	uint64_t value = p->is_leaf ? boltpage_u32(e + 12) : 0;

	if (pos < at || key == 0 || key > BOLTPAGE_KEY_MAX || pos + key + value > p->size)
		return 0;
	return (size_t)(pos + key + value);
}

static int check_elements(const struct boltpage *p, struct sl_error *err)
{
	size_t at = BOLTPAGE_HEADER + (size_t)p->count * BOLTPAGE_ELEMENT;
	struct boltelem last = {0};

	for (unsigned int i = 0; i < p->count; i++) {
		struct boltelem e;

		at = end_of_element(p, i, at);
		if (at == 0)
			return sl_fail(err, SL_EFORMAT, 0, "element %u does not lie in the page",
				       i);
		e = boltpage_elem(p, i);
		if (i > 0 && boltpage_compare(last.key, last.key_len, e.key, e.key_len) >= 0)
			return sl_fail(err, SL_EFORMAT, 0, "key %u is out of order", i);
		if (e.is_bucket && e.value_len < BOLTPAGE_BUCKET)
			return sl_fail(err, SL_EFORMAT, 0, "bucket %u has no root", i);
		last = e;
	}
	return 0;
}

int boltpage_check(struct boltpage *out, const uint8_t *bytes, size_t len, uint64_t id,
		   struct sl_error *err)
{
	struct boltpage_header h;

	if (len < BOLTPAGE_HEADER)
		return sl_fail(err, SL_EFORMAT, 0, "no page: %zu bytes", len);
	h = boltpage_header(bytes);
	if (h.id != id)
		return sl_fail(err, SL_EFORMAT, 0, "it says that it is page %" PRIu64, h.id);
	if (h.flags != BOLTPAGE_BRANCH && h.flags != BOLTPAGE_LEAF)
		return sl_fail(err, SL_EFORMAT, 0, "neither a branch nor a leaf (flags %#x)",
			       h.flags);
	if ((size_t)h.count * BOLTPAGE_ELEMENT > len - BOLTPAGE_HEADER)
		return sl_fail(err, SL_EFORMAT, 0, "%u elements in %zu bytes", h.count, len);
	if (h.flags == BOLTPAGE_BRANCH && h.count == 0)
		return sl_fail(err, SL_EFORMAT, 0, "a branch that leads nowhere");
	*out = (struct boltpage){
		.bytes = bytes,
		.size = len,
		.id = id,
		.count = h.count,
		.is_leaf = h.flags == BOLTPAGE_LEAF,
	};
	return check_elements(out, err);
}

int boltpage_check_inline(struct boltpage *out, const void *bytes, size_t len, struct sl_error *err)
{
	int rc = boltpage_check(out, bytes, len, 0, err);
	bool is_plain;

	if (rc < 0)
		return rc;
	is_plain = out->is_leaf && boltpage_header(bytes).overflow == 0;
	for (unsigned int i = 0; is_plain && i < out->count; i++)
		is_plain = !boltpage_elem(out, i).is_bucket;
	return is_plain ? 0 : sl_fail(err, SL_EFORMAT, 0, "a page that cannot be inline");
}

unsigned int boltpage_seek(const struct boltpage *p, const void *key, size_t len, bool *exact)
{
	unsigned int low = 0, high = p->count;

	*exact = false;
	while (low < high) {
		unsigned int middle = low + (high - low) / 2;
		struct boltelem e = boltpage_elem(p, middle);
		int order = boltpage_compare(e.key, e.key_len, key, len);

		if (order == 0) {
			*exact = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
