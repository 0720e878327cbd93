/* SPDX-License-Identifier: Apache-2.0 */
/* A whole layer from arbitrary bytes, claimed to be nothing: threads, limits and all. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "snapshot/layerread.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *payload, const struct layer_item *item, struct sl_error *err)
{
	(void)item;
	(void)err;
	++*(uint64_t *)payload;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sl_limits limits = {.bytes = 8 << 20,
					 .entries = 1000,
					 .ratio = 2000,
					 .path = 4096,
					 .depth = 100,
					 .name = 255,
					 .pax = 16384,
					 .xattrs = 4096,
					 .window = 1 << 20};
	AUTO_CLOSE int fd = memfd_create("layer", MFD_CLOEXEC);
	struct sl_layer layer = SL_LAYER_INIT;
	struct layer_result result, again;
	uint64_t items = 0;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	layer.blob_fd = fd;
	if (layer_read(&layer, &limits, count, &items, NULL, &result, NULL) < 0)
		return 0;
	if (items != result.entries || result.compressed_bytes != size)
		abort();
	/* what was read without a claim is read with the digest that was found */
	layer.has_diff_id = true;
	memcpy(layer.diff_id, result.diff_id, SL_SHA256_SIZE);
	if (layer_read(&layer, &limits, count, &items, NULL, &again, NULL) < 0)
		abort();
	return 0;
}
