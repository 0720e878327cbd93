/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several containers at a time: a process for each, which writes what it finds to a file without a
 * name, and one here that tells it in the order in which they were begun. Processes, because
 * neither databases nor stores nor rules of other people's making are for several threads; and one
 * that dies costs its own container only.
 */
#ifndef JOB_CREW_H
#define JOB_CREW_H

#include <signal.h>

#include <strandline/container.h>
#include <strandline/error.h>

#define CREW_MAX 64

struct crew_work {
	/*
	 * In a process of its own, whose exit status is returned: 0 when all is in @fd. Nothing
	 * that it changes in memory is seen here.
	 */
	int (*work)(void *payload, struct sl_container *c, int fd);
	/* Here, in order: what came of it. A failure ends the work of all. */
	int (*tell)(void *payload, const struct sl_container *c, int fd, struct sl_error *err);
	/* Instead: the process came to nothing. */
	int (*lost)(void *payload, const struct sl_container *c, const char *why, int sys,
		    struct sl_error *err);
	const volatile sig_atomic_t *stop; /* the processes are told to end; may be NULL */
	void *payload;
};

struct crew;

/* At most @size at a time, 1 to CREW_MAX. No thread may run beside the caller. */
int crew_new(struct crew **out, unsigned int size, const struct crew_work *work,
	     struct sl_error *err);
/* Takes over @c, also on failure. Waits for the one that was begun first when all are busy. */
int crew_begin(struct crew *crew, struct sl_container *c, struct sl_error *err);
/* Wait for all and tell them. */
int crew_finish(struct crew *crew, struct sl_error *err);
/* Ends what still runs. NULL is fine. */
void crew_free(struct crew *crew);

#endif
