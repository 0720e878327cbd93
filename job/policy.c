/* SPDX-License-Identifier: Apache-2.0 */
#include "job/policy.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "job/driftdocument.h"

int job_policy_read(struct policy **out, const char *const *files, size_t count,
		    struct sl_error *err)
{
	struct policy *p = NULL;
	int rc = 0;

	*out = NULL;
	if (count > 0)
		rc = policy_new(&p, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct ydoc *doc = NULL;

		rc = ydoc_read(&doc, files[i], err);
		if (rc == 0)
			rc = policy_add(p, doc, err);
		ydoc_free(doc);
	}
	if (rc < 0)
		policy_free(p);
	else
		*out = p;
	return rc;
}

static int say(void *payload, const char *line)
{
	job_say(payload, "%s", line);
	return 0;
}

void job_policy_warn(const struct job *job, const struct policy *p, bool has_run)
{
	if (p != NULL)
		(void)policy_warn(p, clock_now(), has_run, say, (void *)(uintptr_t)job);
}

/* ---- trying one on a document ---- */

struct trying {
	struct policy *policy;
	struct ostream *to;
	struct policy_try *out;
};

static int on_container(void *payload, const struct policy_subject *subject, uint64_t gaps,
			struct sl_error *err)
{
	struct trying *t = payload;

	(void)err;
	policy_begin(t->policy, subject, clock_now());
	t->out->gaps += gaps;
	return 0;
}

static int tell(struct trying *t, const struct sl_finding *f, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf line = BUF_INIT((size_t)8 << 20);
	struct sl_bytes about = f->change != NULL ? f->change->path : f->subject;

	(void)buf_printf(&line, "%-8s  %-8s  %s", sl_severity_name(f->severity),
			 f->change != NULL ? sl_change_name(f->change->kind)
					   : sl_finding_kind_name(f->kind),
			 f->change != NULL ? "/" : "");
	(void)quote_bytes(&line, about.data, about.len);
	if (f->cause != SL_CAUSE_NONE)
		(void)buf_printf(&line, "  explained by %s", f->cause_name);
	(void)buf_append_char(&line, '\n');
	if (line.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "policy");
	return ostream_write(t->to, line.data, line.len, err);
}

/* What another policy explained then counts as open: this one is asked instead. */
static int on_finding(void *payload, struct sl_finding *f, struct sl_error *err)
{
	struct trying *t = payload;

	if (f->cause == SL_CAUSE_POLICY) {
		f->cause = SL_CAUSE_NONE;
		f->cause_name = NULL;
	}
	if (f->cause != SL_CAUSE_NONE || f->kind == SL_FINDING_POSTURE ||
	    (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED))
		return 0;
	if (policy_explain(t->policy, f)) {
		t->out->explained++;
	} else {
		t->out->unexplained++;
		t->out->by_severity[f->severity]++;
	}
	return tell(t, f, err);
}

int job_policy_try(struct policy *p, const char *document, struct ostream *to,
		   struct policy_try *out, struct sl_error *err)
{
	struct trying t = {.policy = p, .to = to, .out = out};
	const struct driftdocument_events events = {
		.container = on_container, .finding = on_finding, .payload = &t};

	*out = (struct policy_try){0};
	return driftdocument_read(document, &events, err);
}
