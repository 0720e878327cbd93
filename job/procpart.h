/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a meaning that is about processes: what was seen, and how findings are made of it.
 * Those who judge look at one process at a time.
 */
#ifndef JOB_PROCPART_H
#define JOB_PROCPART_H

#include "core/json.h"
#include "job/imagebytes.h"
#include "job/meaning.h"
#include "job/procrules.h"

#include <strandline/process.h>

/* Findings of one container; the rest is one gap. */
#define PROCPART_FINDINGS_MAX ((size_t)1000)

/* What is known of an object beyond where it lies. */
enum procpart_bytes { BYTES_UNASKED, BYTES_IMAGE, BYTES_OTHER };

/* A file of the writable directory that runs, for its own finding. */
struct procpart_mark {
	struct sl_bytes path; /* relative, borrowed from the object */
	uint64_t signals;
	const struct sl_process *process;
};

struct procpart {
	struct meaning *meaning;
	struct sl_processes processes;
	struct imagebytes image;
	enum procpart_bytes *bytes;  /* one for each object */
	struct jval *config;         /* of the image */
	struct procpart_mark *marks; /* by path */
	size_t mark_count;
	char **texts; /* of findings and gaps; owned */
	size_t text_count;
	size_t first;  /* of the findings in meaning */
	bool is_trial; /* only ask whether there is anything to find */
	size_t found;
	size_t *others; /* how many more processes each finding from @first on is about */
};

void procpart_free(void *data);

int procpart_gap(struct procpart *p, const char *what, const char *why, int sys,
		 struct sl_error *err);
/*
 * A finding, or one more process that has it. Takes over @subject, also on failure: NULL is memory
 * that ran out. @process may be NULL. @cause explains it; else NULL.
 */
int procpart_find(struct procpart *p, const struct sl_process *process, char *subject,
		  enum procrule_id id, const char *cause, struct sl_error *err);
/* Once all are made: "process 4711 and 2 more". */
int procpart_say_who(struct procpart *p, struct sl_error *err);

/* Subjects; owned, NULL when memory ran out. */
const char *procpart_path(const struct sl_object *o);
char *procpart_subject(const struct sl_object *o);
char *procpart_subject_with(const char *path, const char *more);

const char *procpart_exe_path(const struct procpart *p, const struct sl_process *process);
/* What runs something else is found for that already. */
bool procpart_runs_image(const struct procpart *p, const struct sl_process *process);
/*
 * Is the variable ("NAME=VALUE") part of what the image or the container was configured to be?
 * "image-environment", "container-environment"; NULL: it is not.
 */
const char *procpart_configured(const struct procpart *p, const char *variable);
/* Is the code in the arguments, which names @path, the image's or the operator's own? */
bool procpart_is_given_code(const struct procpart *p, const struct sl_process *process,
			    const char *path);
/* Has the object the bytes that the image has at its path? */
int procpart_is_image(struct procpart *p, size_t index, bool *out, struct sl_error *err);
/* A runtime copies itself into memory before it enters a container. */
int procpart_is_runtime(struct procpart *p, size_t index, bool *out, struct sl_error *err);

/* ---- meaning_conduct.c, meaning_programs.c, meaning_loads.c, meaning_orders.c,
 * meaning_confined.c, meaning_running.c ---- */

int procpart_judge_programs(struct procpart *p, const struct sl_process *process,
			    struct sl_error *err);
int procpart_judge_loads(struct procpart *p, const struct sl_process *process,
			 struct sl_error *err);
int procpart_judge_confined(struct procpart *p, const struct sl_process *process,
			    struct sl_error *err);
int procpart_judge_orders(struct procpart *p, const struct sl_process *process,
			  struct sl_error *err);
int procpart_judge_conduct(struct procpart *p, const struct sl_process *process,
			   struct sl_error *err);
int procpart_mark(struct procpart *p, struct sl_error *err);
/* A step of a comparison: tells a file's finding that it runs. */
int procpart_apply_mark(void *payload, struct sl_finding *f, struct sl_change *c,
			struct sl_error *err);

#endif
