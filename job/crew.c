/* SPDX-License-Identifier: Apache-2.0 */
#include "job/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/halt.h"
#include "core/tempfile.h"

/* How long a signal may go unnoticed while we wait. */
#define LOOK_MS 100

struct slot {
	struct sl_container *container; /* owned */
	int fd;                         /* what it finds */
	int alive;                      /* a pipe that it holds open until it ends */
	pid_t pid;                      /* 0: it could not be started */
	int sys;                        /* why not */
	bool was_told;                  /* to end */
};

/* A ring in the order of beginning. */
struct crew {
	struct crew_work work;
	unsigned int size, first, count;
	struct slot slots[CREW_MAX];
};

int crew_new(struct crew **out, unsigned int size, const struct crew_work *work,
	     struct sl_error *err)
{
	struct crew *crew = calloc(1, sizeof(*crew));

	if (crew == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	crew->work = *work;
	crew->size = size < 1 ? 1 : size > CREW_MAX ? CREW_MAX : size;
	*out = crew;
	return 0;
}

static void slot_clear(struct slot *s)
{
	sl_container_free(s->container);
	cleanup_closep(&s->fd);
	cleanup_closep(&s->alive);
}

/* ---- starting ---- */

/* Never returns: nothing of the caller's is flushed or freed twice. */
static void work_apart(const struct crew *crew, const struct slot *s, pid_t parent)
{
	/* who is killed cannot tell us to end */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	_exit(crew->work.work(crew->work.payload, s->container, s->fd) == 0 ? 0 : 1);
}

static void start(const struct crew *crew, struct slot *s)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0) {
		s->sys = errno;
		return;
	}
	s->alive = ends[0];
	s->pid = fork();
	if (s->pid == 0)
		work_apart(crew, s, parent);
	if (s->pid < 0) {
		s->sys = errno;
		s->pid = 0;
	}
	close(ends[1]);
}

/* ---- waiting ---- */

static void tell_to_end(struct crew *crew)
{
	for (unsigned int i = 0; i < crew->count; i++) {
		struct slot *s = &crew->slots[(crew->first + i) % CREW_MAX];

		if (s->pid > 0 && !s->was_told)
			(void)kill(s->pid, SIGTERM);
		s->was_told = true;
	}
}

/* The status of waitpid(). It is reaped here only, so that its number stays its own. */
static int wait_for(struct crew *crew, struct slot *s)
{
	struct pollfd end = {.fd = s->alive, .events = POLLIN};
	int status = -1;

	for (;;) {
		if (is_halted(crew->work.stop))
			tell_to_end(crew);
		if (poll(&end, 1, LOOK_MS) > 0)
			break;
	}
	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
	return status;
}

static int lose(const struct crew *crew, const struct slot *s, int status, struct sl_error *err)
{
	char why[80];

	if (WIFSIGNALED(status))
		(void)snprintf(why, sizeof(why), "the process that read it was ended by signal %d",
			       WTERMSIG(status));
	else
		(void)snprintf(why, sizeof(why),
			       "the process that read it could not keep what "
			       "it found");
	return crew->work.lost(crew->work.payload, s->container, why, 0, err);
}

static int tell(struct crew *crew, struct slot *s, struct sl_error *err)
{
	const struct crew_work *w = &crew->work;
	int status;

	if (s->pid == 0)
		return w->lost(w->payload, s->container, "no process could be started to read it",
			       s->sys, err);
	status = wait_for(crew, s);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return w->tell(w->payload, s->container, s->fd, err);
	return lose(crew, s, status, err);
}

static int tell_oldest(struct crew *crew, struct sl_error *err)
{
	struct slot *s = &crew->slots[crew->first];
	int rc = tell(crew, s, err);

	slot_clear(s);
	crew->first = (crew->first + 1) % CREW_MAX;
	crew->count--;
	return rc;
}

int crew_begin(struct crew *crew, struct sl_container *c, struct sl_error *err)
{
	struct slot *s;
	int rc = crew->count == crew->size ? tell_oldest(crew, err) : 0;
	int fd = rc < 0 ? -1 : tempfile_open(NULL, err);

	if (fd < 0) {
		sl_container_free(c);
		return rc < 0 ? rc : fd;
	}
	s = &crew->slots[(crew->first + crew->count) % CREW_MAX];
	*s = (struct slot){.container = c, .fd = fd, .alive = -1};
	start(crew, s);
	crew->count++;
	return 0;
}

int crew_finish(struct crew *crew, struct sl_error *err)
{
	int rc = 0;

	while (rc == 0 && crew->count > 0)
		rc = tell_oldest(crew, err);
	return rc;
}

void crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	tell_to_end(crew);
	for (; crew->count > 0; crew->count--) {
		struct slot *s = &crew->slots[crew->first];

		if (s->pid > 0)
			(void)wait_for(crew, s);
		slot_clear(s);
		crew->first = (crew->first + 1) % CREW_MAX;
	}
	free(crew);
}
