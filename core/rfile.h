/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes at known positions: a file, part of the way through layers that change it (decryption).
 *
 * What can be read only once (a pipe) is an rfile too: it takes its positions in order.
 */
#ifndef CORE_RFILE_H
#define CORE_RFILE_H

#include <signal.h>

#include <strandline/error.h>

#define RFILE_SIZE_UNKNOWN UINT64_MAX

struct rfile;

struct rfile_ops {
	int (*read_at)(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
		       struct sl_error *err);
	/* Where is_forward, see rfile_head(); may be NULL. */
	int (*head)(struct rfile *f, void *dst, size_t cap, size_t *len, struct sl_error *err);
	void (*close)(struct rfile *f);
};

/* Implementations embed it. */
struct rfile {
	const struct rfile_ops *ops;
	uint64_t size;   /* when it was opened; RFILE_SIZE_UNKNOWN for a pipe */
	bool is_forward; /* each read begins where the one before ended */
	/* After the end was met: bytes that belong to it are missing, and the layer knows. */
	bool is_cut;
	/* May be NULL. Set by a signal: every read is -SL_ECANCELLED from then on. */
	const volatile sig_atomic_t *stop;
};

/*
 * Up to @cap bytes from @offset on: 0 with 0 < *len <= cap; 1 at the end; negative. Several threads
 * may read at once unless it is_forward.
 */
int rfile_read_at(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
		  struct sl_error *err);
/* As rfile_read_at(), with *len < cap only at the end (then *len may be 0, and it returns 0). */
int rfile_fill(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
	       struct sl_error *err);
/* Most bytes that rfile_head() gives. */
#define RFILE_HEAD_MAX (128u << 10)
/*
 * The first @cap bytes (*len is less only at the end), which come again: of a pipe before anything
 * else was read.
 */
int rfile_head(struct rfile *f, void *dst, size_t cap, size_t *len, struct sl_error *err);
/* 0, or -SL_EUNSUPPORTED when it can be read only once. */
int rfile_needs_twice(const struct rfile *f, struct sl_error *err);
/* Closes what it wraps too. NULL is fine. */
void rfile_close(struct rfile *f);
/* For CLEANUP(). */
void rfile_closep(struct rfile **f);

/*
 * A regular file from its current position on (which stays), or a pipe. Takes over @fd, also on
 * failure.
 */
int rfile_from_fd(struct rfile **out, int fd, struct sl_error *err);
/* Borrowed bytes. */
int rfile_from_memory(struct rfile **out, const void *bytes, size_t len, struct sl_error *err);

#endif
