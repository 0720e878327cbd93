/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container: what /proc has of each, file by file, and a record to read. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/privateproc.h"
#include "host/procdump.h"
#include "host/process.h"
#include "host/procmounts.h"
#include "host/procscan.h"
#include "job/capture_seen.h"
#include "job/procrecord.h"

#define COVER_MAX ((size_t)64 << 10)

static struct procdump_options dump_options(const struct capture *c, const struct capture_target *t)
{
	return (struct procdump_options){.proc_fd = host_proc_fd(c->host),
					 .members = t->seen->members.items,
					 .count = t->seen->members.count,
					 .is_light = c->request->profile < CAPTURE_STANDARD,
					 .stop = c->job->stop};
}

static void dump_freep(struct procdump *const *d)
{
	procdump_free(*d);
}

/* ---- who answers ---- */

static int note_hung(struct capture *c, struct capture_target *t, const struct procdump_item *item,
		     struct sl_error *err)
{
	struct host_member *member = &t->seen->members.items[item->member];

	member->is_hung = true;
	member->is_abandoned = item->is_abandoned;
	return capture_process_gap(c, t, member->pid, item->name, item->sys, err);
}

/* Those that did not answer when findings were looked for: nobody asks them again. */
static int tell_hung(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	const struct host_members *m = &t->seen->members;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->count; i++)
		if (m->items[i].is_hung)
			rc = capture_process_gap(c, t, m->items[i].pid,
						 "does not answer: its memory cannot be read "
						 "without waiting",
						 ETIMEDOUT, err);
	return rc;
}

/* Who is hidden in the machine's own /proc, which findings do not look at any more. */
static int add_covered(struct capture *c, struct capture_target *t, int64_t pid,
		       struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf cover = BUF_INIT(COVER_MAX);
	struct sl_processes *p = &t->seen->processes;
	int rc = host_proc_cover(c->host, pid, &cover, err);
	char **grown;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	grown = reallocarray(p->covered, p->covered_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->covered = grown;
	if (asprintf(&grown[p->covered_count], "/proc/%" PRId64 " of the machine", pid) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->covered_count++;
	return 0;
}

/* What findings will be about: who ends before they are made was here. */
static int look_for_findings(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct capture_seen *seen = t->seen;
	int rc = host_processes_of(c->host, t->container, &seen->members, c->job->stop,
				   &seen->processes, &why);

	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, 0, "processes: %s", sl_error_text(&why));
	seen->has_processes = rc == 0;
	if (rc < 0)
		return capture_gap_of(c, t, "/proc", sl_error_text(&why), why.sys, err);
	for (size_t i = 0; rc == 0 && i < seen->members.count; i++)
		rc = add_covered(c, t, seen->members.items[i].pid, err);
	return rc < 0 ? rc : 0;
}

/* ---- one process ---- */

struct subject {
	struct capture *capture;
	struct capture_target *target;
	size_t member;
	bool is_open; /* the record was begun */
	struct procrecord record;
};

static void subject_clear(struct subject *s)
{
	procrecord_clear(&s->record);
}

static const struct sl_process *process_of(const struct capture_seen *seen, int64_t pid)
{
	for (size_t i = 0; seen->has_processes && i < seen->processes.count; i++)
		if (seen->processes.items[i].pid == pid)
			return &seen->processes.items[i];
	return NULL;
}

static int begin(struct subject *s, size_t member, struct sl_error *err)
{
	const struct capture_seen *seen = s->target->seen;
	const struct host_member *m = &seen->members.items[member];
	AUTO_CLOSE int fd = host_member_open(s->capture->host, m, NULL);
	CLEANUP(buf_clear) struct buf cover = BUF_INIT(COVER_MAX);
	int rc;

	procrecord_clear(&s->record);
	procrecord_init(&s->record);
	s->is_open = true;
	s->member = member;
	s->record.member = m;
	s->record.is_hung = m->is_hung;
	s->record.is_abandoned = m->is_abandoned;
	s->record.objects = &seen->processes;
	s->record.process = process_of(seen, m->pid);
	if (fd >= 0)
		procrecord_look(&s->record, fd);
	rc = host_proc_cover(s->capture->host, m->pid, &cover, err);
	if (rc == 0)
		rc = procrecord_cover(&s->record, (struct sl_bytes){cover.data, cover.len}, err);
	return rc < 0 ? rc : 0;
}

static int store_file(struct subject *s, const struct procdump_item *item, struct sl_error *err)
{
	/* whoever gets the bundle gets the passwords in it */
	const char *members =
		strcmp(item->name, "environ") == 0 ? "\"secrets_in_clear\":true" : NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "%" PRId64 "/%s", s->record.member->pid, item->name);
	return capture_text(s->capture, s->target, "process", path, item->bytes, members, err);
}

/* Before the files themselves are read, so that their records can say it. */
static int learn_writers(struct subject *s, struct sl_bytes fds, struct sl_error *err)
{
	const struct host_member *m = s->record.member;
	AUTO_CLOSE int fd = host_member_open(s->capture->host, m, NULL);
	CLEANUP(buf_clear) struct buf root = BUF_INIT(COVER_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct procmounts mounts CLEANUP(procmounts_clear) = {0};
	int rc;

	if (fd < 0 || process_read_link(fd, "root", &root, NULL) < 0 ||
	    procmounts_read(&mounts, fd, NULL) < 0)
		return 0;
	rc = capture_writers_add(&s->target->seen->writers, m->pid, fds, &mounts, root.data, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "open files");
	return rc == 0 ? 0
		       : capture_process_gap(
				 s->capture, s->target, m->pid,
				 "not all files that it has open for writing are marked", 0, err);
}

static int take_file(struct subject *s, const struct procdump_item *item, struct sl_error *err)
{
	char why[80];
	int rc;

	/* no such file in this kernel, or the process is ending: its record says so */
	if (item->sys == ENOENT || item->sys == ESRCH)
		return 0;
	if (item->sys != 0 || item->is_cut) {
		(void)snprintf(why, sizeof(why), "its '%s' %s", item->name,
			       item->is_cut ? "is longer than is kept" : "cannot be read");
		rc = capture_process_gap(s->capture, s->target, s->record.member->pid, why,
					 item->sys, err);
		if (rc < 0 || item->bytes.len == 0)
			return rc;
	}
	rc = strcmp(item->name, "fds") == 0 ? learn_writers(s, item->bytes, err) : 0;
	if (rc == 0)
		rc = procrecord_take(&s->record, item->name, item->bytes, err);
	return rc < 0 || procrecord_text(item->name) >= 0 ? rc : store_file(s, item, err);
}

static int finish(struct subject *s, const struct procdump_item *item, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(1);
	uint64_t *seq = &s->target->seen->records[s->member].record;
	int rc = 0;

	s->is_open = false;
	s->record.is_ended = item->kind == PROCDUMP_ENDED;
	s->record.is_changed = item->is_changed;
	if (item->kind == PROCDUMP_HUNG) {
		rc = note_hung(s->capture, s->target, item, err);
		s->record.is_hung = true;
		s->record.is_abandoned = item->is_abandoned;
	}
	if (rc == 0)
		rc = procrecord_members(&members, &s->record, err);
	return rc < 0 ? rc
		      : sl_bundle_record(s->capture->writer, "proc", s->target->id, members.data,
					 seq, err);
}

static int take_all(struct subject *s, struct sl_error *err)
{
	CLEANUP(dump_freep) struct procdump *dump = NULL;
	struct procdump_options options = dump_options(s->capture, s->target);
	struct procdump_item item;
	int rc = procdump_new(&dump, &options, err);

	while (rc == 0 && (rc = procdump_next(dump, &item, err)) == 0) {
		if (!s->is_open)
			rc = begin(s, item.member, err);
		if (rc == 0)
			rc = item.kind == PROCDUMP_FILE ? take_file(s, &item, err)
							: finish(s, &item, err);
	}
	return rc < 0 ? rc : 0;
}

int capture_processes(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(subject_clear) struct subject s = {.capture = c, .target = t};
	int rc = capture_look(c, t, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	t->seen->gaps = 0;
	rc = look_for_findings(c, t, err);
	if (rc == 0)
		rc = tell_hung(c, t, err);
	return rc == 0 ? take_all(&s, err) : rc;
}
