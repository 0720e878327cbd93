/* SPDX-License-Identifier: Apache-2.0 */
/* Bolt databases page by page, sound or not: what the pages say is up to the test. */
#ifndef TESTS_BOLTMAKE_H
#define TESTS_BOLTMAKE_H

#include <strandline/base.h>

struct boltmake {
	uint8_t *bytes;
	size_t page_size, pages;
};

/* One element. Of a leaf: a text, @len bytes, or a bucket by its root page; of a branch: a child.
 */
struct boltmake_elem {
	const char *key;
	const char *text;  /* value; NULL: none */
	const void *bytes; /* value of @len bytes */
	size_t len;
	uint64_t bucket; /* root page of a bucket */
	uint64_t child;
	bool is_inline; /* @bytes are the inline page of a bucket */
};

void boltmake_init(struct boltmake *m, size_t page_size, size_t pages);
void boltmake_clear(struct boltmake *m);
uint8_t *boltmake_page(const struct boltmake *m, uint64_t id);

/* Write page @id, with @overflow pages behind it. */
void boltmake_leaf(const struct boltmake *m, uint64_t id, uint32_t overflow,
		   const struct boltmake_elem *elems, size_t count);
void boltmake_branch(const struct boltmake *m, uint64_t id, const struct boltmake_elem *elems,
		     size_t count);
/* The inline page of a bucket into @out; returns its length. */
size_t boltmake_inline(uint8_t *out, size_t cap, const struct boltmake_elem *elems, size_t count);

/* Meta page @slot (0 or 1); boltmake_seal() after its bytes were changed. */
void boltmake_meta(const struct boltmake *m, unsigned int slot, uint64_t txid, uint64_t root);
void boltmake_seal(uint8_t *page);

/* All of it as a file without a name. */
int boltmake_fd(const struct boltmake *m);
/* Write page @id of @m to @fd, as a commit would. */
void boltmake_write(const struct boltmake *m, int fd, uint64_t id);

void boltmake_put(uint8_t *at, uint64_t number, size_t len);

#endif
