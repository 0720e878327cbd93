/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rowspool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/tempfile.h"

static int open_unlinked(FILE **out, struct sl_error *err)
{
	AUTO_CLOSE int fd = tempfile_open(NULL, err);

	if (fd < 0)
		return fd;
	*out = fdopen(fd, "w+");
	if (*out == NULL)
		return sl_fail(err, SL_ENOMEM, errno, "temporary file");
	(void)take_fd(&fd); /* the stream's now */
	return 0;
}

static int rows_fail(struct sl_error *err)
{
	return sl_fail(err, SL_EIO, errno, "temporary file");
}

static int spill(struct rowspool *s, struct sl_error *err)
{
	int rc = s->file == NULL ? open_unlinked(&s->file, err) : 0;

	if (rc < 0)
		return rc;
	if (s->held.len > 0 && fwrite(s->held.data, 1, s->held.len, s->file) != s->held.len)
		return rows_fail(err);
	buf_clear(&s->held);
	return 0;
}

int rowspool_put(struct rowspool *s, const void *record, size_t len, struct sl_error *err)
{
	uint64_t size = len;

	(void)buf_append(&s->held, &size, sizeof(size));
	if (buf_append(&s->held, record, len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report rows");
	s->count++;
	return s->held.len > s->memory ? spill(s, err) : 0;
}

int rowspool_rewind(struct rowspool *s, struct sl_error *err)
{
	s->read_at = 0;
	if (s->file == NULL)
		return 0;
	if (spill(s, err) < 0)
		return -SL_EIO;
	if (fflush(s->file) != 0 || fseeko(s->file, 0, SEEK_SET) != 0)
		return rows_fail(err);
	return 0;
}

/* All of @len bytes, or 1 when there is not even one. */
static int take(struct rowspool *s, void *to, size_t len, struct sl_error *err)
{
	if (s->file != NULL) {
		size_t got = fread(to, 1, len, s->file);

		if (got == len)
			return 0;
		if (got == 0 && feof(s->file))
			return 1;
		if (!ferror(s->file))
			errno = EIO; /* our own file became shorter */
		return rows_fail(err);
	}
	if (s->read_at == s->held.len)
		return 1;
	memcpy(to, s->held.data + s->read_at, len);
	s->read_at += len;
	return 0;
}

int rowspool_next(struct rowspool *s, struct buf *out, struct sl_error *err)
{
	uint64_t size;
	int rc = take(s, &size, sizeof(size), err);

	buf_reset(out);
	if (rc != 0)
		return rc;
	if (size > out->max || buf_reserve(out, size) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report rows");
	if (size > 0) {
		rc = take(s, out->data, size, err);
		if (rc != 0)
			return rc < 0 ? rc : rows_fail(err);
	}
	out->len = size;
	if (out->data != NULL)
		out->data[size] = '\0';
	return 0;
}

void rowspool_clear(struct rowspool *s)
{
	if (s->file != NULL)
		(void)fclose(s->file);
	buf_clear(&s->held);
	*s = ROWS_INIT(s->memory);
}
