/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle on any stream: sl_bundle_create() for those who put something between it and the file.
 */
#ifndef FORENSICS_BUNDLE_OPEN_H
#define FORENSICS_BUNDLE_OPEN_H

#include <strandline/bundle.h>

#include "core/ostream.h"

/*
 * Takes over @inner, also on failure. @fd is the regular file where the bytes end up, borrowed
 * until the writer is freed, or -1: there room is reserved.
 */
int bundle_open(struct sl_bundle_writer **out, struct ostream *inner, int fd,
		const struct sl_bundle_options *options, struct sl_error *err);

#endif
