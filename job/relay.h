/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sink is told, put aside by one process and told again by another, which it was forked
 * from: the same calls with the same contents. No file format: nothing else reads it.
 */
#ifndef JOB_RELAY_H
#define JOB_RELAY_H

#include <strandline/sink.h>

struct policy;
struct relay;

/* ---- the process that finds ---- */

/* Everything goes to @fd (borrowed), an empty file. */
int relay_new(struct relay **out, int fd, struct sl_error *err);
/* Takes container, findings, gaps and container_end; lives as long as the relay. */
struct sl_sink *relay_sink(struct relay *r);
/* A line for people. */
void relay_say(struct relay *r, const char *line);
/*
 * The last thing: how the work ended (@rc, with @why when it is negative), and what the rules of
 * @policy were used for (NULL: there is none). Negative when not all of it could be kept.
 */
int relay_finish(struct relay *r, int rc, const struct sl_error *why, const struct policy *policy,
		 struct sl_error *err);
void relay_free(struct relay *r); /* NULL is fine */

/* ---- the process that reports ---- */

struct relay_listener {
	struct sl_sink *sink;
	const struct sl_container *container; /* that all of it is about */
	struct policy *policy;                /* or NULL */
	void (*say)(void *payload, const char *line);
	void (*ended)(void *payload, const struct sl_summary *summary); /* after container_end */
	void *payload;
};

/*
 * Tell all of it again. Returns 0; what ended the work there, with its error; or the failure of the
 * sink.
 */
int relay_play(int fd, const struct relay_listener *to, struct sl_error *err);

#endif
