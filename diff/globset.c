/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/globset.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/glob.h"

#define BY_LAST 256
#define REST 512

static uint64_t byte_bit(unsigned char c)
{
	return UINT64_C(1) << (c & 63);
}

static uint64_t pair_bit(unsigned char a, unsigned char b)
{
	return UINT64_C(1) << (((unsigned int)a * 37 + b) & 63);
}

static struct globset_traits traits_of(struct sl_bytes text)
{
	struct globset_traits t = {0};

	for (size_t i = 0; i < text.len; i++) {
		t.bytes |= byte_bit((unsigned char)text.data[i]);
		if (i > 0)
			t.pairs |= pair_bit((unsigned char)text.data[i - 1],
					    (unsigned char)text.data[i]);
	}
	return t;
}

/* What stands for itself must be in the text; but the slash behind a "**" may be missing. */
static struct globset_traits needs_of(const char *glob)
{
	struct globset_traits t = {0};
	bool after_literal = false;

	for (size_t i = 0; glob[i] != '\0'; i++) {
		bool literal = glob[i] != '*' && glob[i] != '?' &&
			       !(glob[i] == '/' && i > 0 && glob[i - 1] == '*');

		if (literal)
			t.bytes |= byte_bit((unsigned char)glob[i]);
		if (literal && after_literal)
			t.pairs |= pair_bit((unsigned char)glob[i - 1], (unsigned char)glob[i]);
		after_literal = literal;
	}
	return t;
}

static void set_ends(struct globset_item *item)
{
	const char *glob = item->glob;
	size_t suffix = 0;

	item->prefix = (uint32_t)strcspn(glob, "*?");
	if (item->prefix == item->len)
		return;
	item->is_beneath = item->prefix > 0 && glob[item->prefix - 1] == '/' &&
			   strcmp(glob + item->prefix, "**") == 0;
	while (strchr("*?", glob[item->len - suffix - 1]) == NULL)
		suffix++;
	/* the slash behind a "**" may fit nothing */
	if (suffix > 0 && glob[item->len - suffix] == '/')
		suffix--;
	item->suffix = (uint32_t)suffix;
}

int globset_add(struct globset *set, const char *glob, size_t rule, struct sl_error *err)
{
	struct globset_item item = {
		.glob = glob, .len = (uint32_t)strlen(glob), .rule = (uint16_t)rule};

	if (set->count == set->room) {
		size_t wanted = set->room == 0 ? 64 : set->room * 2;
		struct globset_item *grown = reallocarray(set->items, wanted, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "rules");
		set->items = grown;
		set->room = wanted;
	}
	set_ends(&item);
	item.needs = needs_of(glob);
	item.bucket = REST;
	if (item.prefix > 0)
		item.bucket = (uint8_t)glob[0];
	else if (item.suffix > 0)
		item.bucket = (uint16_t)(BY_LAST + (uint8_t)glob[item.len - 1]);
	set->items[set->count++] = item;
	return 0;
}

static int by_bucket(const void *a, const void *b)
{
	const struct globset_item *x = a, *y = b;

	return (x->bucket > y->bucket) - (x->bucket < y->bucket);
}

void globset_ready(struct globset *set)
{
	size_t at = 0;

	if (set->count > 0)
		qsort(set->items, set->count, sizeof(*set->items), by_bucket);
	for (size_t bucket = 0; bucket <= GLOBSET_BUCKETS; bucket++) {
		while (at < set->count && set->items[at].bucket < bucket)
			at++;
		set->start[bucket] = (uint32_t)at;
	}
}

static bool fits(const struct globset_item *item, struct sl_bytes text)
{
	const char *glob = item->glob;

	if (text.len < item->prefix || text.len < item->suffix ||
	    memcmp(text.data, glob, item->prefix) != 0)
		return false;
	if (item->prefix == item->len)
		return text.len == item->len;
	if (item->is_beneath)
		return text.len > item->prefix;
	if (memcmp(text.data + text.len - item->suffix, glob + item->len - item->suffix,
		   item->suffix) != 0)
		return false;
	return glob_match(glob, item->len, text.data, text.len);
}

static void match_bucket(const struct globset *set, size_t bucket, struct sl_bytes text,
			 const struct globset_traits *has, globset_bits out)
{
	for (size_t i = set->start[bucket]; i < set->start[bucket + 1]; i++) {
		const struct globset_item *item = &set->items[i];

		if ((item->needs.bytes & ~has->bytes) != 0 ||
		    (item->needs.pairs & ~has->pairs) != 0)
			continue;
		if ((out[item->rule / 64] >> (item->rule % 64) & 1) == 0 && fits(item, text))
			globset_set(out, item->rule);
	}
}

void globset_match(const struct globset *set, struct sl_bytes text, globset_bits out)
{
	const struct globset_traits has = traits_of(text);

	if (text.len > 0) {
		size_t last = (uint8_t)text.data[text.len - 1];

		match_bucket(set, (uint8_t)text.data[0], text, &has, out);
		match_bucket(set, BY_LAST + last, text, &has, out);
	}
	match_bucket(set, REST, text, &has, out);
}

void globset_clear(struct globset *set)
{
	free(set->items);
	*set = (struct globset){0};
}
