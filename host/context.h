/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What surrounds the containers of a machine: its kernel as procfs shows it, and the files that
 * configure it and its engines. Of a mounted disk only the files.
 */
#ifndef HOST_CONTEXT_H
#define HOST_CONTEXT_H

#include "host/host.h"

/* Most files of one directory that are handed over. */
#define HOST_CONTEXT_NAMES 256

struct host_context_file {
	const char *path; /* inside the examined root, with a leading slash; borrowed */
	int fd;           /* O_PATH, a regular file, lent; -1: there, and not to be had */
	int sys;
	const char *link; /* what is there is a link to this, and is not followed; or NULL */
	bool is_kernel;   /* made when it is read: it has no size */
	bool is_ledger;   /* only grows, and its end matters most */
};

/*
 * Call @each for every file that is there. @network: the machine's tables of connections, too.
 * A non-zero return ends it and is returned.
 */
int host_context(const struct host *h, bool network,
		 int (*each)(void *payload, const struct host_context_file *file), void *payload,
		 struct sl_error *err);

/* A process that is called like an engine. Texts are borrowed; they may be anything. */
struct host_daemon {
	int64_t pid;
	uint64_t start;      /* clock ticks after boot */
	const char *name;    /* as the process calls itself */
	const char *program; /* the file it runs, or NULL */
	struct sl_bytes arguments;
	int fd; /* of its program, O_PATH, lent; -1: it is not one of the machine's files */
};

/* Call @each for every one. 0 and no call where no kernel runs that can be asked. */
int host_daemons(const struct host *h, int (*each)(void *payload, const struct host_daemon *daemon),
		 void *payload, struct sl_error *err);

#endif
