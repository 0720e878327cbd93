/* SPDX-License-Identifier: Apache-2.0 */
/* Files that an entry point made out of the image's while the container started. */
#ifndef JOB_MEANING_COPIES_H
#define JOB_MEANING_COPIES_H

#include "job/meaning.h"

/* Copies, and templates and settings of PHP. */
int meaning_copies(struct meaning *m, struct sl_error *err);
/* Pages whose placeholders it filled in. */
int meaning_placeholders(struct meaning *m, struct sl_error *err);

#endif
