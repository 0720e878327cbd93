/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that are pushed. Streams wrap streams (compress, encrypt, write) and own what they wrap.
 *
 * A sync point says: everything written so far must be readable by whoever gets the output up to
 * here, even if nothing follows. A compressor ends its frame, an encrypter pads its chunk, a file
 * reaches the disk. Loss after a crash is at most what was written since the last one.
 *
 * It comes in two halves, too, so that bytes can be written while others are on their way to the
 * disk: begin starts a sync point behind everything written so far, wait returns when it is
 * reached. One at a time: after a begin comes a wait, or a whole sync point, before the next begin.
 */
#ifndef CORE_OSTREAM_H
#define CORE_OSTREAM_H

#include <strandline/error.h>

#include "core/buf.h"

struct ostream;

struct ostream_ops {
	int (*write)(struct ostream *s, const void *bytes, size_t len, struct sl_error *err);
	int (*sync_point)(struct ostream *s, struct sl_error *err);
	/* Both or none; without them begin is the whole sync point. */
	int (*sync_begin)(struct ostream *s, struct sl_error *err);
	int (*sync_wait)(struct ostream *s, struct sl_error *err);
	/*
	 * Write what is pending and end the format. Called at most once; then only sync points and
	 * close may follow.
	 */
	int (*finish)(struct ostream *s, struct sl_error *err);
	void (*close)(struct ostream *s);
};

struct ostream {
	const struct ostream_ops *ops;
};

int ostream_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err);
int ostream_sync_point(struct ostream *s, struct sl_error *err);
int ostream_sync_begin(struct ostream *s, struct sl_error *err);
/* 0 also when none was begun. */
int ostream_sync_wait(struct ostream *s, struct sl_error *err);
int ostream_finish(struct ostream *s, struct sl_error *err);
/* Closes what it wraps too; without finish the output ends where it is. NULL is fine. */
void ostream_close(struct ostream *s);

/* All of @bytes to a descriptor: short writes go on, EINTR and EAGAIN are waited out. */
int fd_write_all(int fd, const void *bytes, size_t len, struct sl_error *err);

/*
 * Write to a descriptor (file or pipe), whole writes, EINTR retried. sync_point is fdatasync where
 * the descriptor supports it, its first half one on a thread of its own. Takes over @fd, also on
 * failure.
 */
int ostream_to_fd(struct ostream **out, int fd, struct sl_error *err);

/* Append to @b (borrowed); its maximum is the stream's. */
int ostream_to_buf(struct ostream **out, struct buf *b, struct sl_error *err);

#endif
