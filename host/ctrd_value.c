/* SPDX-License-Identifier: Apache-2.0 */
/* Values of containerd's databases, checked and copied out. */
#include <stdlib.h>
#include <string.h>

#include "core/encode.h"
#include "host/ctrd.h"
#include "host/ctrd_codec.h"

static char *copy_text(struct sl_bytes bytes)
{
	if (bytes.len == 0 || bytes.len > CTRD_TEXT_MAX ||
	    memchr(bytes.data, '\0', bytes.len) != NULL)
		return NULL;
	return strndup(bytes.data, bytes.len);
}

char *ctrd_key_text(const struct bolt_item *item)
{
	return copy_text(item->key);
}

static int get(struct bolt *b, struct bolt_bucket in, const char *key, struct sl_bytes *out,
	       struct sl_error *err)
{
	return bolt_get(b, in, key, strlen(key), out, err);
}

int ctrd_get_text(struct bolt *b, struct bolt_bucket in, const char *key, char **out,
		  struct sl_error *err)
{
	struct sl_bytes value;
	int rc = get(b, in, key, &value, err);

	if (rc != 0)
		return rc;
	free(*out);
	*out = copy_text(value);
	return *out != NULL ? 0 : 1;
}

int ctrd_get_time(struct bolt *b, struct bolt_bucket in, const char *key, struct sl_time *out,
		  struct sl_error *err)
{
	struct sl_bytes value;
	int rc = get(b, in, key, &value, err);

	if (rc != 0)
		return rc;
	return ctrd_time(value.data, value.len, out, NULL) < 0 ? 1 : 0;
}

int ctrd_get_digest(struct bolt *b, struct bolt_bucket in, const char *key,
		    uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	struct sl_bytes value;
	int rc = get(b, in, key, &value, err);

	if (rc != 0)
		return rc;
	return digest_parse(out, value.data, value.len) < 0 ? 1 : 0;
}
