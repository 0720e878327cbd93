/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a capture (--dry-run), for people and for programs. */
#ifndef CLI_CAPTURE_PLAN_H
#define CLI_CAPTURE_PLAN_H

#include "cli/app.h"
#include "core/ostream.h"
#include "job/capture_plan.h"

int capture_plan_text(struct ostream *to, const struct capture_plan *p, struct sl_error *err);
int capture_plan_json(struct ostream *to, const struct capture_plan *p, struct sl_error *err);

#endif
