/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/enrich.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/describe.h"
#include "diff/facts.h"
#include "diff/rules.h"
#include "diff/startlinks.h"
#include "diff/stubs.h"

int enrich_init(struct enrich *e, const struct drift_input *input, struct sl_error *err)
{
	int rc;

	*e = (struct enrich){.input = input,
			     .rules = input->rules,
			     .facts = BUF_INIT(DESCRIBE_MAX),
			     .message = BUF_INIT((size_t)32 << 10)};
	rc = identity_init(&e->identity, err);
	if (rc < 0)
		return rc;
	e->who = enrich_who(input->subject->container);
	if (e->who == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "finding");
	if (e->rules != NULL)
		return 0;
	e->rules = &e->defaults;
	return ruleset_init(&e->defaults, rules_table, rules_count, NULL, 0, err);
}

void enrich_clear(struct enrich *e)
{
	buf_clear(&e->facts);
	buf_clear(&e->message);
	identity_clear(&e->identity);
	free(take_ptr(&e->who));
	ruleset_clear(&e->defaults);
}

/* Entry points give an application to its user; nobody gives away what the system runs. */
static bool owner_matters(fact_set facts)
{
	const fact_set system = FACT_IN_BIN | FACT_IN_LIB | SL_SIGNAL_IN_PATH | FACT_SETID;

	if ((facts & FACT_ACCOUNT_FILE) != 0)
		return true;
	if ((facts & FACT_REGULAR) == 0 || (facts & SL_SIGNAL_EXECUTABLE) == 0)
		return false;
	return (facts & FACT_AT_START) == 0 || (facts & system) != 0;
}

/* What takes the place of something else is one of these only for the time zone. */
static bool is_usual_link(const struct sl_change *c, fact_set facts)
{
	static const char zone[] = "etc/localtime";

	if (c->kind == SL_CHANGE_DELETED)
		return (facts & SL_SIGNAL_DELETED_AT_START) != 0 && S_ISLNK(c->before->mode) &&
		       startlinks_is_switch(c->path);
	return (facts & FACT_USUAL_LINK) != 0 &&
	       (c->kind != SL_CHANGE_TYPE ||
		(c->path.len == sizeof(zone) - 1 && memcmp(c->path.data, zone, c->path.len) == 0));
}

/* The severity a change has before any rule speaks. */
static enum sl_severity base_severity(const struct sl_change *c, fact_set facts)
{
	const fact_set rights = SL_SIGNAL_SETUID | SL_SIGNAL_SETGID | SL_SIGNAL_CAPS |
				FACT_EXEC_GAINED | FACT_WRITE_GAINED;

	/* without a baseline, that it is there says nothing */
	if ((facts & SL_SIGNAL_VOLUME) != 0 || is_usual_link(c, facts))
		return SL_SEVERITY_INFO;
	switch (c->kind) {
	case SL_CHANGE_ADDED:
	case SL_CHANGE_MODIFIED:
	case SL_CHANGE_DELETED:
	case SL_CHANGE_TYPE:
		return SL_SEVERITY_LOW;
	case SL_CHANGE_METADATA:
		if ((facts & rights) != 0)
			return SL_SEVERITY_LOW;
		if ((facts & FACT_OWNER_MOVED) != 0 && owner_matters(facts))
			return SL_SEVERITY_LOW;
		return SL_SEVERITY_INFO;
	case SL_CHANGE_TOUCHED:
		break;
	}
	return SL_SEVERITY_INFO;
}

/* What a mark has to say of it, then what its fields say. */
static int describe(struct enrich *e, struct sl_finding *f, struct sl_error *err)
{
	buf_reset(&e->facts);
	if (describe_change(&e->facts, &e->change, false) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "finding");
	buf_reset(&e->message);
	if (f->message != NULL)
		(void)buf_append_str(&e->message, f->message);
	if (e->message.len > 0 && e->facts.len > 0)
		(void)buf_append_str(&e->message, "; ");
	(void)buf_append(&e->message, e->facts.data, e->facts.len);
	if (e->message.status == 0 && e->message.len > 0)
		f->message = e->message.data;
	return 0;
}

char *enrich_who(const struct sl_container *c)
{
	const struct sl_pod *pod = c->pod;
	char *text = NULL;

	if (pod == NULL || pod->name == NULL)
		return strdup(sl_container_label(c));
	if (asprintf(&text, "%s/%s/%s", pod->ns != NULL ? pod->ns : "", pod->name,
		     pod->container != NULL ? pod->container : "") < 0)
		return NULL;
	return text;
}

static int identify(struct enrich *e, struct sl_finding *f, struct sl_error *err)
{
	const struct sl_subject *subject = e->input->subject;

	return identity_of(&e->identity, f, (struct sl_bytes){e->who, strlen(e->who)},
			   subject->image.has_id ? subject->image.id : NULL, err);
}

static int mark(const struct drift_input *in, struct sl_finding *f, struct sl_change *c,
		struct sl_error *err)
{
	bool is_volume = (c->signals & SL_SIGNAL_VOLUME) != 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < in->mark_count; i++)
		if (!is_volume || in->marks[i].in_volumes)
			rc = in->marks[i].apply(in->marks[i].payload, f, c, err);
	return rc;
}

static int ask(const struct drift_step *steps, size_t count, struct sl_finding *f,
	       struct sl_change *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = steps[i].apply(steps[i].payload, f, c, err);
	return rc;
}

/* Nothing that runs, matches or is known to be bad is an empty stub. */
static const char *find_stub(const struct enrich *e, fact_set facts, bool has_children)
{
	const struct sl_subject *subject = e->input->subject;

	/* no engine has been at an image */
	if (subject->after != NULL || (facts & (FACT_INCRIMINATES | SL_SIGNAL_VOLUME)) != 0)
		return NULL;
	return stub_explains(&e->change, facts, subject->container, has_children);
}

int enrich_change(struct enrich *e, const struct sl_change *c, bool has_children,
		  struct sl_finding *out, struct sl_error *err)
{
	const struct drift_input *in = e->input;
	fact_set facts = facts_of(c, in->subject->container);
	const char *stub;
	int rc;

	e->change = *c;
	e->change.signals = (uint64_t)facts;
	*out = (struct sl_finding){.kind = SL_FINDING_FILE, .change = &e->change};
	rc = mark(in, out, &e->change, err);
	if (rc < 0)
		return rc;
	facts |= e->change.signals;
	/* a mark may have named a rule */
	if (out->severity < base_severity(c, facts))
		out->severity = base_severity(c, facts);
	stub = out->rule_count == 0 ? find_stub(e, facts, has_children) : NULL;
	if (stub != NULL) {
		out->severity = SL_SEVERITY_INFO;
		out->cause = SL_CAUSE_ENGINE;
		out->cause_name = stub;
	} else if (c->kind != SL_CHANGE_TOUCHED) {
		rules_apply(e->rules, out, &e->change, facts);
	}
	rc = describe(e, out, err);
	if (rc == 0)
		rc = identify(e, out, err);
	return rc < 0 ? rc : ask(in->judges, in->judge_count, out, &e->change, err);
}

int enrich_known(struct enrich *e, struct sl_finding *f, struct sl_error *err)
{
	int rc = identify(e, f, err);

	return rc < 0 ? rc : ask(e->input->judges, e->input->judge_count, f, NULL, err);
}
