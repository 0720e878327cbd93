/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's tar from arbitrary bytes: entries are well-formed or the read ends with an error. */
#include <stdlib.h>
#include <string.h>

#include "snapshot/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int item(void *payload, const struct layer_item *i, struct sl_error *err)
{
	const struct sl_entry *e = &i->entry;

	(void)payload;
	(void)err;
	must(strlen(e->path.data) == e->path.len);
	must(e->path.len == 0 || (e->path.data[0] != '/' && e->path.data[e->path.len - 1] != '/'));
	must(e->target.data == NULL || strlen(e->target.data) == e->target.len);
	must(i->hardlink.data == NULL || strlen(i->hardlink.data) == i->hardlink.len);
	must(e->mtime.nsec < 1000000000);
	for (size_t k = 0; k < e->xattr_count; k++) {
		must(k == 0 || strcmp(e->xattrs[k - 1].name, e->xattrs[k].name) < 0);
		must(e->xattrs[k].value != NULL || e->xattrs[k].size == 0);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sl_limits limits = {.bytes = 1 << 20,
					 .entries = 1000,
					 .ratio = 2000,
					 .path = 4096,
					 .depth = 100,
					 .name = 255,
					 .pax = 16384,
					 .xattrs = 4096,
					 .window = 1 << 20};
	const struct tar_options options = {.limits = &limits, .item = item};
	struct istream *in = NULL;
	uint64_t entries;

	if (istream_from_memory(&in, data, size, NULL) < 0)
		return 0;
	(void)tar_read(in, &options, &entries, NULL);
	istream_close(in);
	return 0;
}
