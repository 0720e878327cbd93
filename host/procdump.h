/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc has of processes, file by file, as the kernel writes it, read by a worker
 * (memberwalk.h). Members that are known to hang are only asked for what the kernel knows by
 * itself.
 */
#ifndef HOST_PROCDUMP_H
#define HOST_PROCDUMP_H

#include <signal.h>

#include "host/members.h"

/* Most bytes of one file; mappings have far more than anything else. */
#define PROCDUMP_FILE_MAX ((size_t)64 << 20)

enum procdump_kind {
	PROCDUMP_FILE,  /* a file was read, as far as it could be */
	PROCDUMP_ENDED, /* the process ended before or while it was read; its last item */
	PROCDUMP_DONE,  /* all of it was asked for; its last item */
	PROCDUMP_HUNG,  /* it did not answer; its last item, what was read before is whole */
};

struct procdump_item {
	enum procdump_kind kind;
	size_t member;         /* index into the members */
	const char *name;      /* of the file: "status", "fds"...; PROCDUMP_HUNG: why. Static */
	struct sl_bytes bytes; /* borrowed until the next call */
	int sys;               /* why it is not whole, or 0; ENOENT is left out: no such file */
	bool is_cut;           /* it is longer than is kept */
	bool is_abandoned;     /* PROCDUMP_HUNG: the worker could not even be killed */
	bool is_changed;       /* PROCDUMP_DONE: it became another program meanwhile */
};

struct procdump;

struct procdump_options {
	int proc_fd;
	const struct host_member *members;
	size_t count;
	bool is_light; /* without mappings, and without what fdinfo says */
	const volatile sig_atomic_t *stop;
};

/* Borrows all of @options. Nothing is read before the first procdump_next(). */
int procdump_new(struct procdump **out, const struct procdump_options *options,
		 struct sl_error *err);
/* 0; 1: that was all; -SL_ECANCELLED: *stop. Processes come in their order. */
int procdump_next(struct procdump *d, struct procdump_item *out, struct sl_error *err);
void procdump_free(struct procdump *d); /* NULL is fine */

#endif
