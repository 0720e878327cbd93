/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps held against the bundle that they are kept beside. */
#ifndef FORENSICS_STAMPS_H
#define FORENSICS_STAMPS_H

#include <strandline/bundle.h>

/*
 * Fill @r's stamps and anchored_stamp from the tokens in @o and the last good checkpoint in @r. Of
 * a bundle that is broken nothing is compared: which checkpoint would be the last is not known.
 */
int stamps_judge(const struct sl_verify_options *o, struct sl_verify_result *r,
		 struct sl_error *err);
void stamps_clear(struct sl_verify_result *r);

#endif
