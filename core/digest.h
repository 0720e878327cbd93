/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two digests of this project. SHA-256 proves; XXH3-128 only tells files apart quickly.
 * The algorithm is fetched once a thread: fetching per file is slow in OpenSSL 3.
 */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <strandline/error.h>
#include <strandline/source.h>

/*
 * For a program, before anything else: OpenSSL shall not read openssl.cnf. On a machine under
 * examination that file, and the modules it names, are evidence. A library leaves that to its host.
 */
int digest_ignore_config(void);

/* Reusable: reset starts the next message. One thread at a time. */
struct sha256;

int sha256_new(struct sha256 **out, struct sl_error *err);
void sha256_reset(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *bytes, size_t len);
/* Ends the message; reset before the next. A provider failure anywhere surfaces here. */
int sha256_final(struct sha256 *h, uint8_t out[SL_SHA256_SIZE], struct sl_error *err);
/* Continue in @to from where @from stands. A failure surfaces in sha256_final(to). */
void sha256_copy(struct sha256 *to, const struct sha256 *from);
void sha256_free(struct sha256 *h);

/* For a pool whose workers have such a context each and nothing else (core/pool.h). */
int sha256_worker_init(void **worker, void *payload, struct sl_error *err);
void sha256_worker_clear(void *worker);

/* One message at once. */
int sha256_once(const void *bytes, size_t len, uint8_t out[SL_SHA256_SIZE], struct sl_error *err);

struct xxh3;

int xxh3_new(struct xxh3 **out, struct sl_error *err);
void xxh3_reset(struct xxh3 *h);
void xxh3_update(struct xxh3 *h, const void *bytes, size_t len);
void xxh3_final(struct xxh3 *h, uint8_t out[SL_XXH3_SIZE]);
void xxh3_free(struct xxh3 *h);

/* Of bytes that are at hand, for tables: who does not know @seed cannot make hashes meet. */
uint64_t xxh3_seeded(const void *bytes, size_t len, uint64_t seed);

/* A tap that hashes with either or both; NULL leaves one out. Borrow the hashes. */
struct digest_tap {
	struct sl_tap tap;
	struct sha256 *sha256;
	struct xxh3 *xxh3;
};
void digest_tap_init(struct digest_tap *t, struct sha256 *sha256, struct xxh3 *xxh3);

#endif
