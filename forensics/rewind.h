/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle read a second time. */
#ifndef FORENSICS_REWIND_H
#define FORENSICS_REWIND_H

#include <strandline/error.h>

/*
 * A descriptor of the same file at its beginning, for a reader to take over. The caller's position
 * moves with it. -SL_EUNSUPPORTED for what cannot be read twice (a pipe).
 */
int bundle_rewind(int fd, struct sl_error *err);

#endif
