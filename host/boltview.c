/* SPDX-License-Identifier: Apache-2.0 */
#include "host/boltview.h"

#include <stdlib.h>
#include <string.h>

int boltview_lend(struct bolt *b, const void *bytes, size_t len, struct sl_bytes *out,
		  struct sl_error *err)
{
	size_t size = sizeof(struct boltview_lent) + len + 1;
	int rc = boltcache_reserve(&b->cache, size, err);
	struct boltview_lent *l;

	if (rc < 0)
		return rc;
	l = malloc(size);
	if (l == NULL) {
		boltcache_release(&b->cache, size);
		return sl_fail(err, SL_ENOMEM, 0, "value");
	}
	*l = (struct boltview_lent){.next = b->lent, .size = size};
	memcpy(l->bytes, bytes, len);
	l->bytes[len] = '\0';
	b->lent = l;
	*out = (struct sl_bytes){.data = l->bytes, .len = len};
	return 0;
}

void boltview_take_back(struct bolt *b, const struct boltview_lent *mark)
{
	while (b->lent != mark) {
		struct boltview_lent *l = b->lent;

		b->lent = l->next;
		boltcache_release(&b->cache, l->size);
		free(l);
	}
}
