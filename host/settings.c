/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/settings.h>

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

static const struct {
	const char *name;
	enum sl_setting_shape shape;
} table[SL_SETTINGS] = {
	[SL_SETTING_USER] = {"user", SL_SHAPE_TEXT},
	[SL_SETTING_PRIVILEGED] = {"privileged", SL_SHAPE_FLAG},
	[SL_SETTING_CAPABILITIES] = {"capabilities", SL_SHAPE_SET},
	[SL_SETTING_CAP_ADD] = {"cap_add", SL_SHAPE_SET},
	[SL_SETTING_CAP_DROP] = {"cap_drop", SL_SHAPE_SET},
	[SL_SETTING_NO_NEW_PRIVS] = {"no_new_privileges", SL_SHAPE_FLAG},
	[SL_SETTING_SECCOMP] = {"seccomp", SL_SHAPE_TEXT},
	[SL_SETTING_APPARMOR] = {"apparmor", SL_SHAPE_TEXT},
	[SL_SETTING_SELINUX] = {"selinux", SL_SHAPE_TEXT},
	[SL_SETTING_PID_NS] = {"pid_namespace", SL_SHAPE_TEXT},
	[SL_SETTING_NETWORK] = {"network", SL_SHAPE_TEXT},
	[SL_SETTING_IPC_NS] = {"ipc_namespace", SL_SHAPE_TEXT},
	[SL_SETTING_UTS_NS] = {"uts_namespace", SL_SHAPE_TEXT},
	[SL_SETTING_USER_NS] = {"user_namespace", SL_SHAPE_TEXT},
	[SL_SETTING_CGROUP_NS] = {"cgroup_namespace", SL_SHAPE_TEXT},
	[SL_SETTING_MOUNTS] = {"mounts", SL_SHAPE_MOUNTS},
	[SL_SETTING_DEVICES] = {"devices", SL_SHAPE_SET},
	[SL_SETTING_DEVICE_RULES] = {"device_rules", SL_SHAPE_SET},
	[SL_SETTING_MASKED_PATHS] = {"masked_paths", SL_SHAPE_SET},
	[SL_SETTING_READ_ONLY_PATHS] = {"read_only_paths", SL_SHAPE_SET},
	[SL_SETTING_READ_ONLY_ROOT] = {"read_only_root", SL_SHAPE_FLAG},
	[SL_SETTING_MEMORY_LIMIT] = {"memory_limit", SL_SHAPE_TEXT},
	[SL_SETTING_PIDS_LIMIT] = {"pids_limit", SL_SHAPE_TEXT},
	[SL_SETTING_CPU_LIMIT] = {"cpu_limit", SL_SHAPE_TEXT},
	[SL_SETTING_PORTS] = {"ports", SL_SHAPE_SET},
	[SL_SETTING_ENVIRONMENT] = {"environment", SL_SHAPE_SET},
	[SL_SETTING_COMMAND] = {"command", SL_SHAPE_LIST},
	[SL_SETTING_WORKING_DIR] = {"working_directory", SL_SHAPE_TEXT},
	[SL_SETTING_RESTART] = {"restart_policy", SL_SHAPE_TEXT},
	[SL_SETTING_SYSCTLS] = {"sysctls", SL_SHAPE_SET},
	[SL_SETTING_LIVE_CAPABILITIES] = {"live_capabilities", SL_SHAPE_SET},
	[SL_SETTING_LIVE_NO_NEW_PRIVS] = {"live_no_new_privileges", SL_SHAPE_FLAG},
	[SL_SETTING_LIVE_SECCOMP] = {"live_seccomp", SL_SHAPE_TEXT},
	[SL_SETTING_LIVE_LABEL] = {"live_label", SL_SHAPE_TEXT},
	[SL_SETTING_LIVE_HOST_NS] = {"live_host_namespaces", SL_SHAPE_SET},
	[SL_SETTING_LIVE_MEMORY_LIMIT] = {"live_memory_limit", SL_SHAPE_TEXT},
	[SL_SETTING_LIVE_PIDS_LIMIT] = {"live_pids_limit", SL_SHAPE_TEXT},
	[SL_SETTING_LIVE_CPU_LIMIT] = {"live_cpu_limit", SL_SHAPE_TEXT},
};

const char *sl_setting_name(enum sl_setting setting)
{
	return (size_t)setting < SL_SETTINGS ? table[setting].name : "unknown";
}

enum sl_setting_shape sl_setting_shape(enum sl_setting setting)
{
	return table[setting].shape;
}

int sl_setting_parse(const char *name, enum sl_setting *out)
{
	for (size_t i = 0; i < SL_SETTINGS; i++) {
		if (strcmp(table[i].name, name) == 0) {
			*out = (enum sl_setting)i;
			return 0;
		}
	}
	return -SL_EINVAL;
}

int sl_settings_new(struct sl_settings **out, struct sl_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "settings");
}

static void value_clear(struct sl_setting_value *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct sl_setting_value){0};
}

static void mount_clear(struct sl_setting_mount *m)
{
	free(m->path);
	free(m->type);
	free(m->source);
	free(m->likeness);
	free(m->propagation);
}

void sl_settings_free(struct sl_settings *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SL_SETTINGS; i++)
		value_clear(&s->values[i]);
	for (size_t i = 0; i < s->mount_count; i++)
		mount_clear(&s->mounts[i]);
	free(s->mounts);
	for (size_t i = 0; i < s->code_variable_count; i++)
		free(s->code_variables[i]);
	free(s->code_variables);
	free(s->gap);
	free(s);
}

/* Before anything is copied. */
static int account(struct sl_settings *s, enum sl_setting setting, size_t count, size_t len,
		   struct sl_error *err)
{
	if (count >= SL_SETTING_VALUES_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "%s: more than %d values",
			       sl_setting_name(setting), SL_SETTING_VALUES_MAX);
	if (len >= SL_SETTINGS_BYTES_MAX - s->bytes)
		return sl_fail(err, SL_ELIMIT, 0, "settings: more than %zu bytes",
			       SL_SETTINGS_BYTES_MAX);
	s->bytes += len;
	return 0;
}

void sl_settings_know(struct sl_settings *s, enum sl_setting setting)
{
	s->values[setting].is_known = true;
}

int sl_settings_add(struct sl_settings *s, enum sl_setting setting, const char *text,
		    struct sl_error *err)
{
	struct sl_setting_value *v = &s->values[setting];
	int rc = account(s, setting, v->count, strlen(text), err);
	char **grown;
	char *copy;

	if (rc < 0)
		return rc;
	copy = strdup(text);
	grown = copy != NULL ? reallocarray(v->items, v->count + 1, sizeof(*grown)) : NULL;
	if (grown == NULL) {
		free(copy);
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	}
	v->items = grown;
	v->items[v->count++] = copy;
	v->is_known = true;
	return 0;
}

int sl_settings_text(struct sl_settings *s, enum sl_setting setting, const char *text,
		     struct sl_error *err)
{
	value_clear(&s->values[setting]);
	return sl_settings_add(s, setting, text, err);
}

int sl_settings_flag(struct sl_settings *s, enum sl_setting setting, bool value,
		     struct sl_error *err)
{
	return sl_settings_text(s, setting, value ? "true" : "false", err);
}

static char *copy_or_null(const char *text, size_t *len, bool *failed)
{
	char *copy = text != NULL ? strdup(text) : NULL;

	*len += text != NULL ? strlen(text) : 0;
	*failed = *failed || (text != NULL && copy == NULL);
	return copy;
}

int sl_settings_add_mount(struct sl_settings *s, const struct sl_setting_mount *mount,
			  struct sl_error *err)
{
	const char *likeness = mount->likeness != NULL ? mount->likeness : mount->source;
	bool failed = false;
	size_t len = 0;
	struct sl_setting_mount m = {.path = copy_or_null(mount->path, &len, &failed),
				     .type = copy_or_null(mount->type, &len, &failed),
				     .source = copy_or_null(mount->source, &len, &failed),
				     .likeness = copy_or_null(likeness, &len, &failed),
				     .propagation = copy_or_null(mount->propagation, &len, &failed),
				     .rw = mount->rw};
	struct sl_setting_mount *grown = NULL;
	int rc = account(s, SL_SETTING_MOUNTS, s->mount_count, len, err);

	if (rc == 0 && !failed)
		grown = reallocarray(s->mounts, s->mount_count + 1, sizeof(*grown));
	if (grown == NULL) {
		mount_clear(&m);
		return rc < 0 ? rc : sl_fail(err, SL_ENOMEM, 0, "settings");
	}
	s->mounts = grown;
	s->mounts[s->mount_count++] = m;
	sl_settings_know(s, SL_SETTING_MOUNTS);
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_maybe(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int compare_mounts(const void *a, const void *b)
{
	const struct sl_setting_mount *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order == 0)
		order = strcmp(x->type, y->type);
	if (order == 0)
		order = compare_maybe(x->likeness, y->likeness);
	if (order == 0)
		order = compare_maybe(x->source, y->source);
	return order != 0 ? order : (int)x->rw - (int)y->rw;
}

static void settle_set(struct sl_setting_value *v)
{
	size_t kept = 0;

	if (v->count == 0)
		return;
	qsort(v->items, v->count, sizeof(*v->items), compare_texts);
	for (size_t i = 0; i < v->count; i++) {
		if (kept > 0 && strcmp(v->items[kept - 1], v->items[i]) == 0)
			free(v->items[i]);
		else
			v->items[kept++] = v->items[i];
	}
	v->count = kept;
}

void sl_settings_settle(struct sl_settings *s)
{
	for (size_t i = 0; i < SL_SETTINGS; i++)
		if (table[i].shape == SL_SHAPE_SET)
			settle_set(&s->values[i]);
	if (s->mount_count > 0)
		qsort(s->mounts, s->mount_count, sizeof(*s->mounts), compare_mounts);
}

bool sl_settings_is_any_known(const struct sl_settings *s)
{
	for (int i = 0; i < SL_SETTINGS; i++)
		if (s->values[i].is_known)
			return true;
	return false;
}

const char *sl_settings_get(const struct sl_settings *s, enum sl_setting setting)
{
	const struct sl_setting_value *v = &s->values[setting];

	return v->is_known && v->count == 1 ? v->items[0] : NULL;
}

bool sl_settings_is(const struct sl_settings *s, enum sl_setting setting, const char *text)
{
	const char *value = sl_settings_get(s, setting);

	return value != NULL && strcmp(value, text) == 0;
}

bool sl_settings_has(const struct sl_settings *s, enum sl_setting setting, const char *text)
{
	const struct sl_setting_value *v = &s->values[setting];

	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->items[i], text) == 0)
			return true;
	return false;
}
