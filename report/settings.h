/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as JSON: in documents, bundles and approved profiles. */
#ifndef REPORT_SETTINGS_H
#define REPORT_SETTINGS_H

#include <strandline/settings.h>

#include "core/json.h"

/*
 * One object, members in the order of enum sl_setting; what is unknown is null. NULL is null.
 * @as_profile: of mounts what is compared (likeness), not where they come from.
 */
void settings_json(struct jout *j, const struct sl_settings *s, bool as_profile);

#endif
