/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look at the processes of a container one after the other in a worker, where it may hang. A
 * process that lets it wait (its memory is held by a file server that does not answer, say) costs
 * one deadline, and a new worker goes on behind it.
 */
#ifndef HOST_MEMBERWALK_H
#define HOST_MEMBERWALK_H

#include <signal.h>

#include "host/members.h"

/* Longest wait for one process; how long all of them are waited for before that shrinks; to what.
 */
#define MEMBERWALK_WAIT_MS 3000
#define MEMBERWALK_PATIENCE_MS 15000
#define MEMBERWALK_HASTE_MS 200

/* Longest text that is said at once. */
#define MEMBERWALK_SAY_MAX ((size_t)256 * 1024)

struct memberwalk;
struct memberwalk_out;

/* Say something about the member, in the worker. Negative: return that. */
int memberwalk_say(struct memberwalk_out *out, uint32_t kind, const void *head, size_t head_len,
		   const void *bytes, size_t len);

/* The same with a descriptor, of which the caller gets a duplicate. */
int memberwalk_say_fd(struct memberwalk_out *out, uint32_t kind, const void *head, size_t head_len,
		      const void *bytes, size_t len, int fd);

struct memberwalk_options {
	int proc_fd;
	const struct host_member *members;
	size_t count;
	/* Runs in the worker, for each member; what is said there has a meaning for the caller. */
	int (*each)(struct memberwalk_out *out, int proc_fd, const struct host_member *member,
		    void *payload);
	void *payload;
	const volatile sig_atomic_t *stop;
};

enum memberwalk_event {
	MEMBERWALK_SAID,
	MEMBERWALK_DONE, /* all about this member was said */
	/* it did not answer, the worker died or cannot be started; nothing more comes about it */
	MEMBERWALK_HUNG,
};

struct memberwalk_item {
	enum memberwalk_event event;
	size_t member;         /* index into the members */
	uint32_t kind;         /* what was said: kind, head and text as one, borrowed */
	struct sl_bytes bytes; /* until the next call */
	int fd;                /* came with it, the caller's; -1: none */
	int fd_sys;            /* one was sent and could not be had: errno */
	const char *why;       /* MEMBERWALK_HUNG: static text, and errno */
	int sys;
	bool is_abandoned; /* the worker could not even be killed */
};

/* Borrows all of @options. */
int memberwalk_new(struct memberwalk **out, const struct memberwalk_options *options,
		   struct sl_error *err);
/* 0; 1: that was all; -SL_ECANCELLED: *stop. Members come in their order. */
int memberwalk_next(struct memberwalk *w, struct memberwalk_item *out, struct sl_error *err);
void memberwalk_item_clear(struct memberwalk_item *item); /* closes its descriptor */
void memberwalk_free(struct memberwalk *w);               /* NULL is fine */

#endif
