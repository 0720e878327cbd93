/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/boltmake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 16
#define ELEMENT 16
#define BRANCH 1
#define LEAF 2
#define META 4

/* A failing allocation or write in a test is the end of the test. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

void boltmake_init(struct boltmake *m, size_t page_size, size_t pages)
{
	*m = (struct boltmake){.page_size = page_size, .pages = pages};
	m->bytes = calloc(pages, page_size);
	must(m->bytes != NULL);
}

void boltmake_clear(struct boltmake *m)
{
	free(m->bytes);
	m->bytes = NULL;
}

uint8_t *boltmake_page(const struct boltmake *m, uint64_t id)
{
	must(id < m->pages);
	return m->bytes + id * m->page_size;
}

void boltmake_put(uint8_t *at, uint64_t number, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(number >> (8 * i));
}

static void put_header(uint8_t *page, uint64_t id, unsigned int flags, size_t count,
		       uint32_t overflow)
{
	boltmake_put(page, id, 8);
	boltmake_put(page + 8, flags, 2);
	boltmake_put(page + 10, count, 2);
	boltmake_put(page + 12, overflow, 4);
}

/* The value of a leaf's element at @at; returns its length. */
static size_t put_value(uint8_t *at, size_t cap, const struct boltmake_elem *e)
{
	size_t head = e->bucket != 0 || e->is_inline ? 16 : 0;
	const void *bytes = e->text != NULL ? e->text : e->bytes;
	size_t len = e->text != NULL ? strlen(e->text) : e->len;

	must(head + len <= cap);
	if (head > 0) {
		boltmake_put(at, e->bucket, 8);
		boltmake_put(at + 8, 0, 8);
	}
	if (len > 0)
		memcpy(at + head, bytes, len);
	return head + len;
}

static size_t put_elements(uint8_t *page, size_t cap, bool is_leaf,
			   const struct boltmake_elem *elems, size_t count)
{
	size_t at = HEADER + count * ELEMENT;

	for (size_t i = 0; i < count; i++) {
		const struct boltmake_elem *e = &elems[i];
		uint8_t *head = page + HEADER + i * ELEMENT;
		size_t key = strlen(e->key), value = 0;

		must(at + key <= cap);
		memcpy(page + at, e->key, key);
		if (is_leaf) {
			value = put_value(page + at + key, cap - at - key, e);
			boltmake_put(head, e->bucket != 0 || e->is_inline, 4);
			boltmake_put(head + 4, at - HEADER - i * ELEMENT, 4);
			boltmake_put(head + 8, key, 4);
			boltmake_put(head + 12, value, 4);
		} else {
			boltmake_put(head, at - HEADER - i * ELEMENT, 4);
			boltmake_put(head + 4, key, 4);
			boltmake_put(head + 8, e->child, 8);
		}
		at += key + value;
	}
	return at;
}

void boltmake_leaf(const struct boltmake *m, uint64_t id, uint32_t overflow,
		   const struct boltmake_elem *elems, size_t count)
{
	uint8_t *page = boltmake_page(m, id);

	must(id + overflow < m->pages);
	put_header(page, id, LEAF, count, overflow);
	(void)put_elements(page, m->page_size * ((size_t)overflow + 1), true, elems, count);
}

void boltmake_branch(const struct boltmake *m, uint64_t id, const struct boltmake_elem *elems,
		     size_t count)
{
	uint8_t *page = boltmake_page(m, id);

	put_header(page, id, BRANCH, count, 0);
	(void)put_elements(page, m->page_size, false, elems, count);
}

size_t boltmake_inline(uint8_t *out, size_t cap, const struct boltmake_elem *elems, size_t count)
{
	put_header(out, 0, LEAF, count, 0);
	return put_elements(out, cap, true, elems, count);
}

void boltmake_seal(uint8_t *page)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < 56; i++)
		hash = (hash ^ page[HEADER + i]) * 0x100000001b3u;
	boltmake_put(page + HEADER + 56, hash, 8);
}

void boltmake_meta(const struct boltmake *m, unsigned int slot, uint64_t txid, uint64_t root)
{
	uint8_t *page = boltmake_page(m, slot);
	uint8_t *meta = page + HEADER;

	put_header(page, slot, META, 0, 0);
	boltmake_put(meta, 0xED0CDAED, 4);
	boltmake_put(meta + 4, 2, 4);
	boltmake_put(meta + 8, m->page_size, 4);
	boltmake_put(meta + 16, root, 8);
	boltmake_put(meta + 32, UINT64_MAX, 8);
	boltmake_put(meta + 40, m->pages, 8);
	boltmake_put(meta + 48, txid, 8);
	boltmake_seal(page);
}

int boltmake_fd(const struct boltmake *m)
{
	int fd = memfd_create("bolt", MFD_CLOEXEC);

	must(fd >= 0);
	for (size_t i = 0; i < m->pages; i++)
		boltmake_write(m, fd, i);
	return fd;
}

void boltmake_write(const struct boltmake *m, int fd, uint64_t id)
{
	must(pwrite(fd, boltmake_page(m, id), m->page_size, (off_t)(id * m->page_size)) ==
	     (ssize_t)m->page_size);
}
