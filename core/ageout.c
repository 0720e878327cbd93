/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half of age.h. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "core/agewrap.h"
#include "core/cleanup.h"

struct age_out {
	struct ostream base;
	struct ostream *inner; /* owned */
	struct age_chunks *chunks;
	uint64_t number;  /* of the chunk being filled */
	uint64_t written; /* to the inner stream */
	size_t len;       /* of @plain that is filled */
	int status;       /* first failure, sticky */
	uint8_t plain[AGE_CHUNK_BYTES];
	uint8_t sealed[AGE_CHUNK_BYTES + AGE_TAG_SIZE];
};

static struct age_out *age_out(struct ostream *s)
{
	return container_of(s, struct age_out, base);
}

static int failed_before(const struct age_out *a, struct sl_error *err)
{
	return sl_fail(err, (enum sl_code) - a->status, 0, "encrypted output failed before");
}

static int put(struct age_out *a, const void *bytes, size_t len, struct sl_error *err)
{
	int rc = ostream_write(a->inner, bytes, len, err);

	if (rc == 0)
		a->written += len;
	return rc;
}

static int emit(struct age_out *a, const uint8_t *plain, size_t len, bool is_last,
		struct sl_error *err)
{
	int rc = age_chunks_seal(a->chunks, a->number, is_last, plain, len, a->sealed, err);

	a->number++;
	return rc == 0 ? put(a, a->sealed, len + AGE_TAG_SIZE, err) : rc;
}

/* A whole chunk goes out when it is known not to be the last. */
static int flush_whole(struct age_out *a, struct sl_error *err)
{
	if (a->len < AGE_CHUNK_BYTES)
		return 0;
	a->len = 0;
	return emit(a, a->plain, AGE_CHUNK_BYTES, false, err);
}

static int fill(struct age_out *a, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	int rc = 0;

	while (rc == 0 && len > 0) {
		size_t n = AGE_CHUNK_BYTES;

		rc = flush_whole(a, err);
		if (rc < 0)
			return rc;
		if (a->len == 0 && len > n) {
			rc = emit(a, bytes, n, false, err);
		} else {
			n = AGE_CHUNK_BYTES - a->len < len ? AGE_CHUNK_BYTES - a->len : len;
			memcpy(a->plain + a->len, bytes, n);
			a->len += n;
		}
		bytes += n;
		len -= n;
	}
	return rc;
}

static int age_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	struct age_out *a = age_out(s);

	return a->status != 0 ? failed_before(a, err) : (a->status = fill(a, bytes, len, err));
}

static int age_sync_point(struct ostream *s, struct sl_error *err)
{
	struct age_out *a = age_out(s);

	if (a->status != 0)
		return failed_before(a, err);
	a->status = flush_whole(a, err);
	if (a->status == 0)
		a->status = ostream_sync_point(a->inner, err);
	return a->status;
}

static int age_sync_begin(struct ostream *s, struct sl_error *err)
{
	struct age_out *a = age_out(s);

	if (a->status != 0)
		return failed_before(a, err);
	a->status = flush_whole(a, err);
	if (a->status == 0)
		a->status = ostream_sync_begin(a->inner, err);
	return a->status;
}

static int age_sync_wait(struct ostream *s, struct sl_error *err)
{
	struct age_out *a = age_out(s);

	if (a->status != 0)
		return failed_before(a, err);
	return a->status = ostream_sync_wait(a->inner, err);
}

static int end(struct age_out *a, struct sl_error *err)
{
	size_t len = a->len;

	/* the format has no empty last chunk behind others */
	if (len == 0 && a->number > 0)
		return sl_fail(err, SL_EINVAL, 0, "encrypted output ends at a sync point");
	a->len = 0;
	return emit(a, a->plain, len, true, err);
}

static int age_finish(struct ostream *s, struct sl_error *err)
{
	struct age_out *a = age_out(s);

	if (a->status != 0)
		return failed_before(a, err);
	a->status = end(a, err);
	if (a->status == 0)
		a->status = ostream_finish(a->inner, err);
	return a->status;
}

static void age_close(struct ostream *s)
{
	struct age_out *a = age_out(s);

	age_chunks_free(a->chunks);
	ostream_close(a->inner);
	free(a);
}

/* Header and payload nonce; the keys exist no longer than this call, but for the chunks' own. */
static int begin(struct age_out *a, const struct age_recipients *r, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf header = BUF_INIT(AGE_HEADER_MAX);
	uint8_t file_key[AGE_FILE_KEY_SIZE], nonce[AGE_FILE_KEY_SIZE], key[AGE_KEY_SIZE];
	int rc = age_random(file_key, sizeof(file_key), err);

	if (rc == 0)
		rc = age_random(nonce, sizeof(nonce), err);
	if (rc == 0)
		rc = age_wrap(&header, r, file_key, err);
	if (rc == 0)
		rc = age_hkdf(file_key, sizeof(file_key), nonce, sizeof(nonce), "payload", key,
			      err);
	if (rc == 0)
		rc = age_chunks_new(&a->chunks, key, true, err);
	if (rc == 0)
		rc = put(a, header.data, header.len, err);
	if (rc == 0)
		rc = put(a, nonce, sizeof(nonce), err);
	OPENSSL_cleanse(file_key, sizeof(file_key));
	OPENSSL_cleanse(key, sizeof(key));
	return rc;
}

int ostream_age(struct ostream **out, struct ostream *inner, const struct age_recipients *r,
		struct sl_error *err)
{
	static const struct ostream_ops ops = {.write = age_write,
					       .sync_point = age_sync_point,
					       .sync_begin = age_sync_begin,
					       .sync_wait = age_sync_wait,
					       .finish = age_finish,
					       .close = age_close};
	struct age_out *a = calloc(1, sizeof(*a));
	int rc;

	*out = NULL;
	if (a == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "encryption");
	a->base.ops = &ops;
	a->inner = inner;
	rc = begin(a, r, err);
	if (rc < 0) {
		a->inner = NULL;
		age_close(&a->base);
		return rc;
	}
	*out = &a->base;
	return 0;
}

uint64_t ostream_age_written(const struct ostream *s)
{
	const char *base = (const char *)s - offsetof(struct age_out, base);

	return ((const struct age_out *)(const void *)base)->written;
}
