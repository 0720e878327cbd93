/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/dumpelf.h"
#include "host/dumplook.h"
#include "host/dumpread.h"
#include "host/machine.h"
#include "host/process.h"

struct dump {
	struct sl_content base;
	struct dump_request request;
	struct dump_report *report; /* borrowed */
	struct dump_plan plan;
	int pid_fd;
};

/* ---- reading it out ---- */

/* One reading of the content. */
struct pouring {
	struct dump *d;
	struct sl_tap *const *taps;
	size_t tap_count;
	struct sl_read *out;
	struct dump_place at;
};

static int pour(void *payload, const void *bytes, size_t len, struct sl_error *err)
{
	struct pouring *p = payload;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < p->tap_count; i++)
		rc = p->taps[i]->data(p->taps[i], bytes, len, err);
	if (rc >= 0)
		p->out->bytes += len;
	return rc < 0 ? rc : 0;
}

static int pour_zeros(struct pouring *p, uint64_t len, struct sl_error *err)
{
	static const uint8_t zeros[65536];
	int rc = 0;

	for (size_t n; rc == 0 && len > 0; len -= n) {
		n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
		rc = pour(p, zeros, n, err);
	}
	return rc;
}

static void advance(struct pouring *p, uint64_t bytes)
{
	const struct dump_plan *plan = &p->d->plan;

	p->at.at += bytes;
	if (p->at.at < plan->runs[p->at.run].end)
		return;
	p->at.run++;
	p->at.at = p->at.run < plan->run_count ? plan->runs[p->at.run].start : 0;
}

static bool is_done(const struct pouring *p)
{
	return p->at.run >= p->d->plan.run_count;
}

/* What is missing from where it stands on, as a range that joins the one before. */
static void note_hole(struct pouring *p, uint64_t bytes, int sys)
{
	struct dump_report *r = p->d->report;
	struct dump_hole *last = r->hole_count > 0 ? &r->holes[r->hole_count - 1] : NULL;

	r->holes_bytes += bytes;
	if (last != NULL && last->end == p->at.at && last->sys == sys && r->holes_more == 0)
		last->end += bytes;
	else if (r->hole_count < DUMP_HOLES_MAX)
		r->holes[r->hole_count++] = (struct dump_hole){p->at.at, p->at.at + bytes, sys};
	else
		r->holes_more++;
}

/* What a worker sends fits the plan, unless that worker is broken. */
static bool is_sound(const struct pouring *p, const struct worker_message *m, uint64_t bytes)
{
	return !is_done(p) && bytes > 0 && bytes <= p->d->plan.runs[p->at.run].end - p->at.at &&
	       (m->kind == DUMP_READ_DATA || m->bytes.len == 2 * sizeof(uint64_t));
}

static int take(struct pouring *p, const struct worker_message *m, struct sl_error *err)
{
	uint64_t said[2] = {m->bytes.len, 0};
	int rc;

	if (m->kind != DUMP_READ_DATA)
		memcpy(said, m->bytes.data,
		       m->bytes.len < sizeof(said) ? m->bytes.len : sizeof(said));
	if (!is_sound(p, m, said[0]))
		return sl_fail(err, SL_EIO, 0, "the worker answers what was not asked");
	if (m->kind == DUMP_READ_BAD)
		note_hole(p, said[0], (int)said[1]);
	if (m->kind == DUMP_READ_GONE)
		p->d->report->gone += said[0];
	rc = m->kind == DUMP_READ_DATA ? pour(p, m->bytes.data, m->bytes.len, err)
				       : pour_zeros(p, said[0], err);
	advance(p, said[0]);
	return rc;
}

/* One that hangs is left behind, with the chunk that it hangs at. */
static int skip_chunk(struct pouring *p, struct sl_error *err)
{
	const struct dump_run *run = &p->d->plan.runs[p->at.run];
	uint64_t end = run->start + ((p->at.at - run->start) / DUMP_CHUNK + 1) * DUMP_CHUNK;
	uint64_t bytes = (end < run->end ? end : run->end) - p->at.at;
	int rc;

	note_hole(p, bytes, ETIMEDOUT);
	rc = pour_zeros(p, bytes, err);
	advance(p, bytes);
	return rc;
}

/* Until one worker is done or fails: 0 or its failure in @why; negative in @err: the taps'. */
static int pour_worker(struct pouring *p, struct sl_error *why, struct sl_error *err)
{
	struct dump *d = p->d;
	struct dump_read read = {d->pid_fd, &d->plan, p->at};
	struct worker_limits limits = {.silence_ms = d->request.silence_ms,
				       .stop = d->request.stop};
	struct worker_message m;
	struct worker *w = NULL;
	int rc = 0, failed = worker_start(&w, dump_read, &read, &d->pid_fd, 1, &limits, why);

	while (failed == 0 && rc == 0) {
		failed = worker_next(w, &m, why);
		if (failed == 0)
			rc = take(p, &m, err);
	}
	d->report->is_abandoned |= worker_end(w) == WORKER_ABANDONED;
	if (failed > 0 && !is_done(p))
		(void)sl_fail(why, SL_EIO, EIO, "the worker left something out");
	return rc;
}

/* Read no further: the rest is missing. */
static void cut_short(struct pouring *p, const struct sl_error *why)
{
	const struct dump_plan *plan = &p->d->plan;

	p->out->is_short = true;
	p->out->sys = why->sys != 0 ? why->sys : ECANCELED;
	p->d->report->has_ended = why->code == SL_ENOTFOUND;
	for (; p->at.run < plan->run_count; advance(p, plan->runs[p->at.run].end - p->at.at))
		note_hole(p, plan->runs[p->at.run].end - p->at.at, p->out->sys);
}

static int pour_memory(struct pouring *p, struct sl_error *err)
{
	unsigned int *hangs = p->d->request.hangs;
	int rc = 0;

	while (rc == 0 && !is_done(p)) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

		rc = pour_worker(p, &why, err);
		if (rc < 0 || is_done(p))
			return rc;
		if (why.sys != ETIMEDOUT || *hangs == 0) {
			cut_short(p, &why);
			return 0;
		}
		--*hangs;
		rc = skip_chunk(p, err);
	}
	return rc;
}

static int dump_content_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
			     struct sl_read *out, struct sl_error *err)
{
	struct dump *d = container_of(c, struct dump, base);
	const struct dump_arch arch = DUMP_ARCH;
	struct pouring p = {.d = d, .taps = taps, .tap_count = count, .out = out};
	struct dump_out head = {pour, &p};
	int rc;

	*out = (struct sl_read){0};
	if (d->plan.run_count > 0)
		p.at.at = d->plan.runs[0].start;
	rc = dump_elf_head(&d->plan, &arch, &head, err);
	return rc < 0 ? rc : pour_memory(&p, err);
}

static void dump_content_close(struct sl_content *c)
{
	struct dump *d = container_of(c, struct dump, base);

	dump_plan_clear(&d->plan);
	if (d->pid_fd >= 0)
		(void)close(d->pid_fd);
	free(d);
}

static const struct sl_content_ops ops = {.read = dump_content_read, .close = dump_content_close};

/* ---- looking at it ---- */

static int look(struct dump *d, struct sl_error *err)
{
	struct dump_look look = {
		.pid_fd = d->pid_fd, .request = &d->request, .plan = DUMP_PLAN_INIT};
	struct worker_limits limits = {.silence_ms = d->request.silence_ms,
				       .stop = d->request.stop};
	struct worker_message m;
	struct worker *w = NULL;
	int rc;

	look.plan.page = d->plan.page;
	rc = worker_start(&w, dump_look, &look, &d->pid_fd, 1, &limits, err);
	while (rc == 0) {
		rc = worker_next(w, &m, err);
		if (rc == 0 && dump_look_take(&m, &d->plan, d->report, err) < 0)
			rc = -(int)err->code;
	}
	d->report->is_abandoned |= worker_end(w) == WORKER_ABANDONED;
	return rc < 0 ? rc : 0;
}

static void count_shares(struct dump *d)
{
	const struct dump_plan *p = &d->plan;

	for (size_t i = 0; i < p->run_count; i++) {
		const struct dump_run *run = &p->runs[i];

		d->report->kinds[p->rows[run->row].kind].taken += run->end - run->start;
	}
	d->report->memory_bytes = dump_plan_bytes(p);
}

int dump_process(int proc_fd, const struct dump_request *request, struct dump_report *report,
		 struct sl_content **out, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct dump_arch arch = DUMP_ARCH;
	struct dump *d = calloc(1, sizeof(*d));
	int rc = 0;

	*report = (struct dump_report){0};
	if (d == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "memory dump");
	*d = (struct dump){
		.base.ops = &ops, .request = *request, .report = report, .plan = DUMP_PLAN_INIT};
	d->plan.page = (uint64_t)sysconf(_SC_PAGESIZE);
	d->pid_fd = process_open(proc_fd, request->pid, &why);
	if (arch.machine == EM_NONE)
		rc = sl_fail(&why, SL_EUNSUPPORTED, 0,
			     "core files of this processor are not known");
	else
		rc = d->pid_fd < 0 ? d->pid_fd : look(d, &why);
	if (rc < 0) {
		rc = sl_fail(err, why.code, 0, "%s", sl_error_text(&why));
		if (err != NULL)
			err->sys = why.sys;
		dump_content_close(&d->base);
		return rc;
	}
	if (request->limit != 0)
		dump_plan_limit(&d->plan, request->limit, &report->left);
	count_shares(d);
	report->file_bytes = dump_elf_head_bytes(&d->plan, &arch) + report->memory_bytes;
	*out = &d->base;
	return 0;
}

int host_dump(const struct host *h, const struct dump_request *request, struct dump_report *report,
	      struct sl_content **out, struct sl_error *err)
{
	if (h->place.proc_fd < 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "it does not run here");
	return dump_process(h->place.proc_fd, request, report, out, err);
}
