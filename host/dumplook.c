/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dumplook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "host/dumparch.h"
#include "host/pagemap.h"
#include "host/process.h"
#include "host/smaps.h"

/* Where pages that are not there are zeros, so many of them in a row part two ranges. */
#define APART_PAGES 16
#define SMAPS_CHUNK ((size_t)64 << 10)
/* A mapping's lines: its name is at most a page, escaped. */
#define SMAPS_ROW_MAX ((size_t)64 << 10)

enum look_kind { LOOK_FACTS, LOOK_AUXV, LOOK_THREAD, LOOK_ROW, LOOK_RUN, LOOK_SHARE, LOOK_ALIVE };

/* What a mapping adds to the report. */
struct look_share {
	enum dump_kind kind;
	uint64_t bytes, user_fault, swapped_shared;
};

/* ---- what it is ---- */

static uint64_t status_number(const struct buf *text, const char *key)
{
	const char *at = text->len > 0 ? memmem(text->data, text->len, key, strlen(key)) : NULL;

	return at != NULL ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* "4711 (name) S 1 4711 4711 0 -1 4194560 ..."; nothing behind the name holds a parenthesis. */
static int read_stat(int pid_fd, struct dump_facts *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	struct process_stat stat;
	int parent, group, session, nice;
	unsigned long flags;
	const char *at;
	int rc = process_read(pid_fd, "stat", &text, err);

	if (rc == 0)
		rc = process_stat_parse(&stat, text.data != NULL ? text.data : "", text.len, err);
	if (rc < 0)
		return rc;
	at = (const char *)memrchr(text.data, ')', text.len) + 2;
	if (sscanf(at, "%c %d %d %d %*d %*d %lu %*u %*u %*u %*u %*u %*u %*d %*d %*d %d",
		   &out->state, &parent, &group, &session, &flags, &nice) != 6)
		return sl_fail(err, SL_EFORMAT, 0, "no status of a process");
	out->start = stat.start;
	out->parent = parent;
	out->group = group;
	out->session = session;
	out->flags = flags;
	out->nice = (int8_t)nice;
	return 0;
}

static void join_arguments(struct dump_facts *out, const struct buf *text)
{
	size_t len = text->len < sizeof(out->arguments) ? text->len : sizeof(out->arguments) - 1;

	for (size_t i = 0; i < len; i++)
		out->arguments[i] = text->data[i];
	for (size_t i = 0; i + 1 < len; i++)
		if (out->arguments[i] == '\0')
			out->arguments[i] = ' ';
}

static int read_facts(struct dump_look *look, struct dump_facts *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf status = BUF_INIT((size_t)256 << 10);
	CLEANUP(buf_clear) struct buf name = BUF_INIT(4096);
	CLEANUP(buf_clear) struct buf arguments = BUF_INIT(16384);
	int rc = read_stat(look->pid_fd, out, err);

	if (rc == 0)
		rc = process_read(look->pid_fd, "status", &status, err);
	if (rc == 0)
		rc = process_read(look->pid_fd, "comm", &name, err);
	if (rc < 0)
		return rc;
	out->pid = (int32_t)look->request->pid;
	out->uid = (uint32_t)status_number(&status, "\nUid:\t");
	out->gid = (uint32_t)status_number(&status, "\nGid:\t");
	if (name.len > 0 && name.data[name.len - 1] == '\n')
		name.len--;
	memcpy(out->name, name.data, name.len < sizeof(out->name) ? name.len : sizeof(out->name));
	/* longer ones fail, and those of a process that ends: neither matters for the rest */
	(void)process_read(look->pid_fd, "cmdline", &arguments, NULL);
	join_arguments(out, &arguments);
	return 0;
}

/* ---- its threads ---- */

void dump_thread_parse(struct dump_thread *t, const char *text, size_t len)
{
	const struct dump_arch arch = DUMP_ARCH;
	char copy[256];
	unsigned long long n[9];
	int count;

	if (len == 0 || len >= sizeof(copy) || arch.registers == 0)
		return;
	memcpy(copy, text, len);
	copy[len] = '\0';
	count = sscanf(copy, "%lli %llx %llx %llx %llx %llx %llx %llx %llx", (long long *)&n[0],
		       &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8]);
	if (count != 3 && count != 9)
		return;
	t->known = DUMP_REGISTERS_CALL;
	t->stack = n[count - 2];
	if (count == 9) {
		t->registers[arch.call] = n[0];
		for (size_t i = 0; i < 6; i++)
			t->registers[arch.arguments[i]] = n[1 + i];
	}
	t->registers[arch.stack] = n[count - 2];
	t->registers[arch.counter] = n[count - 1];
}

static int read_thread(struct dump_look *look, int tasks_fd, const char *name, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	AUTO_CLOSE int fd = root_open_subdir(tasks_fd, name, ROOT_NO_LINKS, NULL);
	struct dump_thread t = {.id = (int32_t)strtol(name, NULL, 10)};
	int64_t inner = 0;
	size_t depth;

	if (fd < 0)
		return 0; /* it has ended meanwhile */
	if (process_inner_pid(fd, &inner, &depth, NULL) == 0)
		t.inner = (int32_t)inner;
	if (process_read(fd, "syscall", &text, NULL) == 0)
		dump_thread_parse(&t, text.data, text.len);
	return dump_plan_thread(&look->plan, &t, err);
}

static int read_threads(struct dump_look *look, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int tasks = root_open_subdir(look->pid_fd, "task", ROOT_NO_LINKS, err);
	struct dump_plan *p = &look->plan;
	int rc = tasks < 0 ? tasks : root_list(tasks, &names, DUMP_THREADS_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = read_thread(look, tasks, names.names[i], err);
	/* a debugger takes the first one for the one to begin with */
	for (size_t i = 1; rc == 0 && i < p->thread_count; i++) {
		struct dump_thread first = p->threads[i];

		if (first.id != look->request->pid)
			continue;
		p->threads[i] = p->threads[0];
		p->threads[0] = first;
	}
	if (rc == 0 && look->request->with_registers)
		dump_trace(p);
	return rc;
}

/* ---- its mappings ---- */

static int send_row(struct dump_look *look, struct worker_out *out, const struct smaps_row *from,
		    struct sl_error *err)
{
	char message[sizeof(struct dump_row) + 4096 + 64];
	struct sl_bytes path = from->map.path;
	struct dump_row row = {.start = from->map.start,
			       .end = from->map.end,
			       .offset = from->map.offset,
			       .kind = dump_kind_of(from),
			       .is_readable = from->map.is_readable,
			       .is_writable = from->map.is_writable,
			       .is_executable = from->map.is_executable,
			       .is_file = from->map.inode != 0 && path.len > 0};

	if (path.len > sizeof(message) - sizeof(row))
		path.len = 0;
	row.is_file = row.is_file && path.len > 0;
	row.is_always_there = row.kind == DUMP_KIND_KERNEL;
	row.is_zero_between =
		!from->is_user_fault && (row.kind == DUMP_KIND_ANONYMOUS ||
					 row.kind == DUMP_KIND_HEAP || row.kind == DUMP_KIND_STACK);
	memcpy(message, &row, sizeof(row));
	memcpy(message + sizeof(row), path.data, path.len);
	if (worker_send(out, LOOK_ROW, message, sizeof(row) + path.len) < 0)
		return sl_fail(err, SL_EIO, 0, "nobody listens");
	return dump_plan_row(&look->plan, &row, (struct sl_bytes){"", 0}, err);
}

/* One that is being looked through. */
struct scan {
	struct dump_look *look;
	struct worker_out *out;
	int pagemap_fd;
	uint32_t row;
	bool is_first;
	struct dump_run run; /* not sent yet, when its end is not 0 */
	uint64_t present;
};

static int flush_run(struct scan *s)
{
	struct dump_run run = s->run;

	s->run = (struct dump_run){0};
	return run.end == 0 ? 0 : worker_send(s->out, LOOK_RUN, &run, sizeof(run));
}

/* Pages of it that are there. */
static int add_pages(void *payload, uint64_t start, uint64_t end)
{
	struct scan *s = payload;
	const struct dump_plan *p = &s->look->plan;
	uint64_t apart = p->rows[s->row].is_zero_between ? APART_PAGES * p->page : 0;
	int rc = 0;

	if (start == end)
		return worker_send(s->out, LOOK_ALIVE, NULL, 0);
	s->present += end - start;
	if (s->run.end != 0 && start - s->run.end > apart)
		rc = flush_run(s);
	if (s->run.end == 0)
		s->run = (struct dump_run){.start = start, .row = s->row, .is_first = s->is_first};
	s->run.end = end;
	return rc;
}

static int scan_pages(struct scan *s, uint64_t start, uint64_t end, struct sl_error *err)
{
	int rc = pagemap_scan(s->pagemap_fd, s->look->plan.page, start, end, add_pages, s, err);

	return rc < 0 ? rc : flush_run(s);
}

static bool is_taken_first(const struct dump_row *row)
{
	return row->kind == DUMP_KIND_STACK || row->kind == DUMP_KIND_KERNEL ||
	       (row->is_executable && row->kind != DUMP_KIND_FILE);
}

static int look_at_row(struct scan *s, const struct smaps_row *from, struct sl_error *err)
{
	struct dump_plan *p = &s->look->plan;
	struct look_share share = {.bytes = from->map.end - from->map.start};
	uint64_t start, end;
	int rc = send_row(s->look, s->out, from, err);

	if (rc < 0)
		return rc;
	s->row = (uint32_t)p->row_count - 1;
	s->present = 0;
	s->is_first = is_taken_first(&p->rows[s->row]);
	share.kind = p->rows[s->row].kind;
	dump_wanted(p, &p->rows[s->row], from->anonymous + from->swapped > 0,
		    s->look->request->mode, &start, &end);
	if (end > start && p->rows[s->row].is_always_there) {
		s->run = (struct dump_run){start, end, s->row, true};
		rc = flush_run(s);
	} else if (end > start && from->resident + from->swapped > 0) {
		rc = scan_pages(s, start, end, err);
	}
	if (rc < 0 && err->code == 0)
		return sl_fail(err, SL_EIO, 0, "nobody listens");
	if (rc == 0 && from->is_user_fault && end > start)
		share.user_fault = end - start - s->present;
	if (rc == 0 && share.kind == DUMP_KIND_SHARED && s->look->request->mode == DUMP_FULL)
		share.swapped_shared = from->swapped;
	if (rc == 0 && worker_send(s->out, LOOK_SHARE, &share, sizeof(share)) < 0)
		rc = sl_fail(err, SL_EIO, 0, "nobody listens");
	return rc;
}

/* All whole mappings in the @used bytes of @text; what is left of the last is moved to its start.
 */
static int look_at_text(struct scan *s, char *text, size_t *used, bool is_end, struct sl_error *err)
{
	size_t whole = is_end ? *used : smaps_whole(text, *used);
	struct sl_bytes rest = {text, whole};
	struct smaps_row row;
	int rc = 0;

	while (rc == 0) {
		rc = smaps_next(&rest, &row, err);
		if (rc == 0)
			rc = look_at_row(s, &row, err);
	}
	memmove(text, text + whole, *used - whole);
	*used -= whole;
	return rc < 0 ? rc : 0;
}

static int look_at_mappings(struct dump_look *look, struct worker_out *out, struct sl_error *err)
{
	AUTO_CLOSE int smaps_fd = process_open_file(look->pid_fd, "smaps", err);
	AUTO_CLOSE int pagemap_fd =
		smaps_fd < 0 ? -1 : process_open_file(look->pid_fd, "pagemap", err);
	struct scan s = {.look = look, .out = out, .pagemap_fd = pagemap_fd};
	char text[SMAPS_CHUNK + SMAPS_ROW_MAX];
	size_t used = 0;
	ssize_t n = 1;
	int rc = smaps_fd < 0 ? smaps_fd : pagemap_fd < 0 ? pagemap_fd : 0;

	while (rc == 0 && n > 0) {
		n = read(smaps_fd, text + used, sizeof(text) - used);
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read 'smaps'");
		used += (size_t)n;
		rc = look_at_text(&s, text, &used, n == 0, err);
		if (rc == 0 && used == sizeof(text))
			rc = sl_fail(err, SL_ELIMIT, 0, "smaps: a mapping of more than %zu bytes",
				     sizeof(text));
	}
	return rc;
}

static int look_at_all(struct dump_look *look, struct worker_out *out, struct sl_error *err)
{
	struct dump_facts facts = {0};
	int rc = read_facts(look, &facts, err);

	if (rc == 0 && facts.start != look->request->start)
		return sl_fail(err, SL_ENOTFOUND, ESRCH, "the process has ended");
	if (rc == 0)
		rc = process_read_whole(look->pid_fd, "auxv", &look->plan.auxv, err);
	if (rc == 0)
		rc = read_threads(look, err);
	if (rc < 0)
		return rc;
	if (worker_send(out, LOOK_FACTS, &facts, sizeof(facts)) < 0 ||
	    worker_send(out, LOOK_AUXV, look->plan.auxv.data, look->plan.auxv.len) < 0)
		return sl_fail(err, SL_EIO, 0, "nobody listens");
	for (size_t i = 0; i < look->plan.thread_count; i++)
		if (worker_send(out, LOOK_THREAD, &look->plan.threads[i],
				sizeof(struct dump_thread)) < 0)
			return sl_fail(err, SL_EIO, 0, "nobody listens");
	return look_at_mappings(look, out, err);
}

int dump_look(struct worker_out *out, void *payload)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc = look_at_all(payload, out, &why);

	return rc < 0 ? worker_send_error(out, rc, &why) : 0;
}

/* ---- on the other side ---- */

static int take_row(const struct worker_message *m, struct dump_plan *plan, struct sl_error *err)
{
	struct dump_row row;
	struct sl_bytes name = {m->bytes.data + sizeof(row), m->bytes.len - sizeof(row)};

	memcpy(&row, m->bytes.data, sizeof(row));
	return dump_plan_row(plan, &row, name, err);
}

static void take_share(const struct worker_message *m, struct dump_report *report)
{
	struct look_share share;

	memcpy(&share, m->bytes.data, sizeof(share));
	report->kinds[share.kind].mappings++;
	report->kinds[share.kind].bytes += share.bytes;
	report->user_fault += share.user_fault;
	report->swapped_shared += share.swapped_shared;
}

static int take_thread(const struct worker_message *m, struct dump_plan *plan,
		       struct dump_report *report, struct sl_error *err)
{
	struct dump_thread t;

	memcpy(&t, m->bytes.data, sizeof(t));
	report->threads++;
	report->threads_all += t.known == DUMP_REGISTERS_ALL;
	report->threads_call += t.known == DUMP_REGISTERS_CALL;
	return dump_plan_thread(plan, &t, err);
}

int dump_look_take(const struct worker_message *m, struct dump_plan *plan,
		   struct dump_report *report, struct sl_error *err)
{
	struct dump_run run;

	switch ((enum look_kind)m->kind) {
	case LOOK_FACTS:
		memcpy(&plan->facts, m->bytes.data, sizeof(plan->facts));
		memcpy(report->name, plan->facts.name, sizeof(plan->facts.name));
		return 0;
	case LOOK_AUXV:
		return buf_append(&plan->auxv, m->bytes.data, m->bytes.len) < 0
			       ? sl_fail(err, SL_ENOMEM, 0, "auxv")
			       : 0;
	case LOOK_THREAD:
		return take_thread(m, plan, report, err);
	case LOOK_ROW:
		return take_row(m, plan, err);
	case LOOK_RUN:
		memcpy(&run, m->bytes.data, sizeof(run));
		if (plan->run_count < DUMP_RUNS_MAX)
			return dump_plan_run(plan, &run, err);
		report->left += run.end - run.start;
		return 0;
	case LOOK_SHARE:
		take_share(m, report);
		return 0;
	case LOOK_ALIVE:
		return 0;
	}
	return 1;
}
