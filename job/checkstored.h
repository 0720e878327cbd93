/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JOB_CHECKSTORED_H
#define JOB_CHECKSTORED_H

#include <strandline/baseline.h>

/* The layers of an image as the database knows them, without descriptors. 0; 1 when unknown. */
int checkstored_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		      struct sl_image **out, struct sl_error *err);

#endif
