/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON objects that the document and the lines of a check share. */
#ifndef REPORT_CHECK_MEMBERS_H
#define REPORT_CHECK_MEMBERS_H

#include <strandline/check.h>
#include <strandline/sink.h>

#include "core/json.h"

#define CHECK_SCHEMA "strandline.check/1"

void check_json_subject(struct jout *j, const struct sl_check_subject *s);
void check_json_difference(struct jout *j, const struct sl_difference *d);
/* method, trust, verdict... */
void check_json_result(struct jout *j, const struct sl_layer_check *c);
void check_json_totals(struct jout *j, const struct sl_check_totals *t);
void check_json_contradiction(struct jout *j, const char *what, const char *why);

#endif
