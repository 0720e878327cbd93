/* SPDX-License-Identifier: Apache-2.0 */
#include "host/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/root.h"
#include "host/cgroup.h"
#include "host/machine.h"
#include "host/process.h"

/* Until all tasks stand still; one that waits for a dead file server never does. */
#define SETTLE_NS UINT64_C(2000000000)
/* What the watchdog exits with. */
#define THAWED_IN_TIME 0
#define THAWED_LATE 1
#define THAW_FAILED 2
/* What became of it otherwise: a signal, or nobody knows. */
#define KILLED 3

/* How one version of the freezer is spoken to. */
struct dialect {
	const char *control, *state; /* files of the group */
	const char *stop, *start;    /* what is written to @control */
	const char *stopped;         /* what @state says then */
};

static const struct dialect dialects[] = {
	[FREEZE_V1] = {"freezer.state", "freezer.state", "FROZEN", "THAWED", "FROZEN"},
	[FREEZE_V2] = {"cgroup.freeze", "cgroup.events", "1", "0", "frozen 1"},
};

struct freeze {
	const struct dialect *dialect;
	int group_fd;
	int control_fd; /* open for writing */
	int leash_fd;   /* the watchdog waits for its other end */
	pid_t watchdog; /* 0: somebody else stopped it */
	uint64_t limit_ns;
	struct sl_time begin;
	uint64_t begin_ns;
};

/* ---- the watchdog: only calls that are allowed between fork() and exec() ---- */

static int thaw(int control_fd, const char *text)
{
	size_t len = strlen(text);

	for (int tries = 0; tries < 100; tries++) {
		struct timespec pause = {.tv_nsec = 10000000};

		if (write(control_fd, text, len) == (ssize_t)len)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return -1;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* True when the other end was closed, false when the time is over. */
static bool is_released(int leash_fd, uint64_t until)
{
	struct pollfd leash = {.fd = leash_fd, .events = POLLIN};

	for (;;) {
		uint64_t now = now_ns();

		if (now >= until)
			return false;
		/* rounded up, or the last millisecond would be spent turning around */
		if (poll(&leash, 1, (int)((until - now) / 1000000 + 1)) > 0)
			return true;
	}
}

static _Noreturn void watch(int control_fd, int leash_fd, const char *start, unsigned int seconds)
{
	uint64_t until = now_ns() + (uint64_t)seconds * 1000000000u;
	bool is_in_time;

	/* a Ctrl-C at the terminal, or a stopped session, is not for it */
	(void)setsid();
	is_in_time = is_released(leash_fd, until);
	if (thaw(control_fd, start) < 0)
		_exit(THAW_FAILED);
	_exit(is_in_time ? THAWED_IN_TIME : THAWED_LATE);
}

/* Everything but the two descriptors goes: evidence must not stay open because of it. */
static _Noreturn void become_watchdog(int control_fd, int leash_fd, const char *start,
				      unsigned int seconds)
{
	/* out of the way first: a caller without standard streams has others at their numbers */
	int control = fcntl(control_fd, F_DUPFD, 3), leash = fcntl(leash_fd, F_DUPFD, 3);

	if (control < 0 || leash < 0 || dup2(control, STDIN_FILENO) < 0 ||
	    dup2(leash, STDOUT_FILENO) < 0)
		_exit(THAW_FAILED);
	(void)close_range(STDERR_FILENO, ~0u, 0);
	watch(STDIN_FILENO, STDOUT_FILENO, start, seconds);
}

/* Signals are blocked across the fork, and stay so in the watchdog: only SIGKILL ends it. */
static int start_watchdog(struct freeze *f, unsigned int seconds, struct sl_error *err)
{
	sigset_t all, before;
	int leash[2];

	if (pipe2(leash, O_CLOEXEC) < 0)
		return sl_fail(err, SL_EIO, errno, "pipe");
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	f->watchdog = fork();
	if (f->watchdog == 0) {
		(void)close(leash[1]);
		become_watchdog(f->control_fd, leash[0], f->dialect->start, seconds);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)close(leash[0]);
	f->leash_fd = leash[1];
	return f->watchdog < 0 ? sl_fail(err, SL_EIO, errno, "watchdog") : 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* Let go of it, and hear how it ended. */
static int release_watchdog(struct freeze *f)
{
	int status = 0;

	close_fd(&f->leash_fd);
	while (waitpid(f->watchdog, &status, 0) < 0)
		if (errno != EINTR)
			return KILLED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED;
}

/* ---- the group ---- */

static int ask_state(const struct freeze *f, bool *is_stopped, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	int rc = root_read_file(f->group_fd, f->dialect->state, ROOT_NO_LINKS, &text, err);

	*is_stopped = rc == 0 && text.len > 0 && strstr(text.data, f->dialect->stopped) != NULL;
	return rc;
}

/* Only ever a file that the kernel made: anything may lie at that path on a disk. */
static int open_control(struct freeze *f, struct sl_error *err)
{
	AUTO_CLOSE int path_fd =
		root_open_path(f->group_fd, f->dialect->control, ROOT_NO_LINKS, err);
	char name[sizeof("/proc/self/fd/") + 11];
	struct statfs fs;

	if (path_fd < 0)
		return path_fd;
	if (fstatfs(path_fd, &fs) < 0 ||
	    (fs.f_type != CGROUP_SUPER_MAGIC && fs.f_type != CGROUP2_SUPER_MAGIC))
		return sl_fail(err, SL_EUNSUPPORTED, 0, "'%s' is no control group's",
			       f->dialect->control);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	f->control_fd = open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return f->control_fd < 0 ? sl_fail(err, SL_EIO, errno, "'%s'", f->dialect->control) : 0;
}

static int stop_all(struct freeze *f, struct sl_error *err)
{
	uint64_t until = now_ns() + SETTLE_NS;
	size_t len = strlen(f->dialect->stop);
	bool is_stopped = false;
	int rc = 0;

	if (write(f->control_fd, f->dialect->stop, len) != (ssize_t)len)
		return sl_fail(err, SL_EIO, errno, "'%s'", f->dialect->control);
	while (rc == 0 && !is_stopped && now_ns() < until) {
		struct timespec pause = {.tv_nsec = 1000000};

		rc = ask_state(f, &is_stopped, err);
		if (rc == 0 && !is_stopped)
			(void)nanosleep(&pause, NULL);
	}
	if (rc == 0 && !is_stopped)
		rc = sl_fail(err, SL_EIO, 0,
			     "not all of its processes could be stopped within 2 s");
	return rc;
}

static void free_freeze(struct freeze *f)
{
	close_fd(&f->group_fd);
	close_fd(&f->control_fd);
	close_fd(&f->leash_fd);
	free(f);
}

int freeze_group(int group_fd, enum freeze_version version, unsigned int seconds,
		 struct freeze **out, struct sl_error *err)
{
	struct freeze *f = calloc(1, sizeof(*f));
	bool is_stopped;
	int rc;

	if (f == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "freezer");
	*f = (struct freeze){.dialect = &dialects[version],
			     .control_fd = -1,
			     .leash_fd = -1,
			     .limit_ns = (uint64_t)seconds * 1000000000u};
	f->group_fd = fcntl(group_fd, F_DUPFD_CLOEXEC, 3);
	rc = f->group_fd < 0 ? sl_fail(err, SL_EIO, errno, "control group")
			     : ask_state(f, &is_stopped, err);
	if (rc == 0 && is_stopped)
		rc = 1;
	if (rc == 0)
		rc = open_control(f, err);
	if (rc == 0)
		rc = start_watchdog(f, seconds, err);
	if (rc == 0) {
		rc = stop_all(f, err);
		if (rc < 0)
			(void)release_watchdog(f);
	}
	if (rc < 0) {
		free_freeze(f);
		return rc;
	}
	f->begin = clock_now();
	f->begin_ns = now_ns();
	*out = f;
	return rc;
}

int freeze_end(struct freeze *f, struct freeze_times *out, struct sl_error *err)
{
	bool is_stopped = false;
	/* a group that is gone was started by nobody */
	bool is_running = ask_state(f, &is_stopped, NULL) == 0 && !is_stopped;
	int ended, rc = 0;

	*out = (struct freeze_times){.begin = f->begin,
				     .started = is_running,
				     .was_paused = f->watchdog == 0,
				     .by = f->dialect->control};
	if (out->was_paused) {
		out->ns = now_ns() - f->begin_ns;
		free_freeze(f);
		return 0;
	}
	ended = release_watchdog(f);
	out->ns = now_ns() - f->begin_ns;
	out->expired = ended == THAWED_LATE;
	out->unwatched = ended == KILLED;
	/* the watchdog was in time, whenever it was asked */
	if (out->expired && out->ns > f->limit_ns)
		out->ns = f->limit_ns;
	out->started = is_running && !out->expired;
	/* then nobody else does it */
	if ((ended == THAW_FAILED || ended == KILLED) && thaw(f->control_fd, f->dialect->start) < 0)
		rc = sl_fail(err, SL_EIO, errno, "cannot write '%s' to '%s'", f->dialect->start,
			     f->dialect->control);
	/* a group that is gone holds nobody any more */
	if (rc == 0 && ask_state(f, &is_stopped, NULL) == 0 && is_stopped)
		rc = sl_fail(err, SL_EIO, 0, "it stands still after '%s' was written to '%s'",
			     f->dialect->start, f->dialect->control);
	free_freeze(f);
	return rc;
}

/* ---- the container's group ---- */

/* Its own, by name: what a group is called that holds this container alone. */
static bool is_own(const struct cgroup *group, struct sl_bytes path)
{
	return path.len > 1 && group->id.len > 0 && !group->is_monitor &&
	       memmem(path.data, path.len, group->id.data, group->id.len) != NULL &&
	       memmem(path.data, path.len, "/..", 3) == NULL;
}

static bool holds(struct sl_bytes group, struct sl_bytes path)
{
	return path.len >= group.len && memcmp(path.data, group.data, group.len) == 0 &&
	       (path.len == group.len || path.data[group.len] == '/');
}

static int read_cgroup(int pid_fd, struct buf *text, struct cgroup *out, struct sl_error *err)
{
	int rc = process_read(pid_fd, "cgroup", text, err);

	return rc < 0 ? rc : cgroup_parse(out, text->data, text->len, err);
}

/* This process as the examined /proc numbers it, which may be that of an outer namespace. */
static int open_self(int proc_fd)
{
	char number[24] = {0};

	if (readlinkat(proc_fd, "self", number, sizeof(number) - 1) <= 0)
		return -1;
	return process_open(proc_fd, strtoll(number, NULL, 10), NULL);
}

/* Who stops itself starts nothing again. */
static int refuse_own_group(const struct host *h, enum freeze_version version, struct sl_bytes path,
			    struct sl_error *err)
{
	AUTO_CLOSE int self_fd = open_self(h->place.proc_fd);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CGROUP_FILE_MAX);
	struct cgroup own;
	int rc;

	if (self_fd < 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "where this program runs is not to be seen");
	rc = read_cgroup(self_fd, &text, &own, err);
	if (rc == 0 && holds(path, version == FREEZE_V1 ? own.freezer : own.unified))
		rc = sl_fail(err, SL_EUNSUPPORTED, 0, "this program runs in it");
	return rc;
}

static int open_group(const struct host *h, const char *hierarchy, struct sl_bytes path,
		      struct sl_error *err)
{
	AUTO_FREE char *name = NULL;

	if (asprintf(&name, "%s%.*s", hierarchy, (int)path.len, path.data) < 0) {
		name = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "control group");
	}
	return root_open_subdir(h->place.root_fd, name, ROOT_FOLLOW_INSIDE, err);
}

static int freeze_at(const struct host *h, enum freeze_version version, struct sl_bytes path,
		     unsigned int seconds, struct freeze **out, struct sl_error *err)
{
	static const char *const places[][2] = {
		[FREEZE_V1] = {"sys/fs/cgroup/freezer", NULL},
		[FREEZE_V2] = {"sys/fs/cgroup", "sys/fs/cgroup/unified"},
	};
	AUTO_CLOSE int fd = open_group(h, places[version][0], path, NULL);
	int rc = refuse_own_group(h, version, path, err);

	if (rc < 0)
		return rc;
	if (fd < 0 && places[version][1] != NULL)
		fd = open_group(h, places[version][1], path, NULL);
	if (fd < 0)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "its control group is not in reach");
	return freeze_group(fd, version, seconds, out, err);
}

int host_freeze(const struct host *h, const struct sl_container *c, unsigned int seconds,
		struct freeze **out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CGROUP_FILE_MAX);
	AUTO_CLOSE int pid_fd = -1;
	struct process_stat st;
	struct cgroup group;
	int rc;

	if (h->place.proc_fd < 0 || c->pid <= 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "it does not run here");
	pid_fd = process_open_living(h->place.proc_fd, c->pid, &st, err);
	if (pid_fd < 0)
		return pid_fd;
	if (c->has_pid_start && st.start != c->pid_start)
		return sl_fail(err, SL_ENOTFOUND, 0, "its first process has ended");
	rc = read_cgroup(pid_fd, &text, &group, err);
	if (rc < 0)
		return rc;
	/* with both versions mounted, what is in version 1 is what engines made for it */
	if (is_own(&group, group.freezer))
		return freeze_at(h, FREEZE_V1, group.freezer, seconds, out, err);
	if (is_own(&group, group.unified))
		return freeze_at(h, FREEZE_V2, group.unified, seconds, out, err);
	return sl_fail(err, SL_EUNSUPPORTED, 0, "it has no control group of its own");
}
