/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/content.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "snapshot/filecontent.h"

int content_open(struct sl_content **out, int path_fd, struct sl_error *err)
{
	struct sl_entry e = {.fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME};
	struct stat st;
	int fd;

	if (fstat(path_fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat");
	if (!S_ISREG(st.st_mode))
		return sl_fail(err, SL_EINVAL, 0, "not a regular file");
	e.size = (uint64_t)st.st_size;
	e.mtime = (struct sl_time){st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec};
	e.ctime = (struct sl_time){st.st_ctim.tv_sec, (uint32_t)st.st_ctim.tv_nsec};
	fd = root_reopen(path_fd, err);
	return fd < 0 ? fd : filecontent_new(out, fd, &e, err);
}

struct memory {
	struct sl_content content;
	const void *bytes;
	size_t len;
};

static int memory_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
		       struct sl_read *out, struct sl_error *err)
{
	const struct memory *m = container_of(c, struct memory, content);

	*out = (struct sl_read){.bytes = m->len};
	for (size_t i = 0; i < count; i++) {
		int rc = taps[i]->data(taps[i], m->bytes, m->len, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static void memory_close(struct sl_content *c)
{
	free(container_of(c, struct memory, content));
}

int content_from_memory(struct sl_content **out, const void *bytes, size_t len,
			struct sl_error *err)
{
	static const struct sl_content_ops ops = {.read = memory_read, .close = memory_close};
	struct memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "content");
	*m = (struct memory){.content.ops = &ops, .bytes = bytes, .len = len};
	*out = &m->content;
	return 0;
}
