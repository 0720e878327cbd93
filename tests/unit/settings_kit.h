/* SPDX-License-Identifier: Apache-2.0 */
/* Settings from JSON and as JSON, for tests about them. */
#ifndef TESTS_SETTINGS_KIT_H
#define TESTS_SETTINGS_KIT_H

#include <strandline/settings.h>

/* As an approved profile has them; abort() when it is none. */
struct sl_settings *kit_settings(const char *json);
/* What a document says of them. Free it. */
char *kit_json(const struct sl_settings *s);

#endif
