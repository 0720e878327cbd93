/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of the image that were encrypted or overwritten with chance (diff/scrambled.h). */
#ifndef JOB_MEANING_SCRAMBLED_H
#define JOB_MEANING_SCRAMBLED_H

#include "job/meaning.h"

int meaning_add_scrambled(struct meaning *m, struct sl_error *err);

#endif
