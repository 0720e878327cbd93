/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dirnames.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *key_of(const struct dirnames *n, const char *name)
{
	return n->key != NULL ? n->key(name) : name;
}

static int compare_at(const void *a, const void *b, void *names)
{
	const struct dirnames *n = names;
	const char *x = n->bytes + *(const size_t *)a, *y = n->bytes + *(const size_t *)b;
	const char *kx = key_of(n, x), *ky = key_of(n, y);
	int order = strcmp(kx, ky);

	return order != 0 ? order : (int)(kx != x) - (int)(ky != y);
}

/* A name may be listed twice when the directory changes meanwhile. */
static void sort_names(struct dirnames *n)
{
	size_t kept = 0;

	if (n->count < 2)
		return;
	qsort_r(n->at, n->count, sizeof(*n->at), compare_at, n);
	for (size_t i = 1; i < n->count; i++)
		if (strcmp(n->bytes + n->at[kept], n->bytes + n->at[i]) != 0)
			n->at[++kept] = n->at[i];
	n->count = kept + 1;
}

static bool grow(struct dirnames *n, size_t len)
{
	if (n->used + len + 1 > n->cap) {
		size_t cap = n->cap == 0 ? 1024 : n->cap * 2;
		char *bytes;

		while (cap < n->used + len + 1)
			cap *= 2;
		bytes = realloc(n->bytes, cap);
		if (bytes == NULL)
			return false;
		n->bytes = bytes;
		n->cap = cap;
	}
	if (n->count == n->room) {
		size_t room = n->room == 0 ? 64 : n->room * 2;
		size_t *at = realloc(n->at, room * sizeof(*at));

		if (at == NULL)
			return false;
		n->at = at;
		n->room = room;
	}
	return true;
}

static bool add(struct dirnames *n, const char *name)
{
	size_t len = strlen(name);

	if (!grow(n, len))
		return false;
	memcpy(n->bytes + n->used, name, len + 1);
	n->at[n->count++] = n->used;
	n->used += len + 1;
	return true;
}

/* Too many for one window: forget the upper half. */
static bool halve(struct dirnames *n)
{
	struct dirnames kept = {.key = n->key};

	sort_names(n);
	for (size_t i = 0; i < (n->count + 1) / 2; i++) {
		if (!add(&kept, n->bytes + n->at[i])) {
			dirnames_clear(&kept);
			return false;
		}
	}
	kept.more = true;
	kept.part = n->part;
	dirnames_clear(n);
	*n = kept;
	return true;
}

struct listing {
	const char *from;
	size_t ceiling; /* index of the highest name kept so far, once n->more */
	size_t max_bytes;
};

static bool wanted(const struct dirnames *n, const struct listing *l, const char *name)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	name = key_of(n, name);
	if (l->from != NULL && strcmp(name, l->from) < 0)
		return false;
	/* the first names up to the ceiling never move: later ones are appended behind them */
	return !n->more || strcmp(name, key_of(n, n->bytes + n->at[l->ceiling])) <= 0;
}

static bool consider(struct dirnames *n, struct listing *l, const char *name)
{
	if (!wanted(n, l, name))
		return true;
	if (!add(n, name))
		return false;
	if (n->used + n->count * sizeof(*n->at) <= l->max_bytes || n->count < 4)
		return true;
	if (!halve(n))
		return false;
	l->ceiling = n->count - 1;
	return true;
}

int dirnames_read(struct dirnames *n, int fd, const char *from, size_t max_bytes, void *scratch,
		  struct sl_error *err)
{
	struct listing l = {.from = from, .max_bytes = max_bytes};
	ssize_t got;
	int sys = 0;

	n->used = n->count = n->next = 0;
	n->more = false;
	n->part = from != NULL;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return sl_fail(err, SL_EIO, errno, "list directory");
	while ((got = getdents64(fd, scratch, DIRNAMES_BUFFER)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			sys = errno;
			break;
		}
		for (ssize_t i = 0; i < got;) {
			const struct dirent64 *d =
				(const struct dirent64 *)(const void *)((char *)scratch + i);

			if (!consider(n, &l, d->d_name))
				return sl_fail(err, SL_ENOMEM, 0, "directory listing");
			i += d->d_reclen;
		}
	}
	sort_names(n);
	/* a removed directory lists as ENOENT: it is empty */
	return sys == 0 || sys == ENOENT ? 0 : sl_fail(err, SL_EIO, sys, "list directory");
}

/* strcmp against a name that is not terminated. */
static int compare_name(const char *have, const char *name, size_t len)
{
	int order = strncmp(have, name, len);

	return order != 0 ? order : have[len] != '\0';
}

bool dirnames_position(struct dirnames *n, const char *name, size_t len)
{
	size_t low = 0, high = n->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_name(key_of(n, n->bytes + n->at[mid]), name, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	n->next = low;
	if (low == 0 && n->part &&
	    (n->count == 0 || compare_name(key_of(n, n->bytes + n->at[0]), name, len) != 0))
		return false;
	return low < n->count || !n->more;
}

const char *dirnames_peek(const struct dirnames *n)
{
	return n->next < n->count ? n->bytes + n->at[n->next] : NULL;
}

const char *dirnames_take(struct dirnames *n)
{
	return n->next < n->count ? n->bytes + n->at[n->next++] : NULL;
}

size_t dirnames_memory(const struct dirnames *n)
{
	return n->cap + n->room * sizeof(*n->at);
}

void dirnames_clear(struct dirnames *n)
{
	free(n->bytes);
	free(n->at);
	*n = (struct dirnames){0};
}
