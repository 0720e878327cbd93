/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/payloads.h"

#include <stdlib.h>
#include <string.h>

void payloads_reset(struct payloads *p)
{
	p->count = 0;
	p->is_sorted = true;
	buf_reset(&p->names);
}

void payloads_clear(struct payloads *p)
{
	free(p->items);
	buf_clear(&p->names);
	*p = PAYLOADS_INIT;
}

const char *payloads_name(const struct payloads *p, const struct payload *item)
{
	return p->names.data + item->name;
}

static int compare(uint64_t seq_a, const char *a, size_t a_len, uint64_t seq_b, const char *b,
		   size_t b_len)
{
	int rc;

	if (seq_a != seq_b)
		return seq_a < seq_b ? -1 : 1;
	rc = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return rc != 0 ? rc : (a_len > b_len) - (a_len < b_len);
}

static int compare_items(const void *a, const void *b, void *payload)
{
	const struct payloads *p = payload;
	const struct payload *x = a, *y = b;

	return compare(x->seq, payloads_name(p, x), x->name_len, y->seq, payloads_name(p, y),
		       y->name_len);
}

int payloads_add(struct payloads *p, const struct payload *item, const char *name, size_t len,
		 struct sl_error *err)
{
	struct payload *added;

	if (p->count == PAYLOADS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %u payloads in a segment",
			       PAYLOADS_MAX);
	if (p->count == p->cap) {
		size_t cap = p->cap == 0 ? 256 : p->cap * 2;
		struct payload *grown = reallocarray(p->items, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "payload list");
		p->items = grown;
		p->cap = cap;
	}
	added = &p->items[p->count];
	*added = *item;
	added->name = p->names.len;
	added->name_len = len;
	if (buf_append(&p->names, name, len) < 0)
		return sl_fail(err, -p->names.status, 0, "more than %u bytes of payload names",
			       PAYLOADS_NAMES_MAX);
	/* a writer that goes by sequence number never needs the sort */
	if (p->count > 0 && compare_items(added - 1, added, p) >= 0)
		p->is_sorted = false;
	p->count++;
	return 0;
}

int payloads_sort(struct payloads *p, const struct payload **twice, struct sl_error *err)
{
	if (p->is_sorted)
		return 0;
	qsort_r(p->items, p->count, sizeof(*p->items), compare_items, p);
	p->is_sorted = true;
	for (size_t i = 1; i < p->count; i++) {
		if (compare_items(&p->items[i - 1], &p->items[i], p) == 0) {
			*twice = &p->items[i];
			return sl_fail(err, SL_EFORMAT, 0, "member '%.*s' is there twice",
				       (int)p->items[i].name_len, payloads_name(p, *twice));
		}
	}
	return 0;
}

struct payload *payloads_find(struct payloads *p, uint64_t seq, const char *name, size_t len)
{
	struct payload *found = NULL;
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct payload *item = &p->items[middle];
		int rc = compare(seq, name, len, item->seq, payloads_name(p, item), item->name_len);

		if (rc == 0)
			found = item;
		if (rc <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return found;
}
