/* SPDX-License-Identifier: Apache-2.0 */
#include "host/unlinked.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "core/root.h"
#include "host/memberwalk.h"
#include "host/process.h"
#include "host/procfds.h"
#include "host/procmaps.h"
#include "host/procmounts.h"

#define DELETED " (deleted)"
#define MEMFD "/memfd:"
#define LINK_MAX ((size_t)8192)
#define MAPS_MAX ((size_t)64 << 20)
/* Nobody listens to the worker any more. */
#define ENDED 1

/* What the worker says of one file; the link's text follows. */
struct found {
	struct statx st;
	int64_t fd;
	uint8_t how, is_slow, is_program;
	char name[64];
};

/* ---- in the worker ---- */

struct search {
	struct memberwalk_out *out;
	int pid_fd;
	struct procmounts mounts;
	bool has_mounts;
};

static bool ends_deleted(const struct buf *link)
{
	size_t tail = strlen(DELETED);

	return link->len > tail && memcmp(link->data + link->len - tail, DELETED, tail) == 0;
}

/* File systems whose answers come from elsewhere. */
static bool is_slow_kind(int fd)
{
	static const long slow[] = {
		0x65735546 /* FUSE */, NFS_SUPER_MAGIC,    0xff534d42 /* CIFS */,
		0xfe534d42 /* SMB2 */, V9FS_MAGIC,         CODA_SUPER_MAGIC,
		AFS_SUPER_MAGIC,       AUTOFS_SUPER_MAGIC, 0x00c36400 /* Ceph */};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
		if ((uint32_t)fs.f_type == (uint32_t)slow[i])
			return true;
	return false;
}

/* By its mount, where the process has that; a memfd has none. */
static bool is_slow(struct search *s, int fd, const struct statx *st)
{
	const struct procmount *mount = NULL;

	if (!s->has_mounts)
		s->has_mounts = procmounts_read(&s->mounts, s->pid_fd, NULL) == 0;
	if (s->has_mounts && (st->stx_mask & STATX_MNT_ID) != 0)
		mount = procmounts_by_id(&s->mounts, st->stx_mnt_id);
	return mount != NULL ? mount->is_slow : is_slow_kind(fd);
}

/* Is what @name leads to a regular file without a name? Then say so. */
static int look(struct search *s, const char *name, struct found *found)
{
	CLEANUP(buf_clear) struct buf link = BUF_INIT(LINK_MAX);
	/* O_PATH: nothing is opened, whatever it is */
	AUTO_CLOSE int fd = openat(s->pid_fd, name, O_PATH | O_CLOEXEC);

	if (fd < 0 || process_read_link(s->pid_fd, name, &link, NULL) < 0 ||
	    kernel_statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, &found->st) <
		    0)
		return 0;
	if (!S_ISREG(found->st.stx_mode) || link.data[0] != '/' ||
	    (found->st.stx_nlink != 0 && !ends_deleted(&link)))
		return 0;
	found->is_slow = is_slow(s, fd, &found->st);
	(void)snprintf(found->name, sizeof(found->name), "%s", name);
	return memberwalk_say(s->out, 0, found, sizeof(*found), link.data, link.len);
}

static int look_at_fd(void *payload, int64_t number, struct sl_bytes link)
{
	struct found found = {.how = UNLINKED_FD, .fd = number};
	char name[40];

	if (link.data[0] != '/') /* a pipe, a socket */
		return 0;
	(void)snprintf(name, sizeof(name), "fd/%" PRId64, number);
	return look(payload, name, &found) < 0 ? ENDED : 0;
}

/* Memory that is shared without a file is memory. */
static bool is_plain_memory(struct sl_bytes path)
{
	static const char *const starts[] = {"/dev/zero", "/SYSV", "/anon_hugepage", "/[aio]"};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (path.len >= strlen(starts[i]) &&
		    memcmp(path.data, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* Parts of one file lie side by side. */
static bool is_wanted(const struct procmaps_row *row, const struct procmaps_row *last)
{
	size_t tail = strlen(DELETED);

	if (row->inode == 0 || row->path.len <= tail || row->path.data[0] != '/' ||
	    memcmp(row->path.data + row->path.len - tail, DELETED, tail) != 0 ||
	    is_plain_memory(row->path))
		return false;
	return row->inode != last->inode || row->major != last->major ||
	       row->minor != last->minor || (row->is_executable && !last->is_executable);
}

static int look_at_maps(struct search *s)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAPS_MAX);
	struct procmaps_row row, last = {0};
	struct sl_bytes rest;
	int rc = 0, more;

	(void)process_read_whole(s->pid_fd, "maps", &text, NULL);
	rest = (struct sl_bytes){text.data, text.len};
	while (rc == 0 && (more = procmaps_next(&rest, &row, NULL)) != 1) {
		struct found found = {.how = UNLINKED_MAP, .is_program = row.is_executable};
		char name[48];

		if (more < 0 || !is_wanted(&row, &last))
			continue;
		last = row;
		(void)snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, row.start,
			       row.end);
		rc = look(s, name, &found);
	}
	return rc;
}

static int search_member(struct memberwalk_out *out, int proc_fd, const struct host_member *member,
			 void *payload)
{
	AUTO_CLOSE int fd = process_open(proc_fd, member->pid, NULL);
	struct search s = {.out = out, .pid_fd = fd};
	struct found exe = {.how = UNLINKED_EXE, .is_program = true};
	struct process_stat status;
	int rc;

	(void)payload;
	if (fd < 0 || process_stat(fd, &status, NULL) < 0 || status.start != member->start)
		return 0;
	rc = look(&s, "exe", &exe);
	/* that its open files cannot be listed was told when its other files were read */
	if (rc == 0 && procfds_links(fd, look_at_fd, &s, NULL) == ENDED)
		rc = -SL_EIO;
	if (rc == 0 && !member->is_hung)
		rc = look_at_maps(&s);
	procmounts_clear(&s.mounts);
	return rc;
}

/* ---- who listens ---- */

static struct sl_time time_of(struct statx_timestamp t)
{
	return (struct sl_time){t.tv_sec, t.tv_nsec};
}

static void fill_entry(struct sl_entry *e, const struct statx *st)
{
	*e = (struct sl_entry){.mode = st->stx_mode,
			       .uid = st->stx_uid,
			       .gid = st->stx_gid,
			       .size = st->stx_size,
			       .mtime = time_of(st->stx_mtime),
			       .ctime = time_of(st->stx_ctime),
			       .atime = time_of(st->stx_atime),
			       .btime = time_of(st->stx_btime),
			       .dev = makedev(st->stx_dev_major, st->stx_dev_minor),
			       .ino = st->stx_ino,
			       .nlink = st->stx_nlink,
			       .fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME | SL_ENTRY_ATIME |
					 SL_ENTRY_INODE};
	if ((st->stx_mask & STATX_BTIME) != 0)
		e->fields |= SL_ENTRY_BTIME;
}

static void add_holder(struct unlinked *u, const struct host_member *member,
		       const struct found *found)
{
	struct unlinked_holder holder = {member->pid, (enum unlinked_how)found->how, found->fd};

	u->is_program = u->is_program || found->is_program;
	for (size_t i = 0; i < u->holder_count && i < UNLINKED_HOLDERS_MAX; i++)
		if (u->holders[i].pid == holder.pid && u->holders[i].how == holder.how &&
		    u->holders[i].fd == holder.fd)
			return;
	if (u->holder_count < UNLINKED_HOLDERS_MAX)
		u->holders[u->holder_count] = holder;
	u->holder_count++;
}

static struct unlinked *find(const struct unlinked_list *list, const struct statx *st)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct sl_entry *e = &list->items[i]->entry;

		if (e->ino == st->stx_ino &&
		    e->dev == makedev(st->stx_dev_major, st->stx_dev_minor))
			return list->items[i];
	}
	return NULL;
}

static int append(struct unlinked_list *list, struct unlinked *u, struct sl_error *err)
{
	if ((list->count & (list->count - 1)) == 0) { /* grow at powers of two */
		size_t room = list->count == 0 ? 1 : list->count * 2;
		struct unlinked **grown = reallocarray(list->items, room, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "deleted files");
		list->items = grown;
	}
	list->items[list->count++] = u;
	return 0;
}

static int add(struct unlinked_list *list, const struct host_member *member,
	       const struct memberwalk_item *said, struct sl_error *err)
{
	struct unlinked *u;
	struct found found;

	if (said->bytes.len < sizeof(found))
		return 0;
	memcpy(&found, said->bytes.data, sizeof(found));
	u = find(list, &found.st);
	if (u != NULL) {
		add_holder(u, member, &found);
		return 0;
	}
	if (list->count == UNLINKED_MAX) {
		list->left_out++;
		return 0;
	}
	u = calloc(1, sizeof(*u));
	if (u != NULL)
		u->link =
			strndup(said->bytes.data + sizeof(found), said->bytes.len - sizeof(found));
	if (u == NULL || u->link == NULL || append(list, u, NULL) < 0) {
		if (u != NULL)
			free(u->link);
		free(u);
		return sl_fail(err, SL_ENOMEM, 0, "deleted files");
	}
	fill_entry(&u->entry, &found.st);
	u->is_slow = found.is_slow;
	u->is_memory = strncmp(u->link, MEMFD, strlen(MEMFD)) == 0;
	u->through = *member;
	memcpy(u->name, found.name, sizeof(u->name));
	u->name[sizeof(u->name) - 1] = '\0';
	add_holder(u, member, &found);
	return 0;
}

static void walk_freep(struct memberwalk *const *w)
{
	memberwalk_free(*w);
}

int unlinked_find(struct unlinked_list *out, const struct unlinked_options *options,
		  struct sl_error *err)
{
	CLEANUP(walk_freep) struct memberwalk *walk = NULL;
	const struct host_members *members = options->members;
	struct memberwalk_options how = {.proc_fd = options->proc_fd,
					 .members = members->items,
					 .count = members->count,
					 .each = search_member,
					 .stop = options->stop};
	struct memberwalk_item said;
	int rc = memberwalk_new(&walk, &how, err);

	*out = (struct unlinked_list){0};
	while (rc == 0 && (rc = memberwalk_next(walk, &said, err)) == 0) {
		if (said.event == MEMBERWALK_SAID)
			rc = add(out, &members->items[said.member], &said, err);
		else if (said.event == MEMBERWALK_HUNG)
			rc = options->hung(options->payload, said.member, said.why, said.sys, err);
	}
	return rc < 0 ? rc : 0;
}

void unlinked_clear(struct unlinked_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i]->link);
		free(list->items[i]);
	}
	free(list->items);
	*list = (struct unlinked_list){0};
}
