/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stop all processes of a container for a while, so that what is read belongs to one moment. The
 * only thing in this program that changes a running system, and only when it is asked for: the
 * kernel's freezer for control groups, version 2 (cgroup.freeze) or 1 (freezer.state), as in
 * Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/freezer-subsystem.rst of Linux.
 *
 * A process of its own, the watchdog, starts the container again when the caller says so, when the
 * caller ends, however it ends, and when the time is over. It is there before anything is stopped.
 */
#ifndef HOST_FREEZE_H
#define HOST_FREEZE_H

#include <strandline/container.h>

struct host;
struct freeze;

struct freeze_times {
	struct sl_time begin; /* when all of it stood still */
	uint64_t ns;          /* for how long */
	bool expired;         /* its time was over before freeze_end() */
	bool started;         /* somebody else started it again before that */
	bool was_paused;      /* somebody else had stopped it, and freeze_end() left it alone */
	bool unwatched;       /* the watchdog was killed: freeze_end() started it, no limit held */
	const char *by;       /* the group's file by which it was stopped: static */
};

/* What people are told then. */
#define FREEZE_UNWATCHED                                                                           \
	"the watchdog of the standstill was killed: nothing would have started the container "     \
	"again had this program ended, too"

/*
 * Stop a running container for at most @seconds. End with freeze_end().
 *
 * @return 0; 1 when it is stopped already (paused): nothing is done, but freeze_end() will know
 *         whether it stayed so;
 *         -SL_EUNSUPPORTED when it has no control group of its own that can be stopped, or this
 *         program is in it; -SL_ENOTFOUND when it does not run; -SL_EIO
 */
int host_freeze(const struct host *h, const struct sl_container *c, unsigned int seconds,
		struct freeze **out, struct sl_error *err);

/* Start it again, and free. Negative: it may still stand still, and the message says where. */
int freeze_end(struct freeze *f, struct freeze_times *out, struct sl_error *err);

/*
 * The two halves beneath the name of a container, for tests: a group's directory (O_PATH), and what
 * its control file is.
 */
enum freeze_version { FREEZE_V1 = 1, FREEZE_V2 = 2 };
int freeze_group(int group_fd, enum freeze_version version, unsigned int seconds,
		 struct freeze **out, struct sl_error *err);

#endif
