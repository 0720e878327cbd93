/* SPDX-License-Identifier: Apache-2.0 */
/* Where the directories of a mounted overlay are. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/overlayopts.h"
#include "host/overlays.h"

/* So many directories are tried above one that is known: ".../ID/fs" beside "45/fs". */
#define BASES_MAX 3
/* A directory that changes between two looks is looked at again. */
#define LOOKS_MAX 3
/* Generations of processes whose mounts may be the mounter's. */
#define PARENTS_MAX 8

/* Somewhere that a path of the options may start from. */
struct base {
	int root_fd;  /* O_PATH: "/" of a mount namespace */
	int64_t pid;  /* whose that is; 0: the examined root */
	char *prefix; /* for relative paths; "" when none is known */
};

/* An overlay about to be found. */
struct search {
	const struct overlays *all;
	const struct overlay *overlay;
	struct overlayopts opts;
	int merged_fd;
	/* found: */
	struct base base;
	int upper_fd;
};

#define SEARCH_INIT ((struct search){.merged_fd = -1, .upper_fd = -1, .base = {.root_fd = -1}})

static void base_clear(struct base *b)
{
	if (b->root_fd >= 0)
		close(b->root_fd);
	free(b->prefix);
	*b = (struct base){.root_fd = -1};
}

static void search_clear(struct search *s)
{
	overlayopts_clear(&s->opts);
	base_clear(&s->base);
	if (s->merged_fd >= 0)
		close(s->merged_fd);
	if (s->upper_fd >= 0)
		close(s->upper_fd);
}

static int open_view_root(const struct overlays *o, size_t view, int64_t *pid, struct sl_error *err)
{
	AUTO_CLOSE int pid_fd =
		processes_open_view(o->processes, view, o->place->proc_fd, pid, err);

	return pid_fd < 0 ? pid_fd : process_open_root(pid_fd, err);
}

/* The same where paths are opened beneath it. */
static int open_view_base(const struct overlays *o, size_t view, int64_t *pid, struct sl_error *err)
{
	if (o->views[view].is_slow)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "its mount namespace has file systems that may not answer");
	return open_view_root(o, view, pid, err);
}

int overlays_open_merged(const struct overlays *o, size_t at, struct sl_error *err)
{
	const struct overlay *overlay = &o->all[at];
	int64_t pid;

	if (overlay->root_view != PROCESSES_NO_VIEW)
		return open_view_root(o, overlay->root_view, &pid, err);
	for (size_t i = 0; i < overlay->place_count; i++) {
		const struct overlay_place *p = &overlay->places[i];
		AUTO_CLOSE int root = open_view_base(o, p->view, &pid, NULL);
		AUTO_CLOSE int fd =
			root >= 0 ? root_open_subdir(root, p->point, ROOT_NO_LINKS, NULL) : -1;
		struct statx st;

		/* another mount may lie over it */
		if (fd >= 0 && kernel_statx(fd, "", AT_EMPTY_PATH, &st) == 0 &&
		    st.stx_dev_major == overlay->major && st.stx_dev_minor == overlay->minor)
			return take_fd(&fd);
	}
	return sl_fail(err, SL_ENOTFOUND, 0, "it is mounted where nothing can be opened");
}

static bool same_time(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* Does the overlay show this directory as its uppermost one? */
static bool is_top(int merged_fd, int dir_fd)
{
	const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;

	for (int look = 0; look < LOOKS_MAX; look++) {
		struct statx a, b;

		if (kernel_statx(merged_fd, "", flags, &a) < 0 ||
		    kernel_statx(dir_fd, "", flags, &b) < 0)
			return false;
		/* nothing of the overlay can be below it */
		if (a.stx_dev_major == b.stx_dev_major && a.stx_dev_minor == b.stx_dev_minor)
			return false;
		if (same_time(&a.stx_ctime, &b.stx_ctime) && same_time(&a.stx_mtime, &b.stx_mtime))
			return true;
	}
	return false;
}

static int open_below(const struct base *base, const char *dir, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;

	if (dir[0] == '/')
		return root_open_subdir(base->root_fd, dir, ROOT_FOLLOW_INSIDE, err);
	if (asprintf(&path, "%s/%s", base->prefix, dir) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "overlay");
	}
	return root_open_subdir(base->root_fd, path, ROOT_FOLLOW_INSIDE, err);
}

/* @path without its last @n components, as a heap string; "" for the root. */
static char *ancestor(const char *path, unsigned int n)
{
	size_t len = strlen(path);

	while (n > 0 && len > 0) {
		while (len > 0 && path[len - 1] == '/')
			len--;
		while (len > 0 && path[len - 1] != '/')
			len--;
		n--;
	}
	while (len > 0 && path[len - 1] == '/')
		len--;
	return strndup(path, len);
}

/* The uppermost directory: what is mounted over all others, or the first of those. */
static const char *top_dir(const struct search *s)
{
	return s->opts.upper != NULL ? s->opts.upper : s->opts.lowers[0];
}

/* Take over the root of @base and @prefix if the top directory is there. 1: it is not. */
static int try_prefix(struct search *s, struct base *base, char *prefix, struct sl_error *err)
{
	AUTO_CLOSE int fd = -1;

	if (prefix == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "overlay");
	free(base->prefix);
	base->prefix = prefix;
	fd = open_below(base, top_dir(s), NULL);
	if (fd < 0 || !is_top(s->merged_fd, fd))
		return 1;
	s->base = *base;
	*base = (struct base){.root_fd = -1};
	s->upper_fd = take_fd(&fd);
	return 0;
}

/* From the root @root_fd, which is taken over; relative paths from above @point, or not at all. */
static int try_root(struct search *s, int root_fd, int64_t pid, const char *point,
		    struct sl_error *err)
{
	struct base base CLEANUP(base_clear) = {.root_fd = root_fd, .pid = pid};
	int rc = 1;

	if (root_fd < 0)
		return 1;
	if (top_dir(s)[0] == '/')
		return try_prefix(s, &base, strdup(""), err);
	for (unsigned int n = 1; rc == 1 && point != NULL && n <= BASES_MAX; n++)
		rc = try_prefix(s, &base, ancestor(point, n), err);
	return rc;
}

static int try_view(struct search *s, size_t view, const char *point, struct sl_error *err)
{
	int64_t pid = 0;
	int root = open_view_base(s->all, view, &pid, NULL);

	return try_root(s, root, pid, point, err);
}

/* Whoever mounted a container's root in its own namespace came from another one. */
static int try_parents(struct search *s, struct sl_error *err)
{
	const struct processes *p = s->all->processes;
	size_t view = s->overlay->root_view;
	const struct process *process = &p->all[p->by_view[p->views[view].first]];
	const char *point = s->overlay->place_count > 0 ? s->overlay->places[0].point : NULL;
	int rc = 1;

	for (int i = 0; rc == 1 && i < PARENTS_MAX; i++) {
		process = processes_by_pid(p, process->parent);
		if (process == NULL)
			return 1;
		if (process->view == view || process->view == PROCESSES_NO_VIEW)
			continue;
		view = process->view;
		rc = try_view(s, view, point, err);
	}
	return rc;
}

/* 0: found; 1: not. */
static int find_top(struct search *s, struct sl_error *err)
{
	const struct overlay *o = s->overlay;
	const char *point = o->place_count > 0 ? o->places[0].point : NULL;
	int rc = try_root(s, fcntl(s->all->place->root_fd, F_DUPFD_CLOEXEC, 0), 0, point, err);

	for (size_t i = 0; rc == 1 && i < o->place_count; i++)
		rc = try_view(s, o->places[i].view, o->places[i].point, err);
	if (rc == 1 && o->root_view != PROCESSES_NO_VIEW)
		rc = try_parents(s, err);
	/* mounted by a process that is gone, and seen by nothing but what runs in it */
	if (rc == 1 && o->root_view != PROCESSES_NO_VIEW)
		rc = try_view(s, o->root_view, NULL, err);
	return rc;
}

static int search_begin(struct search *s, const struct overlays *o, size_t at, struct sl_error *err)
{
	const struct overlay *overlay = &o->all[at];
	int rc;

	s->all = o;
	s->overlay = overlay;
	if (overlay->is_fuse)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "fuse-overlayfs does not tell what it is made of");
	rc = overlayopts_parse(&s->opts,
			       (struct sl_bytes){overlay->options, strlen(overlay->options)}, err);
	if (rc < 0)
		return sl_wrap(err, rc, "options of the mount");
	s->merged_fd = overlays_open_merged(o, at, err);
	if (s->merged_fd < 0)
		return s->merged_fd;
	rc = find_top(s, err);
	if (rc == 1)
		return sl_fail(err, SL_ENOTFOUND, 0,
			       "no mount namespace has the directory that it was mounted from");
	return rc;
}

int overlays_look(struct overlays *o, size_t at, struct sl_error *err)
{
	struct search s CLEANUP(search_clear) = SEARCH_INIT;
	struct overlay *overlay = &o->all[at];
	struct stat st;
	int rc;

	if (overlay->looked)
		return 0;
	rc = search_begin(&s, o, at, NULL);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "overlay");
	overlay->looked = true;
	if (rc == 0 && s.opts.upper != NULL && fstat(s.upper_fd, &st) == 0) {
		overlay->has_upper = true;
		overlay->upper_dev = st.st_dev;
		overlay->upper_inode = st.st_ino;
	}
	return 0;
}

int overlays_by_upper(struct overlays *o, const struct stat *upper, size_t *out,
		      struct sl_error *err)
{
	*out = OVERLAYS_NONE;
	for (size_t i = 0; i < o->count; i++) {
		int rc = overlays_look(o, i, err);

		if (rc < 0)
			return rc;
		if (!o->all[i].has_upper || o->all[i].upper_dev != upper->st_dev ||
		    o->all[i].upper_inode != upper->st_ino)
			continue;
		/* several mounts of one directory: the one that something runs in */
		if (*out == OVERLAYS_NONE || o->all[*out].root_view == PROCESSES_NO_VIEW)
			*out = i;
	}
	return 0;
}

/* As a path that can be typed: another namespace is reached through one of its processes. */
static char *show_path(const struct base *base, const char *dir)
{
	const char *prefix = dir[0] == '/' ? "" : base->prefix;
	const char *slash = dir[0] == '/' ? "" : "/";
	char *path = NULL;

	if (base->pid == 0)
		return asprintf(&path, "%s%s%s", prefix, slash, dir) < 0 ? NULL : path;
	return asprintf(&path, "/proc/%" PRId64 "/root%s%s%s", base->pid, prefix, slash, dir) < 0
		       ? NULL
		       : path;
}

/* Where relative lower directories start: the upper directory's ancestors have the first one. */
static int settle_prefix(struct search *s, struct sl_error *err)
{
	const char *first = NULL;

	for (size_t i = 0; first == NULL && i < s->opts.lower_count; i++)
		first = s->opts.lowers[i][0] != '/' ? s->opts.lowers[i] : NULL;
	if (first == NULL || top_dir(s)[0] != '/')
		return 0;
	for (unsigned int n = 1; n <= BASES_MAX; n++) {
		AUTO_CLOSE int fd = -1;

		free(s->base.prefix);
		s->base.prefix = ancestor(top_dir(s), n);
		if (s->base.prefix == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "overlay");
		fd = open_below(&s->base, first, NULL);
		if (fd >= 0)
			return 0;
	}
	return sl_fail(err, SL_ENOTFOUND, 0, "lower directories are named from an unknown one");
}

static int add_lowers(const struct search *s, struct sl_stack *stack, struct sl_error *err)
{
	size_t plain = s->opts.lower_count - s->opts.data_count;

	for (size_t i = 0; i < s->opts.lower_count; i++) {
		struct sl_lower lower = {.kind = i < plain ? SL_LOWER_IMAGE : SL_LOWER_DATA,
					 .dir_fd = -1};
		int rc;

		lower.dir_path = show_path(&s->base, s->opts.lowers[i]);
		if (lower.dir_path == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "overlay");
		lower.dir_fd = open_below(&s->base, s->opts.lowers[i], err);
		if (lower.dir_fd < 0) {
			rc = lower.dir_fd;
			sl_lower_clear(&lower);
			return sl_wrap(err, rc, "lower directory");
		}
		rc = sl_stack_add_lower(stack, &lower, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int fill_stack(struct search *s, struct sl_stack *stack, struct sl_error *err)
{
	int rc = 0;

	stack->marker = s->opts.userxattr ? SL_MARKER_OVERLAY_USER : SL_MARKER_OVERLAY_TRUSTED;
	if (s->opts.upper != NULL) {
		stack->upper_path = show_path(&s->base, s->opts.upper);
		stack->upper_fd = take_fd(&s->upper_fd);
		if (stack->upper_path == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "overlay");
	}
	rc = settle_prefix(s, err);
	if (rc == 0)
		rc = add_lowers(s, stack, err);
	if (rc == 0 && s->opts.upper == NULL)
		rc = sl_fail(err, SL_EUNSUPPORTED, 0, "the mount has no writable directory");
	return rc;
}

int overlays_stack(struct overlays *o, size_t at, struct sl_stack *stack, struct sl_error *err)
{
	struct search s CLEANUP(search_clear) = SEARCH_INIT;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = search_begin(&s, o, at, &why);

	if (rc == 0)
		rc = fill_stack(&s, stack, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "overlay");
	if (rc < 0) {
		stack->unsupported = strdup(sl_error_text(&why));
		if (stack->unsupported == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "overlay");
	}
	return 0;
}
