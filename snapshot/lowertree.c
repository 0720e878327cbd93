/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/lowertree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"

/* Forget everything when this much is remembered: a rare event, and the memory stays bounded. */
#define MAX_NODES (1u << 15)
#define MAX_NODE_BYTES (4u << 20)
#define BUCKETS (1u << 14)

/* What was found at one path. */
struct node {
	struct node *next; /* in the bucket */
	enum lower_kind kind;
	size_t layer; /* index of the row that shows */
	size_t floor; /* directory: lowest layer that still shows through it */
	size_t len;
	char path[];
};

struct lowertree {
	struct rows *rows;
	struct row_at *layers;
	size_t count;
	struct node *buckets[BUCKETS];
	size_t nodes, bytes;
};

static size_t bucket_of(struct sl_bytes path)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < path.len; i++)
		h = (h ^ (uint8_t)path.data[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 32) % BUCKETS;
}

static struct node *recall(struct lowertree *t, struct sl_bytes path)
{
	struct node *n = t->buckets[bucket_of(path)];

	while (n != NULL && (n->len != path.len || memcmp(n->path, path.data, path.len) != 0))
		n = n->next;
	return n;
}

static void forget_all(struct lowertree *t)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (t->buckets[i] != NULL) {
			struct node *n = t->buckets[i];

			t->buckets[i] = n->next;
			free(n);
		}
	t->nodes = t->bytes = 0;
}

static int remember(struct lowertree *t, struct sl_bytes path, const struct node *found)
{
	struct node *n = malloc(sizeof(*n) + path.len);
	struct node **bucket;

	if (n == NULL)
		return -SL_ENOMEM;
	if (t->nodes >= MAX_NODES || t->bytes + path.len > MAX_NODE_BYTES)
		forget_all(t);
	bucket = &t->buckets[bucket_of(path)];
	*n = *found;
	n->len = path.len;
	memcpy(n->path, path.data, path.len);
	n->next = *bucket;
	*bucket = n;
	t->nodes++;
	t->bytes += path.len;
	return 0;
}

/* From the top down to @floor: the first object shows; a directory goes on down until hidden. */
static int scan_layers(struct lowertree *t, struct sl_bytes path, size_t floor, struct node *out,
		       struct sl_error *err)
{
	*out = (struct node){.kind = LOWER_ABSENT, .floor = floor};
	for (size_t i = t->count; i-- > floor;) {
		struct row row;
		int rc = rows_get(t->rows, t->layers[i], path, &row, err);

		if (rc < 0)
			return rc;
		if (rc == 1)
			continue;
		if (!S_ISDIR(row.entry.mode)) {
			out->floor = i + 1;
			if (out->kind == LOWER_ABSENT && row.entry.mode != 0) {
				out->kind = S_ISLNK(row.entry.mode) ? LOWER_LINK : LOWER_OTHER;
				out->layer = i;
			}
			return 0;
		}
		if (out->kind == LOWER_ABSENT) {
			out->kind = LOWER_DIR;
			out->layer = i;
		}
		if (row.hides) {
			out->floor = i;
			return 0;
		}
	}
	return 0;
}

/* Walk down from the root, each step limited to the layers that show through its parent. */
static int find(struct lowertree *t, struct sl_bytes path, struct node *out, struct sl_error *err)
{
	struct node *known = recall(t, path);
	size_t floor = 0, end = 0;

	if (known != NULL) {
		*out = *known;
		return 0;
	}
	for (;;) {
		struct sl_bytes part = {path.data, end};
		int rc;

		known = recall(t, part);
		if (known != NULL) {
			*out = *known;
		} else {
			rc = scan_layers(t, part, floor, out, err);
			if (rc < 0)
				return rc;
			if (remember(t, part, out) < 0)
				return sl_fail(err, SL_ENOMEM, 0, "lower layers");
		}
		if (end == path.len)
			return 0;
		if (out->kind != LOWER_DIR) {
			*out = (struct node){.kind = LOWER_ABSENT};
			return 0;
		}
		floor = out->floor;
		end += end > 0; /* over the slash */
		while (end < path.len && path.data[end] != '/')
			end++;
	}
}

int lowertree_kind(struct lowertree *t, struct sl_bytes path, enum lower_kind *out,
		   struct sl_error *err)
{
	struct node n;
	int rc = find(t, path, &n, err);

	if (rc == 0)
		*out = n.kind;
	return rc;
}

int lowertree_get(struct lowertree *t, struct sl_bytes path, struct row *out, struct sl_error *err)
{
	struct node n;
	int rc = find(t, path, &n, err);

	if (rc == 0 && n.kind == LOWER_ABSENT)
		return 1;
	if (rc == 0)
		rc = rows_get(t->rows, t->layers[n.layer], path, out, err);
	return rc;
}

int lowertree_new(struct lowertree **out, struct rows *rows, const struct row_at *layers,
		  size_t count, struct sl_error *err)
{
	struct lowertree *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->layers = calloc(count + 1, sizeof(*layers));
	if (t == NULL || t->layers == NULL) {
		free(t);
		return sl_fail(err, SL_ENOMEM, 0, "lower layers");
	}
	t->rows = rows;
	if (count > 0)
		memcpy(t->layers, layers, count * sizeof(*layers));
	t->count = count;
	*out = t;
	return 0;
}

void lowertree_free(struct lowertree *t)
{
	if (t == NULL)
		return;
	forget_all(t);
	free(t->layers);
	free(t);
}
