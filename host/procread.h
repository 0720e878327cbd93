/* SPDX-License-Identifier: Apache-2.0 */
/* One process of a container, read through its directory in /proc. */
#ifndef HOST_PROCREAD_H
#define HOST_PROCREAD_H

#include "host/members.h"
#include "host/process.h"
#include "host/procinner.h"
#include "host/procobject.h"
#include "host/proctexts.h"

/* Processes whose trouble is named; that of the others is one more gap. */
#define PROCREAD_GAPS_MAX 32

/* The mounts that processes see who share a namespace and a root directory. */
struct procread_view {
	uint64_t mnt_ns;
	char *root; /* owned */
	struct procmounts mounts;
};

/* A mapped file that was looked at already. */
struct procread_map {
	uint32_t major, minor;
	uint64_t inode;
	char *path; /* as in maps; owned */
	size_t object;
};

struct procread {
	struct procobjects objects;
	bool may_mount;               /* see struct procinner */
	struct host_members *members; /* who is looked at; borrowed, who hangs is marked there */
	struct proctexts *texts;      /* of them; owned */
	struct procread_view *views;
	size_t view_count;
	char *root;       /* of the first process, as its link shows it; owned, or NULL */
	uint64_t user_ns; /* of the same; 0: unknown */
	struct procread_map *maps;
	size_t map_count, map_cap;
	struct procmount assumed; /* the root, where the kernel does not list it; owned */
};

/* All borrowed. A first process that is gone leaves the container's root unknown. */
int procread_init(struct procread *r, struct host *h, const struct proctable *t,
		  const struct sl_container *c, struct sl_processes *out, struct sl_error *err);
void procread_clear(struct procread *r);

/*
 * Look at one member and add it. What of it cannot be read is a gap; who is gone is counted.
 * Members in their order.
 */
int procread_process(struct procread *r, const struct proctable_row *row, size_t member,
		     struct sl_error *err);

int procread_gap(struct procread *r, int64_t pid, const char *why, int sys, struct sl_error *err);

/* The process under way. */
struct procread_subject {
	struct procseen seen;
	uint64_t stack; /* where its stack begins; 0: not told */
	size_t member;  /* its place among them */
	struct sl_process *process;
};

/* Reading @what failed. 1: because the process has ended; else it is a gap, and 0. */
int procread_missed(struct procread *r, const struct procread_subject *s, const char *what,
		    const struct sl_error *why, struct sl_error *err);

/* In processlist.c. */
void process_clear(struct sl_process *p);

/* Parts of procread_process(), in procfiles.c, procloads.c, procconduct.c and procinput.c. 1: the
 * process has ended. */
int procread_script(struct procread *r, const struct procread_subject *s, struct sl_bytes arguments,
		    struct sl_error *err);
int procread_environment(struct procread *r, const struct procread_subject *s,
			 struct sl_bytes variables, struct sl_error *err);
int procread_options(struct procread *r, const struct procread_subject *s,
		     struct sl_bytes arguments, struct sl_error *err);
/* Takes over the item's descriptor. */
int procread_mapped(struct procread *r, const struct procread_subject *s,
		    struct proctexts_item *item, struct sl_error *err);
int procread_status(struct procread *r, const struct procread_subject *s, struct sl_error *why);
int procread_place(struct procread *r, const struct procread_subject *s, struct sl_error *err);
int procread_words(struct procread *r, const struct procread_subject *s, struct sl_bytes arguments,
		   struct sl_error *err);
/* Is the script an open file, "/dev/fd/63"? Then it is looked at, and *rc says how that went. */
bool procread_open_script(struct procread *r, const struct procread_subject *s,
			  struct sl_bytes name, int *rc, struct sl_error *err);
int procread_input(struct procread *r, const struct procread_subject *s, struct sl_bytes arguments,
		   const char *exe, struct sl_error *err);

/* Once all are read, in procpeers.c: who stands at the other ends of pipes, and raw sockets. */
int procread_peers(struct procread *r, struct sl_error *err);
/* Is it a process of the container? */
bool procread_is_inside(const struct procread *r, int64_t pid);
/* "203.0.113.7:4444" of the connection with this inode; owned, or NULL. */
char *procread_peer(int pid_fd, uint64_t inode);

/*
 * Open a path as the process has it, O_PATH, links resolved inside its root directory. -1 with
 * errno; EXDEV where that would lead behind a mount that may not answer.
 */
int procread_open(const struct procseen *by, const char *path);
/*
 * An argument or value as an absolute path in the tree of the process; owned. NULL: there is none.
 */
char *procread_absolute(const struct procseen *by, struct sl_bytes name);
/* Add such a file. 0; 1: it is not there, or no regular file. */
int procread_add(struct procread *r, const struct procseen *by, const char *path, size_t *index,
		 struct sl_error *err);

#endif
