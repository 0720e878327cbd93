/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/tempfile.h"

#define MEMORY_BYTES (256u << 10)

void spool_init(struct spool *s)
{
	*s = (struct spool){.memory = BUF_INIT(MEMORY_BYTES), .fd = -1};
}

/* Memory is the last resort where no directory takes a nameless file: a capture goes on. */
static int open_nameless(struct sl_error *err)
{
	int fd = tempfile_open(NULL, NULL);

	if (fd < 0)
		fd = memfd_create("strandline-spool", MFD_CLOEXEC);
	return fd >= 0 ? fd : sl_fail(err, SL_EIO, errno, "temporary file");
}

static int flush(struct spool *s, struct sl_error *err)
{
	int rc;

	if (s->fd < 0) {
		int fd = open_nameless(err);

		if (fd < 0)
			return fd;
		s->fd = fd;
	}
	rc = tempfile_write(s->fd, s->memory.data, s->memory.len, err);
	if (rc < 0)
		return rc;
	buf_reset(&s->memory);
	return 0;
}

int spool_append(struct spool *s, const void *bytes, size_t len, struct sl_error *err)
{
	if (len > MEMORY_BYTES)
		return sl_fail(err, SL_EINVAL, 0, "spool: piece of %zu bytes", len);
	if (len > MEMORY_BYTES - s->memory.len) {
		int rc = flush(s, err);

		if (rc < 0)
			return rc;
	}
	if (buf_append(&s->memory, bytes, len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "spool");
	s->len += len;
	return 0;
}

int spool_read(struct spool *s,
	       int (*fn)(void *payload, const void *bytes, size_t len, struct sl_error *err),
	       void *payload, struct sl_error *err)
{
	AUTO_FREE char *block = s->fd >= 0 ? malloc(MEMORY_BYTES) : NULL;
	off_t at = 0;

	if (s->fd >= 0 && block == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "spool");
	while (s->fd >= 0) {
		ssize_t n = pread(s->fd, block, MEMORY_BYTES, at);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "temporary file");
		if (n == 0)
			break;
		rc = fn(payload, block, (size_t)n, err);
		if (rc < 0)
			return rc;
		at += n;
	}
	return s->memory.len > 0 ? fn(payload, s->memory.data, s->memory.len, err) : 0;
}

void spool_clear(struct spool *s)
{
	buf_clear(&s->memory);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->len = 0;
}
