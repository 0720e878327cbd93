/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/drift.h"

#include "core/cleanup.h"
#include "diff/enrich.h"
#include "diff/renames.h"
#include "diff/spool.h"
#include "diff/walk.h"

struct drift {
	const struct drift_input *input;
	const struct drift_options *options;
	struct sl_sink *sink;
	struct spool *spool;
	struct enrich enrich;
	struct renames_hint hint;
	struct renames renames;
	struct sl_counts *counts;
};

static void free_spool(struct spool **s)
{
	spool_free(*s);
}

/* ---- first phase: the walk fills the spool ---- */

static int keep_gap(void *payload, const struct sl_gap *gap, struct sl_error *err)
{
	struct drift *d = payload;

	d->counts->gaps++;
	return spool_add_gap(d->spool, gap, err);
}

static int keep_change(void *payload, const struct sl_change *c, struct sl_error *err)
{
	struct drift *d = payload;
	struct sl_error own = SL_ERROR_INIT;
	int rc;

	if (c->kind == SL_CHANGE_TOUCHED && !d->options->show_touched) {
		d->counts->by_kind[SL_CHANGE_TOUCHED]++;
		return 0;
	}
	rc = spool_add_change(d->spool, c, &own);
	if (rc == -SL_ELIMIT) {
		struct sl_gap gap = {.what = c->path,
				     .why = "its attributes are too large to report",
				     .is_path = true};

		rc = keep_gap(d, &gap, err);
	} else if (rc < 0) {
		(void)sl_fail(err, own.code, own.sys, "change spool");
	} else {
		renames_note(&d->hint, c);
	}
	sl_error_clear(&own);
	return rc;
}

static int walk(struct drift *d, struct sl_error *err)
{
	struct walk_sink sink = {.change = keep_change, .gap = keep_gap, .payload = d};
	struct walk_counts walked;
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < d->input->gap_count; i++)
		rc = keep_gap(d, &d->input->gaps[i], err);
	if (rc >= 0)
		rc = walk_run(d->input, d->options, &sink, &walked, err);
	if (rc < 0)
		return rc;
	d->counts->entries = walked.entries;
	d->counts->bytes_read = walked.bytes_read;
	d->counts->cached = walked.cached;
	d->counts->raced = walked.raced;
	if (d->options->raced != NULL)
		d->counts->raced += d->options->raced(d->options->raced_payload);
	return 0;
}

/* What has no baseline goes into the same spool, behind what was compared. */
static int walk_more(struct drift *d, struct sl_summary *out, struct sl_error *err)
{
	struct walk_sink sink = {.change = keep_change, .gap = keep_gap, .payload = d};
	const struct drift_more *more = &d->input->more;

	return more->walk == NULL ? 0 : more->walk(more->payload, &sink, out, err);
}

/* ---- second phase: what is in the spool becomes findings ---- */

static void count(struct sl_counts *counts, const struct sl_finding *f, bool count_posture)
{
	if (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED) {
		counts->by_kind[SL_CHANGE_TOUCHED]++;
		return;
	}
	if (f->cause != SL_CAUSE_NONE) {
		counts->explained++;
		return;
	}
	if (f->kind == SL_FINDING_POSTURE) {
		counts->posture++;
		if (!count_posture)
			return;
	} else if (f->change != NULL) {
		counts->by_kind[f->change->kind]++;
	} else {
		counts->other++;
	}
	counts->by_severity[f->severity]++;
	if (f->notes.ack_by != NULL || f->notes.is_seen)
		counts->known_by_severity[f->severity]++;
}

/*
 * Does @next lie beneath the directory that @c is about? Path order puts it right behind. What was
 * found in a volume comes after all that was compared, and lies in no directory of the container's.
 */
static bool is_parent(const struct sl_change *c, const struct spool_record *next)
{
	return next->change != NULL &&
	       (next->change->signals & SL_SIGNAL_VOLUME) == (c->signals & SL_SIGNAL_VOLUME) &&
	       sl_path_within(next->change->path, c->path);
}

/* What the marks could not look at. */
static int tell_unmarked(struct drift *d, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < d->input->mark_count; i++) {
		const struct drift_step *step = &d->input->marks[i];
		const struct sl_gap *gap;

		while (rc >= 0 && step->gap != NULL && (gap = step->gap(step->payload)) != NULL) {
			d->counts->gaps++;
			rc = sl_sink_gap(d->sink, gap, err);
		}
	}
	return rc;
}

static int tell(struct drift *d, const struct spool_record *r, const struct spool_record *next,
		struct sl_error *err)
{
	struct sl_change c;
	struct sl_finding f;
	int rc;

	if (r->gap != NULL)
		return sl_sink_gap(d->sink, r->gap, err);
	c = *r->change;
	rc = renames_apply(&d->renames, d->spool, r->at, &c, err);
	if (rc == 0)
		rc = enrich_change(&d->enrich, &c, is_parent(&c, next), &f, err);
	if (rc < 0)
		return rc;
	count(d->counts, &f, d->options->count_posture);
	rc = sl_sink_finding(d->sink, &f, err);
	return rc < 0 ? rc : tell_unmarked(d, err);
}

static int replay(struct drift *d, struct sl_error *err)
{
	struct spool_record now = {0}, next = {0};
	int rc = renames_find(&d->renames, d->spool, &d->hint, RENAMES_MAX, err);

	if (rc == 0)
		rc = spool_rewind(d->spool, err);
	if (rc < 0)
		return rc;
	rc = spool_next(d->spool, &now, err);
	while (rc == 0) {
		int told;

		rc = spool_next(d->spool, &next, err);
		told = rc < 0 ? rc : tell(d, &now, &next, err);
		now = next;
		if (told < 0)
			rc = told;
	}
	return rc < 0 ? rc : 0;
}

/* What was known before the walk: identified and counted like everything else. */
static int tell_known(struct drift *d, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < d->input->finding_count; i++) {
		struct sl_finding f = d->input->findings[i];

		rc = enrich_known(&d->enrich, &f, err);
		if (rc < 0)
			return rc;
		count(d->counts, &f, d->options->count_posture);
		rc = sl_sink_finding(d->sink, &f, err);
	}
	return rc;
}

static int finish(struct drift *d, struct sl_summary *out, struct sl_error *err)
{
	struct sl_gap gap;

	if (d->options->finish == NULL ||
	    d->options->finish(d->options->finish_payload, out, &gap) == 0)
		return 0;
	d->counts->gaps++;
	return sl_sink_gap(d->sink, &gap, err);
}

int drift_run(const struct drift_input *input, const struct drift_options *options,
	      struct sl_sink *sink, struct sl_summary *out, struct sl_error *err)
{
	CLEANUP(free_spool) struct spool *spool = NULL;
	static const char *const too_many[] = {
		"too much is gone or new to look for files that were renamed"};
	struct drift d = {.input = input,
			  .options = options,
			  .sink = sink,
			  .counts = &out->counts,
			  .renames = RENAMES_INIT};
	int rc;

	*out = (struct sl_summary){.subject = input->subject};
	rc = spool_new(&spool, 0, err);
	if (rc < 0)
		return rc;
	d.spool = spool;
	rc = enrich_init(&d.enrich, input, err);
	if (rc >= 0)
		rc = sl_sink_container(sink, input->subject, err);
	if (rc >= 0)
		rc = tell_known(&d, err);
	if (rc >= 0)
		rc = walk(&d, err);
	if (rc >= 0)
		rc = walk_more(&d, out, err);
	if (rc >= 0)
		rc = replay(&d, err);
	if (rc >= 0)
		rc = finish(&d, out, err);
	enrich_clear(&d.enrich);
	if (d.renames.too_many) {
		out->notes = too_many;
		out->note_count = ARRAY_SIZE(too_many);
	}
	renames_clear(&d.renames);
	if (rc < 0)
		return rc;
	out->complete = out->counts.gaps == 0;
	rc = sl_sink_container_end(sink, out, err);
	return rc < 0 ? rc : 0;
}
