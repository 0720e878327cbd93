/* SPDX-License-Identifier: Apache-2.0 */
/* The `proc` record of one process: what a reader wants to know without opening its files. */
#ifndef JOB_PROCRECORD_H
#define JOB_PROCRECORD_H

#include "core/buf.h"
#include "host/members.h"
#include "host/procstatus.h"

/* A link of the process and what it leads to. */
struct procrecord_link {
	struct buf text;
	bool has_object;
	uint64_t dev, ino;
	uint32_t nlink;
};

/* One small file of /proc whose whole content is a member of the record. */
enum {
	PROCRECORD_COMM,
	PROCRECORD_WCHAN,
	PROCRECORD_LOGINUID,
	PROCRECORD_SESSIONID,
	PROCRECORD_OOM_SCORE_ADJ,
	PROCRECORD_TEXTS
};

enum { PROCRECORD_NAMESPACES = 8 };

struct procrecord {
	const struct host_member *member;
	const struct sl_process *process;   /* as findings see it; NULL: not known. Borrowed */
	const struct sl_processes *objects; /* that its indices are of */
	struct procstatus status;           /* when has_status */
	bool has_status;
	int64_t parent;
	struct buf texts[PROCRECORD_TEXTS];
	struct buf arguments, environment; /* as in /proc, cut */
	bool has_arguments, has_environment;
	uint64_t namespaces[PROCRECORD_NAMESPACES];
	struct procrecord_link exe, cwd, root;
	struct buf cgroup; /* the path of its control group */
	struct buf cover;  /* what lies over its entry of the machine's /proc */
	bool is_ended, is_hung, is_abandoned, is_changed;
};

void procrecord_init(struct procrecord *r);
void procrecord_clear(struct procrecord *r);

/* Which of the texts comes from the file @name; -1: none. */
int procrecord_text(const char *name);
/* Keep what the record says of a file. */
int procrecord_take(struct procrecord *r, const char *name, struct sl_bytes bytes,
		    struct sl_error *err);

/* What is mounted over its entry of the machine's /proc. */
int procrecord_cover(struct procrecord *r, struct sl_bytes what, struct sl_error *err);

/* Links and namespaces, through the process's directory in /proc. */
void procrecord_look(struct procrecord *r, int pid_fd);

/* Members of the record, without braces. */
int procrecord_members(struct buf *out, const struct procrecord *r, struct sl_error *err);

#endif
