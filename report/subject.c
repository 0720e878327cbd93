/* SPDX-License-Identifier: Apache-2.0 */
#include "report/subject.h"

#include <string.h>

struct sl_subject_image subject_image(const struct sl_subject *s)
{
	struct sl_subject_image image = {.ref = s->image_ref,
					 .has_digest = s->has_image_digest,
					 .has_id = s->has_image_id,
					 .digest_verified = s->digest_verified,
					 .anchor = s->anchor,
					 .signer = s->signer,
					 .trust = s->trust,
					 .has_checked_at = s->has_checked_at,
					 .checked_at = s->checked_at};

	memcpy(image.digest, s->image_digest, SL_SHA256_SIZE);
	memcpy(image.id, s->image_id, SL_SHA256_SIZE);
	return image;
}
