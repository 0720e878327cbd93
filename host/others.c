/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that no store knows: started by hand, nested in another container, or taken out of
 * their engine's records. They are found as overlays that are the root of a process or hold a root
 * file system, and in what runc and crun remember.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/livetable.h"
#include "host/runtimes.h"

/* Longest id that is taken from a control group or a runtime. */
#define ID_MAX 128

/* ---- one look for others ---- */

struct state_root {
	struct stat st; /* of its root directory */
	bool known;
	bool holds; /* a root file system is in it */
	bool used;  /* it gave an overlay its name */
};

struct finder {
	struct live *live;
	const struct owned *owned;
	struct runtime_states states;
	struct state_root *roots; /* of each state */
	struct store_list *out;
	struct sl_error *err;
};

static void finder_clear(struct finder *f)
{
	runtimes_clear(&f->states);
	free(f->roots);
}

/* Something that can be typed, and that does nothing to a terminal. */
static bool is_plain_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= ID_MAX && strcmp(id, ".") != 0 && strcmp(id, "..") != 0 &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-") ==
		       len;
}

static bool is_taken(const struct finder *f, const char *id)
{
	for (size_t i = 0; i < f->out->count; i++)
		if (f->out->rows[i].store == &f->live->store && strcmp(f->out->rows[i].id, id) == 0)
			return true;
	return owned_has_id(f->owned, id);
}

/* Takes over what is in @other, also on failure. */
static int add(struct finder *f, struct other *other)
{
	struct live *live = f->live;
	struct other *grown = reallocarray(live->others, live->other_count + 1, sizeof(*grown));
	struct store_name row = {.store = &live->store};

	if (grown != NULL)
		live->others = grown;
	if (grown == NULL || other->id == NULL || (row.id = strdup(other->id)) == NULL ||
	    asprintf(&row.key, "%zu", live->other_count) < 0) {
		free(row.id);
		free(other->id);
		free(other->rootfs);
		free(other->note);
		return sl_fail(f->err, SL_ENOMEM, 0, "containers");
	}
	row.running = other->pid > 0;
	grown[live->other_count++] = *other;
	return store_list_add(f->out, &row, f->err);
}

/* Something that could be a container's root: mounts of other kinds have no /etc beside /bin. */
static bool holds_rootfs(int merged_fd)
{
	static const char *const programs[] = {"bin", "usr", "sbin"};
	AUTO_CLOSE int etc = root_open_path(merged_fd, "etc", ROOT_NO_LINKS, NULL);

	for (size_t i = 0; etc >= 0 && i < ARRAY_SIZE(programs); i++) {
		AUTO_CLOSE int fd = root_open_path(merged_fd, programs[i], ROOT_NO_LINKS, NULL);

		if (fd >= 0)
			return true;
	}
	return false;
}

/* Where the runtimes' containers have their root directories, looked at once. */
static int look_at_roots(struct finder *f)
{
	f->roots = calloc(f->states.count + 1, sizeof(*f->roots));
	if (f->roots == NULL)
		return sl_fail(f->err, SL_ENOMEM, 0, "containers");
	for (size_t i = 0; i < f->states.count; i++) {
		const char *rootfs = f->states.all[i].rootfs;
		AUTO_CLOSE int fd = rootfs == NULL
					    ? -1
					    : root_open_subdir(f->live->place->root_fd, rootfs,
							       ROOT_FOLLOW_INSIDE, NULL);

		f->roots[i].known = fd >= 0 && fstat(fd, &f->roots[i].st) == 0;
		f->roots[i].holds = f->roots[i].known && holds_rootfs(fd);
	}
	return 0;
}

/* The state whose container has this process for its first, or this root directory. */
static const struct runtime_state *state_of(struct finder *f, const struct process *process,
					    const struct stat *merged)
{
	for (size_t i = 0; i < f->states.count; i++) {
		const struct runtime_state *s = &f->states.all[i];
		struct state_root *root = &f->roots[i];
		bool same = process != NULL && s->pid == process->pid && s->start == process->start;

		same = same ||
		       (root->known && merged != NULL && root->st.st_dev == merged->st_dev &&
			root->st.st_ino == merged->st_ino);
		if (!same)
			continue;
		root->used = true;
		return s;
	}
	return NULL;
}

/* What to call it: as its control group does, as its runtime does, else by its mount. */
static char *name_overlay(const struct finder *f, const struct process *process,
			  const struct runtime_state *state, const struct overlay *overlay)
{
	char *id = NULL;

	if (process != NULL && process->id != NULL && !process->id_is_guess &&
	    is_plain_id(process->id) && !is_taken(f, process->id))
		return strdup(process->id);
	if (state != NULL && is_plain_id(state->id) && !is_taken(f, state->id))
		return strdup(state->id);
	return asprintf(&id, "mount-%" PRIu32 "-%" PRIu32, overlay->major, overlay->minor) < 0
		       ? NULL
		       : id;
}

static int note_overlay(struct other *other, const struct process *process)
{
	const char *engine = process != NULL ? process->engine : NULL;
	int n;

	if (process == NULL)
		n = asprintf(&other->note, "in no store; mounted, and nothing runs in it");
	else if (engine != NULL && strcmp(engine, "other") != 0)
		n = asprintf(&other->note, "in no store; its control group is named as by %s",
			     engine);
	else
		n = asprintf(&other->note, "in no store");
	if (n < 0)
		other->note = NULL;
	return n < 0 ? -SL_ENOMEM : 0;
}

/* Whether a store has it: by its upper directory, or where that cannot be found by an id. */
static int is_owned(struct finder *f, size_t at, const struct live_set *set, bool *out)
{
	struct overlays *o = &f->live->overlays;
	int rc = overlays_look(o, at, f->err);

	*out = false;
	if (rc < 0)
		return rc;
	if (o->all[at].has_upper) {
		*out = owned_has_dir(f->owned, o->all[at].upper_dev, o->all[at].upper_inode);
		return 0;
	}
	for (size_t i = 0; !*out && i < set->count; i++) {
		const struct process *p = &f->live->processes.all[set->some[i]];

		*out = p->id != NULL && owned_has_id(f->owned, p->id);
	}
	return 0;
}

/* The root of the machine itself may be an overlay. */
static bool is_machine(const struct live *live, size_t overlay)
{
	size_t view = live->overlays.all[overlay].root_view;

	return view != PROCESSES_NO_VIEW && live->processes.views[view].is_machine;
}

static int find_overlay(struct finder *f, size_t at)
{
	CLEANUP(live_set_clear) struct live_set set = {0};
	const struct processes *p = &f->live->processes;
	struct other other = {.overlay = at};
	const struct runtime_state *state;
	const struct process *process;
	struct stat st;
	bool owned = false;
	int rc = live_on_overlay(f->live, at, &set, f->err);
	AUTO_CLOSE int merged = -1;

	if (rc == 0)
		rc = is_owned(f, at, &set, &owned);
	if (rc < 0 || owned || is_machine(f->live, at))
		return rc;
	process = processes_first(p, set.some, set.count, f->live->place->proc_fd);
	merged = overlays_open_merged(&f->live->overlays, at, NULL);
	if (process == NULL && (merged < 0 || !holds_rootfs(merged)))
		return 0;
	state = state_of(f, process, merged >= 0 && fstat(merged, &st) == 0 ? &st : NULL);
	other.id = name_overlay(f, process, state, &f->live->overlays.all[at]);
	other.pid = process != NULL ? process->pid : 0;
	other.start = process != NULL ? process->start : 0;
	if (other.id == NULL || note_overlay(&other, process) < 0) {
		free(other.id);
		return sl_fail(f->err, SL_ENOMEM, 0, "containers");
	}
	return add(f, &other);
}

static bool is_alive(const struct finder *f, int64_t pid, uint64_t start)
{
	const struct process *p = processes_by_pid(&f->live->processes, pid);

	return pid > 0 && p != NULL && p->start == start;
}

/* A container of runc or crun on a plain directory. What only left its name behind is none. */
static int find_state(struct finder *f, size_t at)
{
	const struct runtime_state *s = &f->states.all[at];
	const struct state_root *root = &f->roots[at];
	struct other other = {.overlay = OVERLAYS_NONE, .pid = s->pid, .start = s->start};

	if (!root->holds && !is_alive(f, s->pid, s->start))
		return 0;
	if (root->used || !is_plain_id(s->id) || is_taken(f, s->id) ||
	    (root->known && owned_has_dir(f->owned, root->st.st_dev, root->st.st_ino)))
		return 0;
	other.id = strdup(s->id);
	other.rootfs = strdup(s->rootfs != NULL ? s->rootfs : "");
	if (other.id == NULL || other.rootfs == NULL ||
	    asprintf(&other.note, "in no store; known to %s", s->dir) < 0) {
		free(other.id);
		free(other.rootfs);
		return sl_fail(f->err, SL_ENOMEM, 0, "containers");
	}
	return add(f, &other);
}

int live_others(struct host *h, const struct owned *owned, struct store_list *out, host_gap_fn gap,
		void *payload, struct sl_error *err)
{
	struct finder f CLEANUP(finder_clear) = {.owned = owned, .out = out, .err = err};
	int rc;

	if (h->place.proc_fd < 0)
		return 0;
	rc = live_get(h, &f.live, err);
	if (rc == 0)
		rc = live_look(h, NULL, NULL, err);
	if (rc < 0 || !f.live->looked)
		return rc;
	rc = runtimes_read(&f.states, h->place.root_fd, gap, payload, err);
	if (rc != 0)
		return rc;
	rc = look_at_roots(&f);
	for (size_t i = 0; rc == 0 && i < f.live->overlays.count; i++)
		rc = find_overlay(&f, i);
	for (size_t i = 0; rc == 0 && i < f.states.count; i++)
		rc = find_state(&f, i);
	return rc;
}
