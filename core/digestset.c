/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digestset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/tempfile.h"

#define RUN_RECORDS ((size_t)1 << 18)
#define BLOCK 64 /* records between two that are remembered */

struct record {
	uint8_t sha256[SL_SHA256_SIZE];
	uint64_t number;
};

/* Sorted records behind each other in the file. */
struct run {
	uint64_t first; /* its records come after so many others */
	size_t count;
	size_t fence; /* where its part of the fences begins */
};

struct digestset {
	int fd;
	struct record *pending; /* the run that is being filled; NULL once settled */
	size_t pending_count, pending_room;
	struct run *runs;
	size_t run_count;
	uint64_t written;
	uint64_t *fences; /* the first 8 bytes of every BLOCK-th record, run by run */
	size_t fence_count;
};

int digestset_new(struct digestset **out, struct sl_error *err)
{
	struct digestset *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "digests");
	s->fd = -1;
	*out = s;
	return 0;
}

void digestset_free(struct digestset *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->pending);
	free(s->runs);
	free(s->fences);
	free(s);
}

/* The order of the bytes as that of numbers. */
static uint64_t beginning(const uint8_t *sha256)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | sha256[i];
	return n;
}

static int compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int order = memcmp(x->sha256, y->sha256, sizeof(x->sha256));

	if (order != 0)
		return order;
	return (x->number > y->number) - (x->number < y->number);
}

static int remember(struct digestset *s, struct sl_error *err)
{
	size_t blocks = (s->pending_count + BLOCK - 1) / BLOCK;
	struct run *runs = reallocarray(s->runs, s->run_count + 1, sizeof(*runs));
	uint64_t *fences;

	if (runs == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "digests");
	s->runs = runs;
	fences = reallocarray(s->fences, s->fence_count + blocks, sizeof(*fences));
	if (fences == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "digests");
	s->fences = fences;
	s->runs[s->run_count++] = (struct run){
		.first = s->written, .count = s->pending_count, .fence = s->fence_count};
	for (size_t i = 0; i < s->pending_count; i += BLOCK)
		s->fences[s->fence_count++] = beginning(s->pending[i].sha256);
	return 0;
}

static int write_run(struct digestset *s, struct sl_error *err)
{
	int rc = 0;

	if (s->pending_count == 0)
		return 0;
	if (s->fd < 0)
		s->fd = tempfile_open(NULL, err);
	if (s->fd < 0)
		return s->fd;
	qsort(s->pending, s->pending_count, sizeof(*s->pending), compare);
	rc = tempfile_write(s->fd, s->pending, s->pending_count * sizeof(*s->pending), err);
	if (rc == 0)
		rc = remember(s, err);
	s->written += s->pending_count;
	s->pending_count = 0;
	return rc;
}

static int make_room(struct digestset *s, struct sl_error *err)
{
	size_t room = s->pending_room == 0 ? 1024 : s->pending_room * 2;
	struct record *grown;

	if (s->pending_count < s->pending_room)
		return 0;
	if (s->pending_room == RUN_RECORDS)
		return write_run(s, err);
	grown = reallocarray(s->pending, room, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "digests");
	s->pending = grown;
	s->pending_room = room;
	return 0;
}

int digestset_add(struct digestset *s, const uint8_t sha256[SL_SHA256_SIZE], uint64_t number,
		  struct sl_error *err)
{
	struct record r = {.number = number};
	int rc = make_room(s, err);

	if (rc < 0)
		return rc;
	memcpy(r.sha256, sha256, sizeof(r.sha256));
	s->pending[s->pending_count++] = r;
	return 0;
}

int digestset_settle(struct digestset *s, struct sl_error *err)
{
	int rc = write_run(s, err);

	free(s->pending);
	s->pending = NULL;
	s->pending_room = 0;
	return rc;
}

/* The last block of the run that begins before @wanted: the first record of it is there, if any. */
static size_t block_of(const struct digestset *s, const struct run *r, uint64_t wanted)
{
	const uint64_t *fences = s->fences + r->fence;
	size_t low = 0, high = (r->count + BLOCK - 1) / BLOCK;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fences[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? low - 1 : 0;
}

static int read_block(const struct digestset *s, const struct run *r, size_t at,
		      struct record block[BLOCK], size_t *count, struct sl_error *err)
{
	size_t size, done = 0;

	*count = r->count - at < BLOCK ? r->count - at : BLOCK;
	size = *count * sizeof(*block);
	while (done < size) {
		ssize_t n = pread(s->fd, (char *)block + done, size - done,
				  (off_t)((r->first + at) * sizeof(*block) + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sl_fail(err, SL_EIO, n < 0 ? errno : 0, "temporary file of digests");
		done += (size_t)n;
	}
	return 0;
}

/* From the block on that may have it, as long as the records are not beyond it. */
static int find_in(const struct digestset *s, const struct run *r,
		   const uint8_t sha256[SL_SHA256_SIZE], uint64_t *number, struct sl_error *err)
{
	struct record block[BLOCK];
	size_t at = block_of(s, r, beginning(sha256)) * BLOCK;

	while (at < r->count) {
		size_t count;
		int rc = read_block(s, r, at, block, &count, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < count; i++) {
			int order = memcmp(block[i].sha256, sha256, SL_SHA256_SIZE);

			if (order > 0)
				return 1;
			if (order < 0)
				continue;
			*number = block[i].number;
			return 0;
		}
		at += count;
	}
	return 1;
}

int digestset_find(struct digestset *s, const uint8_t sha256[SL_SHA256_SIZE], uint64_t *number,
		   struct sl_error *err)
{
	bool is_found = false;

	for (size_t i = 0; i < s->run_count; i++) {
		uint64_t n = 0;
		int rc = find_in(s, &s->runs[i], sha256, &n, err);

		if (rc < 0)
			return rc;
		if (rc == 0 && (!is_found || n < *number)) {
			*number = n;
			is_found = true;
		}
	}
	return is_found ? 0 : 1;
}
