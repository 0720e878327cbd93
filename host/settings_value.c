/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capability.h"
#include "core/cleanup.h"
#include "host/procleads.h"
#include "host/settings_read.h"

#define NO_MEMORY(err) sl_fail(err, SL_ENOMEM, 0, "settings")

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

int settings_add_capability(struct sl_settings *out, enum sl_setting setting, const char *name,
			    struct sl_error *err)
{
	int number = capability_number(name);
	AUTO_FREE char *text = strdup(number >= 0 ? capability_name((unsigned int)number) : name);

	if (text == NULL)
		return NO_MEMORY(err);
	for (char *p = text; *p != '\0'; p++)
		*p = upper(*p);
	return sl_settings_add(out, setting, text, err);
}

int settings_add_capabilities(struct sl_settings *out, enum sl_setting setting, uint64_t bits,
			      struct sl_error *err)
{
	int rc = 0;

	sl_settings_know(out, setting);
	for (unsigned int i = 0; rc == 0 && i < 64; i++) {
		char number[24];

		if ((bits & UINT64_C(1) << i) == 0)
			continue;
		(void)snprintf(number, sizeof(number), "%u", i);
		rc = settings_add_capability(
			out, setting, capability_name(i) != NULL ? capability_name(i) : number,
			err);
	}
	return rc;
}

int settings_amount(struct sl_settings *out, enum sl_setting setting, bool has, int64_t amount,
		    struct sl_error *err)
{
	char text[32];

	if (!has)
		return sl_settings_text(out, setting, "unlimited", err);
	(void)snprintf(text, sizeof(text), "%" PRId64, amount);
	return sl_settings_text(out, setting, text, err);
}

int settings_cpus(struct sl_settings *out, enum sl_setting setting, int64_t quota, int64_t period,
		  struct sl_error *err)
{
	char text[48];

	if (quota <= 0 || period <= 0)
		return settings_amount(out, setting, false, 0, err);
	(void)snprintf(text, sizeof(text), "%" PRId64 ".%03" PRId64, quota / period,
		       (int64_t)((__int128)(quota % period) * 1000 / period));
	return sl_settings_text(out, setting, text, err);
}

int settings_label(struct sl_settings *out, enum sl_setting setting, const char *label, size_t len,
		   struct sl_error *err)
{
	AUTO_FREE char *text = strndup(label, len);
	char *p = text;

	if (text == NULL)
		return NO_MEMORY(err);
	/* user:role:type:sensitivity:categories */
	for (int colons = 0; *p != '\0'; p++)
		if (*p == ':' && ++colons == 4)
			break;
	*p = '\0';
	return sl_settings_text(out, setting, text, err);
}

bool settings_is_list(const struct jval *v)
{
	return v != NULL && (jval_type(v) == JVAL_ARRAY || jval_type(v) == JVAL_NULL);
}

int settings_texts(struct sl_settings *out, enum sl_setting setting, const struct jval *list,
		   struct sl_error *err)
{
	int rc = 0;

	if (!settings_is_list(list))
		return 0;
	sl_settings_know(out, setting);
	for (size_t i = 0; rc == 0 && i < jval_len(list); i++) {
		const char *text = jval_str(jval_at(list, i));

		rc = text != NULL ? sl_settings_add(out, setting, text, err)
				  : sl_fail(err, SL_EFORMAT, 0, "%s: not a list of texts",
					    sl_setting_name(setting));
	}
	return rc;
}

/* What an operator configured is told from what somebody set later by the value alone. */
static int keep_variable(struct sl_settings *out, const char *text, struct sl_error *err)
{
	char **grown;

	if (!procleads_wants((struct sl_bytes){text, strlen(text)}))
		return 0;
	grown = reallocarray(out->code_variables, out->code_variable_count + 1, sizeof(*grown));
	if (grown != NULL)
		out->code_variables = grown;
	if (grown == NULL || (grown[out->code_variable_count] = strdup(text)) == NULL)
		return NO_MEMORY(err);
	out->code_variable_count++;
	return 0;
}

int settings_names(struct sl_settings *out, const struct jval *environment, struct sl_error *err)
{
	int rc = 0;

	if (!settings_is_list(environment))
		return 0;
	sl_settings_know(out, SL_SETTING_ENVIRONMENT);
	for (size_t i = 0; rc == 0 && i < jval_len(environment); i++) {
		const char *text = jval_str(jval_at(environment, i));
		AUTO_FREE char *name = text != NULL ? strndup(text, strcspn(text, "=")) : NULL;

		if (text == NULL)
			return sl_fail(err, SL_EFORMAT, 0, "environment: not a list of texts");
		rc = name != NULL ? sl_settings_add(out, SL_SETTING_ENVIRONMENT, name, err)
				  : NO_MEMORY(err);
		if (rc == 0)
			rc = keep_variable(out, text, err);
	}
	return rc;
}

struct pairs {
	struct sl_settings *out;
	enum sl_setting setting;
	struct sl_error *err;
};

static int add_pair(void *payload, const char *key, const struct jval *m)
{
	const struct pairs *p = payload;
	const char *value = jval_str(m);
	AUTO_FREE char *text = NULL;

	if (asprintf(&text, "%s=%s", key, value != NULL ? value : "") < 0) {
		text = NULL;
		return NO_MEMORY(p->err);
	}
	return sl_settings_add(p->out, p->setting, text, p->err);
}

int settings_pairs(struct sl_settings *out, enum sl_setting setting, const struct jval *object,
		   struct sl_error *err)
{
	struct pairs p = {.out = out, .setting = setting, .err = err};

	sl_settings_know(out, setting);
	return jval_each(object, add_pair, &p);
}
