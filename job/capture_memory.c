/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a container's processes: an ELF core each. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "host/dump.h"
#include "host/members.h"
#include "job/capture_records.h"
#include "job/capture_run.h"

/* A read that takes so long hangs; so many may, of all processes of a container. */
#define SILENCE_MS 2000
#define HANGS_MAX 8

enum capture_memory capture_memory_mode(const struct capture_request *r)
{
	if (r->memory != CAPTURE_MEMORY_BY_PROFILE)
		return r->memory;
	return r->profile >= CAPTURE_FULL ? CAPTURE_MEMORY_FULL : CAPTURE_MEMORY_NONE;
}

/* One process of a container. */
struct subject {
	struct capture *c;
	const struct capture_target *t;
	const struct host_member *who;
	struct dump_report report;
};

/* ---- what was not taken ---- */

static int gap(const struct subject *s, const char *why, int sys, struct sl_error *err)
{
	char what[64];

	(void)snprintf(what, sizeof(what), "memory of process %" PRId64, s->who->pid);
	return capture_gap_of(s->c, s->t, what, why, sys, err);
}

static int gap_of_bytes(const struct subject *s, uint64_t bytes, const char *why,
			struct sl_error *err)
{
	char text[160];

	if (bytes == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "%" PRIu64 " bytes %s", bytes, why);
	return gap(s, text, 0, err);
}

static int gap_of_hole(const struct subject *s, const struct dump_hole *hole, struct sl_error *err)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "%" PRIx64 "-%" PRIx64 ": %s, zeros stand for it",
		       hole->start, hole->end,
		       hole->sys == ETIMEDOUT ? "reading it hung" : "it could not be read");
	return gap(s, text, hole->sys, err);
}

static int gaps(const struct subject *s, struct sl_error *err)
{
	const struct dump_report *r = &s->report;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->hole_count; i++)
		rc = gap_of_hole(s, &r->holes[i], err);
	if (rc == 0 && r->holes_more > 0)
		rc = gap(s, "more ranges of it could not be read", 0, err);
	if (rc == 0)
		rc = gap_of_bytes(s, r->left, "lie beyond the limit of --memory-limit", err);
	if (rc == 0)
		rc = gap_of_bytes(s, r->gone, "were there no more when they were to be read", err);
	if (rc == 0)
		rc = gap_of_bytes(s, r->user_fault,
				  "would have to be supplied by a process (userfaultfd): not asked "
				  "for",
				  err);
	if (rc == 0)
		rc = gap_of_bytes(s, r->swapped_shared, "of shared memory lie in the swap", err);
	if (rc == 0 && r->is_abandoned)
		rc = gap(s, "a process that read it hangs, and was left behind", 0, err);
	return rc;
}

/* ---- what was ---- */

static void kinds(struct jout *j, const struct dump_report *r)
{
	jout_key(j, "kinds");
	jout_object(j);
	for (size_t i = 0; i < DUMP_KINDS; i++) {
		if (r->kinds[i].mappings == 0)
			continue;
		jout_key(j, dump_kind_name((enum dump_kind)i));
		jout_object(j);
		jout_key_u64(j, "mappings", r->kinds[i].mappings);
		jout_key(j, "bytes");
		jout_id(j, r->kinds[i].bytes);
		jout_key(j, "taken");
		jout_id(j, r->kinds[i].taken);
		jout_object_end(j);
	}
	jout_object_end(j);
}

static int members(const struct subject *s, const char *mode, struct buf *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf object = BUF_INIT(CAPTURE_MEMBERS_MAX);
	const struct dump_report *r = &s->report;
	struct jout j;

	jout_begin(&j, &object);
	jout_object(&j);
	jout_key(&j, "process");
	jout_object(&j);
	jout_key(&j, "pid");
	jout_i64(&j, s->who->pid);
	jout_key(&j, "start");
	jout_id(&j, s->who->start);
	jout_key_bytes(&j, "name", r->name);
	jout_key_u64(&j, "threads", r->threads);
	jout_object_end(&j);
	jout_key(&j, "memory");
	jout_object(&j);
	jout_key_str(&j, "mode", mode);
	jout_key(&j, "bytes");
	jout_id(&j, r->memory_bytes);
	kinds(&j, r);
	jout_key(&j, "registers");
	jout_object(&j);
	jout_key_u64(&j, "all", r->threads_all);
	jout_key_u64(&j, "call", r->threads_call);
	jout_key_u64(&j, "none", r->threads - r->threads_all - r->threads_call);
	jout_object_end(&j);
	jout_object_end(&j);
	jout_object_end(&j);
	if (jout_end(&j) < 0 || buf_append(out, object.data + 1, object.len - 2) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "memory record");
	return 0;
}

static int keep(struct subject *s, const char *mode, struct sl_content *content,
		struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(CAPTURE_MEMBERS_MAX);
	char name[32];
	struct sl_entry e = {.mode = S_IFREG | 0400, .size = s->report.file_bytes};
	struct sl_bundle_file file = {
		.target = s->t->id, .role = "memory", .entry = &e, .content = content};
	struct sl_bundle_stored stored;
	int rc = members(s, mode, &text, err);

	if (rc < 0) {
		sl_content_close(content);
		return rc;
	}
	(void)snprintf(name, sizeof(name), "%" PRId64 ".core", s->who->pid);
	e.path = (struct sl_bytes){name, strlen(name)};
	file.members = text.data;
	rc = capture_keep(s->c, s->t, &file, &stored, err);
	return rc < 0 ? rc : gaps(s, err);
}

/* ---- whose ---- */

/* Who ended meanwhile is no gap: processes do. */
static int take(struct subject *s, unsigned int *hangs, struct sl_error *err)
{
	const struct capture_request *r = s->c->request;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	bool is_full = capture_memory_mode(r) == CAPTURE_MEMORY_FULL;
	struct dump_request request = {.pid = s->who->pid,
				       .start = s->who->start,
				       .mode = is_full ? DUMP_FULL : DUMP_MINI,
				       .limit = r->memory_limit,
				       .with_registers = r->memory_registers,
				       .silence_ms = SILENCE_MS,
				       .hangs = hangs,
				       .stop = s->c->job->stop};
	struct sl_content *content;
	int rc;

	rc = host_dump(s->c->host, &request, &s->report, &content, &why);
	if (rc == -SL_ENOTFOUND || (rc < 0 && job_stopped(s->c->job)))
		return 0;
	if (rc < 0)
		return gap(s, sl_error_text(&why), why.sys, err);
	return keep(s, is_full ? "full" : "mini", content, err);
}

static int tell_refused(struct capture *c, struct capture_target *t, const struct host_members *all,
			struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < all->refused_count; i++) {
		struct host_member who = {.pid = all->refused[i].pid};
		struct subject s = {.c = c, .t = t, .who = &who};

		rc = gap(&s, all->refused[i].why, all->refused[i].sys, err);
	}
	return rc;
}

int capture_memory(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(host_members_clear) struct host_members all = {0};
	unsigned int hangs = HANGS_MAX;
	int rc = c->host == NULL ? 1
				 : host_members(c->host, t->container,
						HOST_MEMBERS_ANEW | HOST_MEMBERS_OTHERS, &all, err);

	if (rc > 0) /* what does not run has none */
		return 0;
	if (rc == 0)
		rc = tell_refused(c, t, &all, err);
	if (rc < 0)
		return rc;
	if (c->request->memory_registers)
		rc = capture_action(c, t, "stop threads to read their registers",
				    "asked for: each for less than a second, by ptrace", "done",
				    err);
	for (size_t i = 0; rc == 0 && i < all.count && !job_stopped(c->job); i++) {
		struct subject s = {.c = c, .t = t, .who = &all.items[i]};

		rc = take(&s, &hangs, err);
	}
	return rc;
}
