/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/space.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Taken at a time: asking for every record would cost a system call each. */
#define CHUNK_BYTES (16u << 20)

void space_init(struct space *s, int fd)
{
	struct stat st;
	off_t at;

	*s = (struct space){.fd = fd, .kind = SPACE_UNKNOWN};
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	at = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
	if (at < 0)
		return;
	s->base = (uint64_t)at;
	s->kind = SPACE_RESERVED;
}

static int no_space(struct sl_error *err)
{
	return sl_fail(err, SL_EIO, ENOSPC, "the bundle cannot grow");
}

static int guess(struct space *s, uint64_t end, uint64_t written, struct sl_error *err)
{
	struct statvfs st;
	uint64_t free_bytes;

	if (fstatvfs(s->fd, &st) < 0) {
		s->kind = SPACE_UNKNOWN;
		return 0;
	}
	free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	if (end - written > free_bytes)
		return no_space(err);
	s->available = end;
	return 0;
}

/* 0, or errno. The size of the file does not change. */
static int reserve(struct space *s, uint64_t end)
{
	while (fallocate(s->fd, FALLOC_FL_KEEP_SIZE, (off_t)(s->base + s->available),
			 (off_t)(end - s->available)) < 0)
		if (errno != EINTR)
			return errno;
	s->available = end;
	return 0;
}

int space_need(struct space *s, uint64_t end, uint64_t written, struct sl_error *err)
{
	int sys;

	if (s->kind == SPACE_UNKNOWN || end <= s->available)
		return 0;
	if (s->kind == SPACE_GUESSED)
		return guess(s, end, written, err);
	sys = reserve(s, end + CHUNK_BYTES);
	if (sys == ENOSPC || sys == EDQUOT || sys == EFBIG)
		sys = reserve(s, end);
	if (sys == 0)
		return 0;
	if (sys == ENOSPC || sys == EDQUOT || sys == EFBIG)
		return no_space(err);
	s->kind = SPACE_GUESSED; /* this file system does not reserve */
	return guess(s, end, written, err);
}

void space_release(struct space *s, uint64_t written)
{
	if (s->kind == SPACE_RESERVED && s->available > written &&
	    ftruncate(s->fd, (off_t)(s->base + written)) == 0)
		s->available = written;
}
