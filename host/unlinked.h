/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that have lost their names and live on because processes run, map or hold them open, and
 * files that never had one (memfd). They are gone with the last of these processes.
 */
#ifndef HOST_UNLINKED_H
#define HOST_UNLINKED_H

#include <signal.h>

#include <strandline/source.h>

#include "host/members.h"

/* Files of one container that are told apart; more is a gap. */
#define UNLINKED_MAX ((size_t)4096)
/* Holders of one file that are listed; all are counted. */
#define UNLINKED_HOLDERS_MAX 32

enum unlinked_how { UNLINKED_EXE, UNLINKED_FD, UNLINKED_MAP };

struct unlinked_holder {
	int64_t pid;
	enum unlinked_how how;
	int64_t fd; /* UNLINKED_FD */
};

struct unlinked {
	char *link; /* what /proc shows for it: "/tmp/x (deleted)"; owned. Evidence bytes */
	struct sl_entry entry; /* all but the path */
	bool is_slow;    /* lies on a file system that a daemon or server answers for: not read */
	bool is_memory;  /* has no place in any tree: memfd */
	bool is_program; /* somebody runs it, or maps it executable */
	struct unlinked_holder holders[UNLINKED_HOLDERS_MAX];
	size_t holder_count; /* all */
	/* how it is reached: the first of its holders, and what leads there */
	struct host_member through;
	char name[64];
};

struct unlinked_list {
	struct unlinked **items; /* in the order of processes; owned */
	size_t count;
	size_t left_out; /* beyond UNLINKED_MAX */
};

struct unlinked_options {
	int proc_fd;
	const struct host_members *members;
	const volatile sig_atomic_t *stop;
	/* A process did not answer; what was seen of it stays. A non-zero return ends the search.
	 */
	int (*hung)(void *payload, size_t member, const char *why, int sys, struct sl_error *err);
	void *payload;
};

/* Clear also after a failure. */
int unlinked_find(struct unlinked_list *out, const struct unlinked_options *options,
		  struct sl_error *err);
void unlinked_clear(struct unlinked_list *list);

/*
 * Its content, read by a worker with a deadline, for whoever answers for it may not. Borrows @u.
 * That it is still the file that was found is seen when it is read: ESTALE.
 */
int unlinked_content(struct sl_content **out, int proc_fd, const struct unlinked *u,
		     const volatile sig_atomic_t *stop, struct sl_error *err);

#endif
