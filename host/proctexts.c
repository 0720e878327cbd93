/* SPDX-License-Identifier: Apache-2.0 */
#include "host/proctexts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/memberwalk.h"
#include "host/procargs.h"
#include "host/process.h"
#include "host/procleads.h"

#define ARGUMENTS_MAX ((size_t)64 * 1024)
/* A quarter of the largest stack that is usual; the kernel's own limit is 6 MiB. */
#define ENVIRONMENT_MAX ((size_t)8 << 20)
#define MAPS_MAX ((size_t)64 << 20)
/* Files that a worker remembers to have sent; one that is forgotten is sent again. */
#define SENT_MAX ((size_t)8192)

/* What the worker says of a text, in front of it. */
struct note {
	int32_t sys;
	uint8_t is_cut;
};

/* And of a mapping: its path and its link follow. */
struct mapped_note {
	struct note note;
	uint32_t major, minor;
	uint64_t inode;
	uint32_t path_len, link_len;
};

struct sent {
	uint32_t major, minor;
	uint64_t inode;
	char *path;
};

struct proctexts {
	struct memberwalk *walk;
	size_t count, finished; /* members; those of which everything has come */
	struct sent *sent;      /* the worker's; starts anew with every worker */
	size_t sent_count;
};

/* ---- in the worker ---- */

static bool was_sent(const struct proctexts *t, const struct procmaps_row *row)
{
	for (size_t i = 0; i < t->sent_count; i++) {
		const struct sent *s = &t->sent[i];

		if (s->inode == row->inode && s->major == row->major && s->minor == row->minor &&
		    strlen(s->path) == row->path.len &&
		    memcmp(s->path, row->path.data, row->path.len) == 0)
			return true;
	}
	return false;
}

static void remember(struct proctexts *t, const struct procmaps_row *row)
{
	struct sent *s;

	if (t->sent == NULL)
		t->sent = calloc(SENT_MAX, sizeof(*t->sent));
	if (t->sent == NULL || t->sent_count == SENT_MAX)
		return;
	s = &t->sent[t->sent_count];
	*s = (struct sent){row->major, row->minor, row->inode,
			   strndup(row->path.data, row->path.len)};
	t->sent_count += s->path != NULL;
}

static int say_mapped(struct memberwalk_out *out, const struct procmaps_row *row,
		      const struct buf *link, int sys, int fd)
{
	struct mapped_note head = {.note.sys = sys,
				   .major = row->major,
				   .minor = row->minor,
				   .inode = row->inode,
				   .path_len = (uint32_t)row->path.len,
				   .link_len = (uint32_t)link->len};
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)64 * 1024);

	(void)buf_append(&text, row->path.data, row->path.len);
	if (buf_append(&text, link->data != NULL ? link->data : "", link->len) < 0)
		return -SL_ENOMEM;
	return memberwalk_say_fd(out, PROCTEXTS_MAPPED, &head, sizeof(head), text.data, text.len,
				 fd);
}

/* Follow the mapping itself: its name may be another file's by now. */
static int send_mapping(struct proctexts *t, struct memberwalk_out *out, int pid_fd,
			const struct procmaps_row *row)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	AUTO_CLOSE int fd = -1;
	char name[64];
	int sys, rc;

	if (was_sent(t, row))
		return say_mapped(out, row, &link, 0, -1);
	(void)snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, row->start, row->end);
	fd = openat(pid_fd, name, O_PATH | O_CLOEXEC);
	sys = fd < 0 ? errno : 0;
	/* unmapped since, unless this is a thread's directory, which has no map_files */
	if (sys == ENOENT && faccessat(pid_fd, "map_files", F_OK, 0) == 0)
		return 0;
	if (fd >= 0 && process_read_link(pid_fd, name, &link, &why) < 0 && why.sys != ENAMETOOLONG)
		sys = why.sys != 0 ? why.sys : EIO;
	rc = say_mapped(out, row, &link, sys, sys == 0 ? fd : -1);
	if (rc == 0 && sys == 0)
		remember(t, row);
	return rc;
}

static int say_text(struct memberwalk_out *out, enum proctexts_kind kind, struct sl_bytes text,
		    int rc, const struct sl_error *why)
{
	struct note note = {.is_cut = rc == -SL_ELIMIT,
			    .sys = rc == 0 || rc == -SL_ELIMIT ? 0
				   : why->sys != 0             ? why->sys
							       : EIO};

	return memberwalk_say(out, kind, &note, sizeof(note), text.data, text.len);
}

static int send_maps(struct proctexts *t, struct memberwalk_out *out, int pid_fd)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MAPS_MAX);
	int read = process_read_whole(pid_fd, "maps", &text, &why), rc;
	struct sl_bytes rest = {text.data, text.len};
	struct procmaps_row row;

	while (read == 0 && (rc = procmaps_next(&rest, &row, NULL)) != 1) {
		if (rc < 0 || !row.is_executable || row.inode == 0)
			continue;
		rc = send_mapping(t, out, pid_fd, &row);
		if (rc < 0)
			return rc;
	}
	return say_text(out, PROCTEXTS_MAPS, (struct sl_bytes){"", 0}, read, &why);
}

static int send_arguments(struct memberwalk_out *out, int pid_fd)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(ARGUMENTS_MAX);
	int rc = process_read(pid_fd, "cmdline", &text, &why);

	return say_text(out, PROCTEXTS_ARGUMENTS, (struct sl_bytes){text.data, text.len}, rc, &why);
}

static int send_environment(struct memberwalk_out *out, int pid_fd)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(ENVIRONMENT_MAX);
	CLEANUP(buf_clear) struct buf found = BUF_INIT(ARGUMENTS_MAX);
	int rc = process_read_whole(pid_fd, "environ", &text, &why);
	struct sl_bytes rest = {text.data, text.len}, variable;

	while (procargs_next(&rest, &variable)) {
		if (!procleads_wants(variable))
			continue;
		if (variable.len >= found.max - found.len) {
			rc = rc == 0 ? -SL_ELIMIT : rc;
			continue;
		}
		if (buf_append(&found, variable.data, variable.len) < 0 ||
		    buf_append_char(&found, '\0') < 0)
			return -SL_ENOMEM;
	}
	return say_text(out, PROCTEXTS_ENVIRONMENT, (struct sl_bytes){found.data, found.len}, rc,
			&why);
}

static int send_member(struct memberwalk_out *out, int proc_fd, const struct host_member *member,
		       void *payload)
{
	struct process_stat status;
	AUTO_CLOSE int fd = process_open_living(proc_fd, member->pid, &status, NULL);
	int rc;

	if (member->is_hung || fd < 0 || status.start != member->start)
		return 0;
	rc = send_maps(payload, out, fd);
	if (rc == 0)
		rc = send_environment(out, fd);
	return rc == 0 ? send_arguments(out, fd) : rc;
}

/* ---- who listens ---- */

int proctexts_new(struct proctexts **out, int proc_fd, const struct host_members *members,
		  const volatile sig_atomic_t *stop, struct sl_error *err)
{
	struct proctexts *t = calloc(1, sizeof(*t));
	struct memberwalk_options options = {.proc_fd = proc_fd,
					     .members = members->items,
					     .count = members->count,
					     .each = send_member,
					     .payload = t,
					     .stop = stop};
	int rc;

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	t->count = members->count;
	rc = memberwalk_new(&t->walk, &options, err);
	if (rc < 0) {
		free(t);
		return rc;
	}
	*out = t;
	return 0;
}

static int understand_mapped(struct memberwalk_item *said, struct proctexts_item *out)
{
	struct mapped_note head;
	const char *path = said->bytes.data + sizeof(head);

	if (said->bytes.len < sizeof(head))
		return -1;
	memcpy(&head, said->bytes.data, sizeof(head));
	if (head.path_len > said->bytes.len - sizeof(head) ||
	    head.link_len != said->bytes.len - sizeof(head) - head.path_len)
		return -1;
	out->row = (struct procmaps_row){.is_executable = true,
					 .major = head.major,
					 .minor = head.minor,
					 .inode = head.inode,
					 .path = {path, head.path_len}};
	out->bytes = (struct sl_bytes){path + head.path_len, head.link_len};
	out->sys = head.note.sys != 0 ? head.note.sys : said->fd_sys;
	out->fd = take_fd(&said->fd);
	return 0;
}

static int understand_text(const struct memberwalk_item *said, struct proctexts_item *out)
{
	struct note note;

	if (said->bytes.len < sizeof(note))
		return -1;
	memcpy(&note, said->bytes.data, sizeof(note));
	out->bytes =
		(struct sl_bytes){said->bytes.data + sizeof(note), said->bytes.len - sizeof(note)};
	out->sys = note.sys;
	out->is_cut = note.is_cut != 0;
	return 0;
}

static int understand(struct memberwalk_item *said, struct proctexts_item *out,
		      struct sl_error *err)
{
	int rc;

	*out = (struct proctexts_item){.fd = -1};
	if (said->event == MEMBERWALK_DONE) {
		out->kind = PROCTEXTS_END;
		return 0;
	}
	if (said->event == MEMBERWALK_HUNG) {
		out->kind = PROCTEXTS_HUNG;
		out->why = said->why;
		out->sys = said->sys;
		out->is_abandoned = said->is_abandoned;
		return 0;
	}
	out->kind = (enum proctexts_kind)said->kind;
	rc = out->kind == PROCTEXTS_MAPPED ? understand_mapped(said, out)
					   : understand_text(said, out);
	return rc < 0 ? sl_fail(err, SL_EIO, 0, "the worker says what nobody understands") : 0;
}

int proctexts_next(struct proctexts *t, size_t member, struct proctexts_item *out,
		   struct sl_error *err)
{
	while (t->finished <= member) {
		CLEANUP(memberwalk_item_clear) struct memberwalk_item said;
		int rc = memberwalk_next(t->walk, &said, err);

		if (rc < 0)
			return rc;
		if (rc == 1) {
			t->finished = t->count;
			break;
		}
		if (said.event != MEMBERWALK_SAID)
			t->finished = said.member + 1;
		if (said.member == member)
			return understand(&said, out, err);
	}
	*out = (struct proctexts_item){.kind = PROCTEXTS_END, .fd = -1};
	return 0;
}

void proctexts_free(struct proctexts *t)
{
	if (t == NULL)
		return;
	memberwalk_free(t->walk);
	free(t);
}
