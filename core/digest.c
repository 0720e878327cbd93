/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digest.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include "core/cleanup.h"

int digest_ignore_config(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 ? 0 : -SL_ENOMEM;
}

struct sha256 {
	EVP_MD_CTX *ctx;
	EVP_MD *md;
	bool failed;
};

int sha256_new(struct sha256 **out, struct sl_error *err)
{
	struct sha256 *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "sha256 context");
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->ctx = EVP_MD_CTX_new();
	if (h->md == NULL || h->ctx == NULL) {
		sha256_free(h);
		return sl_fail(err, SL_ENOMEM, 0, "OpenSSL offers no SHA-256");
	}
	sha256_reset(h);
	*out = h;
	return 0;
}

void sha256_reset(struct sha256 *h)
{
	h->failed = EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1;
}

void sha256_update(struct sha256 *h, const void *bytes, size_t len)
{
	/* OpenSSL has nothing to add to where it could not begin */
	if (!h->failed && EVP_DigestUpdate(h->ctx, bytes, len) != 1)
		h->failed = true;
}

int sha256_final(struct sha256 *h, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	unsigned int n = 0;

	if (h->failed || EVP_DigestFinal_ex(h->ctx, out, &n) != 1 || n != SL_SHA256_SIZE)
		return sl_fail(err, SL_ENOMEM, 0, "OpenSSL could not compute SHA-256");
	return 0;
}

void sha256_copy(struct sha256 *to, const struct sha256 *from)
{
	to->failed = from->failed || EVP_MD_CTX_copy_ex(to->ctx, from->ctx) != 1;
}

void sha256_free(struct sha256 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	free(h);
}

int sha256_worker_init(void **worker, void *payload, struct sl_error *err)
{
	struct sha256 *hash = NULL;
	int rc = sha256_new(&hash, err);

	(void)payload;
	*worker = hash;
	return rc;
}

void sha256_worker_clear(void *worker)
{
	sha256_free(worker);
}

int sha256_once(const void *bytes, size_t len, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	struct sha256 *h = NULL;
	int rc = sha256_new(&h, err);

	if (rc < 0)
		return rc;
	sha256_update(h, bytes, len);
	rc = sha256_final(h, out, err);
	sha256_free(h);
	return rc;
}

struct xxh3 {
	XXH3_state_t *state;
};

int xxh3_new(struct xxh3 **out, struct sl_error *err)
{
	struct xxh3 *h = calloc(1, sizeof(*h));

	if (h == NULL || (h->state = XXH3_createState()) == NULL) {
		free(h);
		return sl_fail(err, SL_ENOMEM, 0, "xxh3 state");
	}
	xxh3_reset(h);
	*out = h;
	return 0;
}

void xxh3_reset(struct xxh3 *h)
{
	(void)XXH3_128bits_reset(h->state);
}

void xxh3_update(struct xxh3 *h, const void *bytes, size_t len)
{
	if (len > 0)
		(void)XXH3_128bits_update(h->state, bytes, len);
}

void xxh3_final(struct xxh3 *h, uint8_t out[SL_XXH3_SIZE])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(h->state));
	memcpy(out, canonical.digest, SL_XXH3_SIZE);
}

void xxh3_free(struct xxh3 *h)
{
	if (h == NULL)
		return;
	(void)XXH3_freeState(h->state);
	free(h);
}

uint64_t xxh3_seeded(const void *bytes, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(bytes, len, seed);
}

static int digest_tap_data(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct digest_tap *t = container_of(tap, struct digest_tap, tap);

	(void)err;
	if (t->sha256 != NULL)
		sha256_update(t->sha256, bytes, len);
	if (t->xxh3 != NULL)
		xxh3_update(t->xxh3, bytes, len);
	return 0;
}

void digest_tap_init(struct digest_tap *t, struct sha256 *sha256, struct xxh3 *xxh3)
{
	*t = (struct digest_tap){.tap.data = digest_tap_data, .sha256 = sha256, .xxh3 = xxh3};
	if (sha256 != NULL)
		sha256_reset(sha256);
	if (xxh3 != NULL)
		xxh3_reset(xxh3);
}
