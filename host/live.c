/* SPDX-License-Identifier: Apache-2.0 */
#include "host/live.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/alive.h"
#include "host/cgroup.h"
#include "host/freezer.h"
#include "host/livetable.h"

/* Look at everything, once. */
static int look_once(struct live *live, struct sl_error *err)
{
	int rc;

	if (live->looked)
		return 0;
	rc = processes_read(&live->processes, live->place->proc_fd, live->place->root_fd, err);
	if (rc == 0)
		rc = overlays_read(&live->overlays, live->place, &live->processes, err);
	live->looked = rc == 0;
	if (rc < 0)
		processes_clear(&live->processes);
	return rc;
}

/* One gap for all of them: what was not looked at may be a container. */
static int tell_gaps(const struct live *live, host_gap_fn gap, void *payload, struct sl_error *err)
{
	const struct processes *p = &live->processes;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

	if (p->denied == 0 && !p->is_hidden && live->overlays.unread == 0)
		return 0;
	if (p->is_hidden)
		(void)sl_fail(&why, SL_EIO, EACCES,
			      "processes of other users are hidden (hidepid): run as root");
	else
		(void)sl_fail(&why, SL_EIO, EACCES, "%zu processes could not be looked at: %s",
			      p->denied + live->overlays.unread,
			      geteuid() == 0 ? "something forbids it even to root" : "run as root");
	return why.code == SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "processes")
				     : store_gap(gap, payload, "/proc", &why);
}

int live_look(struct host *h, host_gap_fn gap, void *payload, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct live *live;
	int rc;

	if (h->place.proc_fd < 0)
		return 0;
	rc = live_get(h, &live, err);
	if (rc < 0)
		return rc;
	rc = look_once(live, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	return rc < 0 ? store_gap(gap, payload, "/proc", &why) : tell_gaps(live, gap, payload, err);
}

void live_set_clear(struct live_set *set)
{
	free(set->some);
	*set = (struct live_set){0};
}

/* All processes of a view. */
static int set_add(const struct live *live, struct live_set *set, size_t view, struct sl_error *err)
{
	const struct process_view *v = &live->processes.views[view];
	size_t *grown = reallocarray(set->some, set->count + v->count + 1, sizeof(*grown));

	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	set->some = grown;
	memcpy(grown + set->count, live->processes.by_view + v->first, v->count * sizeof(*grown));
	set->count += v->count;
	return 0;
}

int live_on_overlay(const struct live *live, size_t overlay, struct live_set *out,
		    struct sl_error *err)
{
	int rc = 0;

	*out = (struct live_set){0};
	for (size_t v = 0; rc == 0 && v < live->processes.view_count; v++)
		if (live->overlays.views[v].root == overlay)
			rc = set_add(live, out, v, err);
	return rc;
}

/* Those whose root directory is that directory itself. */
static int on_directory(const struct live *live, const struct stat *dir, struct live_set *out,
			struct sl_error *err)
{
	int rc = 0;

	*out = (struct live_set){0};
	for (size_t v = 0; rc == 0 && v < live->processes.view_count; v++)
		if (live->processes.views[v].dev == dir->st_dev &&
		    live->processes.views[v].inode == dir->st_ino)
			rc = set_add(live, out, v, err);
	return rc;
}

/* One more sentence to c->note. */
static SL_PRINTF(3, 4) int add_note(struct sl_container *c, struct sl_error *err, const char *fmt,
				    ...)
{
	AUTO_FREE char *text = NULL;
	char *note = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	if (c->note == NULL) {
		c->note = take_ptr(&text);
		return 0;
	}
	if (asprintf(&note, "%s; %s", c->note, text) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	free(c->note);
	c->note = note;
	return 0;
}

static bool runs(const struct sl_container *c)
{
	return c->state == SL_STATE_RUNNING || c->state == SL_STATE_PAUSED;
}

/* ---- what the first process tells ---- */

static int describe_cgroup(const struct live *live, struct sl_container *c, int pid_fd,
			   struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CGROUP_FILE_MAX);
	enum freezer freezer;
	struct cgroup group;

	if (process_read(pid_fd, "cgroup", &text, NULL) < 0 || text.len == 0 ||
	    cgroup_parse(&group, text.data, text.len, NULL) < 0)
		return 0;
	free(c->cgroup);
	c->cgroup = strndup(group.path.data, group.path.len);
	if (c->cgroup == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	freezer = freezer_of(live->place->root_fd, &group);
	if (freezer == FREEZER_FROZEN)
		c->state = SL_STATE_PAUSED;
	else if (freezer == FREEZER_RUNS && c->state == SL_STATE_PAUSED)
		c->state = SL_STATE_RUNNING;
	return 0;
}

int live_describe(const struct live *live, struct sl_container *c, struct sl_error *err)
{
	struct process_stat st;
	AUTO_CLOSE int pid_fd = process_open_living(live->place->proc_fd, c->pid, &st, NULL);
	const struct {
		const char *name;
		uint64_t *number;
	} spaces[] = {
		{"mnt", &c->namespaces.mnt},       {"pid", &c->namespaces.pid},
		{"net", &c->namespaces.net},       {"user", &c->namespaces.user},
		{"ipc", &c->namespaces.ipc},       {"uts", &c->namespaces.uts},
		{"cgroup", &c->namespaces.cgroup},
	};

	if (pid_fd < 0)
		return 0; /* gone since */
	c->has_pid_start = true;
	c->pid_start = st.start;
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (process_namespace(pid_fd, spaces[i].name, spaces[i].number, NULL) < 0)
			*spaces[i].number = 0;
	return describe_cgroup(live, c, pid_fd, err);
}

/* ---- a container of a store ---- */

/* The overlay over the container's own upper directory; OVERLAYS_NONE. */
static int own_overlay(struct live *live, const struct sl_container *c, size_t *out,
		       struct sl_error *err)
{
	struct stat st;

	*out = OVERLAYS_NONE;
	if (c->stack.upper_fd < 0 || c->stack.is_whole || fstat(c->stack.upper_fd, &st) < 0)
		return 0;
	return overlays_by_upper(&live->overlays, &st, out, err);
}

/* The first of the processes that run in the container's own directories, or NULL. */
static int first_by_mounts(struct live *live, const struct sl_container *c,
			   const struct process **out, struct sl_error *err)
{
	CLEANUP(live_set_clear) struct live_set set = {0};
	struct stat st;
	size_t overlay;
	int rc = own_overlay(live, c, &overlay, err);

	*out = NULL;
	if (rc == 0 && overlay != OVERLAYS_NONE)
		rc = live_on_overlay(live, overlay, &set, err);
	else if (rc == 0 && c->stack.is_whole && c->stack.upper_fd >= 0 &&
		 fstat(c->stack.upper_fd, &st) == 0)
		rc = on_directory(live, &st, &set, err);
	if (rc == 0)
		*out = processes_first(&live->processes, set.some, set.count, live->place->proc_fd);
	return rc;
}

/* Is the root directory of this process certainly another one than the container's? */
static int has_other_root(struct live *live, const struct sl_container *c,
			  const struct process *process, bool *out, struct sl_error *err)
{
	const struct overlay *overlay;
	struct stat st;
	size_t at;
	int rc;

	*out = false;
	if (process->view == PROCESSES_NO_VIEW || c->stack.upper_fd < 0 || c->stack.is_whole ||
	    fstat(c->stack.upper_fd, &st) < 0)
		return 0;
	at = live->overlays.views[process->view].root;
	if (at == OVERLAYS_NONE)
		return 0;
	rc = overlays_look(&live->overlays, at, err);
	overlay = &live->overlays.all[at];
	*out = overlay->has_upper &&
	       (overlay->upper_dev != st.st_dev || overlay->upper_inode != st.st_ino);
	return rc;
}

/* By the name of their control group: the id, or as containerd's client makes it. */
static int first_by_cgroup(struct live *live, const struct sl_container *c,
			   const struct process **out, struct sl_error *err)
{
	const struct processes *p = &live->processes;
	AUTO_FREE char *guess = NULL;
	size_t first, count = processes_by_id(p, c->id, &first);

	*out = NULL;
	if (count == 0 && c->ns != NULL) {
		if (asprintf(&guess, "%s/%s", c->ns, c->id) < 0) {
			guess = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "container");
		}
		count = processes_by_id(p, guess, &first);
	}
	if (count > 0)
		*out = processes_first(p, p->by_id + first, count, live->place->proc_fd);
	return 0;
}

/* Nothing was found. Is that because there is nothing? */
static bool saw_everything(const struct live *live)
{
	return live->processes.denied == 0 && !live->processes.is_hidden &&
	       !live->processes.is_inner;
}

static int found_by_mounts(struct sl_container *c, const struct process *process,
			   struct sl_error *err)
{
	const char *said = sl_state_name(c->state);
	bool known = c->state == SL_STATE_UNKNOWN || runs(c);

	c->pid = process->pid;
	if (!runs(c))
		c->state = SL_STATE_RUNNING;
	return known ? 0
		     : add_note(c, err,
				"its store says '%s', but process %" PRId64
				" runs in its directories",
				said, process->pid);
}

static int found_by_cgroup(struct live *live, struct sl_container *c, const struct process *process,
			   struct sl_error *err)
{
	bool other = false;
	int rc = has_other_root(live, c, process, &other, err);

	if (rc < 0)
		return rc;
	if (other) {
		if (c->state == SL_STATE_UNKNOWN)
			c->state = SL_STATE_EXITED;
		return add_note(c, err,
				"process %" PRId64 " is in its control group, but runs in other "
				"directories",
				process->pid);
	}
	c->pid = process->pid;
	c->state = runs(c) ? c->state : SL_STATE_RUNNING;
	return 0;
}

/* The store names no process that lives: look for one. */
static int search(struct live *live, struct sl_container *c, struct sl_error *err)
{
	const struct process *process = NULL;
	int rc = look_once(live, err);

	if (rc < 0) /* the state is what the store says; a listing has said why */
		return rc == -SL_ENOMEM ? rc : 0;
	rc = first_by_mounts(live, c, &process, err);
	if (rc < 0)
		return rc;
	if (process != NULL)
		return found_by_mounts(c, process, err);
	/* a group's name alone does not outweigh a store that says otherwise */
	if (c->state == SL_STATE_UNKNOWN || runs(c)) {
		rc = first_by_cgroup(live, c, &process, err);
		if (rc == 0 && process != NULL)
			return found_by_cgroup(live, c, process, err);
	}
	if (rc == 0 && c->state == SL_STATE_UNKNOWN && saw_everything(live))
		c->state = SL_STATE_EXITED;
	return rc;
}

/* The named process bears the container's id. Does it run in its directories, too? */
static int doubt(struct live *live, struct sl_container *c, struct sl_error *err)
{
	const struct process *process;
	bool other = false;
	int rc;

	if (!live->looked)
		return 0; /* the store and the kernel agree: not worth a look at everything */
	process = processes_by_pid(&live->processes, c->pid);
	if (process == NULL)
		return 0;
	rc = has_other_root(live, c, process, &other, err);
	if (rc == 0 && other)
		rc = add_note(c, err,
			      "process %" PRId64 " bears its id, but runs in other directories",
			      c->pid);
	return rc;
}

/* Is /proc that of an inner pid namespace? Cheaper than a look at everything. */
static bool is_inner(const struct live *live)
{
	return live->looked ? live->processes.is_inner : processes_is_inner(live->place->proc_fd);
}

/* The store keeps saying "running" when the machine went down before the engine did. */
static int settle_claim(struct live *live, struct sl_container *c, struct sl_error *err)
{
	int rc;

	if (alive_check(live->place->proc_fd, c->pid, c->id) != ALIVE_NO)
		return doubt(live, c, err);
	c->pid = 0;
	rc = search(live, c, err);
	if (c->pid == 0)
		c->state = is_inner(live) ? SL_STATE_UNKNOWN : SL_STATE_EXITED;
	return rc;
}

int live_settle(struct host *h, struct sl_container *c, struct sl_error *err)
{
	struct live *live;
	int rc;

	if (h->place.proc_fd < 0) {
		c->pid = 0;
		return 0;
	}
	rc = live_get(h, &live, err);
	if (rc < 0)
		return rc;
	if (!runs(c))
		c->pid = 0;
	rc = c->pid > 0 ? settle_claim(live, c, err) : search(live, c, err);
	return rc == 0 && c->pid > 0 ? live_describe(live, c, err) : rc;
}
