/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's encodings from arbitrary bytes; the first byte chooses one. */
#include <stdlib.h>

#include "host/ctrd_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static bool is_within(const char *p, size_t len, const char *bytes, size_t size)
{
	return len == 0 || (p >= bytes && len <= size && (size_t)(p - bytes) <= size - len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct ctrd_any any;
	struct sl_time time;
	size_t used;
	uint64_t n;

	if (size == 0)
		return 0;
	size--;
	switch (data[0] % 4) {
	case 0:
	case 1:
		if (ctrd_uvarint(bytes, size, &n, &used, NULL) == 0)
			must(used > 0 && used <= size && used <= 10);
		break;
	case 2:
		if (ctrd_time(bytes, size, &time, NULL) == 0)
			must(time.nsec < 1000000000);
		break;
	default:
		if (ctrd_any(bytes, size, &any, NULL) == 0) {
			must(is_within(any.type_url, any.type_url_len, bytes, size));
			must(is_within(any.value, any.value_len, bytes, size));
		}
	}
	return 0;
}
