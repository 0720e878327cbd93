/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/checkitem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/halt.h"

struct checkhash {
	struct sha256 *sha256;
	const volatile int *stop; /* may be NULL */
};

struct checkitem *checkitem_new(struct sl_bytes path)
{
	struct checkitem *it = calloc(1, sizeof(*it) + path.len + 1);
	char *text;

	if (it == NULL)
		return NULL;
	text = (char *)(it + 1);
	if (path.len > 0)
		memcpy(text, path.data, path.len);
	it->path = (struct sl_bytes){text, path.len};
	return it;
}

static void note_clear(struct checkitem_note *n)
{
	free(n->name);
	free(n->before);
	free(n->after);
}

void checkitem_free(struct checkitem *it)
{
	if (it == NULL)
		return;
	for (size_t i = 0; i < it->note_count; i++)
		note_clear(&it->notes[i]);
	sl_content_close(it->content);
	free(it);
}

int checkitem_note(struct checkitem *it, const struct checkitem_note *note)
{
	struct checkitem_note taken = *note;

	/* an object has a dozen properties, and as many attributes as it likes: the first ones do
	 */
	if (it->note_count == CHECKITEM_NOTES) {
		note_clear(&taken);
		return 0;
	}
	it->notes[it->note_count++] = taken;
	return 0;
}

int checkhash_new(struct checkhash **out, const volatile int *stop, struct sl_error *err)
{
	struct checkhash *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "hashing");
	h->stop = stop;
	rc = sha256_new(&h->sha256, err);
	if (rc < 0) {
		free(h);
		return rc;
	}
	*out = h;
	return 0;
}

void checkhash_free(struct checkhash *h)
{
	if (h == NULL)
		return;
	sha256_free(h->sha256);
	free(h);
}

void checkhash_run(struct checkhash *h, struct checkitem *it)
{
	struct halt_tap halt;
	struct digest_tap digest;
	struct sl_tap *taps[] = {&halt.tap, &digest.tap};
	int rc;

	if (it->content == NULL)
		return;
	halt_tap_init(&halt, h->stop);
	digest_tap_init(&digest, h->sha256, NULL);
	it->read = (struct sl_read){0};
	rc = sl_content_read(it->content, taps, ARRAY_SIZE(taps), &it->read, NULL);
	it->interrupted = rc == -SL_ECANCELLED;
	it->hashed = rc == 0 && it->read.sys == 0 && sha256_final(h->sha256, it->got, NULL) == 0;
	sl_content_close(it->content);
	it->content = NULL;
}

char *checkitem_digest_text(const uint8_t digest[SL_SHA256_SIZE], uint64_t size)
{
	char hex[DIGEST_TEXT_SIZE], *text = NULL;

	digest_format(hex, digest);
	if (asprintf(&text, "%s, %" PRIu64 " bytes", hex, size) < 0)
		return NULL;
	return text;
}
