/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "diff/deviation.h"
#include "diff/posture.h"
#include "job/approval.h"
#include "job/records.h"

/* What the findings' texts live in, as long as the meaning does. */
struct part {
	struct meaning *meaning;
	char **texts; /* owned */
	size_t count;
};

static void part_free(void *data)
{
	struct part *p = data;

	for (size_t i = 0; i < p->count; i++)
		free(p->texts[i]);
	free(p->texts);
	free(p);
}

static void settings_cleanup(struct sl_settings **s)
{
	sl_settings_free(*s);
}

/* A copy that lives long enough; NULL stays NULL. */
static int keep(struct part *p, const char **out, const char *text, struct sl_error *err)
{
	char **grown;

	*out = NULL;
	if (text == NULL)
		return 0;
	grown = reallocarray(p->texts, p->count + 1, sizeof(*grown));
	if (grown != NULL) {
		p->texts = grown;
		*out = grown[p->count] = strdup(text);
	}
	if (*out == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	p->count++;
	return 0;
}

static int add_gap(struct part *p, const char *what, const char *why, struct sl_error *err)
{
	struct sl_gap gap = {0};
	const char *kept_what, *kept_why;
	int rc = keep(p, &kept_what, what, err);

	if (rc == 0)
		rc = keep(p, &kept_why, why, err);
	if (rc < 0)
		return rc;
	gap.what = (struct sl_bytes){kept_what, strlen(kept_what)};
	gap.why = kept_why;
	return meaning_gap(p->meaning, &gap, err);
}

/* ---- posture ---- */

static int add_note(void *payload, const struct posture_note *n, struct sl_error *err)
{
	struct part *p = payload;
	bool counts = p->meaning->request->posture;
	struct sl_finding f = {.kind = SL_FINDING_POSTURE,
			       .severity = counts ? n->severity : SL_SEVERITY_INFO,
			       .subject = {n->check->id, strlen(n->check->id)},
			       .rules = {n->check->id},
			       .reasons = {n->check->section},
			       .rule_count = 1,
			       .attack = {"T1611"},
			       .attack_count = n->check->escapes ? 1 : 0};
	AUTO_FREE char *shown = quote_short(n->found, strlen(n->found));
	AUTO_FREE char *message = NULL;
	int rc;

	/* the table has no column for the value */
	if (shown == NULL || asprintf(&message, "%s (%s: %s)", n->check->sentence,
				      sl_setting_name(n->check->about), shown) < 0) {
		message = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "posture");
	}
	rc = keep(p, &f.message, message, err);
	if (rc == 0)
		rc = keep(p, &f.notes.found, n->found, err);
	f.notes.setting = sl_setting_name(n->check->about);
	return rc < 0 ? rc : meaning_finding(p->meaning, &f, err);
}

/* ---- deviations ---- */

static int add_unread(struct part *p, enum sl_setting setting, struct sl_error *err)
{
	AUTO_FREE char *what = NULL;

	if (asprintf(&what, "setting %s", sl_setting_name(setting)) < 0) {
		what = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	}
	return add_gap(p, what,
		       "it is in the approved profile and cannot be read now: it was not compared",
		       err);
}

/* Every mount is a subject of its own. */
static int name_subject(struct part *p, const struct deviation *d, struct sl_bytes *out,
			struct sl_error *err)
{
	AUTO_FREE char *text = NULL;
	const char *kept;
	int rc;

	if (asprintf(&text, "%s%s%s", sl_setting_name(d->setting), d->path != NULL ? " " : "",
		     d->path != NULL ? d->path : "") < 0) {
		text = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	}
	rc = keep(p, &kept, text, err);
	if (rc == 0)
		*out = (struct sl_bytes){kept, strlen(kept)};
	return rc;
}

static int add_deviation(void *payload, const struct deviation *d, struct sl_error *err)
{
	struct part *p = payload;
	struct sl_finding f = {.kind = SL_FINDING_CONFIG,
			       .severity = d->severity,
			       .rules = {"config-deviation"},
			       .reasons = {"a setting is not what was approved"},
			       .rule_count = 1};
	int rc;

	if (d->is_unread)
		return add_unread(p, d->setting, err);
	rc = name_subject(p, d, &f.subject, err);
	if (rc == 0)
		rc = keep(p, &f.message, d->sentence, err);
	if (rc == 0)
		rc = keep(p, &f.notes.expected, d->expected, err);
	if (rc == 0)
		rc = keep(p, &f.notes.found, d->found, err);
	f.notes.setting = sl_setting_name(d->setting);
	return rc < 0 ? rc : meaning_finding(p->meaning, &f, err);
}

/* The profile stays with it, and its old name: whoever is called so next has it, too. */
static int say_renamed(const struct job *job, const struct sl_container *c,
		       const struct approval *a, struct sl_error *err)
{
	AUTO_FREE char *key = NULL;
	AUTO_FREE char *now = NULL, *then = NULL;

	if (a->kind != APPROVAL_NAME || approval_key(&key, APPROVAL_NAME, c, err) < 0)
		return key == NULL && a->kind == APPROVAL_NAME ? -SL_ENOMEM : 0;
	now = quote_dup(key, strlen(key));
	then = quote_dup(a->key, strlen(a->key));
	if (strcmp(key, a->key) != 0)
		job_say(job,
			"'%s' was approved as '%s' and renamed since: it is compared with that "
			"profile; approve it anew, and forget the old one with 'approve rm'",
			now != NULL ? now : "?", then != NULL ? then : "?");
	return 0;
}

/* 0 and the profile that counts; 1 when none does. */
static int find_profile(const struct job *job, const struct sl_container *c,
			struct sl_settings **out, struct sl_error *err)
{
	CLEANUP(approval_clear) struct approval a = {0};
	struct db *db = NULL;
	int rc = records_read(job, "approval", &db, err);

	if (rc == 0)
		rc = approval_find(db, c, &a, err);
	db_close(db);
	if (rc == 0)
		rc = say_renamed(job, c, &a, err);
	return rc == 0 ? approval_settings(out, a.profile, err) : rc;
}

static int compare(struct part *p, const struct sl_container *c, struct sl_error *err)
{
	CLEANUP(settings_cleanup) struct sl_settings *approved = NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = find_profile(p->meaning->job, c, &approved, &why);

	if (rc == 1)
		return 0;
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "approved profile");
	/* whether somebody approved of it is not known: no verdict without it */
	if (rc < 0)
		return add_gap(p, "approved profile", sl_error_text(&why), err);
	return deviation_find(approved, c->settings, add_deviation, p, err);
}

int meaning_settings(struct meaning *m, struct sl_error *err)
{
	const struct sl_container *c = m->comparison->container;
	struct part *p;
	int rc;

	if (c->settings == NULL)
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	p->meaning = m;
	rc = meaning_keep(m, p, part_free, err);
	/* a store that could not read its own record has said so already */
	if (rc == 0 && c->settings->gap != NULL && c->metadata_gap == NULL)
		rc = add_gap(p, "settings", c->settings->gap, err);
	if (rc == 0)
		rc = compare(p, c, err);
	return rc < 0 ? rc : posture_judge(c->settings, add_note, p, err);
}
