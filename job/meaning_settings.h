/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's settings say about it: posture, and deviations from an approved profile. */
#ifndef JOB_MEANING_SETTINGS_H
#define JOB_MEANING_SETTINGS_H

#include "job/meaning.h"

/* Nothing where the settings were not read. */
int meaning_settings(struct meaning *m, struct sl_error *err);

#endif
