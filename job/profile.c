/* SPDX-License-Identifier: Apache-2.0 */
/* Approved profiles as text. */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "job/approval.h"
#include "report/settings.h"

/* As text: every byte of the settings may be escaped. */
#define PROFILE_MAX (8 * SL_SETTINGS_BYTES_MAX)
#define PROFILE_VALUES ((size_t)1 << 20)

struct reader {
	struct sl_settings *out;
	struct sl_error *err;
};

static void jval_cleanup(struct jval **doc)
{
	jval_free(*doc);
}

static void settings_cleanup(struct sl_settings **s)
{
	sl_settings_free(*s);
}

int approval_profile(char **out, const struct sl_settings *s, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(PROFILE_MAX);
	struct jout j;

	*out = NULL;
	if (!sl_settings_is_any_known(s))
		return sl_fail(err, SL_ENOTFOUND, 0, "approved profile: no setting is known");
	jout_begin(&j, &text);
	settings_json(&j, s, true);
	if (jout_end(&j) == 0)
		*out = buf_take(&text);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "approved profile");
}

static int wrong(const struct reader *r, enum sl_setting setting)
{
	return sl_fail(r->err, SL_EFORMAT, 0, "approved profile: '%s' is not of its type",
		       sl_setting_name(setting));
}

static int read_mount(const struct reader *r, const struct jval *v)
{
	struct sl_setting_mount m = {
		.path = (char *)(uintptr_t)jval_str(jval_get(v, "path")),
		.type = (char *)(uintptr_t)jval_str(jval_get(v, "type")),
		.source = (char *)(uintptr_t)jval_str(jval_get(v, "source")),
		.propagation = (char *)(uintptr_t)jval_str(jval_get(v, "propagation"))};

	if (m.path == NULL || m.type == NULL || jval_bool(jval_get(v, "rw"), &m.rw) < 0)
		return wrong(r, SL_SETTING_MOUNTS);
	return sl_settings_add_mount(r->out, &m, r->err);
}

static int read_items(const struct reader *r, enum sl_setting setting, const struct jval *v)
{
	int rc = 0;

	if (jval_type(v) != JVAL_ARRAY)
		return wrong(r, setting);
	sl_settings_know(r->out, setting);
	for (size_t i = 0; rc == 0 && i < jval_len(v); i++) {
		const struct jval *item = jval_at(v, i);

		if (setting == SL_SETTING_MOUNTS)
			rc = read_mount(r, item);
		else if (jval_str(item) == NULL)
			return wrong(r, setting);
		else
			rc = sl_settings_add(r->out, setting, jval_str(item), r->err);
	}
	return rc;
}

static int read_member(void *payload, const char *key, const struct jval *v)
{
	const struct reader *r = payload;
	enum sl_setting setting;
	bool flag;

	if (sl_setting_parse(key, &setting) < 0 || jval_type(v) == JVAL_NULL)
		return 0;
	switch (sl_setting_shape(setting)) {
	case SL_SHAPE_TEXT:
		return jval_str(v) != NULL ? sl_settings_text(r->out, setting, jval_str(v), r->err)
					   : wrong(r, setting);
	case SL_SHAPE_FLAG:
		return jval_bool(v, &flag) == 0 ? sl_settings_flag(r->out, setting, flag, r->err)
						: wrong(r, setting);
	case SL_SHAPE_SET:
	case SL_SHAPE_LIST:
	case SL_SHAPE_MOUNTS:
		return read_items(r, setting, v);
	}
	return 0;
}

int approval_settings(struct sl_settings **out, const char *profile, struct sl_error *err)
{
	CLEANUP(settings_cleanup) struct sl_settings *s = NULL;
	CLEANUP(jval_cleanup) struct jval *doc = NULL;
	size_t len = strlen(profile);
	int rc = len > PROFILE_MAX ? sl_fail(err, SL_ELIMIT, 0,
					     "approved profile: more than %zu bytes", PROFILE_MAX)
				   : sl_settings_new(&s, err);

	if (rc == 0)
		rc = jval_parse_bounded(&doc, profile, len, PROFILE_VALUES, err);
	if (rc == 0 && jval_type(doc) != JVAL_OBJECT)
		rc = sl_fail(err, SL_EFORMAT, 0, "approved profile: no JSON object");
	if (rc == 0) {
		struct reader r = {.out = s, .err = err};

		rc = jval_each(doc, read_member, &r);
	}
	/* nothing is approved without a setting: one that has none was emptied */
	if (rc == 0 && !sl_settings_is_any_known(s))
		rc = sl_fail(err, SL_EFORMAT, 0, "approved profile: holds no setting");
	if (rc < 0)
		return rc;
	sl_settings_settle(s);
	*out = take_ptr(&s);
	return 0;
}
