/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of its own for what may hang: whoever reads another process's memory, its smaps or a
 * file that a server answers for may wait for ever, and only a process can be left behind. It
 * sends messages; who waits for them gives up after a deadline, kills it, and goes on.
 *
 *	worker_start(&w, look, &what, keep, keep_count, &limits, err);
 *	while ((rc = worker_next(w, &message, err)) == 0)
 *		...
 *	end = worker_end(w);	// always: frees, and says whether it could be ended
 *
 * The worker is a fork: it sees the caller's memory as it was, has only the descriptors it was
 * given, and none of the caller's threads. So it must not wait for a lock that one of those may
 * hold: malloc() is safe (glibc and musl see to it), everything of OpenSSL, sqlite or zstd and the
 * bundle's writer is not. It ends with whoever started it, and leaves no core. Keys are wiped in it
 * (core/sign.c).
 */
#ifndef HOST_WORKER_H
#define HOST_WORKER_H

#include <signal.h>

#include <strandline/error.h>

/* Longest message, and most descriptors that a worker is given. */
#define WORKER_MESSAGE_MAX ((size_t)1 << 20)
#define WORKER_KEEP_MAX 16

struct worker;
struct worker_out; /* the worker's end */

/* Runs in the worker; what it returns ends it: 0 is well, the messages are all there are. */
typedef int (*worker_fn)(struct worker_out *out, void *payload);

/* One message in one piece, in the worker. Negative: nobody listens any more, or it is too long. */
int worker_send(struct worker_out *out, uint32_t kind, const void *bytes, size_t len);
/* The same with a descriptor, of which the caller gets a duplicate; -1: none. */
int worker_send_fd(struct worker_out *out, uint32_t kind, const void *bytes, size_t len, int fd);
/* Why it fails, for whoever waits: worker_next() gives them this failure. Returns rc. */
int worker_send_error(struct worker_out *out, int rc, const struct sl_error *why);

struct worker_limits {
	unsigned int silence_ms; /* the longest wait for a message */
	unsigned int total_ms;   /* and for all of them, 0: none */
	/* May be NULL. Set by a signal: then worker_next() returns -SL_ECANCELLED at once. */
	const volatile sig_atomic_t *stop;
};

struct worker_message {
	uint32_t kind;         /* the two sides agree on it; WORKER_KIND_MAX and above are taken */
	struct sl_bytes bytes; /* aligned for any type */
	int fd;                /* came with it, and is the caller's to close; or -1 */
	int fd_sys;            /* one was sent and could not be had: errno, or 0 */
};
#define WORKER_KIND_MAX 0xffffff00u

/* @keep: the descriptors it needs, which keep their numbers; every other one is closed in it. */
int worker_start(struct worker **out, worker_fn fn, void *payload, const int *keep,
		 size_t keep_count, const struct worker_limits *limits, struct sl_error *err);

/*
 * The next message, borrowed until the next call. 0; 1: it ended well. Else the failure that it
 * sent; -SL_ECANCELLED: it did not answer in time (err->sys is ETIMEDOUT) or *stop was set;
 * -SL_EIO: it died. After anything but 0 only worker_end() is allowed.
 */
int worker_next(struct worker *w, struct worker_message *out, struct sl_error *err);

enum worker_end {
	WORKER_ENDED,     /* by itself */
	WORKER_KILLED,    /* by us */
	WORKER_ABANDONED, /* it hangs in the kernel and ends when that lets go of it */
};

/* End it whatever it does, and free. NULL is fine. */
enum worker_end worker_end(struct worker *w);

#endif
