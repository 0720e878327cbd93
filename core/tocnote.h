/* SPDX-License-Identifier: Apache-2.0 */
/* What the annotations of a layer's descriptor say of a table of contents in its blob. */
#ifndef CORE_TOCNOTE_H
#define CORE_TOCNOTE_H

#include <strandline/image.h>

#include "core/json.h"

/* @notes may be NULL. A claim that is malformed, or two of them, are -SL_EFORMAT. */
int tocnote_parse(struct sl_toc_claim *out, const struct jval *notes, struct sl_error *err);

#endif
