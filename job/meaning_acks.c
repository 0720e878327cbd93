/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_acks.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "diff/enrich.h"
#include "job/ackledger.h"
#include "job/called.h"
#include "job/records.h"
#include "job/seenlist.h"

struct acks {
	struct db *db;
	const struct sl_container *container;
	char *who; /* NULL: news were not asked for */
	struct sl_time now;
	bool has_ledger;
	struct ackledger_look *look;
	struct seenlist *seen; /* NULL: news were not asked for */
	char *gap;             /* why the ledger does not count */
};

static void acks_free(void *data)
{
	struct acks *a = data;

	ackledger_look_free(a->look);
	seenlist_free(a->seen);
	db_close(a->db);
	free(a->gap);
	free(a->who);
	free(a);
}

static int judge(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct acks *a = payload;
	struct ack ack;
	int rc = 1;

	(void)c;
	if (a->has_ledger)
		rc = ackledger_find(&a->look, a->db, f->id, a->now, &ack, err);
	if (rc == 0) {
		f->notes.ack_by = ack.by;
		f->notes.ack_reason = ack.reason;
		f->notes.has_ack_until = ack.has_until;
		f->notes.ack_until = ack.until;
	}
	if (rc >= 0 && a->seen != NULL)
		rc = f->notes.is_seen = seenlist_meet(a->seen, f->id, err) > 0;
	return rc < 0 ? rc : 0;
}

static int finish(void *data, struct sl_error *err)
{
	struct acks *a = data;
	int rc = a->seen != NULL ? seenlist_commit(a->seen, err) : 0;

	return rc == 0 && a->who != NULL ? called_put(a->db, CALLED_SEEN, a->container, a->who, err)
					 : rc;
}

/* An edited ledger, or one that is gone, answers for nothing. */
static int tell_gap(struct meaning *m, struct acks *a, const struct sl_error *why,
		    struct sl_error *err)
{
	struct sl_gap gap = {.what = {"acknowledgements", 16}};

	a->gap = strdup(sl_error_text(why));
	gap.why = a->gap != NULL ? a->gap : "the ledger was edited";
	return meaning_gap(m, &gap, err);
}

static int prove_ledger(struct meaning *m, struct acks *a, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = ackledger_each(a->db, NULL, NULL, &why);

	a->has_ledger = rc == 0;
	return rc == 0 ? 0 : tell_gap(m, a, &why, err);
}

/* A database is made only where this run has something to keep. */
static int open_records(struct meaning *m, struct acks *a, struct sl_error *err)
{
	if (m->request->is_news)
		return records_open(m->job, &a->db, err);
	return records_read(m->job, "ack", &a->db, err);
}

/* Ids hold the name: what was seen or acknowledged under the old one is not known again. */
static int say_renamed(struct meaning *m, const struct acks *a, struct sl_error *err)
{
	AUTO_FREE char *before = NULL;
	AUTO_FREE char *now = NULL, *then = NULL;
	int rc = called_get(&before, a->db, CALLED_SEEN, a->container, err);

	if (rc != 0 || strcmp(before, a->who) == 0)
		return rc < 0 ? rc : 0;
	now = quote_dup(a->who, strlen(a->who));
	then = quote_dup(before, strlen(before));
	job_say(m->job,
		"'%s' was called '%s' in the last run: its findings have new ids, so that all of "
		"them are new, and acknowledgements have to be given again",
		now != NULL ? now : "?", then != NULL ? then : "?");
	return 0;
}

int meaning_acks(struct meaning *m, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct acks *a = calloc(1, sizeof(*a));
	int rc, opened;

	if (a == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "acknowledgements");
	a->now = clock_now();
	a->container = m->comparison->container;
	opened = open_records(m, a, &why);
	if (opened > 0) {
		acks_free(a);
		return 0; /* there is nothing to ask */
	}
	rc = meaning_keep(m, a, acks_free, err);
	if (rc < 0)
		return rc;
	if (opened == -SL_EUNTRUSTED)
		return tell_gap(m, a, &why, err);
	if (opened < 0)
		return sl_fail(err, -opened, 0, "%s", sl_error_text(&why));
	meaning_on_finish(m, finish);
	rc = prove_ledger(m, a, err);
	if (rc == 0 && m->request->is_news) {
		a->who = enrich_who(a->container);
		rc = a->who == NULL ? sl_fail(err, SL_ENOMEM, 0, "last run")
				    : seenlist_open(&a->seen, a->db, a->who, err);
	}
	if (rc == 0 && a->seen != NULL)
		rc = say_renamed(m, a, err);
	if (rc == 0)
		rc = meaning_judge(m, (struct drift_step){judge, a}, err);
	return rc;
}
