/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_SUBJECT_H
#define REPORT_SUBJECT_H

#include <strandline/sink.h>

/* The image that @s was compared with, as the one that came after is described. Borrows. */
struct sl_subject_image subject_image(const struct sl_subject *s);

#endif
