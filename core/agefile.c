/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half of age.h. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "core/agearmor.h"
#include "core/agewrap.h"
#include "core/cleanup.h"

#define SEALED_CHUNK (AGE_CHUNK_BYTES + AGE_TAG_SIZE)
#define NONCE_SIZE 16
#define HEAD_STEP ((size_t)4 << 10)

struct age_file {
	struct rfile base;
	struct rfile *inner; /* owned */
	uint64_t start;      /* of chunk 0 in it */
	uint64_t count;      /* of a file: chunks that are there */
	uint64_t at;         /* of a pipe: position in plain bytes */
	bool has_ahead;      /* of a pipe: the byte behind the chunk was read */
	int failed;          /* of a pipe: how it ended, 0 before */
	struct sl_error failure;
	pthread_mutex_t lock; /* guards all below */
	struct age_chunks *chunks;
	uint64_t loaded; /* number of the chunk in @plain; UINT64_MAX for none */
	size_t loaded_len;
	uint8_t plain[AGE_CHUNK_BYTES];
	/* A chunk, and of a pipe the byte behind it: whether there is one says which is the last.
	 */
	uint8_t sealed[SEALED_CHUNK + 1];
};

static struct age_file *age_file(struct rfile *f)
{
	return container_of(f, struct age_file, base);
}

static int changed(const struct age_file *f, uint64_t number, const char *what,
		   struct sl_error *err)
{
	return sl_fail(err, SL_EUNTRUSTED, 0, "encrypted chunk %llu at byte %llu: %s",
		       (unsigned long long)number,
		       (unsigned long long)(f->start + number * SEALED_CHUNK), what);
}

/* Of a file it is known before others read. */
static void set_cut(struct age_file *f)
{
	if (!f->base.is_cut)
		f->base.is_cut = true;
}

/*
 * Open the chunk of @len bytes in @sealed. 0; 1 when it is what a cut left of one; negative. The
 * last in the file should say that it is the last, and no other may.
 */
static int open_chunk(struct age_file *f, uint64_t number, size_t len, bool is_end,
		      struct sl_error *err)
{
	int rc = 1;

	f->loaded = UINT64_MAX;
	if (len >= AGE_TAG_SIZE)
		rc = age_chunks_open(f->chunks, number, is_end, f->sealed, len, f->plain, err);
	if (rc == 0 && is_end && len == AGE_TAG_SIZE && number > 0)
		return changed(f, number, "empty, which no last chunk may be", err);
	if (rc == 1 && is_end && len < SEALED_CHUNK) {
		set_cut(f);
		return 1;
	}
	if (rc == 1) {
		rc = age_chunks_open(f->chunks, number, !is_end, f->sealed, len, f->plain, err);
		if (rc == 1)
			return changed(f, number, "it was changed, or is not of this file", err);
		if (rc == 0 && !is_end)
			return changed(f, number, "it is the last, but bytes follow", err);
		set_cut(f); /* whole, but not the last: the others are gone */
	}
	if (rc < 0)
		return rc;
	f->loaded = number;
	f->loaded_len = len - AGE_TAG_SIZE;
	return 0;
}

/* ---- a file ---- */

static int load_at(struct age_file *f, uint64_t number, struct sl_error *err)
{
	uint64_t from = f->start + number * SEALED_CHUNK, left = f->inner->size - from;
	size_t len = left < SEALED_CHUNK ? (size_t)left : SEALED_CHUNK, got = 0;
	int rc = rfile_fill(f->inner, from, f->sealed, len, &got, err);

	if (rc == 0 && got < len)
		rc = sl_fail(err, SL_EIO, 0, "the file became shorter while it was read");
	return rc < 0 ? rc : open_chunk(f, number, len, left <= SEALED_CHUNK, err);
}

/* How many chunks are there, and is the last of them the last that was written? */
static int measure(struct age_file *f, struct sl_error *err)
{
	uint64_t payload = f->inner->size - f->start, pieces;
	int rc;

	pieces = payload / SEALED_CHUNK + (payload % SEALED_CHUNK != 0);
	f->count = pieces;
	f->base.size = 0;
	if (pieces == 0) {
		set_cut(f);
		return 0;
	}
	rc = load_at(f, pieces - 1, NULL);
	/* a changed one is told when it is read */
	if (rc == -SL_EUNTRUSTED) {
		f->base.size = pieces * AGE_CHUNK_BYTES;
		return 0;
	}
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "the last encrypted chunk");
	if (rc == 1)
		f->count = pieces - 1;
	f->base.size = rc == 1 ? f->count * AGE_CHUNK_BYTES
			       : (pieces - 1) * AGE_CHUNK_BYTES + f->loaded_len;
	return 0;
}

/* ---- a pipe ---- */

/* Chunks come one after the other; one byte more is read to see whether this is the last. */
static int take_next(struct age_file *f, uint64_t number, struct sl_error *err)
{
	uint64_t from = f->start + number * SEALED_CHUNK;
	size_t ahead = f->has_ahead ? 1 : 0, len = 0;
	bool is_end;
	int rc;

	if (number > 0 && !f->has_ahead)
		return 1;
	f->sealed[0] = f->sealed[SEALED_CHUNK];
	rc = rfile_fill(f->inner, from + ahead, f->sealed + ahead, sizeof(f->sealed) - ahead, &len,
			err);
	if (rc < 0)
		return rc;
	len += ahead;
	is_end = len <= SEALED_CHUNK;
	f->has_ahead = !is_end;
	return open_chunk(f, number, is_end ? len : SEALED_CHUNK, is_end, err);
}

/* What failed is gone: it fails the same way when it is asked for again. */
static int load_next(struct age_file *f, uint64_t number, struct sl_error *err)
{
	if (f->failed == 0) {
		f->failed = take_next(f, number, &f->failure);
		if (f->failed == 0)
			return 0;
	}
	return f->failed > 0 ? 1
			     : sl_fail(err, f->failure.code, 0, "%s", sl_error_text(&f->failure));
}

/* ---- both ---- */

static int load(struct age_file *f, uint64_t number, struct sl_error *err)
{
	if (number == f->loaded)
		return 0;
	if (f->base.is_forward)
		return load_next(f, number, err);
	return number >= f->count ? 1 : load_at(f, number, err);
}

static int copy(struct age_file *f, uint64_t offset, uint8_t *dst, size_t cap, size_t *len,
		struct sl_error *err)
{
	int rc = 0;

	*len = 0;
	while (*len < cap) {
		size_t within = (size_t)((offset + *len) % AGE_CHUNK_BYTES), n;

		rc = load(f, (offset + *len) / AGE_CHUNK_BYTES, err);
		if (rc == 0 && within >= f->loaded_len)
			rc = 1;
		if (rc != 0)
			break;
		n = f->loaded_len - within;
		n = n < cap - *len ? n : cap - *len;
		memcpy(dst + *len, f->plain + within, n);
		*len += n;
	}
	/* bytes that are good come before the news that the next are not */
	return *len > 0 ? 0 : rc;
}

static int age_read_at(struct rfile *base, uint64_t offset, void *dst, size_t cap, size_t *len,
		       struct sl_error *err)
{
	struct age_file *f = age_file(base);
	int rc;

	if (base->is_forward && offset != f->at)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "a pipe is read in order only");
	pthread_mutex_lock(&f->lock);
	rc = copy(f, offset, dst, cap, len, err);
	pthread_mutex_unlock(&f->lock);
	if (rc == 0 && base->is_forward)
		f->at = offset + *len;
	return rc;
}

static void age_file_close(struct rfile *base)
{
	struct age_file *f = age_file(base);

	age_chunks_free(f->chunks);
	pthread_mutex_destroy(&f->lock);
	sl_error_clear(&f->failure);
	rfile_close(f->inner);
	OPENSSL_cleanse(f->plain, sizeof(f->plain));
	free(f);
}

/* Header and nonce, read in steps: of a pipe no more than is there may be waited for. */
static int read_head(struct rfile *inner, struct buf *head, size_t *header_len,
		     struct sl_error *err)
{
	size_t want = 0;
	int rc = 1;

	while (rc == 1) {
		size_t got = 0;

		want += HEAD_STEP;
		buf_reset(head);
		if (buf_reserve(head, want) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "age header");
		rc = rfile_head(inner, head->data, want, &got, err);
		if (rc < 0)
			return rc;
		head->len = got;
		rc = age_header_length(head->data, got, header_len, err);
		if (rc == 1 && got < want)
			rc = sl_fail(err, SL_EFORMAT, 0, "age header: the file ends inside it");
		else if (rc == 0 && got < *header_len + NONCE_SIZE)
			rc = got < want ? sl_fail(err, SL_EFORMAT, 0,
						  "age header: the file ends right behind it")
					: 1;
	}
	return rc;
}

static int unlock(struct age_file *f, const struct age_identities *ids, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf head = BUF_INIT(AGE_HEADER_MAX + 2 * HEAD_STEP);
	uint8_t file_key[AGE_FILE_KEY_SIZE], key[AGE_KEY_SIZE];
	size_t len = 0;
	int rc = read_head(f->inner, &head, &len, err);

	if (rc == 0)
		rc = age_unwrap(head.data, len, ids, file_key, err);
	if (rc == 0)
		rc = age_hkdf(file_key, sizeof(file_key), head.data + len, NONCE_SIZE, "payload",
			      key, err);
	if (rc == 0)
		rc = age_chunks_new(&f->chunks, key, false, err);
	f->start = len + NONCE_SIZE;
	OPENSSL_cleanse(file_key, sizeof(file_key));
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

/* A pipe gives its head once more. */
static int pass_head(struct age_file *f, struct sl_error *err)
{
	size_t len = 0;

	_Static_assert(sizeof(f->sealed) >= AGE_HEADER_MAX + NONCE_SIZE, "room for a header");
	return rfile_fill(f->inner, 0, f->sealed, (size_t)f->start, &len, err);
}

static int open_file(struct rfile **out, struct rfile *inner, const struct age_identities *ids,
		     struct sl_error *err)
{
	static const struct rfile_ops ops = {.read_at = age_read_at, .close = age_file_close};
	struct age_file *f = calloc(1, sizeof(*f));
	int rc;

	if (f == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "decryption");
	f->base = (struct rfile){
		.ops = &ops, .size = RFILE_SIZE_UNKNOWN, .is_forward = inner->is_forward};
	f->loaded = UINT64_MAX;
	f->inner = inner;
	pthread_mutex_init(&f->lock, NULL);
	rc = unlock(f, ids, err);
	if (rc == 0 && !inner->is_forward)
		rc = measure(f, err);
	if (rc == 0 && inner->is_forward)
		rc = pass_head(f, err);
	if (rc < 0) {
		f->inner = NULL;
		age_file_close(&f->base);
		return rc;
	}
	*out = &f->base;
	return 0;
}

int rfile_age(struct rfile **out, struct rfile *inner, const struct age_identities *ids,
	      struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *bare = NULL;
	uint8_t head[AGE_SNIFF_BYTES];
	size_t len = 0;
	int rc = rfile_head(inner, head, sizeof(head), &len, err);

	if (rc < 0 || !age_is_armored(head, len))
		return rc < 0 ? rc : open_file(out, inner, ids, err);
	rc = age_unarmor(&bare, inner, err);
	if (rc == 0)
		rc = open_file(out, bare, ids, err);
	if (rc < 0)
		return rc;
	(void)take_ptr(&bare);
	rfile_close(inner);
	return 0;
}
