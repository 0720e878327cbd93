/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of findings, one after the other: what sl_finding_identify() says, with hash and memory kept.
 */
#ifndef DIFF_IDENTITY_H
#define DIFF_IDENTITY_H

#include <strandline/finding.h>

#include "core/buf.h"
#include "core/digest.h"

struct identity {
	struct sha256 *hash;
	struct buf fields;
};

/* Clear also after a failure. */
int identity_init(struct identity *i, struct sl_error *err);
void identity_clear(struct identity *i);

/* Fills @f's id. */
int identity_of(struct identity *i, struct sl_finding *f, struct sl_bytes container_name,
		const uint8_t image_id[SL_SHA256_SIZE], struct sl_error *err);

#endif
