/* SPDX-License-Identifier: Apache-2.0 */
#include "host/tmpfsmounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/machine.h"
#include "host/process.h"
#include "host/procmounts.h"

void tmpfs_mounts_clear(struct tmpfs_mounts *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->items[i].point);
	free(m->items);
	for (size_t i = 0; i < m->point_count; i++)
		free(m->points[i]);
	free(m->points);
	*m = (struct tmpfs_mounts){0};
}

static bool is_same(const struct procmount *a, const struct procmount *b)
{
	return a->major == b->major && a->minor == b->minor;
}

/* A directory that an engine made for this container or its pod bears an id of theirs. */
static bool is_made_for(const struct sl_container *c, const char *path)
{
	const char *ids[] = {c->id, c->pod != NULL ? c->pod->sandbox : NULL,
			     c->pod != NULL ? c->pod->uid : NULL};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (ids[i] != NULL && ids[i][0] != '\0' && strstr(path, ids[i]) != NULL)
			return true;
	return false;
}

/* Does the machine see it too, at a place that is not this container's? */
static bool is_of_machine(const struct procmounts *machine, const struct sl_container *c,
			  const struct procmount *mount)
{
	bool is_seen = false;

	for (size_t i = 0; i < machine->count; i++) {
		if (!is_same(&machine->items[i], mount))
			continue;
		if (is_made_for(c, machine->items[i].point))
			return false;
		is_seen = true;
	}
	return is_seen;
}

static bool is_listed(const struct tmpfs_mounts *out, const struct procmount *mount)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i].major == mount->major && out->items[i].minor == mount->minor)
			return true;
	return false;
}

static int add(struct tmpfs_mounts *out, const struct procmount *mount)
{
	char *point = strdup(mount->point);

	if (point == NULL)
		return -SL_ENOMEM;
	out->items[out->count++] = (struct tmpfs_mount){point, mount->major, mount->minor};
	return 0;
}

/* Whole file systems first: a part of one that is listed would be taken twice. */
static int choose(struct tmpfs_mounts *out, const struct procmounts *all,
		  const struct procmounts *machine, const struct sl_container *c)
{
	int rc = 0;

	for (int whole = 1; whole >= 0; whole--)
		for (size_t i = 0; rc == 0 && i < all->count; i++) {
			const struct procmount *m = &all->items[i];

			if (m->is_tmpfs && (strcmp(m->root, "/") == 0) == (whole == 1) &&
			    !is_listed(out, m) && !is_of_machine(machine, c, m))
				rc = add(out, m);
		}
	return rc;
}

static int compare_points(const void *a, const void *b)
{
	const struct tmpfs_mount *x = a, *y = b;

	return strcmp(x->point, y->point);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int fill(struct tmpfs_mounts *out, const struct procmounts *all,
		const struct procmounts *machine, const struct sl_container *c,
		struct sl_error *err)
{
	out->items = calloc(all->count + 1, sizeof(*out->items));
	out->points = calloc(all->count + 1, sizeof(*out->points));
	if (out->items == NULL || out->points == NULL || choose(out, all, machine, c) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "mounts");
	for (size_t i = 0; i < all->count; i++) {
		out->points[i] = strdup(all->items[i].point);
		if (out->points[i] == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "mounts");
		out->point_count++;
	}
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), compare_points);
	if (out->point_count > 1)
		qsort(out->points, out->point_count, sizeof(*out->points), compare_names);
	return 0;
}

static bool read_machine(const struct host *h, struct procmounts *out)
{
	AUTO_CLOSE int self = openat(h->place.proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return self >= 0 && procmounts_read(out, self, NULL) == 0;
}

int host_tmpfs_mounts(struct host *h, const struct sl_container *c, struct tmpfs_mounts *out,
		      const char **why, struct sl_error *err)
{
	CLEANUP(procmounts_clear) struct procmounts all = {0};
	CLEANUP(procmounts_clear) struct procmounts machine = {0};
	AUTO_CLOSE int fd = process_open(h->place.proc_fd, c->pid, NULL);
	struct process_stat st;

	*out = (struct tmpfs_mounts){0};
	*why = "its first process has ended";
	if (fd < 0 || process_stat(fd, &st, NULL) < 0 ||
	    (c->has_pid_start && st.start != c->pid_start))
		return 1;
	*why = "what is mounted in the container cannot be read";
	if (procmounts_read(&all, fd, NULL) < 0)
		return 1;
	*why = "what is mounted on the machine cannot be read";
	if (!read_machine(h, &machine))
		return 1;
	return fill(out, &all, &machine, c, err);
}

bool tmpfs_mounts_has(const struct tmpfs_mounts *m, const char *path)
{
	return m->point_count > 0 &&
	       bsearch(&path, m->points, m->point_count, sizeof(*m->points), compare_names) != NULL;
}
