/* SPDX-License-Identifier: Apache-2.0 */
#include "core/digestweak.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "core/cleanup.h"

struct weak {
	struct sl_tap tap;
	EVP_MD_CTX *ctx;
	EVP_MD *md;
	bool failed;
};

static int update(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct weak *w = container_of(tap, struct weak, tap);

	(void)err;
	if (EVP_DigestUpdate(w->ctx, bytes, len) != 1)
		w->failed = true;
	return 0;
}

int weak_new(struct weak **out, enum weak_kind kind, struct sl_error *err)
{
	const char *name = kind == WEAK_MD5 ? "MD5" : "SHA1";
	struct weak *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "digest context");
	w->tap.data = update;
	w->md = EVP_MD_fetch(NULL, name, NULL);
	w->ctx = EVP_MD_CTX_new();
	if (w->ctx == NULL || w->md == NULL || EVP_DigestInit_ex2(w->ctx, w->md, NULL) != 1) {
		weak_free(w);
		return sl_fail(err, SL_EUNSUPPORTED, 0, "OpenSSL offers no %s", name);
	}
	*out = w;
	return 0;
}

struct sl_tap *weak_tap(struct weak *w)
{
	return &w->tap;
}

int weak_final(struct weak *w, uint8_t out[WEAK_MAX_SIZE], size_t *len, struct sl_error *err)
{
	unsigned int n = 0;

	if (w->failed || EVP_MD_get_size(w->md) > WEAK_MAX_SIZE ||
	    EVP_DigestFinal_ex(w->ctx, out, &n) != 1)
		return sl_fail(err, SL_ENOMEM, 0, "OpenSSL could not compute a digest");
	*len = n;
	return 0;
}

void weak_free(struct weak *w)
{
	if (w == NULL)
		return;
	EVP_MD_CTX_free(w->ctx);
	EVP_MD_free(w->md);
	free(w);
}
