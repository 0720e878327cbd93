/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fold.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

#define FOLD_SLOTS 4096 /* a power of two */
#define FOLD_MOST 2048
#define FOLD_KEY_BYTES 1024
#define FOLD_DIR_BYTES 512

struct fold {
	struct fold_group slots[FOLD_SLOTS];
	uint16_t taken[FOLD_MOST]; /* slots that have a key */
	size_t used;
};

int fold_new(struct fold **out, struct sl_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "report");
}

/* The slot that has the key, or the empty one where it would go. */
static struct fold_group *slot(struct fold *f, const char *key)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	size_t at;

	for (const char *p = key; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
	at = (hash ^ hash >> 32) % FOLD_SLOTS;
	while (f->slots[at].key != NULL && strcmp(f->slots[at].key, key) != 0)
		at = (at + 1) % FOLD_SLOTS;
	return &f->slots[at];
}

/* Length of the directory part of a path; of a very long one, of its beginning. */
static size_t parent_length(struct sl_bytes path)
{
	size_t len = path.len < FOLD_DIR_BYTES ? path.len : FOLD_DIR_BYTES;

	while (len > 0 && path.data[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

/* Shorten dir to the components that it shares with path. */
static void share_directory(struct fold_group *g, struct sl_bytes path)
{
	size_t same = 0, end = 0;

	while (same < g->dir_len && same < path.len && g->dir[same] == path.data[same]) {
		if (g->dir[same] == '/')
			end = same;
		same++;
	}
	if (same == g->dir_len && (same == path.len || path.data[same] == '/'))
		end = same;
	g->dir_len = end;
	g->dir[end] = '\0';
}

static int start_group(struct fold *f, struct fold_group *g, const char *key, struct sl_bytes path,
		       unsigned int type)
{
	bool is_own = type == FOLD_DIRECTORY && path.len <= FOLD_DIR_BYTES;
	size_t len = is_own ? path.len : parent_length(path);

	g->key = strdup(key);
	g->dir = calloc(1, len + 1);
	if (g->key == NULL || g->dir == NULL) {
		free(g->key);
		free(g->dir);
		*g = (struct fold_group){0};
		return -SL_ENOMEM;
	}
	if (len > 0)
		memcpy(g->dir, path.data, len);
	g->dir_len = len;
	f->taken[f->used++] = (uint16_t)(g - f->slots);
	return 0;
}

int fold_add(struct fold *f, const char *key, struct sl_bytes path, unsigned int type,
	     uint64_t bytes, struct fold_group **out)
{
	struct fold_group *g;

	if (strlen(key) > FOLD_KEY_BYTES)
		return 1;
	g = slot(f, key);
	if (g->key == NULL && f->used == FOLD_MOST)
		return 1;
	if (g->key == NULL) {
		if (start_group(f, g, key, path, type) < 0)
			return -SL_ENOMEM;
	} else {
		share_directory(g, path);
	}
	g->count++;
	g->by_type[type % FOLD_TYPES]++;
	g->bytes += bytes;
	*out = g;
	return 0;
}

struct fold_group *fold_find(struct fold *f, const char *key)
{
	struct fold_group *g = slot(f, key);

	return g->key != NULL ? g : NULL;
}

void fold_unshow(struct fold *f)
{
	for (size_t i = 0; i < f->used; i++)
		f->slots[f->taken[i]].shown = false;
}

void fold_reset(struct fold *f)
{
	for (size_t i = 0; i < f->used; i++) {
		struct fold_group *g = &f->slots[f->taken[i]];

		free(g->key);
		free(g->dir);
		*g = (struct fold_group){0};
	}
	f->used = 0;
}

void fold_free(struct fold *f)
{
	if (f != NULL)
		fold_reset(f);
	free(f);
}
