/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a run: the default ones, and those of the directories that the user gave. */
#ifndef JOB_RULES_H
#define JOB_RULES_H

#include "core/buf.h"
#include "job/job.h"

struct ruleset;
struct job_rules;

/*
 * Read them all before anything else is done: "FILE:LINE:COLUMN: what, what to do". A rule with the
 * id of a default one replaces it; @say_replaced tells which. Free with job_rules_free().
 */
int job_rules_open(struct job_rules **out, const struct job *job, const char *const *dirs,
		   size_t count, bool say_replaced, struct sl_error *err);
void job_rules_free(struct job_rules *r);

/* NULL for NULL. */
const struct ruleset *job_rules_set(const struct job_rules *r);
/* One line a rule, the most severe first: severity, id, techniques, file and line, reason. */
int job_rules_list(const struct job_rules *r, struct buf *out, struct sl_error *err);
size_t job_rules_count(const struct job_rules *r);

#endif
