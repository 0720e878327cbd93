/* SPDX-License-Identifier: Apache-2.0 */
#include "job/custodylog.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"

#define SECONDS_TO_WAIT 30

/* What is wrong with the file, named. */
static int fail(const struct custodylog *l, struct sl_error *err, enum sl_code code, int sys,
		const char *what)
{
	AUTO_FREE char *shown = quote_dup(l->name, strlen(l->name));

	return sl_fail(err, code, sys, "custody record '%s': %s", shown != NULL ? shown : "?",
		       what);
}

/* Whoever holds it does so for one line. */
static int lock(const struct custodylog *l, int how, struct sl_error *err)
{
	for (int tenths = 0; flock(l->fd, how | LOCK_NB) < 0; tenths++) {
		const struct timespec pause = {.tv_nsec = 100000000};

		if (errno != EWOULDBLOCK)
			return fail(l, err, SL_EIO, errno, "lock");
		if (tenths == 10 * SECONDS_TO_WAIT)
			return fail(l, err, SL_EIO, 0, "another program keeps it locked");
		if (nanosleep(&pause, NULL) < 0)
			return fail(l, err, SL_ECANCELLED, 0, "interrupted");
	}
	return 0;
}

/* A second name would be somebody else's file; another file by now would lose the line. */
static int check_file(const struct custodylog *l, struct sl_error *err)
{
	struct stat ours, named;

	if (fstat(l->fd, &ours) < 0)
		return fail(l, err, SL_EIO, errno, "stat");
	if (!S_ISREG(ours.st_mode) || ours.st_nlink != 1)
		return fail(l, err, SL_EINVAL, 0, "not a regular file of one name");
	if (fstatat(l->at->dir_fd, l->name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    named.st_dev != ours.st_dev || named.st_ino != ours.st_ino)
		return fail(l, err, SL_EIO, 0, "it was replaced meanwhile");
	return 0;
}

static int read_text(struct custodylog *l, struct sl_error *err)
{
	const char *last;
	int rc = root_read_fd(l->fd, &l->text, err);

	if (rc < 0)
		return sl_wrap(err, rc, "custody record");
	last = l->text.len > 0 ? memrchr(l->text.data, '\n', l->text.len) : NULL;
	l->whole = last != NULL ? (size_t)(last - l->text.data) + 1 : 0;
	return 0;
}

static int prepare(struct custodylog *out, const struct sidecars *at, struct sl_error *err)
{
	*out = (struct custodylog){.at = at,
				   .fd = -1,
				   .name = sidecars_name(at, SIDECAR_CUSTODY),
				   .text = BUF_INIT(CUSTODYLOG_MAX_BYTES)};
	return out->name != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "custody record");
}

int custodylog_read(struct custodylog *out, const struct sidecars *at, struct sl_error *err)
{
	int rc = prepare(out, at, err);

	if (rc < 0)
		return rc;
	out->fd = root_open_file(at->dir_fd, out->name, ROOT_NO_LINKS, err);
	if (out->fd == -SL_ENOTFOUND) {
		if (err != NULL)
			sl_error_clear(err);
		custodylog_close(out);
		return 1;
	}
	rc = out->fd < 0 ? sl_wrap(err, out->fd, "custody record") : lock(out, LOCK_SH, err);
	if (rc == 0)
		rc = read_text(out, err);
	if (rc < 0 || out->text.len == 0)
		custodylog_close(out);
	return rc < 0 ? rc : out->fd < 0;
}

static int open_to_edit(struct custodylog *l, bool may_create)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	l->fd = openat(l->at->dir_fd, l->name, flags);
	if (l->fd >= 0 || errno != ENOENT || !may_create)
		return l->fd;
	l->fd = openat(l->at->dir_fd, l->name, flags | O_CREAT | O_EXCL, 0644);
	l->is_new = l->fd >= 0;
	/* somebody was faster */
	if (l->fd < 0 && errno == EEXIST)
		l->fd = openat(l->at->dir_fd, l->name, flags);
	return l->fd;
}

int custodylog_edit(struct custodylog *out, const struct sidecars *at, bool may_create,
		    struct sl_error *err)
{
	int rc = prepare(out, at, err);

	if (rc < 0)
		return rc;
	if (open_to_edit(out, may_create) < 0) {
		rc = errno == ENOENT ? 1 : fail(out, err, SL_EIO, errno, "open");
		custodylog_close(out);
		return rc;
	}
	rc = lock(out, LOCK_EX, err);
	if (rc == 0)
		rc = check_file(out, err);
	if (rc == 0)
		rc = read_text(out, err);
	if (rc < 0)
		custodylog_close(out);
	return rc;
}

void custodylog_close(struct custodylog *l)
{
	if (l->is_new)
		(void)unlinkat(l->at->dir_fd, l->name, 0);
	if (l->fd >= 0)
		close(l->fd);
	buf_clear(&l->text);
	free(l->name);
	*l = (struct custodylog){.fd = -1};
}

int custodylog_each(const struct custodylog *l,
		    int (*fn)(void *payload, uint64_t seq, const char *line, size_t len,
			      struct sl_error *err),
		    void *payload, struct sl_error *err)
{
	uint64_t seq = 0;
	int rc = 0;

	for (size_t at = 0; rc >= 0 && at < l->whole; seq++) {
		const char *line = l->text.data + at;
		const char *end = memchr(line, '\n', l->whole - at);
		size_t len = (size_t)(end - line) + 1;

		rc = fn(payload, seq, line, len, err);
		if (rc < 0)
			return sl_wrap(err, rc, "line %llu", (unsigned long long)seq + 1);
		at += len;
	}
	return 0;
}

/* One write: what a crash leaves is a line without an end, or nothing. */
static int write_line(struct custodylog *l, const struct buf *line, struct sl_error *err)
{
	ssize_t n = write(l->fd, line->data, line->len);
	int sys = n < 0 ? errno : ENOSPC;

	if (n == (ssize_t)line->len && fsync(l->fd) == 0) {
		l->is_new = false;
		return 0;
	}
	sys = n == (ssize_t)line->len ? errno : sys;
	if (ftruncate(l->fd, (off_t)l->whole) < 0 || fsync(l->fd) < 0)
		return fail(l, err, SL_EIO, sys,
			    "the line may be there in part: see 'custody verify'");
	return fail(l, err, SL_EIO, sys, "write");
}

int custodylog_append(struct custodylog *l, const struct buf *line, struct sl_error *err)
{
	int rc;

	if (l->whole + line->len > CUSTODYLOG_MAX_BYTES)
		return fail(l, err, SL_ELIMIT, 0, "it would be larger than 32 MiB");
	if (custodylog_torn(l) > 0 && (ftruncate(l->fd, (off_t)l->whole) < 0 || fsync(l->fd) < 0))
		return fail(l, err, SL_EIO, errno, "take the cut line away");
	rc = write_line(l, line, err);
	if (rc == 0)
		sidecars_sync(l->at);
	return rc;
}
