/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first letter says what follows: d config.v2.json, then (after a line "%%") hostconfig.json;
 * o a runtime specification; b what an engine keeps beside it; s /proc/PID/status; l a limit of a
 * control group; p an approved profile.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/deviation.h"
#include "diff/posture.h"
#include "host/settings_read.h"
#include "job/approval.h"

#define ID "7777777777777777777777777777777777777777777777777777777777777777"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_docker(struct sl_settings *s, const struct sl_container *c, const char *text,
			size_t size)
{
	const char *mark = memmem(text, size, "\n%%\n", 4);
	size_t len = mark != NULL ? (size_t)(mark - text) : size;
	struct jval *config = NULL, *hostconfig = NULL;

	if (mark != NULL && jval_parse(&hostconfig, mark + 4, size - len - 4, NULL) < 0)
		hostconfig = NULL;
	if (jval_parse(&config, text, len, NULL) < 0)
		config = NULL;
	(void)settings_docker(s, c, config, hostconfig, NULL);
	jval_free(config);
	jval_free(hostconfig);
}

static void read_oci(struct sl_settings *s, const struct sl_container *c, const char *text,
		     size_t size)
{
	struct jval *spec = NULL;

	if (jval_parse(&spec, text, size, NULL) == 0)
		(void)settings_oci(s, c, spec, NULL);
	jval_free(spec);
}

static void read_beside(struct sl_settings *s, const char *text, size_t size)
{
	struct jval *doc = NULL;

	if (jval_parse(&doc, text, size, NULL) == 0 && settings_podman(s, doc, doc, NULL) == 0 &&
	    settings_crio(s, doc, NULL) == 0 && settings_cri(s, doc, NULL) == 0)
		(void)settings_containerd(s, doc, NULL);
	jval_free(doc);
}

static int ignore_note(void *payload, const struct posture_note *n, struct sl_error *err)
{
	(void)payload;
	(void)err;
	return n->found == NULL ? abort(), -1 : 0;
}

static int no_deviation(void *payload, const struct deviation *d, struct sl_error *err)
{
	(void)payload;
	(void)err;
	(void)d;
	abort();
}

/* What every consumer relies on; and that a profile is what was approved. */
static void use(struct sl_settings *s)
{
	struct sl_settings *again = NULL;
	char *profile = NULL;

	sl_settings_settle(s);
	for (int i = 0; i < SL_SETTINGS; i++) {
		const struct sl_setting_value *v = &s->values[i];
		enum sl_setting_shape shape = sl_setting_shape((enum sl_setting)i);

		if ((shape == SL_SHAPE_TEXT || shape == SL_SHAPE_FLAG) && v->is_known &&
		    v->count != 1)
			abort();
		for (size_t k = 1; shape == SL_SHAPE_SET && k < v->count; k++)
			if (strcmp(v->items[k - 1], v->items[k]) >= 0)
				abort();
	}
	(void)posture_judge(s, ignore_note, NULL, NULL);
	if (approval_profile(&profile, s, NULL) < 0) {
		if (sl_settings_is_any_known(s))
			abort();
		return;
	}
	if (approval_settings(&again, profile, NULL) < 0)
		abort();
	(void)deviation_find(again, s, no_deviation, NULL, NULL);
	sl_settings_free(again);
	free(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_container c = {.id = (char *)(uintptr_t)ID};
	struct sl_settings *s = NULL;
	char *text;

	if (size < 1 || sl_settings_new(&s, NULL) < 0)
		return 0;
	text = calloc(1, size);
	if (text == NULL)
		abort();
	memcpy(text, data + 1, size - 1);
	if (data[0] == 'd')
		read_docker(s, &c, (const char *)data + 1, size - 1);
	else if (data[0] == 'o')
		read_oci(s, &c, (const char *)data + 1, size - 1);
	else if (data[0] == 'b')
		read_beside(s, (const char *)data + 1, size - 1);
	else if (data[0] == 's')
		(void)settings_status(s, (const char *)data + 1, size - 1, NULL);
	else if (data[0] == 'l')
		(void)settings_limit(s, SL_SETTING_LIVE_CPU_LIMIT, (const char *)data + 1, size - 1,
				     NULL);
	else if (data[0] == 'p') {
		sl_settings_free(s);
		s = NULL;
		(void)approval_settings(&s, text, NULL);
	}
	if (s != NULL)
		use(s);
	sl_settings_free(s);
	free(text);
	return 0;
}
