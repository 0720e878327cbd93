/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process, by its directory in /proc. A descriptor of that directory stays with the process:
 * when it is gone, every read fails with ESRCH or ENOENT, whoever has its number now.
 */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <sys/stat.h>

#include <strandline/container.h>

#include "core/buf.h"

struct process_stat {
	int64_t parent, session;
	uint64_t start; /* clock ticks after the machine was booted */
	uint64_t stack; /* where its stack begins: another program, another place; 0: not told */
	bool is_kernel; /* a thread of the kernel: no files, no container */
	bool is_dead;   /* a zombie; other threads of it may still run */
	bool is_ending; /* it has given its memory up, or is about to */
};

/*
 * /proc/PID/stat. The second field is the program's name, which the process chooses and which may
 * hold spaces and parentheses.
 */
int process_stat_parse(struct process_stat *out, const char *text, size_t len,
		       struct sl_error *err);

/* Its directory in /proc, O_PATH; -SL_ENOTFOUND. */
int process_open(int proc_fd, int64_t pid, struct sl_error *err);
/* The same of one that has not ended, and its status: of a process whose first thread has, another
 * thread's directory. */
int process_open_living(int proc_fd, int64_t pid, struct process_stat *st, struct sl_error *err);
int process_stat(int pid_fd, struct process_stat *out, struct sl_error *err);

/* Open a file of its directory to read: "maps". */
int process_open_file(int pid_fd, const char *name, struct sl_error *err);
/* A file that the kernel writes in one piece: "cgroup", "status". */
int process_read(int pid_fd, const char *name, struct buf *out, struct sl_error *err);
/* One that comes in pieces: "maps", "environ"; read to its end. */
int process_read_whole(int pid_fd, const char *name, struct buf *out, struct sl_error *err);
/* Its mountinfo, which comes line by line. */
int process_read_mounts(int pid_fd, struct buf *out, struct sl_error *err);
/* What a link of its ("exe", "cwd", "map_files/...") shows: -SL_ENOTFOUND when it leads nowhere. */
int process_read_link(int pid_fd, const char *name, struct buf *out, struct sl_error *err);

/* The number of a namespace: "mnt", "pid"... 0 or negative. */
int process_namespace(int pid_fd, const char *name, uint64_t *out, struct sl_error *err);

/* Its number in the innermost pid namespace, and how many it is in (1: only the machine's). */
int process_inner_pid(int pid_fd, int64_t *pid, size_t *depth, struct sl_error *err);

/* What its root directory is, without asking a file system that may not answer. */
int process_root_stat(int pid_fd, struct statx *out, struct sl_error *err);

/* Its root directory, O_PATH. Opened once: what is done after goes beneath it. */
int process_open_root(int pid_fd, struct sl_error *err);

#endif
