/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procdump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "host/memberwalk.h"
#include "host/process.h"
#include "host/procfds.h"

#define CHUNK ((size_t)128 * 1024)

/* What the worker says. */
enum { SAY_BYTES, SAY_FILE, SAY_END };

struct note {
	uint32_t part;
	int32_t sys;
	uint8_t is_cut, is_ended, is_changed;
};

struct part {
	const char *name;
	bool is_heavy; /* left out when light */
	bool is_risky; /* waits for a lock of the process's memory, which it can hold for ever */
	/* NULL: the file of this name, else what makes it */
	int (*make)(int pid_fd, bool is_light, struct buf *out, struct sl_error *err);
};

/* Those that may hang come last, behind what the kernel knows by itself. */
static const struct part parts[] = {
	{"stat", false, false, NULL},
	{"status", false, false, NULL},
	{"cgroup", false, false, NULL},
	{"limits", false, false, NULL},
	{"sched", false, false, NULL},
	{"comm", false, false, NULL},
	{"wchan", false, false, NULL},
	{"loginuid", false, false, NULL},
	{"sessionid", false, false, NULL},
	{"oom_score_adj", false, false, NULL},
	{"uid_map", false, false, NULL},
	{"gid_map", false, false, NULL},
	{"timens_offsets", false, false, NULL},
	{"mountinfo", false, false, NULL},
	{"task.stat", false, false, procfds_threads},
	{"fds", false, false, procfds_list},
	{"io", false, true, NULL},
	{"cmdline", false, true, NULL},
	{"environ", false, true, NULL},
	{"auxv", false, true, NULL},
	{"maps", true, true, NULL},
	{"smaps_rollup", true, true, NULL},
	{"numa_maps", true, true, NULL},
};

struct procdump {
	struct procdump_options o;
	struct memberwalk *walk;
	struct buf bytes;
	bool is_lent;             /* bytes are with the caller */
	struct procdump_item end; /* of the member under way, as the worker said it */
};

/* ---- in the worker ---- */

static int say_bytes(struct memberwalk_out *out, const struct note *note, const char *bytes,
		     size_t len)
{
	int rc = 0;

	while (rc == 0 && len > 0) {
		size_t n = len < CHUNK ? len : CHUNK;

		rc = memberwalk_say(out, SAY_BYTES, note, sizeof(*note), bytes, n);
		bytes += n;
		len -= n;
	}
	return rc;
}

/* Piece by piece: what was read before it hangs or fails has come. */
static int send_file(struct memberwalk_out *out, int pid_fd, struct note *note)
{
	AUTO_CLOSE int fd = beneath_open(pid_fd, parts[note->part].name,
					 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
					 BENEATH_NO_LINKS | RESOLVE_NO_XDEV);
	AUTO_FREE char *chunk = malloc(CHUNK);
	size_t total = 0;
	ssize_t n = 1;
	int rc = 0;

	if (chunk == NULL)
		return -SL_ENOMEM;
	if (fd < 0)
		note->sys = errno;
	while (fd >= 0 && rc == 0 && n > 0) {
		n = read(fd, chunk, CHUNK);
		if (n < 0)
			note->sys = errno;
		if (n > 0 && total + (size_t)n > PROCDUMP_FILE_MAX) {
			note->is_cut = true;
			break;
		}
		if (n > 0)
			rc = say_bytes(out, note, chunk, (size_t)n);
		total += n > 0 ? (size_t)n : 0;
	}
	return rc;
}

static int send_made(struct memberwalk_out *out, int pid_fd, bool is_light, struct note *note)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(PROCDUMP_FILE_MAX);
	int rc = parts[note->part].make(pid_fd, is_light, &text, &why);

	if (rc < 0) {
		note->sys = why.sys != 0 ? why.sys : EIO;
		note->is_cut = rc == -SL_ELIMIT;
	}
	return say_bytes(out, note, text.data, text.len);
}

static bool is_wanted(const struct procdump_options *o, const struct host_member *member,
		      const struct part *part)
{
	return !(part->is_heavy && o->is_light) && !(part->is_risky && member->is_hung);
}

static int send_part(struct memberwalk_out *out, int pid_fd, uint32_t part, bool is_light)
{
	struct note note = {.part = part};
	int rc = parts[part].make != NULL ? send_made(out, pid_fd, is_light, &note)
					  : send_file(out, pid_fd, &note);
	struct process_stat now;

	/* one that is ending fails in many ways */
	if (note.sys != 0 && note.sys != ENOENT &&
	    (process_stat(pid_fd, &now, NULL) < 0 || now.is_dead || now.is_ending))
		note.sys = ESRCH;
	return rc < 0 ? rc : memberwalk_say(out, SAY_FILE, &note, sizeof(note), NULL, 0);
}

static int send_member(struct memberwalk_out *out, int proc_fd, const struct host_member *member,
		       void *payload)
{
	const struct procdump_options *o = payload;
	AUTO_CLOSE int fd = process_open(proc_fd, member->pid, NULL);
	AUTO_CLOSE int living = -1;
	struct process_stat status, now;
	struct note end = {0};
	int rc = 0;

	if (fd < 0 || process_stat(fd, &status, NULL) < 0 || status.start != member->start) {
		end.is_ended = true;
		return memberwalk_say(out, SAY_END, &end, sizeof(end), NULL, 0);
	}
	/* of a process whose first thread has ended, another one shows what they share */
	if (status.is_dead)
		living = process_open_living(proc_fd, member->pid, &now, NULL);
	for (uint32_t i = 0; rc == 0 && i < ARRAY_SIZE(parts); i++)
		if (is_wanted(o, member, &parts[i]))
			rc = send_part(out, living >= 0 && parts[i].make == NULL ? living : fd, i,
				       o->is_light);
	end.is_ended = process_stat(fd, &now, NULL) < 0;
	end.is_changed = !end.is_ended && now.stack != status.stack;
	return rc < 0 ? rc : memberwalk_say(out, SAY_END, &end, sizeof(end), NULL, 0);
}

/* ---- who reads it ---- */

int procdump_new(struct procdump **out, const struct procdump_options *options,
		 struct sl_error *err)
{
	struct procdump *d = calloc(1, sizeof(*d));
	struct memberwalk_options walk = {.proc_fd = options->proc_fd,
					  .members = options->members,
					  .count = options->count,
					  .each = send_member,
					  .stop = options->stop};
	int rc;

	if (d == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	d->o = *options;
	d->bytes = BUF_INIT(PROCDUMP_FILE_MAX);
	walk.payload = &d->o;
	rc = memberwalk_new(&d->walk, &walk, err);
	if (rc < 0) {
		free(d);
		return rc;
	}
	*out = d;
	return 0;
}

/* 0: there is an item; 1: not yet. */
static int understand(struct procdump *d, const struct memberwalk_item *said,
		      struct procdump_item *out, struct sl_error *err)
{
	struct note note = {0};

	if (said->bytes.len >= sizeof(note))
		memcpy(&note, said->bytes.data, sizeof(note));
	if (said->kind == SAY_END) {
		d->end.kind = note.is_ended ? PROCDUMP_ENDED : PROCDUMP_DONE;
		d->end.is_changed = note.is_changed;
		return 1;
	}
	if (said->kind == SAY_BYTES)
		return buf_append(&d->bytes, said->bytes.data + sizeof(note),
				  said->bytes.len - sizeof(note)) < 0
			       ? sl_fail(err, SL_ENOMEM, 0, "processes")
			       : 1;
	*out = (struct procdump_item){
		.kind = PROCDUMP_FILE,
		.member = said->member,
		.name = parts[note.part % ARRAY_SIZE(parts)].name,
		.bytes = {d->bytes.data != NULL ? d->bytes.data : "", d->bytes.len},
		.sys = note.sys,
		.is_cut = note.is_cut};
	d->is_lent = true;
	return 0;
}

int procdump_next(struct procdump *d, struct procdump_item *out, struct sl_error *err)
{
	struct memberwalk_item said;
	int rc = 1;

	if (d->is_lent)
		buf_reset(&d->bytes);
	d->is_lent = false;
	while (rc == 1) {
		rc = memberwalk_next(d->walk, &said, err);
		if (rc != 0)
			return rc;
		if (said.event == MEMBERWALK_SAID) {
			rc = understand(d, &said, out, err);
			continue;
		}
		buf_reset(&d->bytes);
		*out = d->end;
		out->member = said.member;
		if (said.event == MEMBERWALK_HUNG)
			*out = (struct procdump_item){.kind = PROCDUMP_HUNG,
						      .member = said.member,
						      .name = said.why,
						      .sys = said.sys,
						      .is_abandoned = said.is_abandoned};
	}
	return rc;
}

void procdump_free(struct procdump *d)
{
	if (d == NULL)
		return;
	memberwalk_free(d->walk);
	buf_clear(&d->bytes);
	free(d);
}
