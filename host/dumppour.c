/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dumppour.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/dumpelf.h"
#include "host/dumpread.h"

/* One reading of the content. All borrowed. */
struct pouring {
	const struct dump_source *from;
	struct dump_report *report;
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
	const struct dump_plan *plan = p->from->plan;

	p->at.at += bytes;
	if (p->at.at < plan->runs[p->at.run].end)
		return;
	p->at.run++;
	p->at.at = p->at.run < plan->run_count ? plan->runs[p->at.run].start : 0;
}

static bool is_done(const struct pouring *p)
{
	return p->at.run >= p->from->plan->run_count;
}

/* What is missing from where it stands on, as a range that joins the one before. */
static void note_hole(struct pouring *p, uint64_t bytes, int sys)
{
	struct dump_report *r = p->report;
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
	return !is_done(p) && bytes > 0 && bytes <= p->from->plan->runs[p->at.run].end - p->at.at &&
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
		p->report->gone += said[0];
	rc = m->kind == DUMP_READ_DATA ? pour(p, m->bytes.data, m->bytes.len, err)
				       : pour_zeros(p, said[0], err);
	advance(p, said[0]);
	return rc;
}

/* One that hangs is left behind, with the chunk that it hangs at. */
static int skip_chunk(struct pouring *p, struct sl_error *err)
{
	const struct dump_run *run = &p->from->plan->runs[p->at.run];
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
	const struct dump_request *request = p->from->request;
	struct dump_read read = {p->from->pid_fd, p->from->plan, p->at};
	struct worker_limits limits = {.silence_ms = request->silence_ms, .stop = request->stop};
	struct worker_message m;
	struct worker *w = NULL;
	int rc = 0, failed = worker_start(&w, dump_read, &read, &p->from->pid_fd, 1, &limits, why);

	while (failed == 0 && rc == 0) {
		failed = worker_next(w, &m, why);
		if (failed == 0)
			rc = take(p, &m, err);
	}
	p->report->is_abandoned |= worker_end(w) == WORKER_ABANDONED;
	if (failed > 0 && !is_done(p))
		(void)sl_fail(why, SL_EIO, EIO, "the worker left something out");
	return rc;
}

/* Read no further: the rest is missing. */
static void cut_short(struct pouring *p, const struct sl_error *why)
{
	const struct dump_plan *plan = p->from->plan;

	p->out->is_short = true;
	p->out->sys = why->sys != 0 ? why->sys : ECANCELED;
	p->report->has_ended = why->code == SL_ENOTFOUND;
	for (; p->at.run < plan->run_count; advance(p, plan->runs[p->at.run].end - p->at.at))
		note_hole(p, plan->runs[p->at.run].end - p->at.at, p->out->sys);
}

static int pour_memory(struct pouring *p, struct sl_error *err)
{
	unsigned int *hangs = p->from->request->hangs;
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

int dump_pour(const struct dump_source *from, struct dump_report *report,
	      struct sl_tap *const taps[], size_t count, struct sl_read *out, struct sl_error *err)
{
	const struct dump_arch arch = DUMP_ARCH;
	struct pouring p = {
		.from = from, .report = report, .taps = taps, .tap_count = count, .out = out};
	struct dump_out head = {pour, &p};
	int rc;

	*out = (struct sl_read){0};
	if (from->plan->run_count > 0)
		p.at.at = from->plan->runs[0].start;
	rc = dump_elf_head(from->plan, &arch, &head, err);
	return rc < 0 ? rc : pour_memory(&p, err);
}
