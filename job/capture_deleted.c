/* SPDX-License-Identifier: Apache-2.0 */
/* Files without a name that processes run, map or hold open: gone with them. */
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "host/unlinked.h"
#include "job/capture_seen.h"

/* Most bytes of one file. */
#define TRIAGE_MAX ((uint64_t)64 << 20)
#define STANDARD_MAX ((uint64_t)1 << 30)
#define MEMBERS_MAX ((size_t)56 << 10)
#define DELETED " (deleted)"

struct step {
	struct capture *capture;
	struct capture_target *target;
};

static int on_hung(void *payload, size_t member, const char *why, int sys, struct sl_error *err)
{
	const struct step *s = payload;
	struct host_member *m = &s->target->seen->members.items[member];

	m->is_hung = true;
	return capture_process_gap(s->capture, s->target, m->pid, why, sys, err);
}

static uint64_t limit_of(const struct capture *c)
{
	return c->request->profile == CAPTURE_TRIAGE     ? TRIAGE_MAX
	       : c->request->profile == CAPTURE_STANDARD ? STANDARD_MAX
							 : 0;
}

static void say_holders(struct jout *j, const struct unlinked *u)
{
	static const char *const how[] = {
		[UNLINKED_EXE] = "exe", [UNLINKED_FD] = "fd", [UNLINKED_MAP] = "map"};

	jout_key(j, "holders");
	jout_array(j);
	for (size_t i = 0; i < u->holder_count && i < UNLINKED_HOLDERS_MAX; i++) {
		jout_object(j);
		jout_key(j, "pid");
		jout_i64(j, u->holders[i].pid);
		jout_key_str(j, "as", how[u->holders[i].how]);
		if (u->holders[i].how == UNLINKED_FD) {
			jout_key(j, "fd");
			jout_i64(j, u->holders[i].fd);
		}
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_key_u64(j, "holder_count", u->holder_count);
}

static int say_members(struct buf *out, const struct unlinked *u, struct sl_error *err)
{
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_bytes(&j, "link", "", (struct sl_bytes){u->link, strlen(u->link)});
	jout_key_bool(&j, "memory", u->is_memory);
	say_holders(&j, u);
	jout_object_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, (enum sl_code) - out->status, 0, "deleted file");
	out->data[--out->len] = '\0'; /* the braces are the writer's */
	return 0;
}

/* The path that it had; a memfd's is its name. */
static struct sl_bytes path_of(const struct unlinked *u)
{
	size_t len = strlen(u->link), tail = strlen(DELETED);
	const char *from = u->link + strspn(u->link, "/");

	if (len > tail && strcmp(u->link + len - tail, DELETED) == 0)
		len -= tail;
	return (struct sl_bytes){from, len - (size_t)(from - u->link)};
}

static void note_programs(struct capture_seen *seen, const struct unlinked *u, uint64_t seq)
{
	for (size_t i = 0; i < u->holder_count && i < UNLINKED_HOLDERS_MAX; i++)
		for (size_t k = 0; u->holders[i].how == UNLINKED_EXE && k < seen->members.count;
		     k++)
			if (seen->members.items[k].pid == u->holders[i].pid)
				seen->records[k].exe = seq;
}

static int recover(struct capture *c, struct capture_target *t, const struct unlinked *u,
		   struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(MEMBERS_MAX);
	struct sl_entry e = u->entry;
	struct sl_bundle_file file = {
		.target = t->id, .role = "recovered", .entry = &e, .max_bytes = limit_of(c)};
	struct sl_gap gap = {.why = "is larger than is kept: its beginning is"};
	struct sl_bundle_stored stored;
	int rc = say_members(&members, u, err);

	e.path = gap.what = path_of(u);
	if (rc == 0 && u->is_slow)
		gap.why = "lies on a file system that a daemon or server answers for: not read";
	else if (rc == 0)
		rc = unlinked_content(&file.content, host_proc_fd(c->host), u, c->job->stop, err);
	if (rc < 0)
		return rc;
	file.members = members.data + 1;
	rc = capture_keep(c, t, &file, &stored, err);
	if (rc == 0)
		note_programs(t->seen, u, stored.seq);
	if (rc == 0 && (u->is_slow || (file.max_bytes != 0 && e.size > file.max_bytes)))
		rc = capture_gap(c, t, &gap, err);
	return rc;
}

int capture_deleted(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(unlinked_clear) struct unlinked_list list = {0};
	struct step step = {c, t};
	struct unlinked_options options = {.stop = c->job->stop, .hung = on_hung, .payload = &step};
	int rc = capture_look(c, t, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	t->seen->gaps = 0;
	options.proc_fd = host_proc_fd(c->host);
	options.members = &t->seen->members;
	rc = unlinked_find(&list, &options, err);
	for (size_t i = 0; rc == 0 && i < list.count && !job_stopped(c->job); i++)
		if (c->request->profile > CAPTURE_TRIAGE || list.items[i]->is_program)
			rc = recover(c, t, list.items[i], err);
	if (rc == 0 && list.left_out > 0)
		rc = capture_gap_of(c, t, "deleted files", "there are more than are kept", 0, err);
	return rc;
}
