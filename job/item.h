/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict on one item of a bundle: with the bundle, or from its proof alone. */
#ifndef JOB_ITEM_H
#define JOB_ITEM_H

#include "forensics/itemproof.h"
#include "job/verify.h"

/*
 * Judge the content in @file, which may be "-", by the proof in @proof. @request->bundle is not
 * used. @param[out] out  item_clear() it, also on failure
 */
int job_verify_item(const struct verify_request *request, const char *file, const char *proof,
		    struct item *out, int *status, struct sl_error *err);

/*
 * Judge the item of this path in @request->bundle. The rest of the bundle is read as far as the
 * chain needs it, and not judged.
 */
int job_verify_inside(const struct verify_request *request, const char *path, struct item *out,
		      int *status, struct sl_error *err);
/* Append its record as show has it, quoted, without a line feed. */
void job_item_line(struct buf *out, const struct item *item);

#endif
