/* SPDX-License-Identifier: Apache-2.0 */
/* sl_change_describe() into memory that is kept from one change to the next. */
#ifndef DIFF_DESCRIBE_H
#define DIFF_DESCRIBE_H

#include <strandline/change.h>

#include "core/buf.h"

/* The maximum of the buffer: what is longer is cut there. */
#define DESCRIBE_MAX ((size_t)8 << 10)

/* -SL_ENOMEM, or 0 and @out ends with a NUL. */
int describe_change(struct buf *out, const struct sl_change *c, bool alike);

#endif
