/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets of a state: looking keys up, and walking all of them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/boltview.h"

/* Pages from the root of a bucket to a leaf; each has at least two below it in a sound tree. */
#define LEVELS_MAX 32

/* A place in a page. Keys of the page are below @upper, when there is one; it lies in the page
 * above. */
struct frame {
	struct boltpage page;
	struct boltcache_page *held; /* NULL: the page lies in a bucket's value */
	unsigned int next;
	const uint8_t *upper;
	size_t upper_len;
};

struct walk {
	struct bolt *b;
	struct frame path[LEVELS_MAX];
	unsigned int depth;
	char *item; /* the key and value that are lent */
	size_t item_cap;
};

static void walk_clear(struct walk *w)
{
	while (w->depth > 0)
		boltcache_drop(&w->b->cache, w->path[--w->depth].held);
	boltcache_release(&w->b->cache, w->item_cap);
	free(w->item);
}

/* Remember that a page did not hold together, and why the first one did not. */
static int note_damage(struct bolt *b, int rc, const struct sl_error *why)
{
	if (rc == -SL_ENOMEM || rc == -SL_EINVAL)
		return rc;
	b->page_failed = true;
	if (b->damage == NULL)
		b->damage = strdup(sl_error_text(why));
	return rc;
}

static int give_error(struct sl_error *err, struct sl_error *why, int rc)
{
	if (err != NULL) {
		sl_error_clear(err);
		*err = *why;
		*why = SL_ERROR_INIT;
	}
	return rc;
}

static int fail_page(struct bolt *b, int rc, struct sl_error *err, struct sl_error *why)
{
	return give_error(err, why, note_damage(b, rc, why));
}

/* The first page of a bucket, whichever of the two kinds it is. */
static int root_frame(struct bolt *b, struct bolt_bucket in, struct frame *out,
		      struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc;

	*out = (struct frame){0};
	if (in.depth > BOLT_DEPTH_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "buckets %u deep in each other", in.depth);
	if (in.root != 0) {
		rc = boltcache_get(&b->cache, in.root, in.from, &out->held, &why);
		if (rc == 0)
			out->page = out->held->page;
	} else {
		rc = boltpage_check_inline(&out->page, in.inlined.data, in.inlined.len, &why);
		if (rc < 0)
			rc = sl_wrap(&why, rc, "bucket inline in page %" PRIu64, in.from >> 16);
	}
	return rc < 0 ? fail_page(b, rc, err, &why) : 0;
}

/* Lookups and walks must see the same keys: those that the pages above promise. */
static bool keys_fit(const struct boltpage *p, const struct boltelem *lower, const uint8_t *upper,
		     size_t upper_len)
{
	struct boltelem first, last;

	if (p->count == 0)
		return true;
	first = boltpage_elem(p, 0);
	last = boltpage_elem(p, p->count - 1);
	return boltpage_compare(first.key, first.key_len, lower->key, lower->key_len) >= 0 &&
	       (upper == NULL || boltpage_compare(last.key, last.key_len, upper, upper_len) < 0);
}

/* The page below element @i of the branch @f. */
static int child_frame(struct bolt *b, const struct frame *f, unsigned int i, struct frame *out,
		       struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct boltelem e = boltpage_elem(&f->page, i);
	int rc;

	*out = (struct frame){.upper = f->upper, .upper_len = f->upper_len};
	if (i + 1 < f->page.count) {
		struct boltelem after = boltpage_elem(&f->page, i + 1);

		out->upper = after.key;
		out->upper_len = after.key_len;
	}
	rc = boltcache_get(&b->cache, e.child, boltcache_from(f->page.id, i), &out->held, &why);
	if (rc < 0)
		return fail_page(b, rc, err, &why);
	out->page = out->held->page;
	if (!keys_fit(&out->page, &e, out->upper, out->upper_len)) {
		boltcache_drop(&b->cache, out->held);
		rc = sl_fail(&why, SL_EFORMAT, 0,
			     "page %" PRIu64 ": its keys are not those that page %" PRIu64
			     " promises",
			     e.child, f->page.id);
		return fail_page(b, rc, err, &why);
	}
	return 0;
}

static int push(struct walk *w, const struct frame *f, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (w->depth < LEVELS_MAX) {
		w->path[w->depth++] = *f;
		return 0;
	}
	boltcache_drop(&w->b->cache, f->held);
	rc = sl_fail(&why, SL_EFORMAT, 0, "page %" PRIu64 ": more than %d pages above each other",
		     f->page.id, LEVELS_MAX);
	return fail_page(w->b, rc, err, &why);
}

static struct bolt_bucket bucket_of(const struct boltelem *e, const struct frame *f, unsigned int i,
				    struct bolt_bucket in)
{
	return (struct bolt_bucket){
		.root = boltpage_u64(e->value),
		.from = boltcache_from(f->page.id, i),
		.depth = in.depth + 1,
	};
}

/* Go down to the leaf that holds @key, if any does. 1: none. */
static int find(struct walk *w, struct bolt_bucket in, const char *key, size_t len,
		unsigned int *index, struct sl_error *err)
{
	struct frame f;
	int rc = root_frame(w->b, in, &f, err);

	if (rc == 0)
		rc = push(w, &f, err);
	while (rc == 0) {
		const struct frame *top = &w->path[w->depth - 1];
		bool exact;
		unsigned int i = boltpage_seek(&top->page, key, len, &exact);

		*index = i;
		if (top->page.is_leaf)
			return exact ? 0 : 1;
		/* the last page whose first key is not above the one that is looked for */
		rc = child_frame(w->b, top, exact || i == 0 ? i : i - 1, &f, err);
		if (rc == 0)
			rc = push(w, &f, err);
	}
	return rc;
}

int bolt_bucket(struct bolt *b, struct bolt_bucket in, const char *key, size_t len,
		struct bolt_bucket *out, struct sl_error *err)
{
	CLEANUP(walk_clear) struct walk w = {.b = b};
	const struct frame *leaf;
	struct boltelem e;
	unsigned int i;
	int rc = find(&w, in, key, len, &i, err);

	if (rc != 0)
		return rc;
	leaf = &w.path[w.depth - 1];
	e = boltpage_elem(&leaf->page, i);
	if (!e.is_bucket)
		return 1;
	*out = bucket_of(&e, leaf, i, in);
	return out->root != 0 ? 0
			      : boltview_lend(b, e.value + BOLTPAGE_BUCKET,
					      e.value_len - BOLTPAGE_BUCKET, &out->inlined, err);
}

int bolt_path(struct bolt *b, struct bolt_bucket in, struct bolt_bucket *out, struct sl_error *err,
	      ...)
{
	const char *name;
	va_list names;
	int rc = 0;

	*out = in;
	va_start(names, err);
	/* clang-tidy 14 loses sight of va_start() */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	while (rc == 0 && (name = va_arg(names, const char *)) != NULL)
		rc = bolt_bucket(b, *out, name, strlen(name), out, err);
	va_end(names);
	return rc;
}

int bolt_get(struct bolt *b, struct bolt_bucket in, const char *key, size_t len,
	     struct sl_bytes *out, struct sl_error *err)
{
	CLEANUP(walk_clear) struct walk w = {.b = b};
	struct boltelem e;
	unsigned int i;
	int rc = find(&w, in, key, len, &i, err);

	if (rc != 0)
		return rc;
	e = boltpage_elem(&w.path[w.depth - 1].page, i);
	return e.is_bucket ? 1 : boltview_lend(b, e.value, e.value_len, out, err);
}

static int grow_item(struct walk *w, size_t need, struct sl_error *err)
{
	size_t cap = need < 4096 ? 4096 : need + need / 4;
	char *grown;
	int rc = 0;

	if (w->item != NULL && need <= w->item_cap)
		return 0;
	rc = boltcache_reserve(&w->b->cache, cap - w->item_cap, err);
	if (rc < 0)
		return rc;
	grown = realloc(w->item, cap);
	if (grown == NULL) {
		boltcache_release(&w->b->cache, cap - w->item_cap);
		return sl_fail(err, SL_ENOMEM, 0, "value");
	}
	w->item = grown;
	w->item_cap = cap;
	return 0;
}

/* Element @i as callers see it: copied, so that NUL bytes stand behind key and value. */
static int item_of(struct walk *w, const struct frame *f, unsigned int i, struct bolt_bucket in,
		   struct bolt_item *out, struct sl_error *err)
{
	struct boltelem e = boltpage_elem(&f->page, i);
	struct sl_bytes value;
	int rc = grow_item(w, e.key_len + e.value_len + 2, err);

	if (rc < 0)
		return rc;
	memcpy(w->item, e.key, e.key_len);
	w->item[e.key_len] = '\0';
	value = (struct sl_bytes){.data = w->item + e.key_len + 1, .len = e.value_len};
	memcpy(w->item + e.key_len + 1, e.value, e.value_len);
	w->item[e.key_len + 1 + e.value_len] = '\0';
	*out = (struct bolt_item){.key = {.data = w->item, .len = e.key_len}};
	if (!e.is_bucket) {
		out->value = value;
		return 0;
	}
	out->bucket = bucket_of(&e, f, i, in);
	if (out->bucket.root == 0)
		out->bucket.inlined = (struct sl_bytes){.data = value.data + BOLTPAGE_BUCKET,
							.len = value.len - BOLTPAGE_BUCKET};
	return 0;
}

typedef int (*each_fn)(void *payload, const struct bolt_item *item, struct sl_error *err);

static int each_of_leaf(struct walk *w, struct bolt_bucket in, each_fn fn, void *payload,
			struct sl_error *err)
{
	const struct frame *f = &w->path[w->depth - 1];
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < f->page.count; i++) {
		const struct boltview_lent *mark = w->b->lent;
		struct bolt_item item;

		rc = item_of(w, f, i, in, &item, err);
		if (rc == 0)
			rc = fn(payload, &item, err);
		boltview_take_back(w->b, mark);
	}
	return rc;
}

/* One step down, when the page below is sound. */
static int descend(struct walk *w, struct sl_error *err)
{
	struct frame *f = &w->path[w->depth - 1], below;
	int rc = child_frame(w->b, f, f->next++, &below, err);

	return rc == 0 ? push(w, &below, err) : rc;
}

int bolt_each(struct bolt *b, struct bolt_bucket in, each_fn fn, void *payload,
	      struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error passed = SL_ERROR_INIT;
	CLEANUP(walk_clear) struct walk w = {.b = b};
	struct frame f;
	int failed = 0; /* a page that was passed over */
	int rc = root_frame(b, in, &f, err);

	if (rc == 0)
		rc = push(&w, &f, err);
	while (rc == 0 && w.depth > 0) {
		const struct frame *top = &w.path[w.depth - 1];

		if (!top->page.is_leaf && top->next < top->page.count) {
			CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

			rc = descend(&w, &why);
			if (rc < 0 && b->salvaging) {
				failed = failed < 0 ? failed : give_error(&passed, &why, rc);
				rc = 0;
			} else if (rc < 0) {
				rc = give_error(err, &why, rc);
			}
			continue;
		}
		if (top->page.is_leaf)
			rc = each_of_leaf(&w, in, fn, payload, err);
		boltcache_drop(&b->cache, w.path[--w.depth].held);
	}
	return rc == 0 && failed < 0 ? give_error(err, &passed, failed) : rc;
}
