/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes stand still while their memory is read (FREEZE), and go on right after (THAW): before
 * anything large is read from a disk. Whoever is dead has a watchdog (host/freeze.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/quote.h"
#include "host/freeze.h"
#include "job/capture_records.h"
#include "job/capture_run.h"

#define REMAINS_MAX ((size_t)32 << 10)

/* What was done to one container, and, once it goes on, since when and for how long it stood. */
static int action(struct capture *c, const struct capture_target *t, const char *what,
		  const char *why, const char *result, const struct freeze_times *times,
		  struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	CLEANUP(buf_clear) struct buf stood = BUF_INIT(1024);
	struct jout j;
	int rc = capture_action_members(&members, what, why, result, err);

	if (rc == 0 && times != NULL) {
		jout_begin(&j, &stood);
		jout_object(&j);
		jout_key_time(&j, "at", times->begin);
		jout_key(&j, "ns");
		jout_id(&j, times->ns);
		jout_key_bool(&j, "expired", times->expired);
		jout_key_str(&j, "by", times->by);
		if (times->unwatched)
			jout_key_bool(&j, "unwatched", true);
		jout_object_end(&j);
		(void)buf_printf(&members, ",\"frozen\":%s", stood.data != NULL ? stood.data : "");
		if (stood.status < 0 || members.status < 0)
			return sl_fail(err, SL_ENOMEM, 0, "action record");
	}
	return rc < 0 ? rc : sl_bundle_record(c->writer, "action", t->id, members.data, NULL, err);
}

static void warn_of_probe(struct capture *c, const struct capture_target *t)
{
	const char *label = sl_container_label(t->container);
	AUTO_FREE char *shown = quote_dup(label, strlen(label));

	job_say(c->job,
		"'%s' belongs to a pod: while it stands still it misses its liveness probe, and is "
		"restarted after periodSeconds x failureThreshold of it (by default 30 s)",
		shown != NULL ? shown : "?");
}

static int not_frozen(struct capture *c, struct capture_target *t, int rc, struct sl_error *why,
		      struct sl_error *err)
{
	AUTO_FREE char *text = NULL;

	if (rc > 0) {
		c->frozen++;
		return action(c, t, "freeze container", "it is paused already, and stays so",
			      "not done", NULL, err);
	}
	if (rc == -SL_ENOTFOUND)
		return capture_gap_of(c, t, "standstill", "it ended before it could be stopped",
				      why->sys, err);
	if (asprintf(&text, "it could not be stopped, and was read while it ran: %s",
		     sl_error_text(why)) < 0)
		text = NULL;
	return capture_gap_of(c, t, "standstill",
			      text != NULL ? text
					   : "it could not be stopped, and was read while it ran",
			      why->sys, err);
}

int capture_freeze(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc;

	/* on a mounted disk nothing moves */
	if (c->host == NULL || !host_is_live(c->host) ||
	    (t->container->state != SL_STATE_RUNNING && t->container->state != SL_STATE_PAUSED))
		return 0;
	if (t->container->pod != NULL)
		warn_of_probe(c, t);
	rc = host_freeze(c->host, t->container, c->request->freeze_seconds, &t->freeze, &why);
	if (rc != 0)
		return not_frozen(c, t, rc, &why, err);
	c->frozen++;
	return action(c, t, "freeze container", "so that what is read belongs to one moment",
		      "done", NULL, err);
}

/* ---- and on ---- */

static int remains(struct capture *c, const struct capture_target *t, const char *why,
		   struct buf *in_force, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(REMAINS_MAX);
	struct jout j;

	job_say(c->job, "it may still stand still: %s", why);
	(void)buf_printf(&text, "container %" PRIu32 " may still stand still: %s", t->id, why);
	(void)buf_append_char(in_force, in_force->len == 0 ? '[' : ',');
	jout_begin(&j, in_force);
	jout_strn(&j, text.data, text.len);
	return text.status < 0 || in_force->status < 0
		       ? sl_fail(err, SL_ENOMEM, 0, "what is in force")
		       : 0;
}

static int thaw(struct capture *c, struct capture_target *t, struct buf *in_force,
		struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct freeze_times times;
	int ended = freeze_end(take_ptr(&t->freeze), &times, &why);
	int rc = 0;

	c->frozen--;
	c->out->was_frozen |= !times.was_paused;
	if (!times.was_paused && times.ns > c->out->frozen_ns)
		c->out->frozen_ns = times.ns;
	if (times.unwatched)
		job_say(c->job, FREEZE_UNWATCHED);
	if (ended < 0)
		rc = remains(c, t, sl_error_text(&why), in_force, err);
	if (rc == 0 && !times.was_paused)
		rc = action(c, t, "thaw container", NULL, ended < 0 ? "failed" : "done", &times,
			    err);
	if (rc == 0 && ended < 0)
		rc = capture_gap_of(c, t, "standstill", "it may still stand still", why.sys, err);
	if (rc == 0 && times.expired)
		rc = capture_gap_of(c, t, "standstill",
				    "its time was over before everything was read", 0, err);
	if (rc == 0 && times.started)
		rc = capture_gap_of(c, t, "standstill",
				    "somebody else started it before everything was read", 0, err);
	return rc;
}

int capture_thaw_all(struct capture *c, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf in_force = BUF_INIT(REMAINS_MAX);
	int first = 0;

	/* each of them, whatever becomes of the records */
	for (size_t i = 0; i < c->target_count; i++) {
		struct sl_error why = SL_ERROR_INIT;
		int rc =
			c->targets[i].freeze != NULL ? thaw(c, &c->targets[i], &in_force, &why) : 0;

		if (rc < 0 && first == 0) {
			first = sl_fail(err, why.code, 0, "%s", sl_error_text(&why));
			if (err != NULL)
				err->sys = why.sys;
		}
		sl_error_clear(&why);
	}
	if (in_force.len > 0 && first == 0) {
		first = buf_append_char(&in_force, ']') < 0
				? sl_fail(err, SL_ENOMEM, 0, "what is in force")
				: sl_bundle_in_force(c->writer, in_force.data, err);
	}
	return first;
}
