/* SPDX-License-Identifier: Apache-2.0 */
/* What a capture states in its open and target records, as JSON members. */
#ifndef JOB_CAPTURE_RECORDS_H
#define JOB_CAPTURE_RECORDS_H

#include "core/buf.h"
#include "job/capture.h"

#define CAPTURE_MEMBERS_MAX (48u << 10)

struct capture_output;

/* tool, host, clock, operator (observed), declared, plan, limits, output */
int capture_open_members(struct buf *out, const struct job *job,
			 const struct capture_request *request, const struct capture_output *output,
			 struct sl_error *err);

/* engine, id, name, state, image, layers, mounts, times */
int capture_target_members(struct buf *out, const struct sl_container *c,
			   const struct sl_image *image, struct sl_error *err);

struct jout;

/* "clock" and what the machine's clocks say now, as a member. */
void capture_clock(struct jout *j);

/* what, why, result (each of the last two may be NULL), and the clock */
int capture_action_members(struct buf *out, const char *what, const char *why, const char *result,
			   struct sl_error *err);

#endif
