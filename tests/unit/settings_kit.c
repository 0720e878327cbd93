/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/settings_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "job/approval.h"
#include "report/settings.h"

struct sl_settings *kit_settings(const char *json)
{
	struct sl_error err = SL_ERROR_INIT;
	struct sl_settings *s = NULL;

	if (approval_settings(&s, json, &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", json, sl_error_text(&err));
		abort();
	}
	return s;
}

char *kit_json(const struct sl_settings *s)
{
	struct buf text = BUF_INIT(SIZE_MAX / 2);
	struct jout j;

	jout_begin(&j, &text);
	settings_json(&j, s, false);
	if (jout_end(&j) < 0)
		abort();
	return buf_take(&text);
}
