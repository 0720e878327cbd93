/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/sparsefile.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "forensics/record.h"

static int bad_map(struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "map of a part that does not describe its bytes");
}

static int add_run(struct sparsefile *s, uint64_t at, uint64_t len, struct sl_error *err)
{
	const struct sparsefile_run *last = s->count > 0 ? &s->runs[s->count - 1] : NULL;
	uint64_t from = last != NULL ? last->at + last->len : 0;

	if (len == 0 || at < from || at > s->size || len > s->size - at)
		return bad_map(err);
	if (s->count == SPARSEFILE_RUNS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu pieces of a file with holes",
			       SPARSEFILE_RUNS_MAX);
	if (s->count == s->room) {
		size_t room = s->room == 0 ? 64 : s->room * 2;
		struct sparsefile_run *grown = reallocarray(s->runs, room, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "file with holes");
		s->runs = grown;
		s->room = room;
	}
	s->runs[s->count++] = (struct sparsefile_run){at, len};
	s->data += len;
	return 0;
}

int sparsefile_map(struct sparsefile *s, const struct jval *map, uint64_t bytes,
		   struct sl_error *err)
{
	uint64_t before = s->data, at, len;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < jval_len(map); i++) {
		const struct jval *run = jval_at(map, i);

		if (record_u64(jval_at(run, 0), &at) < 0 || record_u64(jval_at(run, 1), &len) < 0 ||
		    jval_len(run) != 2)
			return bad_map(err);
		rc = add_run(s, at, len, err);
	}
	if (rc == 0 && s->data - before != bytes)
		rc = bad_map(err);
	return rc;
}

void sparsefile_clear(struct sparsefile *s)
{
	free(s->runs);
	*s = (struct sparsefile){0};
}

/* ---- writing ---- */

void sparsefile_begin(struct sparsefile *s, int fd, sparsefile_take_fn take, void *payload)
{
	struct stat st;

	s->fd = fd;
	s->take = take;
	s->payload = payload;
	s->can_seek = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0 &&
		      lseek(fd, 0, SEEK_CUR) == 0;
}

/* Zeros up to @until: hashed where wanted, written where nothing can be left out. */
static int hole(struct sparsefile *s, uint64_t until, struct sha256 *hash, struct sl_error *err)
{
	static const uint8_t zeros[65536];
	uint64_t len = until - s->done;
	int rc = 0;

	if (s->can_seek && lseek(s->fd, (off_t)len, SEEK_CUR) < 0)
		return sl_fail(err, SL_EIO, errno, "leave a hole");
	s->done = until;
	if (s->can_seek && hash == NULL)
		return 0;
	while (rc == 0 && len > 0) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);

		if (hash != NULL)
			sha256_update(hash, zeros, n);
		if (!s->can_seek)
			rc = s->take(s->payload, zeros, n, err);
		len -= n;
	}
	return rc;
}

static struct sha256 *affordable(const struct sparsefile *s, struct sha256 *hash)
{
	return s->size - s->data <= SPARSEFILE_HASHED_MAX ? hash : NULL;
}

int sparsefile_data(struct sparsefile *s, const uint8_t *bytes, size_t len, struct sha256 *hash,
		    struct sl_error *err)
{
	int rc = 0;

	hash = affordable(s, hash);
	while (rc == 0 && len > 0) {
		const struct sparsefile_run *run = &s->runs[s->next];
		uint64_t left;
		size_t n;

		if (s->next == s->count)
			return bad_map(err);
		if (s->run_done == 0)
			rc = hole(s, run->at, hash, err);
		left = run->len - s->run_done;
		n = len < left ? len : (size_t)left;
		if (rc == 0)
			rc = s->take(s->payload, bytes, n, err);
		if (hash != NULL)
			sha256_update(hash, bytes, n);
		bytes += n;
		len -= n;
		s->done += n;
		s->run_done += n;
		if (s->run_done == run->len) {
			s->next++;
			s->run_done = 0;
		}
	}
	return rc;
}

int sparsefile_end(struct sparsefile *s, struct sha256 *hash, struct sl_error *err)
{
	int rc = hole(s, s->size, affordable(s, hash), err);

	/* a hole at the end has nothing behind it that would make the file so long */
	if (rc == 0 && s->can_seek && ftruncate(s->fd, (off_t)s->size) < 0)
		rc = sl_fail(err, SL_EIO, errno, "leave a hole");
	return rc;
}
