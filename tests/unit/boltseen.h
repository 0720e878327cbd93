/* SPDX-License-Identifier: Apache-2.0 */
/* A made database, viewed and told as text. */
#ifndef TESTS_BOLTSEEN_H
#define TESTS_BOLTSEEN_H

#include <stdbool.h>

#include "core/buf.h"
#include "host/bolt.h"
#include "unit/boltmake.h"

#define ELEMS(...) ((const struct boltmake_elem[]){__VA_ARGS__})
#define LEAF(m, id, ...)                                                                           \
	boltmake_leaf(m, id, 0, ELEMS(__VA_ARGS__),                                                \
		      sizeof(ELEMS(__VA_ARGS__)) / sizeof(struct boltmake_elem))
#define BRANCH(m, id, ...)                                                                         \
	boltmake_branch(m, id, ELEMS(__VA_ARGS__),                                                 \
			sizeof(ELEMS(__VA_ARGS__)) / sizeof(struct boltmake_elem))

/* What a view showed, as text: "key=value " and "bucket{...} ". */
struct seen {
	struct bolt *b;
	struct buf text;
	unsigned int calls;
	bool stale;
	char *damage;
	struct sl_error err;
	/* runs when everything was read, before the view is told */
	void (*meanwhile)(struct seen *s);
	struct boltmake *m;
	int fd;
};

/* View @fd with what @s has set; everything else of @s is set here. */
int seen_view_fd(int fd, struct seen *s);
int seen_view(struct boltmake *m, struct seen *s);
void seen_damage_is(const struct seen *s, const char *text);
void seen_clear(struct seen *s);

/* Two leaves below a branch, a bucket of its own, one inline, one empty, a value over two pages. */
void boltmake_sample(struct boltmake *m, size_t page_size);
/* Two states of one key: "old" in page 3 (transaction 4), "new" in page 4 (transaction 5). */
void boltmake_two(struct boltmake *m);

#endif
