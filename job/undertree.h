/* SPDX-License-Identifier: Apache-2.0 */
/* A source whose paths stand below another directory: several trees can go where one did. */
#ifndef JOB_UNDERTREE_H
#define JOB_UNDERTREE_H

#include <strandline/source.h>

/* Takes over @inner, also on failure. @prefix has no slash at its ends, and may not be empty. */
int undertree_open(struct sl_source **out, struct sl_source *inner, const char *prefix,
		   struct sl_error *err);

#endif
