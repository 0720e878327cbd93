/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_bolt.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "unit/boltmake.h"
#include "unit/fake_root.h"

#define PAGE 4096
#define NAMES_MAX 10

struct entry {
	char *names[NAMES_MAX];
	size_t count;
	void *value;
	size_t len;
};

struct fake_bolt {
	struct entry *entries;
	size_t count, cap;
};

static void *must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

struct fake_bolt *fake_bolt_new(void)
{
	return must(calloc(1, sizeof(struct fake_bolt)));
}

static void put(struct fake_bolt *f, const void *value, size_t len, va_list names)
{
	struct entry *e;
	const char *name;

	if (f->count == f->cap) {
		f->cap = f->cap * 2 + 64;
		f->entries = must(realloc(f->entries, f->cap * sizeof(*f->entries)));
	}
	e = &f->entries[f->count++];
	*e = (struct entry){.value = must(malloc(len + 1)), .len = len};
	memcpy(e->value, value, len);
	while ((name = va_arg(names, const char *)) != NULL) {
		if (e->count == NAMES_MAX)
			abort();
		e->names[e->count++] = must(strdup(name));
	}
}

void fake_bolt_put(struct fake_bolt *f, const void *value, size_t len, ...)
{
	va_list names;

	va_start(names, len);
	put(f, value, len, names);
	va_end(names);
}

void fake_bolt_text(struct fake_bolt *f, const char *value, ...)
{
	va_list names;

	va_start(names, value);
	put(f, value, strlen(value), names);
	va_end(names);
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	for (size_t i = 0; i < x->count && i < y->count; i++) {
		int order = strcmp(x->names[i], y->names[i]);

		if (order != 0)
			return order;
	}
	return x->count < y->count ? -1 : x->count > y->count;
}

struct build {
	struct boltmake make;
	uint64_t next; /* page */
};

/* The bucket that holds entries [from, to) at @depth; its root page. */
static uint64_t bucket(struct build *b, const struct entry *from, const struct entry *to,
		       size_t depth)
{
	size_t count = 0, bytes = 16;
	struct boltmake_elem *elems = must(calloc((size_t)(to - from) + 1, sizeof(*elems)));
	uint64_t page;

	for (const struct entry *e = from, *end; e < to; e = end) {
		struct boltmake_elem *elem = &elems[count++];

		end = e + 1;
		elem->key = e->names[depth];
		if (e->count == depth + 1) {
			elem->bytes = e->value;
			elem->len = e->len;
			bytes += e->len;
		} else {
			while (end < to && strcmp(end->names[depth], e->names[depth]) == 0)
				end++;
			elem->bucket = bucket(b, e, end, depth + 1);
			bytes += 16;
		}
		bytes += 16 + strlen(elem->key);
	}
	page = b->next;
	b->next += 1 + bytes / PAGE;
	if (b->next > b->make.pages)
		abort();
	boltmake_leaf(&b->make, page, (uint32_t)(bytes / PAGE), elems, count);
	free(elems);
	return page;
}

void fake_bolt_write(struct fake_bolt *f, const char *root, const char *path)
{
	struct build b = {.next = 2};
	size_t bytes = 0;
	uint64_t top;

	for (size_t i = 0; i < f->count; i++)
		bytes += f->entries[i].len + 256;
	qsort(f->entries, f->count, sizeof(*f->entries), compare);
	boltmake_init(&b.make, PAGE, 16 + bytes / PAGE * 2 + f->count * 4);
	top = bucket(&b, f->entries, f->entries + f->count, 0);
	b.make.pages = b.next;
	boltmake_meta(&b.make, 0, 6, top);
	boltmake_meta(&b.make, 1, 5, top);
	fake_bytes(root, b.make.bytes, (size_t)b.next * PAGE, "%s", path);
	boltmake_clear(&b.make);
	for (size_t i = 0; i < f->count; i++) {
		for (size_t k = 0; k < f->entries[i].count; k++)
			free(f->entries[i].names[k]);
		free(f->entries[i].value);
	}
	free(f->entries);
	free(f);
}
