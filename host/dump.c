/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dump.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "host/dumpelf.h"
#include "host/dumplook.h"
#include "host/dumppour.h"
#include "host/machine.h"
#include "host/process.h"

struct dump {
	struct sl_content base;
	struct dump_request request;
	struct dump_report *report; /* borrowed */
	struct dump_plan plan;
	int pid_fd;
};

static int dump_content_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
			     struct sl_read *out, struct sl_error *err)
{
	struct dump *d = container_of(c, struct dump, base);
	struct dump_source from = {d->pid_fd, &d->plan, &d->request};

	return dump_pour(&from, d->report, taps, count, out, err);
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
