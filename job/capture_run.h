/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a capture, shared by its files: capture.c (from open to close, and the steps in
 * their order), capture_target.c (whom), one file a step, and what all steps call.
 *
 * Steps go over the containers one after the other, step by step: what is lost first is taken first
 * of all of them (RFC 3227, order of volatility). What cannot be taken is a gap; a step returns
 * negative only when the bundle cannot be written any more, or a signal came.
 */
#ifndef JOB_CAPTURE_RUN_H
#define JOB_CAPTURE_RUN_H

#include <sys/stat.h>

#include "host/host.h"
#include "job/capture.h"
#include "job/layerfindings.h"
#include "snapshot/recording.h"

/* One container, or a directory that stands for one. */
struct capture_target {
	struct sl_container *container;
	struct sl_image *image;       /* NULL when the store has none that can be read */
	char *image_problem;          /* why not */
	struct recording *recording;  /* what the writable layer had */
	uint32_t id;                  /* the number of its target record */
	bool has_evidence;            /* host_container_evidence() was asked */
	bool is_checked;              /* the layers below were held against the image's */
	struct layerfindings checked; /* what came out; a comparison empties it */
	struct capture_seen *seen;    /* what ran when it was looked at; NULL before. Owned */
	struct freeze *freeze;        /* while it stands still because of this capture */
};

/* A container that was asked for and cannot be captured. */
struct capture_lost {
	char *what, *why;
	int sys;
};

struct capture {
	const struct job *job; /* with the deadline: job_stopped() tells of it, too */
	const struct capture_request *request;
	struct capture_outcome *out;
	struct host *host; /* NULL: nothing of a store is captured */
	struct sl_bundle_writer *writer;
	struct enrichers enrich;
	struct capture_target *targets; /* owned */
	size_t target_count;
	struct capture_filter *filter;  /* of files in trees */
	uint64_t tree_done, tree_total; /* bytes of the tree under way; total 0: not known */
	struct capture_lost *lost;      /* asked for and not found; owned */
	size_t lost_count;
	bool has_proc; /* which procfs processes are looked at through is settled, and recorded */
	size_t frozen; /* how many of the targets have a freeze */
};

struct capture_step {
	const char *name;          /* in the plan, and of its `action` records */
	enum capture_profile from; /* the smallest profile that has it */
	/* One of them: for each container, or once for the machine. */
	int (*each)(struct capture *c, struct capture_target *t, struct sl_error *err);
	int (*once)(struct capture *c, struct sl_error *err);
};

/* Is it asked of something, and of one thing only? */
int capture_check(const struct capture_request *r, struct sl_error *err);

/* In the order in which they are taken. */
const struct capture_step *capture_steps(size_t *count);
bool capture_wants(const struct capture_request *r, const struct capture_step *step);

/* ---- what steps call; @t NULL: it is about the machine ---- */

int capture_gap(struct capture *c, const struct capture_target *t, const struct sl_gap *gap,
		struct sl_error *err);
/* The same, of something that is no path of the container. */
int capture_gap_of(struct capture *c, const struct capture_target *t, const char *what,
		   const char *why, int sys, struct sl_error *err);

/*
 * An `action` record: what is done to the machine, or how a step went. @why and @result may be
 * NULL.
 */
int capture_action(struct capture *c, const struct capture_target *t, const char *what,
		   const char *why, const char *result, struct sl_error *err);

/* What fstat() says of a file, as a record has it. Borrows @path. */
void capture_entry(struct sl_entry *e, const char *path, const struct stat *st);
/*
 * Store one object and keep account; what could not be read to its end is a gap, and so is a
 * content for which --max-bytes has no room: its record is written without.
 */
int capture_keep(struct capture *c, const struct capture_target *t,
		 const struct sl_bundle_file *file, struct sl_bundle_stored *stored,
		 struct sl_error *err);
/* Bytes that are in memory, as a file of @role; @bytes NULL: nothing is done. */
int capture_bytes(struct capture *c, const struct capture_target *t, const char *role,
		  const char *name, const void *bytes, size_t size, struct sl_error *err);

/*
 * Open a directory tree so that reading it leaves no trace: through a read-only clone of its mount,
 * else without access times, else as it is. An `action` record says which, and why not better.
 * @name: which root of the container it is. *out is the caller's.
 */
int capture_guard(struct capture *c, const struct capture_target *t, const char *name, int dir_fd,
		  int *out, struct sl_error *err);

/*
 * The same for everything below the writable layer, with one record: of the directory that could be
 * guarded least. Their descriptors, and those of t->image, become others of the same directories.
 */
int capture_guard_lowers(struct capture *c, struct capture_target *t, struct sl_error *err);
/* Of another copy of the image, without a record. NULL is fine. */
void capture_guard_image(struct sl_image *image);

/* So many more bytes of the tree have been read: tell who watches. */
void capture_progress(struct capture *c, const struct capture_target *t, uint64_t bytes);
/* What this regular file takes: its holes take nothing. @e was lent last by @tree. */
uint64_t capture_size(struct sl_source *tree, const struct sl_entry *e);

/*
 * Every object that @tree lists, read once, as files of @role. With @recording they are written
 * down for a comparison, which only the writable layer needs.
 */
int capture_tree(struct capture *c, const struct capture_target *t, struct sl_source *tree,
		 const char *role, struct recording *recording, struct sl_error *err);

/*
 * capture_artifact.c: files and records of the container's engine, either its logs or all others.
 */
/* Look for what evidence takes beyond that, once; the target's record names the log driver. */
int capture_evidence(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_artifacts(struct capture *c, struct capture_target *t, bool logs, struct sl_error *err);

/* ---- capture_target.c ---- */

/* Find what was asked for; what is not there goes to c->lost when something else is. */
int capture_find(struct capture *c, struct sl_error *err);
/* Write its target record. */
int capture_declare(struct capture *c, struct capture_target *t, struct sl_error *err);
/* Say what is lost. */
int capture_declare_lost(struct capture *c, struct sl_error *err);
void capture_targets_clear(struct capture *c);

/* ---- capture_freeze.c ---- */

/* Start every container that stands still again, and say so; what fails is in `in_force`. */
int capture_thaw_all(struct capture *c, struct sl_error *err);

/* ---- capture_memory.c ---- */

/* What is taken: the request's word, or the profile's. */
enum capture_memory capture_memory_mode(const struct capture_request *r);

/* ---- steps, one file each ---- */

int capture_network(struct capture *c, struct sl_error *err);
int capture_processes(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_freeze(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_memory(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_deleted(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_tmpfs(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_metadata(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_upper(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_logs(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_lowers(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_volumes(struct capture *c, struct capture_target *t, struct sl_error *err);
int capture_host(struct capture *c, struct sl_error *err);
int capture_findings(struct capture *c, struct capture_target *t, struct sl_error *err);

#endif
