/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_seen.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "host/privateproc.h"
#include "snapshot/content.h"

/* The one thing that is made on the examined machine to look at it; it is attached nowhere. */
static int settle_proc(struct capture *c, struct sl_error *err)
{
	int rc;

	if (c->has_proc)
		return 0;
	c->has_proc = true;
	rc = host_use_private_proc(c->host);
	return capture_action(c, NULL, "private procfs",
			      "processes are looked at where nothing can be mounted over them",
			      rc == 0 ? "opened, mounted nowhere"
				      : "not to be had: the machine's /proc is used",
			      err);
}

static bool should_run(const struct sl_container *container)
{
	return container->pid > 0 &&
	       (container->state == SL_STATE_RUNNING || container->state == SL_STATE_PAUSED);
}

static int tell_refused(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	const struct host_members *m = &t->seen->members;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->refused_count; i++)
		rc = capture_process_gap(c, t, m->refused[i].pid, m->refused[i].why,
					 m->refused[i].sys, err);
	return rc;
}

/* Its memory holds the keys of this bundle, and it is no evidence of what happened before. */
static int tell_self(struct capture *c, const struct capture_target *t, struct sl_error *err)
{
	char what[64];

	(void)snprintf(what, sizeof(what), "process %" PRId64, t->seen->members.self);
	return capture_action(c, t, what, "this program runs among the container's processes",
			      "left out, with what it started", err);
}

static int look(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct capture_seen *seen = t->seen;
	int rc = host_members(c->host, t->container, HOST_MEMBERS_OTHERS, &seen->members, &why);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	if (rc < 0) {
		host_members_clear(&seen->members);
		return capture_gap_of(c, t, "/proc", sl_error_text(&why), why.sys, err);
	}
	if (rc == 0)
		rc = tell_refused(c, t, err);
	if (rc == 0 && seen->members.self != 0)
		rc = tell_self(c, t, err);
	if (rc < 0)
		return rc;
	seen->records = calloc(seen->members.count + 1, sizeof(*seen->records));
	if (seen->records == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	if (seen->members.count == 0)
		return capture_gap_of(c, t, "processes", "none of its processes is in /proc", 0,
				      err);
	return 0;
}

int capture_look(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	int rc = 0;

	if (c->host == NULL || !host_is_live(c->host) || !should_run(t->container))
		return 1;
	if (t->seen == NULL) {
		t->seen = calloc(1, sizeof(*t->seen));
		if (t->seen == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
		rc = settle_proc(c, err);
		if (rc == 0)
			rc = look(c, t, err);
	}
	if (rc < 0)
		return rc;
	return t->seen->members.count > 0 ? 0 : 1;
}

void capture_seen_free(struct capture_seen *seen)
{
	if (seen == NULL)
		return;
	host_members_clear(&seen->members);
	sl_processes_clear(&seen->processes);
	capture_writers_clear(&seen->writers);
	free(seen->records);
	free(seen);
}

int capture_process_gap(struct capture *c, struct capture_target *t, int64_t pid, const char *why,
			int sys, struct sl_error *err)
{
	char what[40];

	if (t->seen->gaps++ == CAPTURE_SEEN_GAPS_MAX)
		return capture_gap_of(c, t, "processes", "more of the same", 0, err);
	if (t->seen->gaps > CAPTURE_SEEN_GAPS_MAX)
		return 0;
	(void)snprintf(what, sizeof(what), "process %" PRId64, pid);
	return capture_gap_of(c, t, what, why, sys, err);
}

int capture_text(struct capture *c, const struct capture_target *t, const char *role,
		 const char *path, struct sl_bytes bytes, const char *members, struct sl_error *err)
{
	struct sl_entry e = {
		.path = {path, strlen(path)}, .mode = S_IFREG | 0444, .size = bytes.len};
	struct sl_bundle_file file = {.target = t != NULL ? t->id : SL_BUNDLE_TARGET_HOST,
				      .role = role,
				      .entry = &e,
				      .members = members};
	struct sl_bundle_stored stored;
	int rc = content_from_memory(&file.content, bytes.data, bytes.len, err);

	return rc < 0 ? rc : capture_keep(c, t, &file, &stored, err);
}

const struct capture_process *capture_seen_by_pid(const struct capture_seen *seen, int64_t pid)
{
	for (size_t i = 0; seen != NULL && i < seen->members.count; i++)
		if (seen->members.items[i].pid == pid)
			return &seen->records[i];
	return NULL;
}
