/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procdump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/beneath.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "host/process.h"
#include "host/procfds.h"
#include "host/worker.h"

#define CHUNK ((size_t)256 * 1024)

/* What the worker says. */
enum { SAY_BYTES, SAY_FILE, SAY_END };

struct note {
	uint32_t member, part;
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
	struct worker *worker;
	size_t at;         /* the member whose turn it is */
	uint64_t waste_ms; /* waited in vain so far */
	struct buf bytes;
	bool is_lent; /* bytes are with the caller */
};

/* ---- in the worker ---- */

struct work {
	const struct procdump *dump;
	struct worker_out *out;
	size_t member;
};

static int say(struct work *w, uint32_t kind, const struct note *note, const void *bytes,
	       size_t len, char *room)
{
	memcpy(room, note, sizeof(*note));
	if (len > 0)
		memcpy(room + sizeof(*note), bytes, len);
	return worker_send(w->out, kind, room, sizeof(*note) + len);
}

static int say_bytes(struct work *w, struct note *note, const char *bytes, size_t len, char *room)
{
	int rc = 0;

	while (rc == 0 && len > 0) {
		size_t n = len < CHUNK ? len : CHUNK;

		rc = say(w, SAY_BYTES, note, bytes, n, room);
		bytes += n;
		len -= n;
	}
	return rc;
}

/* Piece by piece: what was read before it hangs or fails has come. */
static int send_file(struct work *w, int pid_fd, struct note *note, char *room)
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
			rc = say_bytes(w, note, chunk, (size_t)n, room);
		total += n > 0 ? (size_t)n : 0;
	}
	return rc;
}

static int send_made(struct work *w, int pid_fd, struct note *note, char *room)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(PROCDUMP_FILE_MAX);
	int rc = parts[note->part].make(pid_fd, w->dump->o.is_light, &text, &why);

	if (rc < 0) {
		note->sys = why.sys != 0 ? why.sys : EIO;
		note->is_cut = rc == -SL_ELIMIT;
	}
	return say_bytes(w, note, text.data, text.len, room);
}

#define PROBE "cmdline"

static bool is_wanted(const struct procdump_options *o, const struct host_member *member,
		      const struct part *part)
{
	if (o->is_probe)
		return strcmp(part->name, PROBE) == 0;
	return !(part->is_heavy && o->is_light) && !(part->is_risky && member->is_hung);
}

static int send_member(struct work *w, char *room)
{
	const struct host_member *member = &w->dump->o.members[w->member];
	AUTO_CLOSE int fd = process_open(w->dump->o.proc_fd, member->pid, NULL);
	AUTO_CLOSE int living = -1;
	struct process_stat status, thread;
	struct note end = {.member = (uint32_t)w->member};
	uint64_t stack;
	int rc = 0;

	if (fd < 0 || process_stat(fd, &status, NULL) < 0 || status.start != member->start) {
		end.is_ended = true;
		return say(w, SAY_END, &end, NULL, 0, room);
	}
	/* of a process whose first thread has ended, another one shows what they share */
	if (status.is_dead)
		living = process_open_living(w->dump->o.proc_fd, member->pid, &thread, NULL);
	stack = status.stack;
	for (uint32_t i = 0; rc == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct note note = {.member = (uint32_t)w->member, .part = i};
		int from = living >= 0 && parts[i].make == NULL ? living : fd;

		if (!is_wanted(&w->dump->o, member, &parts[i]))
			continue;
		rc = parts[i].make != NULL ? send_made(w, from, &note, room)
					   : send_file(w, from, &note, room);
		if (rc == 0)
			rc = say(w, SAY_FILE, &note, NULL, 0, room);
	}
	end.is_ended = process_stat(fd, &status, NULL) < 0;
	end.is_changed = !end.is_ended && status.stack != stack;
	return rc < 0 ? rc : say(w, SAY_END, &end, NULL, 0, room);
}

static int work(struct worker_out *out, void *payload)
{
	const struct procdump *d = payload;
	struct work w = {.dump = d, .out = out};
	AUTO_FREE char *room = malloc(sizeof(struct note) + CHUNK);
	int rc = room != NULL ? 0 : -SL_ENOMEM;

	for (w.member = d->at; rc == 0 && w.member < d->o.count; w.member++)
		rc = send_member(&w, room);
	return rc;
}

/* ---- who reads it ---- */

int procdump_new(struct procdump **out, const struct procdump_options *options,
		 struct sl_error *err)
{
	struct procdump *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	d->o = *options;
	d->bytes = BUF_INIT(PROCDUMP_FILE_MAX);
	*out = d;
	return 0;
}

static int start(struct procdump *d, struct sl_error *err)
{
	struct worker_limits limits = {.silence_ms = PROCDUMP_WAIT_MS, .stop = d->o.stop};

	if (d->waste_ms >= PROCDUMP_PATIENCE_MS)
		limits.silence_ms = PROCDUMP_HASTE_MS;
	return worker_start(&d->worker, work, d, &d->o.proc_fd, 1, &limits, err);
}

/* The worker is lost, and with it what is left of the process that it was at. */
static int give_up(struct procdump *d, bool is_late, struct procdump_item *out)
{
	*out = (struct procdump_item){.kind = PROCDUMP_HUNG, .member = d->at};
	out->is_abandoned = worker_end(take_ptr(&d->worker)) == WORKER_ABANDONED;
	out->name = is_late ? "does not answer: its memory cannot be read without waiting"
			    : "the worker that read it died";
	out->sys = is_late ? ETIMEDOUT : EIO;
	d->waste_ms += d->waste_ms >= PROCDUMP_PATIENCE_MS ? PROCDUMP_HASTE_MS : PROCDUMP_WAIT_MS;
	d->at++;
	return 0;
}

static int understand(struct procdump *d, const struct worker_message *m, struct procdump_item *out,
		      struct sl_error *err)
{
	struct note note;

	if (m->bytes.len < sizeof(note))
		return sl_fail(err, SL_EIO, 0, "processes: the worker died");
	memcpy(&note, m->bytes.data, sizeof(note));
	if (m->kind == SAY_BYTES) {
		if (buf_append(&d->bytes, m->bytes.data + sizeof(note),
			       m->bytes.len - sizeof(note)) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		return 1;
	}
	*out = (struct procdump_item){.member = d->at, .sys = note.sys, .is_cut = note.is_cut};
	if (m->kind == SAY_FILE) {
		out->kind = PROCDUMP_FILE;
		out->name = parts[note.part].name;
		out->bytes =
			(struct sl_bytes){d->bytes.data != NULL ? d->bytes.data : "", d->bytes.len};
		d->is_lent = true;
		return 0;
	}
	out->kind = note.is_ended ? PROCDUMP_ENDED : PROCDUMP_DONE;
	out->is_changed = note.is_changed;
	d->at++;
	return 0;
}

int procdump_next(struct procdump *d, struct procdump_item *out, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct worker_message message;
	int rc = 1;

	if (d->is_lent)
		buf_reset(&d->bytes);
	d->is_lent = false;
	while (rc == 1) {
		if (d->at >= d->o.count)
			return 1;
		rc = d->worker == NULL ? start(d, err) : 0;
		if (rc < 0)
			return rc;
		rc = worker_next(d->worker, &message, &why);
		if (rc == 0) {
			rc = understand(d, &message, out, err);
			continue;
		}
		if (rc == -SL_ECANCELLED && why.sys != ETIMEDOUT)
			return sl_fail(err, SL_ECANCELLED, 0, "processes: %s", sl_error_text(&why));
		buf_reset(&d->bytes);
		return give_up(d, rc == -SL_ECANCELLED, out);
	}
	return rc;
}

void procdump_free(struct procdump *d)
{
	if (d == NULL)
		return;
	(void)worker_end(d->worker);
	buf_clear(&d->bytes);
	free(d);
}
