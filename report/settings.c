/* SPDX-License-Identifier: Apache-2.0 */
#include "report/settings.h"

#include <string.h>

static void mounts(struct jout *j, const struct sl_settings *s, bool as_profile)
{
	jout_array(j);
	for (size_t i = 0; i < s->mount_count; i++) {
		const struct sl_setting_mount *m = &s->mounts[i];

		jout_object(j);
		jout_key_str(j, "path", m->path);
		jout_key_str(j, "type", m->type);
		jout_key_str(j, "source", as_profile ? m->likeness : m->source);
		jout_key_bool(j, "rw", m->rw);
		jout_key_str(j, "propagation", m->propagation);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void items(struct jout *j, const struct sl_setting_value *v)
{
	jout_array(j);
	for (size_t i = 0; i < v->count; i++)
		jout_str(j, v->items[i]);
	jout_array_end(j);
}

static void value(struct jout *j, const struct sl_settings *s, enum sl_setting setting,
		  bool as_profile)
{
	const char *text = sl_settings_get(s, setting);

	if (!s->values[setting].is_known) {
		jout_null(j);
		return;
	}
	switch (sl_setting_shape(setting)) {
	case SL_SHAPE_TEXT:
		jout_str(j, text);
		break;
	case SL_SHAPE_FLAG:
		jout_bool(j, text != NULL && strcmp(text, "true") == 0);
		break;
	case SL_SHAPE_SET:
	case SL_SHAPE_LIST:
		items(j, &s->values[setting]);
		break;
	case SL_SHAPE_MOUNTS:
		mounts(j, s, as_profile);
		break;
	}
}

void settings_json(struct jout *j, const struct sl_settings *s, bool as_profile)
{
	if (s == NULL) {
		jout_null(j);
		return;
	}
	jout_object(j);
	for (int i = 0; i < SL_SETTINGS; i++) {
		jout_key(j, sl_setting_name((enum sl_setting)i));
		value(j, s, (enum sl_setting)i, as_profile);
	}
	jout_object_end(j);
}
