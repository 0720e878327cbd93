/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/enrich.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/caps.h"
#include "diff/facts.h"
#include "diff/rules.h"
#include "diff/stubs.h"

void enrich_init(struct enrich *e, const struct sl_subject *subject)
{
	*e = (struct enrich){.subject = subject, .message = BUF_INIT(4096)};
}

void enrich_clear(struct enrich *e)
{
	buf_clear(&e->message);
}

/* The severity a change has before any rule speaks. */
static enum sl_severity base_severity(const struct sl_change *c, uint64_t facts)
{
	const uint64_t rights = SL_SIGNAL_SETUID | SL_SIGNAL_SETGID | SL_SIGNAL_CAPS |
				FACT_EXEC_GAINED | FACT_WRITE_GAINED;

	switch (c->kind) {
	case SL_CHANGE_ADDED:
	case SL_CHANGE_MODIFIED:
	case SL_CHANGE_DELETED:
	case SL_CHANGE_TYPE:
		return SL_SEVERITY_LOW;
	case SL_CHANGE_METADATA:
		if ((facts & rights) != 0)
			return SL_SEVERITY_LOW;
		if ((facts & FACT_OWNER_MOVED) != 0 &&
		    ((facts & SL_SIGNAL_EXECUTABLE) != 0 || rules_is_account_file(c->path)))
			return SL_SEVERITY_LOW;
		return SL_SEVERITY_INFO;
	case SL_CHANGE_TOUCHED:
		break;
	}
	return SL_SEVERITY_INFO;
}

/* One sentence where the fields alone would leave people guessing. */
static const char *describe(struct enrich *e)
{
	const struct sl_xattr *x;
	struct caps caps;

	if ((e->change.signals & SL_SIGNAL_CAPS) == 0)
		return NULL;
	x = sl_entry_xattr(e->change.after, "security.capability");
	buf_reset(&e->message);
	if (x == NULL || caps_decode(&caps, x->value, x->size) < 0)
		(void)buf_append_str(&e->message, "carries file capabilities of an unknown form");
	else {
		struct buf set = BUF_INIT(2048);

		(void)caps_format(&set, &caps);
		(void)buf_printf(&e->message, "carries %s", set.data != NULL ? set.data : "?");
		buf_clear(&set);
	}
	return e->message.status == 0 ? e->message.data : NULL;
}

/*
 * Who the id is about. A container of a pod has another id and often another name with every
 * attempt; its place in the pod stays.
 */
static char *identity(const struct sl_container *c)
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

int enrich_identify(struct sl_finding *f, const struct sl_subject *subject, struct sl_error *err)
{
	AUTO_FREE char *who = identity(subject->container);

	if (who == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "finding");
	return sl_finding_identify(f, (struct sl_bytes){who, strlen(who)},
				   subject->has_image_id ? subject->image_id : NULL, err);
}

int enrich_change(struct enrich *e, const struct sl_change *c, bool has_children,
		  struct sl_finding *out, struct sl_error *err)
{
	const struct sl_subject *subject = e->subject;
	uint64_t facts = facts_of(c, subject->container);
	const char *stub;

	e->change = *c;
	e->change.signals = (uint32_t)facts;
	*out = (struct sl_finding){
		.kind = SL_FINDING_FILE, .severity = base_severity(c, facts), .change = &e->change};
	/* no engine has been at an image */
	stub = subject->after != NULL
		       ? NULL
		       : stub_explains(&e->change, facts, subject->container, has_children);
	if (stub != NULL) {
		out->severity = SL_SEVERITY_INFO;
		out->cause = SL_CAUSE_ENGINE;
		out->cause_name = stub;
	} else if (c->kind != SL_CHANGE_TOUCHED) {
		rules_apply(out, &e->change, facts);
	}
	out->message = describe(e);
	return enrich_identify(out, subject, err);
}
