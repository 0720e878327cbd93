/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/deviation.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/quote.h"
#include "diff/mountrisk.h"
#include "diff/posture.h"

/* Values that a sentence names; the finding has them all. */
#define NAMED_MAX 5

/*
 * How bad it is: of a set, when something came and when something went; of a text, when it became
 * one of the loose ones, and when it became anything else.
 */
static const struct weight {
	enum sl_severity came, went;
	const char *loose[3];
} weights[SL_SETTINGS] = {
	[SL_SETTING_USER] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {NULL}}, /* loose: root */
	[SL_SETTING_PRIVILEGED] = {SL_SEVERITY_CRITICAL, SL_SEVERITY_LOW, {"true"}},
	[SL_SETTING_CAPABILITIES] = {SL_SEVERITY_HIGH, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_CAP_ADD] = {SL_SEVERITY_HIGH, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_CAP_DROP] = {SL_SEVERITY_LOW, SL_SEVERITY_HIGH, {NULL}},
	[SL_SETTING_NO_NEW_PRIVS] = {SL_SEVERITY_HIGH, SL_SEVERITY_LOW, {"false"}},
	[SL_SETTING_SECCOMP] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"unconfined"}},
	[SL_SETTING_APPARMOR] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"unconfined", "none"}},
	[SL_SETTING_SELINUX] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"none"}},
	[SL_SETTING_PID_NS] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"host"}},
	[SL_SETTING_NETWORK] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"host"}},
	[SL_SETTING_IPC_NS] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"host"}},
	[SL_SETTING_UTS_NS] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"host"}},
	[SL_SETTING_USER_NS] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"host", "unasked"}},
	[SL_SETTING_CGROUP_NS] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"host"}},
	[SL_SETTING_MOUNTS] = {SL_SEVERITY_MEDIUM, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_DEVICES] = {SL_SEVERITY_HIGH, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_DEVICE_RULES] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {NULL}},
	[SL_SETTING_MASKED_PATHS] = {SL_SEVERITY_LOW, SL_SEVERITY_HIGH, {NULL}},
	[SL_SETTING_READ_ONLY_PATHS] = {SL_SEVERITY_LOW, SL_SEVERITY_HIGH, {NULL}},
	[SL_SETTING_READ_ONLY_ROOT] = {SL_SEVERITY_MEDIUM, SL_SEVERITY_LOW, {"false"}},
	[SL_SETTING_MEMORY_LIMIT] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {"unlimited"}},
	[SL_SETTING_PIDS_LIMIT] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {"unlimited"}},
	[SL_SETTING_CPU_LIMIT] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {"unlimited"}},
	[SL_SETTING_PORTS] = {SL_SEVERITY_MEDIUM, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_ENVIRONMENT] = {SL_SEVERITY_MEDIUM, SL_SEVERITY_MEDIUM, {NULL}},
	[SL_SETTING_COMMAND] = {SL_SEVERITY_MEDIUM, SL_SEVERITY_MEDIUM, {NULL}},
	[SL_SETTING_WORKING_DIR] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_RESTART] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_SYSCTLS] = {SL_SEVERITY_MEDIUM, SL_SEVERITY_MEDIUM, {NULL}},
	[SL_SETTING_LIVE_CAPABILITIES] = {SL_SEVERITY_HIGH, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_LIVE_NO_NEW_PRIVS] = {SL_SEVERITY_HIGH, SL_SEVERITY_LOW, {"false"}},
	[SL_SETTING_LIVE_SECCOMP] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"unconfined"}},
	[SL_SETTING_LIVE_LABEL] = {SL_SEVERITY_HIGH, SL_SEVERITY_MEDIUM, {"unconfined"}},
	[SL_SETTING_LIVE_HOST_NS] = {SL_SEVERITY_HIGH, SL_SEVERITY_LOW, {NULL}},
	[SL_SETTING_LIVE_MEMORY_LIMIT] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {"unlimited"}},
	[SL_SETTING_LIVE_PIDS_LIMIT] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {"unlimited"}},
	[SL_SETTING_LIVE_CPU_LIMIT] = {SL_SEVERITY_LOW, SL_SEVERITY_LOW, {"unlimited"}},
};

struct search {
	const struct sl_settings *approved, *now;
	int (*each)(void *payload, const struct deviation *d, struct sl_error *err);
	void *payload;
	struct sl_error *err;
};

static int no_memory(const struct search *s)
{
	return sl_fail(s->err, SL_ENOMEM, 0, "deviations");
}

static enum sl_severity worse(enum sl_severity a, enum sl_severity b)
{
	return a > b ? a : b;
}

/* ---- texts ---- */

static enum sl_severity text_severity(enum sl_setting setting, const char *found)
{
	const struct weight *w = &weights[setting];

	if (setting == SL_SETTING_USER)
		return posture_is_root(found) ? w->came : w->went;
	for (size_t i = 0; i < ARRAY_SIZE(w->loose) && w->loose[i] != NULL; i++)
		if (strcmp(w->loose[i], found) == 0)
			return w->came;
	return w->went;
}

static int compare_text(const struct search *s, enum sl_setting setting, const char *expected,
			const char *found)
{
	struct deviation d = {.setting = setting, .expected = expected, .found = found};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SL_SETTINGS_BYTES_MAX);
	AUTO_FREE char *was = quote_short(expected, strlen(expected));
	AUTO_FREE char *is = quote_short(found, strlen(found));

	if (strcmp(expected, found) == 0)
		return 0;
	if (was == NULL || is == NULL ||
	    buf_printf(&text, "%s is '%s', approved was '%s'", sl_setting_name(setting), is, was) <
		    0)
		return no_memory(s);
	d.severity = text_severity(setting, found);
	d.sentence = text.data;
	return s->each(s->payload, &d, s->err);
}

/* ---- sets and lists ---- */

static int as_json(struct buf *out, const struct sl_setting_value *v)
{
	struct jout j;

	jout_begin(&j, out);
	jout_array(&j);
	for (size_t i = 0; i < v->count; i++)
		jout_str(&j, v->items[i]);
	jout_array_end(&j);
	return jout_end(&j);
}

/* Names one side of the difference: what @a has and @b has not. Both are sorted. */
struct side {
	struct buf *text;
	const char *word; /* "new" */
	size_t count;
};

static void name_item(struct side *side, const char *item)
{
	AUTO_FREE char *shown = quote_short(item, strlen(item));

	if (side->count++ >= NAMED_MAX)
		return;
	(void)buf_printf(side->text, "%s%s", side->count == 1 ? side->word : ", ",
			 shown != NULL ? shown : "?");
}

static void name_difference(struct side *side, const struct sl_setting_value *a,
			    const struct sl_setting_value *b, bool *is_dangerous)
{
	size_t i = 0, k = 0;

	while (i < a->count) {
		int order = k < b->count ? strcmp(a->items[i], b->items[k]) : -1;

		if (order < 0) {
			*is_dangerous |= posture_is_dangerous(a->items[i]);
			name_item(side, a->items[i++]);
		} else {
			i += order == 0;
			k++;
		}
	}
	if (side->count > NAMED_MAX)
		(void)buf_printf(side->text, " and %zu more", side->count - NAMED_MAX);
}

static bool is_same(const struct sl_setting_value *a, const struct sl_setting_value *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return a->count == b->count;
}

static bool is_rights(enum sl_setting setting)
{
	return setting == SL_SETTING_CAPABILITIES || setting == SL_SETTING_CAP_ADD ||
	       setting == SL_SETTING_LIVE_CAPABILITIES;
}

static int tell_values(const struct search *s, struct deviation *d,
		       const struct sl_setting_value *was, const struct sl_setting_value *is)
{
	CLEANUP(buf_clear) struct buf expected = BUF_INIT(8 * SL_SETTINGS_BYTES_MAX);
	CLEANUP(buf_clear) struct buf found = BUF_INIT(8 * SL_SETTINGS_BYTES_MAX);

	if (as_json(&expected, was) < 0 || as_json(&found, is) < 0)
		return no_memory(s);
	d->expected = expected.data;
	d->found = found.data;
	return s->each(s->payload, d, s->err);
}

static int compare_set(const struct search *s, enum sl_setting setting)
{
	const struct sl_setting_value *was = &s->approved->values[setting];
	const struct sl_setting_value *is = &s->now->values[setting];
	CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);
	struct side came = {.text = &text, .word = "; new: "};
	struct side went = {.text = &text, .word = "; gone: "};
	struct deviation d = {.setting = setting};
	bool is_dangerous = false, ignored = false;

	if (is_same(was, is))
		return 0;
	(void)buf_append_str(&text, sl_setting_name(setting));
	name_difference(&came, is, was, &is_dangerous);
	name_difference(&went, was, is, &ignored);
	if (text.status < 0)
		return no_memory(s);
	if (came.count > 0)
		d.severity = weights[setting].came;
	if (went.count > 0)
		d.severity = worse(d.severity, weights[setting].went);
	if (is_dangerous && is_rights(setting))
		d.severity = SL_SEVERITY_CRITICAL;
	d.sentence = text.data;
	return tell_values(s, &d, was, is);
}

static int compare_list(const struct search *s, enum sl_setting setting)
{
	const struct sl_setting_value *was = &s->approved->values[setting];
	const struct sl_setting_value *is = &s->now->values[setting];
	struct deviation d = {.setting = setting,
			      .severity = weights[setting].came,
			      .sentence = "it runs another command than approved"};

	return is_same(was, is) ? 0 : tell_values(s, &d, was, is);
}

/* ---- mounts ---- */

static int mount_text(struct buf *out, const struct sl_setting_mount *m)
{
	struct jout j;

	jout_begin(&j, out);
	jout_object(&j);
	jout_key_str(&j, "type", m->type);
	jout_key_str(&j, "source", m->likeness);
	jout_key_bool(&j, "rw", m->rw);
	jout_key_str(&j, "propagation", m->propagation);
	jout_object_end(&j);
	return jout_end(&j);
}

static enum sl_severity mount_severity(const struct sl_setting_mount *m)
{
	switch (mount_risk(m)) {
	case MOUNT_ROOT:
	case MOUNT_SOCKET:
		return SL_SEVERITY_CRITICAL;
	case MOUNT_SENSITIVE:
		return SL_SEVERITY_HIGH;
	case MOUNT_HARMLESS:
		break;
	}
	return weights[SL_SETTING_MOUNTS].came;
}

/* One of them may be NULL. */
static int tell_mount(const struct search *s, const struct sl_setting_mount *was,
		      const struct sl_setting_mount *is)
{
	const char *path = is != NULL ? is->path : was->path;
	AUTO_FREE char *shown = quote_short(path, strlen(path));
	CLEANUP(buf_clear) struct buf expected = BUF_INIT(8 * SL_SETTINGS_BYTES_MAX);
	CLEANUP(buf_clear) struct buf found = BUF_INIT(8 * SL_SETTINGS_BYTES_MAX);
	CLEANUP(buf_clear) struct buf text = BUF_INIT(65536);
	struct deviation d = {.setting = SL_SETTING_MOUNTS, .path = path};

	if ((was != NULL && mount_text(&expected, was) < 0) ||
	    (is != NULL && mount_text(&found, is) < 0) || shown == NULL ||
	    buf_printf(&text, "%s '%s'",
		       was == NULL  ? "something not approved is mounted at"
		       : is == NULL ? "nothing is mounted any more at"
				    : "something else than approved is mounted at",
		       shown) < 0)
		return no_memory(s);
	d.severity = is != NULL ? mount_severity(is) : weights[SL_SETTING_MOUNTS].went;
	d.expected = expected.data;
	d.found = found.data;
	d.sentence = text.data;
	return s->each(s->payload, &d, s->err);
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_mount(const struct sl_setting_mount *a, const struct sl_setting_mount *b)
{
	return same_text(a->type, b->type) && same_text(a->likeness, b->likeness) &&
	       same_text(a->propagation, b->propagation) && a->rw == b->rw;
}

/* Both lists are in order of their paths. */
static int compare_mounts(const struct search *s)
{
	const struct sl_settings *a = s->approved, *b = s->now;
	size_t i = 0, k = 0;
	int rc = 0;

	while (rc == 0 && (i < a->mount_count || k < b->mount_count)) {
		const struct sl_setting_mount *was = i < a->mount_count ? &a->mounts[i] : NULL;
		const struct sl_setting_mount *is = k < b->mount_count ? &b->mounts[k] : NULL;
		int order = was == NULL ? 1 : is == NULL ? -1 : strcmp(was->path, is->path);

		i += order <= 0;
		k += order >= 0;
		if (order < 0)
			rc = tell_mount(s, was, NULL);
		else if (order > 0)
			rc = tell_mount(s, NULL, is);
		else if (!same_mount(was, is))
			rc = tell_mount(s, was, is);
	}
	return rc;
}

static int tell_unread(const struct search *s, enum sl_setting setting)
{
	struct deviation d = {.setting = setting, .is_unread = true};

	return s->each(s->payload, &d, s->err);
}

static int compare(const struct search *s, enum sl_setting setting)
{
	const char *was = sl_settings_get(s->approved, setting);
	const char *is = sl_settings_get(s->now, setting);

	if (!s->approved->values[setting].is_known)
		return 0;
	if (!s->now->values[setting].is_known)
		return setting < SL_SETTING_LIVE_FIRST ? tell_unread(s, setting) : 0;
	switch (sl_setting_shape(setting)) {
	case SL_SHAPE_TEXT:
	case SL_SHAPE_FLAG:
		return compare_text(s, setting, was != NULL ? was : "", is != NULL ? is : "");
	case SL_SHAPE_SET:
		return compare_set(s, setting);
	case SL_SHAPE_LIST:
		return compare_list(s, setting);
	case SL_SHAPE_MOUNTS:
		return compare_mounts(s);
	}
	return 0;
}

int deviation_find(const struct sl_settings *approved, const struct sl_settings *now,
		   int (*each)(void *payload, const struct deviation *d, struct sl_error *err),
		   void *payload, struct sl_error *err)
{
	struct search s = {
		.approved = approved, .now = now, .each = each, .payload = payload, .err = err};
	int rc = 0;

	for (int i = 0; rc == 0 && i < SL_SETTINGS; i++)
		rc = compare(&s, (enum sl_setting)i);
	return rc;
}
