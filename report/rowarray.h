/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_ROWARRAY_H
#define REPORT_ROWARRAY_H

#include "core/json.h"
#include "report/outbuf.h"
#include "report/rowspool.h"

/* Records that were put aside, values of JSON, as the member @key: an array. @j writes to @out. */
int rowarray_write(struct jout *j, const char *key, struct rowspool *rows, struct outbuf *out,
		   struct sl_error *err);

#endif
