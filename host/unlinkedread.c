/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a file without a name, through the process that holds it, by a worker. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/halt.h"
#include "core/root.h"
#include "host/process.h"
#include "host/unlinked.h"
#include "host/worker.h"

#define SILENCE_MS 3000
#define CHUNK ((size_t)256 * 1024)

enum { SAY_BYTES, SAY_END };

/* How the reading ended. */
struct ending {
	int32_t sys;
	uint8_t is_changed;
	struct sl_time mtime, ctime;
};

struct unlinked_reader {
	struct sl_content content;
	int proc_fd;
	const struct unlinked *file;
	const volatile sig_atomic_t *stop;
};

/* ---- in the worker ---- */

static struct sl_time time_of(struct timespec t)
{
	return (struct sl_time){t.tv_sec, (uint32_t)t.tv_nsec};
}

/* The very file that was found, or ESTALE. */
static int open_file(const struct unlinked_reader *r, struct stat *st)
{
	AUTO_CLOSE int pid_fd = host_member_open_at(r->proc_fd, &r->file->through, NULL);
	AUTO_CLOSE int fd = -1;
	struct sl_error why = SL_ERROR_INIT;
	int file;

	if (pid_fd < 0) {
		errno = ESRCH;
		return -1;
	}
	fd = openat(pid_fd, r->file->name, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st) < 0)
		return -1;
	if (st->st_dev != r->file->entry.dev || st->st_ino != r->file->entry.ino) {
		errno = ESTALE;
		return -1;
	}
	file = root_reopen(fd, &why);
	errno = file < 0 && why.sys != 0 ? why.sys : EIO;
	sl_error_clear(&why);
	return file < 0 ? -1 : file;
}

static int send(struct worker_out *out, void *payload)
{
	const struct unlinked_reader *r = payload;
	AUTO_FREE char *chunk = malloc(CHUNK);
	struct ending end = {0};
	struct stat before, after;
	AUTO_CLOSE int fd = chunk != NULL ? open_file(r, &before) : -1;
	uint64_t done = 0, size = r->file->entry.size;
	ssize_t n = 1;

	if (fd < 0)
		end.sys = chunk != NULL ? errno : ENOMEM;
	while (fd >= 0 && n > 0 && done < size) {
		n = read(fd, chunk, size - done < CHUNK ? (size_t)(size - done) : CHUNK);
		if (n < 0)
			end.sys = errno;
		else if (worker_send(out, SAY_BYTES, chunk, (size_t)n) < 0)
			return -SL_EIO;
		done += n > 0 ? (uint64_t)n : 0;
	}
	if (fd >= 0 && fstat(fd, &after) == 0) {
		end.mtime = time_of(after.st_mtim);
		end.ctime = time_of(after.st_ctim);
		end.is_changed =
			(uint64_t)after.st_size != size ||
			memcmp(&after.st_mtim, &before.st_mtim, sizeof(after.st_mtim)) != 0;
	}
	return worker_send(out, SAY_END, &end, sizeof(end));
}

/* ---- who reads it ---- */

static int take(struct sl_tap *const taps[], size_t count, struct sl_bytes bytes,
		struct sl_read *out, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = taps[i]->data(taps[i], bytes.data, bytes.len, err);
	out->bytes += bytes.len;
	return rc;
}

static void take_ending(struct sl_bytes bytes, struct sl_read *out)
{
	struct ending end;

	if (bytes.len != sizeof(end))
		return;
	memcpy(&end, bytes.data, sizeof(end));
	out->sys = end.sys;
	out->changed = end.is_changed;
	out->has_times = end.sys == 0;
	out->mtime = end.mtime;
	out->ctime = end.ctime;
}

static int reader_read(struct sl_content *content, struct sl_tap *const taps[], size_t count,
		       struct sl_read *out, struct sl_error *err)
{
	struct unlinked_reader *r = container_of(content, struct unlinked_reader, content);
	struct worker_limits limits = {.silence_ms = SILENCE_MS, .stop = r->stop};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct worker_message message;
	struct worker *worker = NULL;
	int rc = worker_start(&worker, send, r, &r->proc_fd, 1, &limits, err), tapped = 0;

	*out = (struct sl_read){0};
	if (rc < 0)
		return rc;
	while (tapped == 0 && (rc = worker_next(worker, &message, &why)) == 0) {
		if (message.kind == SAY_BYTES)
			tapped = take(taps, count, message.bytes, out, err);
		else
			take_ending(message.bytes, out);
	}
	(void)worker_end(worker);
	if (rc < 0) /* what came is kept; that it is not all is said */
		out->sys = why.sys != 0 ? why.sys : is_halted(r->stop) ? EINTR : EIO;
	out->is_short = out->bytes < r->file->entry.size;
	return tapped;
}

static void reader_close(struct sl_content *content)
{
	free(container_of(content, struct unlinked_reader, content));
}

int unlinked_content(struct sl_content **out, int proc_fd, const struct unlinked *u,
		     const volatile sig_atomic_t *stop, struct sl_error *err)
{
	static const struct sl_content_ops ops = {.read = reader_read, .close = reader_close};
	struct unlinked_reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "content");
	*r = (struct unlinked_reader){
		.content.ops = &ops, .proc_fd = proc_fd, .file = u, .stop = stop};
	*out = &r->content;
	return 0;
}
