/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procread.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/procargs.h"

#define COMMAND_MAX ((size_t)1024)

void procread_clear(struct procread *r)
{
	for (size_t i = 0; i < r->view_count; i++) {
		free(r->views[i].root);
		procmounts_clear(&r->views[i].mounts);
	}
	free(r->views);
	for (size_t i = 0; i < r->map_count; i++)
		free(r->maps[i].path);
	free(r->maps);
	free(r->root);
	free(r->module);
	free(r->assumed.root);
	free(r->assumed.point);
	proctexts_free(r->texts);
	*r = (struct procread){0};
}

/* ---- gaps ---- */

int procread_gap(struct procread *r, int64_t pid, const char *why, int sys, struct sl_error *err)
{
	struct sl_processes *out = r->objects.out;
	struct sl_process_gap new = {.sys = sys}, *grown;

	if (out->gap_count > PROCREAD_GAPS_MAX)
		return 0;
	if (out->gap_count == PROCREAD_GAPS_MAX)
		new = (struct sl_process_gap){strdup("processes"), strdup("more of the same"), 0};
	else if (asprintf(&new.what, "process %" PRId64, pid) < 0)
		new.what = NULL;
	if (new.why == NULL)
		new.why = strdup(why);
	grown = reallocarray(out->gaps, out->gap_count + 1, sizeof(*grown));
	if (grown != NULL)
		out->gaps = grown;
	if (new.what == NULL || new.why == NULL || grown == NULL) {
		free(new.what);
		free(new.why);
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	grown[out->gap_count++] = new;
	return 0;
}

int procread_missed(struct procread *r, const struct procread_subject *s, const char *what,
		    const struct sl_error *why, struct sl_error *err)
{
	struct process_stat status;
	AUTO_FREE char *text = NULL;

	if (why->code == SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	if (why->sys == ESRCH || process_stat(s->seen.pid_fd, &status, NULL) < 0 ||
	    status.is_dead || status.is_ending)
		return 1;
	if (asprintf(&text, "its %s cannot be read: %s", what, sl_error_text(why)) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	return procread_gap(r, s->process->pid, text, why->sys, err);
}

/* ---- paths ---- */

int procread_open(const struct procseen *by, const char *path)
{
	AUTO_CLOSE int root = process_open_root(by->pid_fd, NULL);
	uint64_t slow = by->mounts->has_slow ? RESOLVE_NO_XDEV : 0;

	return root < 0 ? -1 : beneath_open(root, path, O_PATH, BENEATH_IN_ROOT | slow);
}

int procread_add(struct procread *r, const struct procseen *by, const char *path, size_t *index,
		 struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	AUTO_CLOSE int fd = procread_open(by, path);
	char name[40];
	struct stat st;

	if (fd < 0 && kernel_ran_out(errno))
		return sl_fail(err, SL_EIO, errno, "open");
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 1;
	(void)snprintf(name, sizeof(name), "self/fd/%d", fd);
	if (process_read_link(r->objects.proc_fd, name, &link, &why) < 0 && why.sys != ENAMETOOLONG)
		return sl_fail(err, why.code, why.sys, "path of a file");
	return procobject_add(&r->objects, by, take_fd(&fd), link.data, index, err);
}

/* ---- the mounts it sees ---- */

static int add_view(struct procread *r, uint64_t mnt_ns, const char *root, int pid_fd,
		    const struct procmounts **out, struct sl_error *why)
{
	struct procread_view *grown = reallocarray(r->views, r->view_count + 1, sizeof(*grown));
	struct procread_view view = {.mnt_ns = mnt_ns, .root = strdup(root)};
	int rc;

	if (grown != NULL)
		r->views = grown;
	if (grown == NULL || view.root == NULL) {
		free(view.root);
		return sl_fail(why, SL_ENOMEM, 0, "processes");
	}
	rc = procmounts_read(&view.mounts, pid_fd, why);
	if (rc < 0) {
		free(view.root);
		return rc;
	}
	grown[r->view_count] = view;
	*out = &grown[r->view_count++].mounts;
	return 0;
}

/* Borrowed until the next process. */
static int mounts_of(struct procread *r, uint64_t mnt_ns, const char *root, int pid_fd,
		     const struct procmounts **out, struct sl_error *why)
{
	for (size_t i = 0; i < r->view_count; i++) {
		if (r->views[i].mnt_ns != mnt_ns || strcmp(r->views[i].root, root) != 0)
			continue;
		*out = &r->views[i].mounts;
		return 0;
	}
	return add_view(r, mnt_ns, root, pid_fd, out, why);
}

static int note_covered(struct procread *r, const struct procmounts *mounts, struct sl_error *err)
{
	struct sl_processes *out = r->objects.out;

	for (size_t i = 0; i < mounts->count; i++) {
		const char *point = mounts->items[i].point;
		bool known = !procmounts_covers(mounts, &mounts->items[i]);
		char **grown;

		for (size_t j = 0; !known && j < out->covered_count; j++)
			known = strcmp(out->covered[j], point) == 0;
		if (known || out->covered_count == PROCREAD_GAPS_MAX)
			continue;
		grown = reallocarray(out->covered, out->covered_count + 1, sizeof(*grown));
		if (grown != NULL)
			out->covered = grown;
		if (grown == NULL || (grown[out->covered_count] = strdup(point)) == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		out->covered_count++;
	}
	return 0;
}

static int mount_at(const void *payload, const char *path, uint64_t *id)
{
	const struct procseen *seen = payload;
	AUTO_CLOSE int fd = procread_open(seen, path);
	struct statx st;

	/* a mount that is not entered is none that can be told */
	if (fd < 0)
		return !seen->mounts->has_slow && (errno == ENOENT || errno == ENOTDIR) ? 1 : -1;
	if (kernel_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &st) < 0)
		return -1;
	*id = st.stx_mnt_id;
	return (st.stx_mask & STATX_MNT_ID) != 0 || kernel_mount_id(fd, id) ? 0 : -1;
}

/* What is mounted there that the container was not given. */
static int note_mounts(struct procread *r, const struct procseen *seen, struct sl_error *err)
{
	const struct procinner in = {.container = r->objects.container,
				     .root = &r->objects.root,
				     .may_mount = r->may_mount,
				     .mounts = seen->mounts,
				     .mount_at = mount_at,
				     .payload = seen};
	int rc = note_covered(r, seen->mounts, err);

	if (rc == 0 && !seen->is_machine && procinner_add(&in, seen->mounts, r->objects.out) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	return rc;
}

/* Nobody inside gets a capability that is not in the bounding set of the first process. */
static bool may_mount(int pid_fd)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)256 * 1024);
	static const char key[] = "\nCapBnd:\t";
	const char *at;

	if (process_read(pid_fd, "status", &text, NULL) < 0 || text.len == 0)
		return true;
	at = memmem(text.data, text.len, key, sizeof(key) - 1);
	return at == NULL || (strtoull(at + sizeof(key) - 1, NULL, 16) >> CAP_SYS_ADMIN & 1) != 0;
}

static bool is_on_mount(const struct sl_container *c, const char *path)
{
	for (size_t i = 0; i < c->mount_count; i++)
		if (procmounts_behind(path, c->mounts[i].path) != NULL)
			return true;
	return false;
}

/*
 * A first process that shut itself into a directory (chroot) is not told of the mount that the
 * directory is on. It is the container's root, as long as no other mount is above it.
 */
static int assume_root(struct procread *r, int dir, uint64_t id, struct sl_error *err)
{
	struct procmount *mount = &r->assumed;
	struct stat st;

	if (fstat(dir, &st) < 0)
		return 0;
	*mount = (struct procmount){.id = id,
				    .major = major(st.st_dev),
				    .minor = minor(st.st_dev),
				    .root = strdup("/"),
				    .point = strdup("/")};
	if (mount->root == NULL || mount->point == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	r->objects.root = *mount;
	return 0;
}

/* The mount that the container's root directory is on, as its first process sees it. */
static int find_root(struct procread *r, struct sl_error *err)
{
	const struct sl_container *c = r->objects.container;
	CLEANUP(buf_clear) struct buf root = BUF_INIT(8192);
	const struct procmounts *mounts;
	const struct procmount *mount;
	struct process_stat status;
	AUTO_CLOSE int fd = process_open_living(r->objects.proc_fd, c->pid, &status, NULL);
	AUTO_CLOSE int dir = -1;
	uint64_t id;
	int rc;

	if (fd < 0 || (c->has_pid_start && status.start != c->pid_start))
		return 0;
	if (process_read_link(fd, "root", &root, NULL) < 0)
		return 0;
	(void)process_namespace(fd, "user", &r->user_ns, NULL);
	r->root = strdup(root.data);
	if (r->root == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	rc = mounts_of(r, c->namespaces.mnt, root.data, fd, &mounts, err);
	if (rc < 0)
		return rc == -SL_ENOMEM ? rc : (sl_error_clear(err), 0);
	dir = process_open_root(fd, NULL);
	if (dir < 0 || !kernel_mount_id(dir, &id))
		return 0;
	mount = procmounts_by_id(mounts, id);
	r->may_mount = may_mount(fd);
	if (mount == NULL)
		return is_on_mount(c, root.data) ? 0 : assume_root(r, dir, id, err);
	r->objects.mounts = *mounts;
	r->objects.root = *mount;
	return 0;
}

int procread_init(struct procread *r, struct host *h, const struct proctable *t,
		  const struct sl_container *c, struct sl_processes *out, struct sl_error *err)
{
	int rc;

	*r = (struct procread){
		.objects = {.table = t, .proc_fd = h->place.proc_fd, .container = c, .out = out}};
	rc = find_root(r, err);
	if (rc == 0 && r->objects.root.root == NULL)
		rc = procread_gap(r, c->pid, "the container's first process could not be looked at",
				  0, err);
	return rc;
}

/* ---- one process ---- */

/* 1: it runs none, as a thread of the kernel or one that has ended. */
static int read_exe(struct procread *r, const struct procread_subject *s, struct sl_error *why)
{
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	AUTO_CLOSE int fd = openat(s->seen.pid_fd, "exe", O_PATH | O_CLOEXEC);
	int rc = fd < 0 ? sl_fail(why, SL_EIO, errno, "program")
			: process_read_link(s->seen.pid_fd, "exe", &link, why);

	if (fd < 0 || (rc < 0 && why->sys != ENAMETOOLONG))
		return rc;
	if (rc < 0)
		sl_error_clear(why);
	return procobject_add(&r->objects, &s->seen, take_fd(&fd), rc < 0 ? NULL : link.data,
			      &s->process->exe, why);
}

static int take_arguments(struct procread *r, const struct procread_subject *s,
			  struct sl_bytes text, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf joined = BUF_INIT(COMMAND_MAX);
	int rc;

	procargs_join(&joined, text);
	s->process->command = joined.data != NULL ? buf_take(&joined) : strdup("");
	if (s->process->command == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	rc = procread_words(r, s, text, err);
	if (rc == 0)
		rc = procread_options(r, s, text, err);
	return rc == 0 ? procread_script(r, s, text, err) : rc;
}

/* A text that could not be read. 1: the process has ended. */
static int miss(struct procread *r, const struct procread_subject *s, const char *what,
		const struct proctexts_item *item, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

	(void)sl_fail(&why, item->is_cut ? SL_ELIMIT : SL_EIO, item->sys,
		      item->is_cut ? "longer than is read" : "read");
	return procread_missed(r, s, what, &why, err);
}

static int give_up(struct procread *r, const struct procread_subject *s,
		   const struct proctexts_item *item, struct sl_error *err)
{
	struct host_member *member = &r->members->items[s->member];
	AUTO_FREE char *text = NULL;

	member->is_hung = item->sys == ETIMEDOUT;
	member->is_abandoned = item->is_abandoned;
	if (asprintf(&text, "its arguments, environment and mappings: %s",
		     member->is_hung ? "it does not answer" : item->why) < 0) {
		text = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	return procread_gap(r, s->process->pid, text, item->sys, err);
}

/* 0; 1: the process has ended. */
static int take_text(struct procread *r, const struct procread_subject *s,
		     struct proctexts_item *item, struct sl_error *err)
{
	bool is_bad = item->sys != 0 || item->is_cut;
	int rc;

	switch (item->kind) {
	case PROCTEXTS_MAPPED:
		return procread_mapped(r, s, item, err);
	case PROCTEXTS_MAPS:
		return is_bad ? miss(r, s, "mappings", item, err) : 0;
	case PROCTEXTS_ARGUMENTS: /* the first of many are enough */
		return item->sys != 0 ? miss(r, s, "arguments", item, err)
				      : take_arguments(r, s, item->bytes, err);
	case PROCTEXTS_ENVIRONMENT:
		rc = is_bad ? miss(r, s, "environment", item, err) : 0;
		return rc == 0 ? procread_environment(r, s, item->bytes, err) : rc;
	case PROCTEXTS_HUNG:
		return give_up(r, s, item, err);
	case PROCTEXTS_END:
		break;
	}
	return 0;
}

static int read_texts(struct procread *r, const struct procread_subject *s, struct sl_error *err)
{
	struct proctexts_item item = {.kind = PROCTEXTS_MAPS};
	int rc = 0;

	free(take_ptr(&r->module));
	while (rc == 0 && item.kind != PROCTEXTS_END && item.kind != PROCTEXTS_HUNG) {
		rc = proctexts_next(r->texts, s->member, &item, err);
		if (rc == 0)
			rc = take_text(r, s, &item, err);
	}
	return rc;
}

static int read_rest(struct procread *r, const struct procread_subject *s, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = procread_status(r, s, &why);

	if (rc < 0)
		return procread_missed(r, s, "status", &why, err);
	rc = read_exe(r, s, &why);
	if (rc < 0) {
		rc = procread_missed(r, s, "program", &why, err);
		if (rc != 0)
			return rc;
	}
	rc = procread_place(r, s, err);
	if (rc < 0)
		return rc;
	if (r->members->items[s->member].is_hung)
		return procread_gap(r, s->process->pid,
				    "its arguments, environment and mappings: it does not answer",
				    ETIMEDOUT, err);
	return read_texts(r, s, err);
}

static int keep(struct sl_processes *out, struct sl_process *p, struct sl_error *err)
{
	struct sl_process *grown = reallocarray(out->items, out->count + 1, sizeof(*grown));

	if (grown == NULL) {
		process_clear(p);
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	out->items = grown;
	grown[out->count++] = *p;
	return 0;
}

int procread_process(struct procread *r, const struct proctable_row *row, size_t member,
		     struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf root = BUF_INIT(8192);
	struct sl_process p = {.pid = row->pid,
			       .place = r->members->items[member].place,
			       .exe = SL_OBJECT_NONE,
			       .script = SL_OBJECT_NONE,
			       .cwd = SL_OBJECT_NONE};
	struct process_stat status;
	AUTO_CLOSE int fd = process_open_living(r->objects.proc_fd, row->pid, &status, &why);
	struct procread_subject s = {.process = &p, .member = member};
	int rc;

	if (fd >= 0 && status.is_kernel)
		return 0;
	if (fd < 0 && kernel_ran_out(why.sys))
		return procread_gap(r, row->pid, "it cannot be looked at", why.sys, err);
	sl_error_clear(&why);
	if (fd < 0 || (row->has_exe && status.start != row->start)) {
		r->objects.out->raced++;
		return 0;
	}
	p.parent = status.parent;
	p.session = status.session;
	p.start = status.start;
	s.stack = status.stack;
	s.seen = (struct procseen){.pid_fd = fd,
				   .is_machine = row->mnt_ns == r->objects.table->mnt_ns};
	rc = process_read_link(fd, "root", &root, &why);
	s.seen.root = root.data;
	if (rc == 0)
		rc = mounts_of(r, row->mnt_ns, root.data, fd, &s.seen.mounts, &why);
	rc = rc < 0 ? procread_missed(r, &s, "mounts", &why, err) : note_mounts(r, &s.seen, err);
	if (rc == 0 && s.seen.mounts != NULL)
		rc = read_rest(r, &s, err);
	if (rc == 0)
		return keep(r->objects.out, &p, err);
	process_clear(&p);
	r->objects.out->raced += rc == 1;
	return rc == 1 ? 0 : rc;
}
