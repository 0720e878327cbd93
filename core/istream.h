/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that are pulled. A stream lends its own buffer instead of filling the caller's; streams
 * wrap streams (inflate, hash, limit) and own what they wrap. The first error sticks.
 */
#ifndef CORE_ISTREAM_H
#define CORE_ISTREAM_H

#include <signal.h>

#include <strandline/error.h>

struct istream;

struct istream_ops {
	/* Lend the next bytes, valid until the next call. 0 with *len > 0; 1 at the end; negative.
	 */
	int (*next)(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err);
	void (*close)(struct istream *s);
	/* Optional: put the next bytes straight into @dst. 0 with 0 < *len <= cap; 1; negative. */
	int (*read)(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err);
};

/* Implementations embed it, with everything but ops zero. */
struct istream {
	const struct istream_ops *ops;
	const uint8_t *rest; /* lent by next, not yet passed on by istream_read */
	size_t rest_len;
	int status; /* sticky: 1 after the end, the first error */
};

int istream_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err);
/*
 * Fill the caller's buffer: 0 with *len > 0, less than @cap only right before the end; 1 at the
 * end; negative. A stream that can write in place does, another one is copied.
 */
int istream_read(struct istream *s, void *dst, size_t cap, size_t *len, struct sl_error *err);
/* Closes what it wraps too. NULL is fine. */
void istream_close(struct istream *s);

/* Read a descriptor (regular file or pipe) in large pieces; takes over @fd, also on failure. */
int istream_from_fd(struct istream **out, int fd, struct sl_error *err);
/* Such a stream of a pipe ends with -SL_ECANCELLED soon after *stop (may be NULL) is not 0. */
void istream_fd_stop(struct istream *s, const volatile sig_atomic_t *stop);
/*
 * Before anything was read from such a stream: lend its first bytes, at least @want unless it ends
 * before (then *len may be 0). They come again with the next read.
 */
int istream_fd_peek(struct istream *s, size_t want, const uint8_t **bytes, size_t *len,
		    struct sl_error *err);
/*
 * Read @len bytes of a regular file from @offset on, whatever its file position: a blob inside an
 * archive. A file that ends before is -SL_EFORMAT. Takes over @fd, also on failure.
 */
int istream_from_range(struct istream **out, int fd, uint64_t offset, uint64_t len,
		       struct sl_error *err);
/* Lend borrowed memory once. */
int istream_from_memory(struct istream **out, const void *bytes, size_t len, struct sl_error *err);

struct sha256;
/* Takes over @inner on success. Every byte that passes is added to @h (borrowed) and counted in
 * *count (may be NULL). */
int istream_hash(struct istream **out, struct istream *inner, struct sha256 *h, uint64_t *count,
		 struct sl_error *err);
/* More than @max bytes is -SL_ELIMIT: "@what: more than N bytes". Takes over inner on success. */
int istream_limit(struct istream **out, struct istream *inner, uint64_t max, const char *what,
		  struct sl_error *err);

#endif
