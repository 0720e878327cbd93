/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one container's drift is judged by, beyond the comparison itself: each part opens what it
 * needs, and adds findings, gaps, marks and judges.
 */
#ifndef JOB_MEANING_H
#define JOB_MEANING_H

#include "diff/drift.h"
#include "job/comparison.h"
#include "job/job.h"

struct policy;

#define MEANING_STEPS_MAX 24

struct hashlists;
struct host;
struct sl_processes;
struct yara_part;
struct yarascan;

/* What was asked for. Borrowed. Each part adds its own. */
struct meaning_request {
	struct host *host;        /* where the container was found; NULL: it is none of a store */
	struct policy *policy;    /* what is expected; NULL: nothing */
	struct hashlists *hashes; /* known digests, or NULL */
	bool no_processes;        /* do not look at what runs */
	/* What runs was looked at before, and this is what was seen: emptied. NULL: look now. */
	struct sl_processes *processes;
	bool volumes;          /* look through what is mounted, too */
	struct yarascan *yara; /* rules for contents, or NULL */
	bool posture;          /* what is risky by itself counts like what is found */
	bool is_recorded;      /* the container was read before: it is not while it is compared */
	bool is_news;          /* what is found is held against the last run, and kept */
};

/* A part's own memory, freed with the meaning. */
struct meaning_part {
	void *data;
	void (*free)(void *data);
	/* The comparison came to its end; may be NULL. */
	int (*finish)(void *data, struct sl_error *err);
};

struct meaning {
	const struct job *job;
	const struct meaning_request *request;
	const struct comparison *comparison;
	struct drift_step marks[MEANING_STEPS_MAX], judges[MEANING_STEPS_MAX];
	size_t mark_count, judge_count;
	struct drift_more more;
	struct yara_part *yara;      /* a part that others ask; NULL: no rules */
	struct sl_finding *findings; /* texts belong to the parts */
	size_t finding_count, finding_room;
	struct sl_gap *gaps; /* the same */
	size_t gap_count, gap_room;
	struct meaning_part parts[MEANING_STEPS_MAX];
	size_t part_count;
};

/* All borrowed. What cannot be opened is a gap; negative only where nothing can go on. */
int meaning_open(struct meaning *m, const struct job *job, const struct meaning_request *request,
		 const struct comparison *comparison, struct sl_error *err);
/* After a comparison that came to its end: parts keep what they want to remember. */
int meaning_finish(struct meaning *m, struct sl_error *err);
void meaning_close(struct meaning *m);

/* For the parts. @data is freed with @free also when this fails. */
int meaning_keep(struct meaning *m, void *data, void (*free)(void *data), struct sl_error *err);
int meaning_mark(struct meaning *m, struct drift_step step, struct sl_error *err);
int meaning_judge(struct meaning *m, struct drift_step step, struct sl_error *err);
/* Call @finish with the data that was kept last. */
void meaning_on_finish(struct meaning *m, int (*finish)(void *data, struct sl_error *err));
/* Shallow copies. */
int meaning_finding(struct meaning *m, const struct sl_finding *f, struct sl_error *err);
int meaning_gap(struct meaning *m, const struct sl_gap *gap, struct sl_error *err);

#endif
