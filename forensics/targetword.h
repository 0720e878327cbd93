/* SPDX-License-Identifier: Apache-2.0 */
/* A container of a bundle, as people refer to it there. */
#ifndef FORENSICS_TARGETWORD_H
#define FORENSICS_TARGETWORD_H

#include "forensics/record.h"

/*
 * Is @word the number, the name, the id or the beginning of the id (at least 4 digits) of the
 * container that the `target` record @r declares?
 */
bool targetword_fits(const struct record *r, const char *word);

#endif
